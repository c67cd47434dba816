"""Which of many rules may match an event, found by what they ask for and not by asking each.

Every expression is hung up at conditions of which at least one must hold wherever the expression holds: its anchors.
The values of these are kept in tables by field: exact values and domains in a hash table, networks and the beginnings
and ends of texts in one table for each length, texts with something in the middle by three letters of it. An event is
looked up in these tables, and only the expressions that are found there are asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

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
_Table: TypeAlias = dict[Any, Any]
_Hook: TypeAlias = tuple[str, Value]  # what table a value goes into, and the part of it that is looked up there


class RuleIndex:
    """Tells which of a number of expressions hold for an event."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        compiler = Compiler()
        self._predicates: list[Predicate] = [compiler.predicate(expression) for expression in expressions]
        self._always: list[int] = []
        self._fields: dict[str, tuple[Field, _FieldTables]] = {}
        weights = _Weights(expressions)
        grown: dict[tuple[str, str, int], tuple[Condition, tuple[Value, ...], list[int]]] = {}
        for number, expression in enumerate(expressions):
            anchors = _anchors(expression, weights)
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
        for _, tables in self._fields.values():
            tables.finish()

    def matching(self, view: EventView) -> list[int]:
        """Return the positions of the expressions that hold, ascending."""
        found = set(self._always)
        for field, tables in self._fields.values():
            for value in view.folded(field) if field.kind == "text" else view.values(field):
                found |= tables.find(value)
        predicates = self._predicates
        return sorted([number for number in found if predicates[number](view)])


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


def _anchors(expression: Expression, weights: "_Weights") -> tuple[float, tuple[Condition, ...]] | None:
    """Return the conditions to hang an expression up at, and what asking it in vain will cost; None without any."""
    if isinstance(expression, Not):
        return None
    if isinstance(expression, Condition):
        cost = weights.cost(expression)
        return None if cost is None else (cost, (expression,))
    found = [_anchors(part, weights) for part in expression.parts]
    parts = [each for each in found if each is not None]
    if isinstance(expression, AllOf):
        return min(parts, key=lambda each: each[0]) if parts else None
    if len(parts) < len(found):
        return None
    return sum(cost for cost, _ in parts), tuple(condition for _, conditions in parts for condition in conditions)


# How often, roughly, a value of the field is met in an event, beside that of an address.
_COMMON_FIELDS = {"text": 3.0, "integer": 2.0, "number": 2.0, "boolean": 1000.0, "date": 1.0, "ip": 1.0}
_INDEXED = ("exact", "cidr", "domain", "contains", "startswith", "endswith")


class _Weights:
    """How often, roughly, conditions will be found to hold: a value that many expressions ask for is a common one."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._used: Counter[object] = Counter()
        # Whether each value of a long list can be looked up: told once for all conditions that share it.
        self._long: dict[tuple[int, str, bool], bool] = {}
        for expression in expressions:
            for condition in _conditions(expression):
                self._used.update(self._keys(condition))

    def _keys(self, condition: Condition) -> Iterator[object]:
        """Yield what a condition is looked up by, as far as others may be looked up by the same."""
        for values in condition.groups:
            if len(values) > _WEIGHED:
                yield condition.field.name, id(values)
            else:
                yield from ((condition.field.name, _hook(value, condition)) for value in values)

    def cost(self, condition: Condition) -> float | None:
        """Return roughly how often a condition will be found to hold, None when it cannot be looked up."""
        if condition.negated or condition.modifier not in _INDEXED:
            return None
        name, cost = condition.field.name, 0.0
        for values in condition.groups:
            if len(values) > _WEIGHED:
                if not self._all_looked_up(condition, values):
                    return None
                cost += len(values) * self._used[name, id(values)]
                continue
            for value in values:
                hook = _hook(value, condition)
                if hook is None:
                    return None
                cost += _commonness(hook) * self._used[name, hook]
        return cost * _COMMON_FIELDS[condition.field.kind]

    def _all_looked_up(self, condition: Condition, values: tuple[Value, ...]) -> bool:
        key = (id(values), condition.modifier, condition.cased)
        if key not in self._long:
            self._long[key] = all(_hook(value, condition) is not None for value in values)
        return self._long[key]


def _commonness(hook: _Hook) -> float:
    table, value = hook
    if isinstance(value, Network):
        return float(2.0 ** (((32 if value.version == 4 else 128) - value.prefix_length) / 4))
    if table in ("startswith", "endswith", "contains") and isinstance(value, str):
        return (6.0 if table == "contains" else 2.0) + 50 / len(value) ** 2
    return 1.0


class _FieldTables:
    """The values of one field, each with the sets of expressions that ask for it.

    While values come in, the tables hold places in `_numbers`, one for each group of values; `finish` puts the
    expressions themselves in their stead, the same set object wherever they are the same, so that a long list which
    many rules share stays small.
    """

    def __init__(self) -> None:
        self._numbers: list[tuple[int, ...]] = []
        self._exact: _Table = {}
        self._domains: _Table = {}
        self._networks: dict[tuple[int, int], _Table] = {}
        self._starts: dict[int, _Table] = {}
        self._ends: dict[int, _Table] = {}
        self._grams: _Table = {}
        self._remembered: dict[Value, frozenset[int]] = {}
        # For each IP version: (bits behind the prefix, prefixes).
        self._by_version: dict[int, list[tuple[int, _Table]]] = {4: [], 6: []}

    def add(self, condition: Condition, values: tuple[Value, ...], numbers: tuple[int, ...]) -> None:
        """Take in a group of values of a condition, with the expressions that hang there."""
        place = len(self._numbers)
        self._numbers.append(numbers)
        for value in values:
            hook = _hook(value, condition)
            if hook is not None:
                table, key = self._table(*hook)
                table[key] = (*table.get(key, ()), place)

    def _table(self, table: str, value: Value) -> "tuple[_Table, Value]":
        """Return the table that a value goes into, and the key it has there."""
        if isinstance(value, Network):
            bits = (32 if value.version == 4 else 128) - value.prefix_length
            return self._networks.setdefault((value.version, bits), {}), value.prefix
        if not isinstance(value, str) or table == "exact":
            return self._exact, value
        if table == "startswith":
            return self._starts.setdefault(len(value), {}), value
        if table == "endswith":
            return self._ends.setdefault(len(value), {}), value
        if table == "domain":
            return self._domains, value
        grams = [value[at : at + GRAM] for at in range(len(value) - GRAM + 1)]
        return self._grams, min(grams, key=lambda gram: len(self._grams.get(gram, ())))

    def finish(self) -> None:
        """Make the tables ready to be asked; nothing is added afterwards."""
        sets: dict[tuple[int, ...], frozenset[int]] = {}
        tables = [self._exact, self._domains, self._grams]
        tables += [*self._networks.values(), *self._starts.values(), *self._ends.values()]
        for table in tables:
            for key, places in table.items():
                if places not in sets:
                    sets[places] = frozenset(number for place in places for number in self._numbers[place])
                table[key] = sets[places]
        self._numbers.clear()
        for (version, bits), table in self._networks.items():
            self._by_version[version].append((bits, table))

    def find(self, value: Value) -> frozenset[int]:
        """Return the expressions that may hold for a value of the field (a text folded), and all that do."""
        found = self._remembered.get(value)
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            sets = self._in_text(value) if isinstance(value, str) else self._in_networks(value)
            if value in self._exact:
                sets.append(self._exact[value])
            found = sets[0] if len(sets) == 1 else frozenset().union(*sets)
            self._remembered[value] = found
        return found

    def _in_networks(self, value: Value) -> "list[frozenset[int]]":
        if not isinstance(value, tuple) or not self._networks:
            return []
        number = value[1]
        return [table[number >> bits] for bits, table in self._by_version[value[0]] if number >> bits in table]

    def _in_text(self, text: str) -> "list[frozenset[int]]":
        sets = [table[text[:length]] for length, table in self._starts.items() if text[:length] in table]
        sets += [table[text[-length:]] for length, table in self._ends.items() if text[-length:] in table]
        if self._domains:
            sets += [self._domains[suffix] for suffix in domain_suffixes(text) if suffix in self._domains]
        if self._grams:
            grams = {text[at : at + GRAM] for at in range(len(text) - GRAM + 1)}
            sets += [self._grams[gram] for gram in grams & self._grams.keys()]
        return sets
