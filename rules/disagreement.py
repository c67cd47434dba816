"""Rules that want different things done to the very same events: one of them would silently do nothing."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from netad.core.problems import Position, Problems
from netad.rules.rule import AllOf, Condition, Expression, Not, Rule

# What cannot be done to one event together. The others (limit, inhibit, tag) add to what another rule says.
_EXCLUSIVE = ("drop", "suppress", "lower")
Meaning: TypeAlias = object
_LONG = 100  # values


def meaning(expression: Expression | None) -> Meaning:
    """Return what an expression says in a form that is equal for equal conditions, in whichever order they stand."""
    if expression is None:
        return None
    if isinstance(expression, Not):
        return ("not", meaning(expression.part))
    if isinstance(expression, Condition):
        # A long list is taken for what it is by name: one that many rules share is not copied for each of them.
        long = frozenset(id(group) for group in expression.groups if len(group) > _LONG)
        values = frozenset(value for group in expression.groups if len(group) <= _LONG for value in group)
        return (expression.text, expression.modifier, values, long)
    parts = frozenset(meaning(part) for part in expression.parts)
    if len(parts) == 1:
        return next(iter(parts))
    return ("all" if isinstance(expression, AllOf) else "any", parts)


def note_disagreements(rules: Sequence[Rule], problems: Mapping[str, Problems]) -> None:
    """Note, at the later of two rules, that both treat the same events at the same time, but each in its own way."""
    groups: dict[Meaning, list[Rule]] = {}
    for rule in rules:
        if rule.action in _EXCLUSIVE and rule.applies_to == "events":
            groups.setdefault((meaning(rule.condition), rule.schedule), []).append(rule)
    for group in groups.values():
        first = group[0]
        for rule in group[1:]:
            if (rule.action, rule.lower) != (first.action, first.lower) and _meet(rule, first):
                said = f"rule {rule.id!r} ({rule.action}) is for the same events as {first.id!r} ({first.action}) at " \
                       f"{first.where}: they disagree"  # fmt: skip
                place = Position(rule.where.line or 1, rule.where.column or 1)
                problems[rule.where.path].add(place, said)


def _meet(one: Rule, other: Rule) -> bool:
    """Tell whether there is a time at which both are in force."""
    starts = max(one.starts_ns or 0, other.starts_ns or 0)
    ends = [rule.expires_ns for rule in (one, other) if rule.expires_ns is not None]
    return not ends or starts < min(ends)
