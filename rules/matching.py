"""Rules to predicates over events."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from netad.rules.fields import Field
from netad.rules.networks import NetworkSet
from netad.rules.rule import Condition, Match, Modifier, Rule, Value
from netad.rules.values import event_value

Values: TypeAlias = tuple[Value, ...]
Test: TypeAlias = Callable[[Values], bool]


class EventView:
    """An event as rules see it: each field is looked up, and its values converted, once for all rules."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._values: dict[str, Values] = {}

    def values(self, field: Field) -> Values:
        """Return the values of a field: none when it is missing, several when it is a list.

        A list of objects on the way gives the values of all of them, as in Elasticsearch. A value that the field's
        kind cannot hold counts as missing.
        """
        if field.name not in self._values:
            found = (leaf for path in field.paths for leaf in _leaves(self._event, path))
            converted = (event_value(field.kind, leaf) for leaf in found)
            self._values[field.name] = tuple(value for value in converted if value is not None)
        return self._values[field.name]


def _leaves(node: object, path: str) -> Iterator[object]:
    """Yield what stands at a dotted path, also where an event is written with dots in its keys."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _leaves(item, path)
    elif not path:
        if not isinstance(node, Mapping):
            yield node
    elif isinstance(node, Mapping):
        head, _, rest = path.partition(".")
        if head in node:
            yield from _leaves(node[head], rest)
        elif rest and path in node:
            yield from _leaves(node[path], "")


class Compiler:
    """Turns conditions into predicates; conditions that share a list of values share its look-up table."""

    def __init__(self) -> None:
        # Keyed by the identity of the tuple of values, which is held beside the test so that it stays taken.
        self._tests: dict[tuple[int, str], tuple[Values, Test]] = {}

    def rule(self, rule: Rule) -> Callable[[EventView], bool]:
        """Return a function that tells whether an event fits the rule's match and not its exception."""
        match = self._match(rule.match)
        if rule.exception is None:
            return match
        exception = self._match(rule.exception)
        return lambda view: match(view) and not exception(view)

    def _match(self, match: Match) -> Callable[[EventView], bool]:
        alternatives = [[self._condition(condition) for condition in each] for each in match.alternatives]
        if len(alternatives) == 1:
            conditions = alternatives[0]
            return lambda view: all(condition(view) for condition in conditions)
        return lambda view: any(all(condition(view) for condition in each) for each in alternatives)

    def _condition(self, condition: Condition) -> Callable[[EventView], bool]:
        field, modifier = condition.field, condition.modifier
        if modifier == "exists":
            wanted = condition.groups[0][0]
            return lambda view: bool(view.values(field)) is wanted
        tests = [self._test(modifier, values) for values in condition.groups]
        if modifier == "neq":  # no element equals any of the values, and there is an element
            return lambda view: bool(found := view.values(field)) and not any(test(found) for test in tests)
        if len(tests) == 1:
            test = tests[0]
            return lambda view: test(view.values(field))
        return lambda view: any(test(view.values(field)) for test in tests)

    def _test(self, modifier: Modifier, values: Values) -> Test:
        key = (id(values), modifier)
        if key not in self._tests:
            self._tests[key] = (values, _TESTS[modifier](values))
        return self._tests[key][1]


def _exact(values: Values) -> Test:
    # Values of one field are of one type, so that no 1 meets a True here.
    wanted = frozenset(values)
    return lambda found: not wanted.isdisjoint(found)


def _cidr(values: Values) -> Test:
    networks = NetworkSet(values)  # type: ignore[arg-type]  # values read for |cidr are networks
    return lambda found: any(address in networks for address in found)  # type: ignore[operator]


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Values], Test]:
    def build(values: Values) -> Test:
        limit = values[0]
        return lambda found: any(compare(value, limit) for value in found)

    return build


def _contains(values: Values) -> Test:
    return lambda found: any(part in text for text in _texts(found) for part in _texts(values))


def _startswith(values: Values) -> Test:
    starts = tuple(_texts(values))
    return lambda found: any(text.startswith(starts) for text in _texts(found))


def _endswith(values: Values) -> Test:
    ends = tuple(_texts(values))
    return lambda found: any(text.endswith(ends) for text in _texts(found))


def _wildcard(values: Values) -> Test:
    patterns = [re.compile(wildcard_pattern(text), re.DOTALL) for text in _texts(values)]
    return lambda found: any(pattern.fullmatch(text) for text in _texts(found) for pattern in patterns)


def _texts(values: Iterable[Value]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


_TESTS: dict[Modifier, Callable[[Values], Test]] = {
    "exact": _exact,
    "neq": _exact,
    "cidr": _cidr,
    "gt": _comparison(lambda value, limit: value > limit),
    "gte": _comparison(lambda value, limit: value >= limit),
    "lt": _comparison(lambda value, limit: value < limit),
    "lte": _comparison(lambda value, limit: value <= limit),
    "contains": _contains,
    "startswith": _startswith,
    "endswith": _endswith,
    "wildcard": _wildcard,
}


def wildcard_pattern(text: str) -> str:
    """Return the regular expression of a text in which `*` is any text and `?` any one character.

    A backslash before `*`, `?` or another backslash takes their meaning away (Sigma's rule); elsewhere it is itself.
    Each part between stars is found at its first place and kept there (an atomic group), which is where a longer match
    can always start from, so that matching takes time linear in the text for each part, whatever the pattern.
    """
    parts = [""]
    for piece in re.findall(r"\\[*?\\]|.", text, re.DOTALL):
        if piece == "*":
            parts.append("")
        elif piece == "?":
            parts[-1] += "."
        else:
            parts[-1] += re.escape(piece[-1])
    if len(parts) == 1:
        return parts[0]
    first, *middle, last = parts
    return first + "".join(f"(?>.*?{part})" for part in middle if part) + ".*" + last
