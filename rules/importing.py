"""What an import of another tool's rules came to: netad's rules, and every line that could not be said in them."""

from dataclasses import dataclass, field
from typing import Any

from netad.core.errors import InputError, Location

MAX_IMPORT_BYTES = 16 << 20


@dataclass(slots=True)
class Imported:
    """Rules as maps of plain values (`netad.rules.writing` writes them), and what was left out, with the reason.

    `lines` counts the lines that say something; `common` are the keys that every rule gets: owner and end.
    """

    path: str
    common: dict[str, Any]
    rules: list[dict[str, Any]] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    lines: int = 0

    def add(self, number: int, comment: str, suffix: str = "", **keys: Any) -> None:
        """Take in a rule that a line came to."""
        stem = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in self.stem)
        identity = f"{stem}-{number}{suffix}"[-100:].lstrip("-")
        self.rules.append({"id": identity, "comment": comment, **self.common, **keys})

    @property
    def stem(self) -> str:
        """The file's name, of which ids are made."""
        return self.path.rpartition("/")[2].rpartition(".")[0].lower() or "imported"

    def leave_out(self, number: int, line: str, reason: str) -> None:
        """Note that a line could not be said."""
        shown = line if len(line) <= 100 else f"{line[:99]}…"
        self.unsaid.append(f"{Location(self.path, number)}: {reason}: {shown}")


def read_text(path: str) -> str:
    """Return the content of a file to import.

    Raises:
        InputError: it cannot be read, is not text, or is larger than anybody writes by hand.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the name goes into messages as it was given
            content = file.read(MAX_IMPORT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_IMPORT_BYTES:
        raise InputError(f"{path} is larger than {MAX_IMPORT_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text") from error
