"""Reference tables made from the code while the site is built: a page holds `<!-- made from code: NAME -->`.

They are made and not kept, so that no page can be older than the code it tells of, and no change of a help text needs a
second commit. `netad COMMAND --help` prints the same without the site.
"""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from netad.cli import root
from netad.config import DEFAULT_WINDOW, Config
from netad.core.errors import ExitCode

DOCS = Path(__file__).resolve().parents[1]
# Defaults that the machine, or another place in the code, decides.
SAID = {"observer": "the host's name", "window": f"`{DEFAULT_WINDOW}`"}
# The commands that a run's settings are about.
MAKERS = ("netad ingest", "netad train")
MARK = re.compile(r"<!-- made from code: ([a-z-]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put tables in the places of a page that ask for them; a name that no table has is an error."""
    return MARK.sub(lambda mark: TABLES[mark.group(1)](), markdown)


def commands(group: click.Group = root, path: str = "netad") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its name as it is typed, groups themselves left out."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command


def command_help() -> str:
    """What every command prints when asked for help, a section for each."""
    parts = []
    for path, command in commands():
        context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
        context.help_option_names = ["-h", "--help"]
        parts.append(f"## {path}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts)


def settings() -> str:
    """Every setting of a run: what it is for, its default and its flag."""
    flags = dict(_flags())
    comments = _comments()
    rows = []
    for setting in fields(Config):
        flag, said, command = flags.get(setting.name, ("", "", ""))
        # Commands about stored events use some settings in a narrower sense.
        meaning = said if command in MAKERS else comments.get(setting.name, said)
        # A flag's help ends with its default in brackets, which has a column of its own here.
        meaning = re.sub(r" \[[^\]]*\]$", "", meaning)
        rows.append((f"`{setting.name}`", meaning, _default(setting), flag))
    return _table(("key", "meaning", "default", "flag"), rows)


def exit_codes() -> str:
    """Every exit code, then what the commands say of those they end with."""
    docs = _member_docs(ExitCode)
    rows = [(str(int(code)), docs[code.name]) for code in ExitCode]
    said = []
    for name, command in commands():
        found = re.search(r"Exit codes?:(.*?)(?:\n\n|$)", command.help or "", re.DOTALL)
        if found:
            said.append((f"`{name}`", " ".join(found.group(1).split()).rstrip(".")))
    return _table(("code", "meaning"), rows) + "\n\n" + _table(("command", "its exit codes"), said)


def rule_schema() -> str:
    """The keys of rule files, by the JSON Schema that editors take."""
    schema = json.loads((DOCS / "rules.schema.json").read_text(encoding="utf-8"))
    shapes, parts = schema["$defs"], []
    for title, node in (("A file", schema), ("A rule", shapes["rule"]), ("A case of `tests`", shapes["case"])):
        needed, keys = node.get("required", ()), node["properties"]
        rows = [(f"`{key}`", "yes" if key in needed else "", _shape(value)) for key, value in keys.items()]
        parts.append(f"## {title}\n\n" + _table(("key", "required", "value"), rows))
    names, modifiers = (", ".join(f"`{name}`" for name in all_) for all_ in _field_names(shapes["conditions"]))
    parts.append(f"## Fields\n\nA condition names a field; names that end with `.*` are open.\n\n{names}")
    parts.append(f"## Modifiers\n\nThey stand behind a field, after `|`.\n\n{modifiers}")
    return "\n\n".join(parts)


def _flags() -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield settings with the longest name of their flag, its help and the command, the first that has it."""
    seen = set()
    known = {setting.name for setting in fields(Config)}
    for path, command in commands():
        for option in command.params:
            if isinstance(option, click.Option) and option.name in known and option.name not in seen:
                seen.add(option.name)
                yield option.name, (f"`{max(option.opts, key=len)}`", option.help or "", path)


def _comments() -> dict[str, str]:
    """Return what the example in docs/configuration.md says of its keys."""
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    return {key: said.strip() for key, said in re.findall(r"^([a-z_]+):.*?\s#\s(.*)$", page, re.MULTILINE)}


def _default(setting: Any) -> str:  # noqa: ANN401 - a dataclasses.Field
    if setting.name in SAID:
        return SAID[setting.name]
    value = setting.default if setting.default is not MISSING else setting.default_factory()
    if value is None or value in ((), {}):
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`"


def _member_docs(kind: type) -> dict[str, str]:
    """Return the strings that stand under the members of an enumeration in its source."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - it is a class's source
    docs = {}
    for before, after in pairwise(tree.body):
        if isinstance(before, ast.Assign) and isinstance(after, ast.Expr):
            docs[ast.unparse(before.targets[0])] = str(ast.literal_eval(after.value))
    return docs


def _shape(node: dict[str, Any]) -> str:
    """Say in a few words what a part of a JSON Schema takes."""
    if "$ref" in node:
        return f"`{node['$ref'].rsplit('/', 1)[1]}`"
    if "const" in node or "enum" in node:
        return ", ".join(f"`{json.dumps(one).strip(chr(34))}`" for one in node.get("enum", [node.get("const")]))
    if "oneOf" in node or "anyOf" in node:
        return " or ".join(dict.fromkeys(_shape(one) for one in node.get("oneOf", node.get("anyOf", ()))))
    if "properties" in node:
        needed = node.get("required", ())
        keys = (
            f"`{key}` ({_shape(value)}{', required' * (key in needed)})" for key, value in node["properties"].items()
        )
        return f"mapping: {'; '.join(keys)}"
    kind = node.get("type", "anything")
    if kind == "array":
        return f"list of {_shape(node['items'])}"
    text = " or ".join(kind) if isinstance(kind, list) else {"string": "text", "object": "mapping"}.get(kind, kind)
    return str(text) + (f" `{node['pattern']}`" if "pattern" in node else "")


def _field_names(conditions: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the fields and the modifiers that the schema's pattern of a condition's name lists."""
    pattern = next(one["pattern"] for one in conditions["propertyNames"]["anyOf"] if "pattern" in one)
    names, modifiers = re.fullmatch(r"\^\((.*)\)\(\\\|\((.*)\)\)\*\$", pattern).groups()  # type: ignore[union-attr]
    return [name.replace("\\..+", ".*").replace("\\.", ".") for name in names.split("|")], modifiers.split("|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "commands": command_help, "settings": settings, "exit-codes": exit_codes, "rule-schema": rule_schema,
}  # fmt: skip
