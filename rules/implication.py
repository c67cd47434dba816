"""Whether whatever fits one expression fits another too, and events that fit an expression.

Implication is told on the safe side: False where it cannot be seen from the conditions alone.
"""

from typing import Any

from netad.core.timing import iso
from netad.rules.networks import Network, format_value
from netad.rules.patterns import Pattern
from netad.rules.rule import AllOf, AnyOf, Condition, Expression, Not, Value
from netad.rules.values import folded

# Values of a list that are compared one by one; longer lists are the same only when they are one and the same list.
_COMPARED = 2000


def implies(narrow: Expression, wide: Expression) -> bool:
    """Tell whether every event that fits `narrow` fits `wide`, as far as that can be seen."""
    if isinstance(wide, AllOf):
        return all(implies(narrow, part) for part in wide.parts)
    if isinstance(narrow, AnyOf):
        return all(implies(part, wide) for part in narrow.parts)
    if isinstance(wide, AnyOf):
        return any(implies(narrow, part) for part in wide.parts)
    if isinstance(narrow, AllOf):
        return any(implies(part, wide) for part in narrow.parts)
    if isinstance(narrow, Not) or isinstance(wide, Not):
        return isinstance(narrow, Not) and isinstance(wide, Not) and implies(wide.part, narrow.part)
    return _covers(wide, narrow)


def _covers(wide: Condition, narrow: Condition) -> bool:
    if not set(narrow.field.paths) <= set(wide.field.paths):
        return False
    if wide.modifier == "exists" and wide.groups[0][0] is True and narrow.modifier != "exists":
        return True
    if _manner(wide) == _manner(narrow) and wide.groups == narrow.groups:
        return True
    if max(sum(map(len, each.groups)) for each in (wide, narrow)) > _COMPARED:
        return False
    return (_manner(wide) == _manner(narrow) and _values(wide) == _values(narrow)) or _values_cover(wide, narrow)


def _values_cover(wide: Condition, narrow: Condition) -> bool:
    """Tell whether each value of one condition only fits what some value of the other fits."""
    plain = not (narrow.negated or wide.negated or narrow.every or wide.every or wide.only)
    if not plain or "exists" in (wide.modifier, narrow.modifier) or (wide.cased and not narrow.cased):
        return False
    values, wides = _values(narrow), _values(wide)
    fold = narrow.cased and not wide.cased
    return all(
        any(_value_covers(wide.modifier, one, narrow.modifier, _form(each, fold)) for one in wides) for each in values
    )


def _manner(condition: Condition) -> tuple[object, ...]:
    return condition.modifier, condition.negated, condition.every, condition.only, condition.cased


def _values(condition: Condition) -> frozenset[Value]:
    return frozenset(value for group in condition.groups for value in group)


def _form(value: Value, fold: bool) -> Value:
    return folded(value) if fold and isinstance(value, str) else value


def _value_covers(wide_by: str, wide: Value, narrow_by: str, narrow: Value) -> bool:
    if wide_by == narrow_by and wide == narrow:
        return True
    if isinstance(wide, Network):
        return _holds(wide, narrow)
    if wide_by in ("gt", "gte", "lt", "lte"):
        return _compares(wide_by, wide, narrow_by, narrow)
    if isinstance(wide, Pattern):
        return narrow_by == "exact" and isinstance(narrow, str) and wide.fits(narrow)
    if not isinstance(wide, str) or not isinstance(narrow, str) or "re" in (wide_by, narrow_by):
        return False
    told = {
        "contains": narrow_by in ("exact", "startswith", "endswith", "contains", "domain") and wide in narrow,
        "startswith": narrow_by in ("exact", "startswith") and narrow.startswith(wide),
        "endswith": narrow_by in ("exact", "endswith", "domain") and narrow.endswith(wide),
        "domain": narrow_by in ("exact", "domain") and (narrow == wide or narrow.endswith(f".{wide}")),
    }
    return told.get(wide_by, False)


def _holds(wide: Network, narrow: Value) -> bool:
    bits = 32 if wide.version == 4 else 128
    if isinstance(narrow, Network):
        shift = narrow.prefix_length - wide.prefix_length
        return wide.version == narrow.version and shift >= 0 and narrow.prefix >> shift == wide.prefix
    if not isinstance(narrow, tuple):
        return False
    return narrow[0] == wide.version and narrow[1] >> (bits - wide.prefix_length) == wide.prefix


def _compares(wide_by: str, wide: Value, narrow_by: str, narrow: Value) -> bool:
    if not isinstance(wide, int | float) or not isinstance(narrow, int | float):
        return False
    above, below = wide_by in ("gt", "gte"), narrow_by in ("lt", "lte")
    if narrow_by == "exact":
        return {"gt": narrow > wide, "gte": narrow >= wide, "lt": narrow < wide, "lte": narrow <= wide}[wide_by]
    if narrow_by not in ("gt", "gte", "lt", "lte") or above is below:
        return False
    strict = len(wide_by) == 2 and len(narrow_by) == 3
    if above:
        return narrow > wide if strict else narrow >= wide
    return narrow < wide if strict else narrow <= wide


def example(expression: Expression) -> dict[str, Any] | None:
    """Return the fields of an event that should fit, with dots in their names; None when none is easily found.

    What `not` takes out is not heeded: whoever asks tries the event.
    """
    if isinstance(expression, Condition):
        return _example(expression)
    if isinstance(expression, Not):
        return {}
    found: dict[str, Any] = {}
    for part in expression.parts:
        each = example(part)
        if isinstance(expression, AnyOf):
            if each is not None:
                return each
            continue
        if each is None:
            return None
        found = {**each, **found}
    return None if isinstance(expression, AnyOf) else found


_OF_KIND = {"text": "x", "ip": "192.0.2.1", "integer": 1, "number": 1.0, "boolean": True, "date": "2026-01-01"}


def _example(condition: Condition) -> dict[str, Any] | None:
    path = condition.field.paths[0]
    value = condition.groups[0][0]
    if condition.modifier == "exists":
        return {path: _OF_KIND[condition.field.kind]} if value is True else {}
    if condition.negated:
        return {path: _OF_KIND[condition.field.kind]}
    if condition.modifier == "re":
        return None
    if condition.every:
        return {path: [_written(condition, each) for group in condition.groups for each in group][:_COMPARED]}
    return {path: _written(condition, value)}


def _written(condition: Condition, value: Value) -> Any:  # noqa: ANN401 - as an event has it
    if isinstance(value, Pattern):
        return "".join("x".join(part) for part in value.parts)
    step = _STEPS.get(condition.modifier, 0)
    if condition.field.kind == "ip" and isinstance(value, tuple):
        return format_value(value)
    if condition.field.kind == "date" and isinstance(value, int):
        return iso(value + step * 1_000_000_000)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value + step
    return value


_STEPS = {"gt": 1, "lt": -1}
