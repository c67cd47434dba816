"""Which of many rules may match an event, found by what they ask for and not by asking each.

Every expression is hung up at conditions of which at least one must hold wherever the expression holds: its anchors.
The values of these are kept in tables by field: exact values and domains in a hash table, networks and the beginnings
and ends of texts in one table for each length, texts with something in the middle by three letters of it. An event is
looked up in these tables, and only the expressions that are found there are asked.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from netad.rules.matching import Compiler, Predicate, domain_suffixes
from netad.rules.networks import Network
from netad.rules.patterns import Pattern
from netad.rules.rule import AllOf, Condition, Expression, Not, Value
from netad.rules.values import folded
from netad.rules.view import EventView

if TYPE_CHECKING:
    from netad.rules.fields import Field

GRAM = 3
# Values of events whose finds are kept, by field; past that the field forgets them all and starts again.
_REMEMBERED = 8192
# Lists up to this long are weighed value by value, longer ones as a whole.
_WEIGHED = 64
_Hook: TypeAlias = tuple[str, Value]  # what table a value goes into, and the part of it that is looked up there


class RuleIndex:
    """Tells which of a number of expressions hold for an event."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        compiler = Compiler()
        self._predicates: list[Predicate] = [compiler.predicate(expression) for expression in expressions]
        self._always: list[int] = []
        self._fields: dict[str, tuple[Field, _FieldTables]] = {}
        used: Counter[object] = Counter()
        for expression in expressions:
            used.update(key for condition in _conditions(expression) for key in _weighed(condition))
        grown: dict[tuple[str, str, int], tuple[Condition, tuple[Value, ...], list[int]]] = {}
        for number, expression in enumerate(expressions):
            anchors = _anchors(expression, used)
            if anchors is None:
                self._always.append(number)
                continue
            for condition in anchors[1]:
                for values in condition.groups:
                    key = (condition.field.name, condition.modifier, id(values))
                    numbers = grown.setdefault(key, (condition, values, []))[2]
                    if not numbers or numbers[-1] != number:
                        numbers.append(number)
        for condition, values, numbers in grown.values():
            field = condition.field
            self._fields.setdefault(field.name, (field, _FieldTables()))[1].add(condition, values, tuple(numbers))

    def matching(self, view: EventView) -> list[int]:
        """Return the positions of the expressions that hold, ascending."""
        found = set(self._always)
        for field, tables in self._fields.values():
            for value in view.folded(field) if field.kind == "text" else view.values(field):
                found.update(tables.find(value))
        predicates = self._predicates
        return sorted(number for number in found if predicates[number](view))


def _conditions(expression: Expression) -> Iterable[Condition]:
    if isinstance(expression, Condition):
        yield expression
    elif isinstance(expression, Not):
        return
    else:
        for part in expression.parts:
            yield from _conditions(part)


def _hook(value: Value, condition: Condition) -> _Hook | None:
    """Return where a value of a condition is looked up; None when there is no table for it."""
    modifier = condition.modifier
    if isinstance(value, Network):
        return "network", value
    if isinstance(value, Pattern):
        start, end, longest = value.start, value.end, value.longest
        if len(start) >= max(len(end), 1) and (len(start) >= GRAM or len(longest) < GRAM):
            modifier, value = "startswith", start
        elif end and (len(end) >= GRAM or len(longest) < GRAM):
            modifier, value = "endswith", end
        else:
            modifier, value = "contains", longest
    if modifier == "contains" and len(str(value)) < GRAM:
        return None
    return modifier, folded(value) if condition.cased and isinstance(value, str) else value


def _weighed(condition: Condition) -> Iterable[object]:
    """Yield what a condition is looked up by, as far as others may be looked up by the same."""
    for values in condition.groups:
        if len(values) > _WEIGHED:
            yield condition.field.name, id(values)
        else:
            for value in values:
                yield condition.field.name, _hook(value, condition)


def _anchors(expression: Expression, used: Counter[object]) -> tuple[float, tuple[Condition, ...]] | None:
    """Return the conditions to hang an expression up at, and what asking it in vain will cost; None without any."""
    if isinstance(expression, Not):
        return None
    if isinstance(expression, Condition):
        cost = _cost(expression, used)
        return None if cost is None else (cost, (expression,))
    found = [_anchors(part, used) for part in expression.parts]
    parts = [each for each in found if each is not None]
    if isinstance(expression, AllOf):
        return min(parts, key=lambda each: each[0]) if parts else None
    if len(parts) < len(found):
        return None
    return sum(cost for cost, _ in parts), tuple(condition for _, conditions in parts for condition in conditions)


# How often, roughly, a value of the field is met in an event, beside that of an address.
_COMMON_FIELDS = {"text": 3.0, "integer": 2.0, "number": 2.0, "boolean": 1000.0, "date": 1.0, "ip": 1.0}
_INDEXED = ("exact", "cidr", "domain", "contains", "startswith", "endswith")


def _cost(condition: Condition, used: Counter[object]) -> float | None:
    """Return roughly how often a condition will be found to hold, None when it cannot be looked up.

    A value that many expressions ask for is one that many events have.
    """
    if condition.negated or condition.modifier not in _INDEXED:
        return None
    cost = 0.0
    for values in condition.groups:
        if len(values) > _WEIGHED and None not in (_hook(value, condition) for value in values):
            cost += len(values) * used[condition.field.name, id(values)]
            continue
        for value in values:
            hook = _hook(value, condition)
            if hook is None:
                return None
            cost += _commonness(hook) * used[condition.field.name, hook]
    return cost * _COMMON_FIELDS[condition.field.kind]


def _commonness(hook: _Hook) -> float:
    table, value = hook
    if isinstance(value, Network):
        return float(2.0 ** (((32 if value.version == 4 else 128) - value.prefix_length) / 4))
    if table in ("startswith", "endswith", "contains") and isinstance(value, str):
        return (6.0 if table == "contains" else 2.0) + 50 / len(value) ** 2
    return 1.0


class _FieldTables:
    """The values of one field, each with the sets of expressions that ask for it."""

    def __init__(self) -> None:
        self._numbers: list[tuple[int, ...]] = []
        self._exact: dict[Value, list[int]] = {}
        self._domains: dict[str, list[int]] = {}
        self._networks: dict[tuple[int, int], dict[int, list[int]]] = {}
        self._starts: dict[int, dict[str, list[int]]] = {}
        self._ends: dict[int, dict[str, list[int]]] = {}
        self._grams: dict[str, list[int]] = {}
        self._remembered: dict[Value, frozenset[int]] = {}

    def add(self, condition: Condition, values: tuple[Value, ...], numbers: tuple[int, ...]) -> None:
        """Take in a group of values of a condition, with the expressions that hang there."""
        place = len(self._numbers)
        self._numbers.append(numbers)
        for value in values:
            hook = _hook(value, condition)
            if hook is not None:
                self._table(*hook).append(place)

    def _table(self, table: str, value: Value) -> list[int]:
        """Return the places that are kept for a value."""
        if isinstance(value, Network):
            bits = (32 if value.version == 4 else 128) - value.prefix_length
            return self._networks.setdefault((value.version, bits), {}).setdefault(value.prefix, [])
        if not isinstance(value, str) or table == "exact":
            return self._exact.setdefault(value, [])
        if table == "startswith":
            return self._starts.setdefault(len(value), {}).setdefault(value, [])
        if table == "endswith":
            return self._ends.setdefault(len(value), {}).setdefault(value, [])
        if table == "domain":
            return self._domains.setdefault(value, [])
        grams = [value[at : at + GRAM] for at in range(len(value) - GRAM + 1)]
        return self._grams.setdefault(min(grams, key=lambda gram: len(self._grams.get(gram, ()))), [])

    def find(self, value: Value) -> frozenset[int]:
        """Return the expressions that may hold for a value of the field (a text folded), and all that do."""
        found = self._remembered.get(value)
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            places = list(self._exact.get(value, ()))
            places += self._in_text(value) if isinstance(value, str) else self._in_networks(value)
            found = frozenset(number for place in places for number in self._numbers[place])
            self._remembered[value] = found
        return found

    def _in_networks(self, value: Value) -> list[int]:
        places: list[int] = []
        if isinstance(value, tuple) and self._networks:
            version, number = value[0], value[1]
            for (table_version, shift), table in self._networks.items():
                if table_version == version:
                    places += table.get(number >> shift, ())
        return places

    def _in_text(self, text: str) -> list[int]:
        places: list[int] = []
        if self._domains:
            for suffix in domain_suffixes(text):
                places += self._domains.get(suffix, ())
        for length, table in self._starts.items():
            places += table.get(text[:length], ())
        for length, table in self._ends.items():
            places += table.get(text[-length:], ())
        if self._grams:
            for gram in {text[at : at + GRAM] for at in range(len(text) - GRAM + 1)} & self._grams.keys():
                places += self._grams[gram]
        return places
