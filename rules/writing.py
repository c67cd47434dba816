"""Rules as text of a rule file: for rules that commands write."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError, OutputError, RuleError
from netad.core.files import atomic_path
from netad.core.problems import Problems
from netad.core.timing import SECOND_NS, iso, parse_duration
from netad.core.yaml_nodes import Items, read_document
from netad.core.yaml_nodes import Mapping as MappingNode
from netad.rules.scalars import parse_moment

_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._|-"
)  # characters of keys that need no quotes


def rule_text(rule: Mapping[str, Any], indent: int = 2) -> str:
    """Return one rule, a map of plain values, as an entry of `rules:`."""
    lines = [line for name, value in rule.items() for line in _lines(name, value, 0)]
    return "".join(f"{' ' * indent}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def rules_text(rules: Iterable[Mapping[str, Any]], heading: str = "") -> str:
    """Return a whole rule file; `heading` stands at its top as a comment."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    texts = [rule_text(rule) for rule in rules]
    return f"{comment}version: 1\nrules:\n{chr(10).join(texts)}" if texts else f"{comment}version: 1\nrules: []\n"


def _lines(name: str, value: Any, depth: int) -> list[str]:  # noqa: ANN401 - what JSON holds
    pad, key = "  " * depth, _key(name)
    if isinstance(value, Mapping):
        return [f"{pad}{key}:", *(line for inner, each in value.items() for line in _lines(inner, each, depth + 1))]
    if isinstance(value, list | tuple):
        return [f"{pad}{key}: [{', '.join(map(_scalar, value))}]"]
    return [f"{pad}{key}: {_scalar(value)}"]


def _key(name: str) -> str:
    return name if set(name) <= _PLAIN else json.dumps(name)


def _scalar(value: object) -> str:
    """Return a value as YAML and JSON both write it; text is always in quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else json.dumps(value)


def end_of(expires: str | None, now: datetime | None = None) -> dict[str, Any]:
    """Return the end of a rule as its file has it: after a duration (`30d`), at a time, or never for None.

    Raises:
        ConfigError: it is neither a duration nor a time, or it is over already.
    """
    if expires is None:
        return {"permanent": True}
    moment = datetime.now(UTC) if now is None else now
    now_ns = int(moment.timestamp()) * SECOND_NS
    try:
        end_ns = now_ns + parse_duration(expires)
    except ConfigError:
        try:
            end_ns = parse_moment(expires)
        except ValueError:
            raise ConfigError(f"{expires!r} is neither a duration such as 30d nor a date") from None
    if end_ns <= now_ns:
        raise ConfigError(f"{expires!r} is over already")
    return {"expires": f"{iso(end_ns)[:19]}Z"}


def append_rule(path: Path, rule: Mapping[str, Any]) -> None:
    """Write a rule behind the rules of a rule file, which is made when it is not there.

    Raises:
        RuleError: the file or the rule does not load.
        OutputError: the file's rules are not in block style, or it cannot be written; it stays as it was.
    """
    from netad.rules.ruleset import RuleSet

    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        text = _with_rule(path, before, rule) if before else rules_text([rule])
        with atomic_path(path) as part:
            part.write_text(text, encoding="utf-8")
            try:
                RuleSet.load([part])
            except RuleError as error:
                raise RuleError([problem.replace(str(part), str(path)) for problem in error.problems]) from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _with_rule(path: Path, text: str, rule: Mapping[str, Any]) -> str:
    """Return the file's text with the rule behind its last one, indented as they are."""
    problems = Problems(str(path))
    root = read_document(text.encode(), problems)
    if len(problems):
        raise RuleError(problems.lines())
    keys = [key for key, _ in root.entries] if isinstance(root, MappingNode) else []
    rules = next((value for key, value in root.entries if key.text == "rules"), None) \
        if isinstance(root, MappingNode) else None  # fmt: skip
    lines = text.splitlines(keepends=True)
    first = rules.nodes[0] if isinstance(rules, Items) and rules.nodes else None
    if first is None or lines[first.line - 1][: first.column - 1].strip() != "-":
        raise OutputError(f"{path} holds no list of rules in block style: write the rule to another file")
    end = min((key.line - 1 for key in keys if key.line > first.line), default=len(lines))
    while end > first.line and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # what stands above the next key belongs to it
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    indent = lines[first.line - 1].index("-")
    return "".join([*lines[:end], rule_text(rule, indent), *lines[end:]])
