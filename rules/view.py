"""An event as rules see it: each field looked up, and its values converted, once for all rules."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from netad.rules.fields import Field, find_field
from netad.rules.rule import Value
from netad.rules.values import event_value, folded

Values: TypeAlias = tuple[Value, ...]
_START, _END, _TIME = find_field("event.start"), find_field("event.end"), find_field("@timestamp")
_OBSERVER, _NAMESPACE = find_field("observer.name"), find_field("data_stream.namespace")
_CREATED = find_field("event.created")
_SEVERITY, _SCORE, _ID = find_field("event.severity"), find_field("event.risk_score"), find_field("event.id")


class EventView:
    """The fields of one event, in the form in which rules compare them."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._values: dict[str, Values] = {}
        self._folded: dict[str, Values] = {}

    def values(self, field: Field) -> Values:
        """Return the values of a field: none when it is missing, several when it is a list.

        A list of objects on the way gives the values of all of them, as in Elasticsearch. A value that the field's
        kind cannot hold counts as missing.
        """
        found = self._values.get(field.name)
        if found is None:
            values = []
            for path in field.paths:
                for leaf in leaves(self._event, path):
                    value = event_value(field.kind, leaf)
                    if value is not None:
                        values.append(value)
            found = self._values[field.name] = tuple(values)
        return found

    def folded(self, field: Field) -> Values:
        """Return the values of a text field in the form in which upper and lower case are alike."""
        found = self._folded.get(field.name)
        if found is None:
            texts = (value for value in self.values(field) if isinstance(value, str))
            found = self._folded[field.name] = tuple(folded(text) for text in texts)
        return found

    @property
    def identity(self) -> str:
        """The event's id, empty without one."""
        return "".join(str(value) for value in self.values(_ID)[:1])

    @property
    def time_ns(self) -> int | None:
        """The event's `@timestamp`, ns since the epoch."""
        return _number(self.values(_TIME))

    @property
    def created_ns(self) -> int | None:
        """When a run made the event, by its wall clock; `@timestamp` where the event does not say."""
        created_ns = _number(self.values(_CREATED))
        return self.time_ns if created_ns is None else created_ns

    @property
    def origin(self) -> tuple[Values, Values]:
        """The observer and the namespace the event is of: what those of one run have in common."""
        return self.values(_OBSERVER), self.values(_NAMESPACE)

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """Start and end of the event, `@timestamp` standing in for what is missing; None without any."""
        times = [_number(self.values(field)) for field in (_START, _END, _TIME)]
        start = times[2] if times[0] is None else times[0]
        end = times[2] if times[1] is None else times[1]
        if start is None or end is None:
            return None
        return min(start, end), max(start, end)

    @property
    def severity(self) -> int | None:
        """The event's severity."""
        return _number(self.values(_SEVERITY))

    @property
    def risk_score(self) -> float | None:
        """The event's risk score, 0 to 100."""
        found = self.values(_SCORE)
        return float(found[0]) if found and isinstance(found[0], int | float) else None


def _number(found: Values) -> int | None:
    return int(found[0]) if found and isinstance(found[0], int | float) else None


def leaves(event: Mapping[str, Any], path: str) -> Iterable[object]:
    """Return what stands at a dotted path, also where an event is written with dots in its keys."""
    node: Any = event
    for name in _names(path):
        if type(node) is not dict or name not in node:
            return _searched(event, path)
        node = node[name]
    return (node,) if isinstance(node, str | int | float) else _searched(event, path)


@lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _searched(node: object, path: str) -> Iterator[object]:
    if isinstance(node, list | tuple):
        for item in node:
            yield from _searched(item, path)
    elif not path:
        if not isinstance(node, Mapping):
            yield node
    elif isinstance(node, Mapping):
        yield from _below(node, path)


def _below(node: Mapping[str, Any], path: str) -> Iterator[object]:
    """Yield what stands below a map, whose keys may hold several of the path's names (`source.ip`)."""
    end = path.find(".")
    while end != -1:
        if path[:end] in node:
            yield from _searched(node[path[:end]], path[end + 1 :])
        end = path.find(".", end + 1)
    if path in node:
        yield from _searched(node[path], "")
