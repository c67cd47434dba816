"""Rules as text of a rule file: for rules that commands write."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError, OutputError, RuleError
from netad.core.timing import SECOND_NS, iso, parse_duration
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
    """Write a rule to the end of a rule file, which is made when it is not there.

    Raises:
        OutputError: the file would not be one whose rules stand at its end, or cannot be written; it stays as it was.
    """
    from netad.rules.ruleset import RuleSet

    before = path.read_text(encoding="utf-8") if path.exists() else ""
    wanted = len(RuleSet.load([path])) + 1 if before else 1
    beside = path.with_name(f".{path.name}.new")
    for indent in (2, 0, 4):
        text = before if not before or before.endswith("\n") else f"{before}\n"
        text += rule_text(rule, indent) if before else rules_text([rule])
        try:
            beside.write_text(text, encoding="utf-8")
            if len(RuleSet.load([beside])) == wanted:
                beside.replace(path)
                return
        except RuleError as error:
            if not before:
                raise RuleError([problem.replace(str(beside), str(path)) for problem in error.problems]) from error
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error
        finally:
            beside.unlink(missing_ok=True)
    raise OutputError(f"{path} does not end with its list of rules in block style: write the rule to another file")
