"""The commands that the documentation shows, as somebody who copies them would type them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from netad.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

# What may stand before a command: a prompt, a step of a workflow, a schedule and its user, variables.
BEFORE = re.compile(r"^(\$ |- run: |[\d*/]+( [\d*/]+){4} +(netad +(?=/))?)?([A-Z_]+=\S+ )*")
INLINE = re.compile(r"`(netad [a-z][^`]*)`")


@dataclass(frozen=True)
class Shown:
    """A line of a shell in a page: `text` without prompt and remark; `inline` ones stand in a sentence."""

    page: Path
    line: int
    text: str
    inline: bool = False

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def calls(self) -> Iterator[list[str]]:
        """Yield the arguments of each netad in the line, up to what the shell makes of the rest."""
        for part in re.split(r" && | \| ", self.text):
            words = shlex.split(part)
            for at, word in enumerate(words):
                known = at + 1 < len(words) and words[at + 1] in COMMANDS
                if word.rpartition("/")[2] == "netad" and (at == 0 or known):
                    arguments = words[at + 1 :]
                    yield arguments[: arguments.index(">")] if ">" in arguments else arguments
                    break


def shown(page: Path) -> list[Shown]:
    """Return the commands of a page, in order."""
    found, fenced, begun = [], False, None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if begun is not None:
            begun = (begun[0], f"{begun[1]} {line.strip()}")
        elif fenced or line.startswith("    "):
            begun = (number, BEFORE.sub("", line.strip()))
        else:
            found += [Shown(page, number, text, inline=True) for text in INLINE.findall(line)]
            continue
        at, text = begun
        if not re.search(r"(^|[ /])netad ", text):
            begun = None
        elif text.endswith("\\"):
            begun = (at, text[:-1].rstrip())
        elif _closed(text):
            found += [Shown(page, at, command) for command in [_without_remark(text)] if command]
            begun = None
    return found


def _closed(text: str) -> bool:
    """Tell whether no quotation goes on in the next line."""
    try:
        shlex.split(_without_remark(text))
    except ValueError:
        return False
    return True


def _without_remark(text: str) -> str:
    """Return the command alone; nothing of a line that is output and no command.

    A remark follows a #, or a gap of spaces that no quotation follows.
    """
    command = re.sub(r"\s#\s.*$", "", text)
    gap = re.search(r"(?<=\S)(\s{3,}|  (?=[a-z]+ [a-z]))[^'\"]*$", command)
    command = command[: gap.start()] if gap else command
    return command.strip() if re.match(r"(netad|/opt/netad/bin/netad|zcat|docker)\b", command) else ""
