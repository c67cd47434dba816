"""Expressions to predicates over events."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from netad.rules.networks import Network, NetworkSet
from netad.rules.patterns import Pattern, compile_regex
from netad.rules.rule import AnyOf, Condition, Expression, Modifier, Not, Value
from netad.rules.view import EventView, Values

Test: TypeAlias = Callable[[Values], bool]
Predicate: TypeAlias = Callable[[EventView], bool]


class Compiler:
    """Turns expressions into predicates; conditions that share a list of values share its look-up table."""

    def __init__(self) -> None:
        # Keyed by the identity of the tuple of values, which is held beside the test so that it stays taken.
        self._tests: dict[tuple[int, Modifier], tuple[Values, Test]] = {}

    def predicate(self, expression: Expression) -> Predicate:
        """Return a function that tells whether an event fits the expression."""
        if isinstance(expression, Condition):
            return self._condition(expression)
        if isinstance(expression, Not):
            inner = self.predicate(expression.part)
            return lambda view: not inner(view)
        parts = [self.predicate(part) for part in expression.parts]
        if isinstance(expression, AnyOf):
            return lambda view: any(part(view) for part in parts)
        if len(parts) == 2:
            first, second = parts
            return lambda view: first(view) and second(view)
        return lambda view: all(part(view) for part in parts)

    def _condition(self, condition: Condition) -> Predicate:
        test = self.test(condition)
        field = condition.field
        if field.kind == "text" and not condition.cased and condition.modifier != "exists":
            return lambda view: test(view.folded(field))
        return lambda view: test(view.values(field))

    def test(self, condition: Condition) -> Test:
        """Return a function that tells whether values of the condition's field fit.

        Texts must be folded (`netad.rules.values.folded`) unless the condition is cased.
        """
        if condition.modifier == "exists":
            wanted = condition.groups[0][0]
            return lambda found: bool(found) is wanted
        if condition.every:
            singles = [self._test(condition.modifier, (value,)) for group in condition.groups for value in group]
            return lambda found: all(test(found) for test in singles)
        tests = [self._test(condition.modifier, values) for values in condition.groups]
        if condition.only:
            return lambda found: bool(found) and all(any(test((value,)) for test in tests) for value in found)
        if condition.negated:  # no element equals any of the values, and there is an element
            return lambda found: bool(found) and not any(test(found) for test in tests)
        if len(tests) == 1:
            return tests[0]
        return lambda found: any(test(found) for test in tests)

    def _test(self, modifier: Modifier, values: Values) -> Test:
        key = (id(values), modifier)
        if key not in self._tests:
            self._tests[key] = (values, _TESTS[modifier](values))
        return self._tests[key][1]


def _exact(values: Values) -> Test:
    # Values of one field are of one type, so that no 1 meets a True here.
    wanted = frozenset(value for value in values if not isinstance(value, Pattern))
    return _with_patterns(values, lambda found: not wanted.isdisjoint(found))


def _cidr(values: Values) -> Test:
    networks = NetworkSet(values)  # type: ignore[arg-type]  # values read for |cidr are networks
    if len(values) == 1 and isinstance(values[0], Network):
        version, length, prefix = values[0]
        shift = (32 if version == 4 else 128) - length

        def one(found: Values) -> bool:
            return any(address[0] == version and address[1] >> shift == prefix for address in found)  # type: ignore[index,operator]

        return one
    return lambda found: any(address in networks for address in found)  # type: ignore[operator]


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Values], Test]:
    def build(values: Values) -> Test:
        limit = values[0]
        return lambda found: any(compare(value, limit) for value in found)

    return build


def _contains(values: Values) -> Test:
    parts = tuple(_texts(values))
    return _with_patterns(values, lambda found: any(part in text for text in _texts(found) for part in parts))


def _startswith(values: Values) -> Test:
    starts = tuple(_texts(values))
    return _with_patterns(values, lambda found: any(text.startswith(starts) for text in _texts(found)))


def _endswith(values: Values) -> Test:
    ends = tuple(_texts(values))
    return _with_patterns(values, lambda found: any(text.endswith(ends) for text in _texts(found)))


def _with_patterns(values: Values, plain: Test) -> Test:
    """Return a test for the plain values that also asks the values with wildcards."""
    patterns = [value for value in values if isinstance(value, Pattern)]
    if not patterns:
        return plain
    if len(values) == 1:
        fits = patterns[0].fits
        return lambda found: len(found) > 0 and any(map(fits, _texts(found)))
    if len(patterns) == len(values):
        return lambda found: any(pattern.fits(text) for text in _texts(found) for pattern in patterns)
    return lambda found: plain(found) or any(pattern.fits(text) for text in _texts(found) for pattern in patterns)


def _regex(values: Values) -> Test:
    expressions = [compile_regex(source) for source in _texts(values)]
    return lambda found: any(
        expression.search(text) is not None for text in _texts(found) for expression in expressions
    )


def _domain(values: Values) -> Test:
    wanted = frozenset(values)
    return lambda found: any(not wanted.isdisjoint(domain_suffixes(text)) for text in _texts(found))


def domain_suffixes(text: str) -> Iterator[str]:
    """Yield a domain and the domains it lies below: `a.b.c`, `b.c`, `c`. What is too long to be one has none."""
    name = text.rstrip(".")
    dot = "." if len(name) < 256 else ""
    while dot:
        yield name
        _, dot, name = name.partition(".")


def _texts(values: Iterable[Value]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


_TESTS: dict[Modifier, Callable[[Values], Test]] = {
    "exact": _exact,
    "cidr": _cidr,
    "gt": _comparison(lambda value, limit: value > limit),
    "gte": _comparison(lambda value, limit: value >= limit),
    "lt": _comparison(lambda value, limit: value < limit),
    "lte": _comparison(lambda value, limit: value <= limit),
    "contains": _contains,
    "startswith": _startswith,
    "endswith": _endswith,
    "re": _regex,
    "domain": _domain,
}
