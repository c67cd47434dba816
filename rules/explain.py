"""Why a rule matches an event or not: each condition that stands in the way, beside what the event has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netad.core.problems import shown
from netad.core.timing import iso
from netad.rules.matching import Compiler
from netad.rules.networks import Network, format_value
from netad.rules.patterns import Pattern
from netad.rules.rule import AnyOf, Condition, Expression, Not, Rule, Value
from netad.rules.view import EventView

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a rule applies to an event; if not, every reason why, in words."""

    rule: Rule
    applies: bool
    reasons: tuple[str, ...] = ()


def explain(rule: Rule, event: Mapping[str, Any], now_ns: int) -> Explanation:
    """Return whether the rule applies to the event at this time, and each reason why not."""
    view, compiler = EventView(event), Compiler()
    reasons = []
    state = rule.state(now_ns)
    if state == "expired":
        reasons.append(f"it expired at {iso(rule.expires_ns or 0)}")
    if state == "pending":
        reasons.append(f"it starts at {iso(rule.starts_ns or 0)}")
    for part in (rule.scope, rule.match):
        if part is not None:
            reasons += _missing(part, view, compiler)
    if rule.exception is not None and compiler.predicate(rule.exception)(view):
        reasons += [f"it is excepted: {told}" for told in _holding(rule.exception, view, compiler)]
    if rule.schedule is not None:
        span = view.span_ns
        if span is None:
            reasons.append("the event has no time, and the rule a schedule")
        elif not rule.schedule.holds(*span):
            reasons.append(f"{iso(span[0])} to {iso(span[1])} does not lie within its schedule ({rule.schedule.zone})")
    return Explanation(rule, not reasons, tuple(reasons))


def _missing(expression: Expression, view: EventView, compiler: Compiler) -> Iterator[str]:
    """Yield what an event lacks to fit."""
    if compiler.predicate(expression)(view):
        return
    if isinstance(expression, Condition):
        yield f"{_told(expression)} is not so: {_has(expression, view)}"
    elif isinstance(expression, Not):
        for told in _holding(expression.part, view, compiler):
            yield f"it must not be that {told}"
    elif isinstance(expression, AnyOf):
        ways = [" and ".join(_missing(part, view, compiler)) for part in expression.parts]
        yield "none of these ways fits: " + "; or ".join(ways)
    else:
        for part in expression.parts:
            yield from _missing(part, view, compiler)


def _holding(expression: Expression, view: EventView, compiler: Compiler) -> Iterator[str]:
    """Yield the conditions by which an event fits."""
    if not compiler.predicate(expression)(view):
        return
    if isinstance(expression, Condition):
        yield _told(expression)
    elif isinstance(expression, Not):
        yield f"it is not that {' and '.join(_conditions(expression.part))}"
    else:
        for part in expression.parts:
            yield from _holding(part, view, compiler)


def _conditions(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Condition):
        yield _told(expression)
    elif isinstance(expression, Not):
        yield from (f"not {told}" for told in _conditions(expression.part))
    else:
        for part in expression.parts:
            yield from _conditions(part)


def _told(condition: Condition) -> str:
    values = [value for group in condition.groups for value in group]
    texts = [_written(condition, value) for value in values[:_SHOWN]]
    more = f" and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else ""
    where = condition.where
    return f"{condition.text}: {', '.join(texts)}{more} (line {where.line})"


def _has(condition: Condition, view: EventView) -> str:
    values = view.values(condition.field)
    if not values:
        return f"the event has no {condition.field.name}"
    texts = [_written(condition, value) for value in values[:_SHOWN]]
    more = f" and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else ""
    return f"the event has {', '.join(texts)}{more}"


def _written(condition: Condition, value: Value) -> str:
    """Return a value of a rule or an event as people write it."""
    if isinstance(value, Network):
        return f"{format_value(value)}/{value.prefix_length}"
    if isinstance(value, Pattern):
        return shown("*".join("?".join(part) for part in value.parts))
    if condition.field.kind == "ip" and isinstance(value, tuple):
        return format_value(value)
    if condition.field.kind == "date" and isinstance(value, int) and not isinstance(value, bool):
        return iso(value)
    return shown(value) if isinstance(value, str) else str(value).lower()
