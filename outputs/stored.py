"""The contract of a place that keeps events: reading them back in order of time, and writing changed ones back."""

from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from netad.core.errors import ConfigError
from netad.outputs.base import Event

STORES = ("parquet", "elastic")
# What a change of an event never touches: what it is, where it lies, when it got there, and what a person said of it.
KEPT = ("@timestamp", "event.id", "event.ingested", "data_stream", "netad.verdict")


@dataclass(slots=True)
class Replaced:
    """What became of the events given to `replace`: the sum of the four is what went in.

    `unchanged` were in the store as given already, `missing` are not in it, `conflicts` were changed by others each
    time they were about to be written.
    """

    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    conflicts: int = 0


class StoredEvents(Protocol):
    """Events that an output has kept. `where` names the place for messages, such as `parquet:netad-store`."""

    where: str

    def events(
        self, kind: str = "anomaly", since_ns: int | None = None, until_ns: int | None = None
    ) -> Iterator[Event]:
        """Yield whole events of a kind (`anomaly`, `flow`) in order of `@timestamp`, then `event.id`.

        `@timestamp` lies in [since_ns, until_ns), ns since the epoch; None is no bound. Elasticsearch knows times to
        the millisecond, so do its order and bounds. A store without any event yields none.

        Raises:
            OutputError: the store cannot be read.
        """
        ...

    def find(self, identity: str) -> Event | None:
        """Return the anomaly with this `event.id`, None if the store has none.

        Raises:
            OutputError: the store cannot be read.
        """
        ...

    def replace(self, events: Iterable[Event], fields: Collection[str] | None = None) -> Replaced:
        """Write changed events over those with the same `event.id`, and count what became of each.

        With `fields` (dotted names) only those are taken from the given events (one that is not there is taken away),
        and all else stays as it is stored now. Without, everything is taken but `KEPT`. So those who change different
        parts of an event at the same time do not undo each other. Memory is bounded if the events come in the order of
        `events`.

        Raises:
            OutputError: the store cannot be read or written; events before it may have been written.
        """
        ...


def merged(stored: Event, given: Event, fields: Collection[str] | None) -> Event:
    """Return what `replace` makes of a stored event; neither event is changed."""
    taken, kept = (stored, given) if fields is not None else (given, stored)
    result = deepcopy(taken)
    for name in fields if fields is not None else KEPT:
        _carry(name.split("."), kept, result)
    return result


def check_target(target: str) -> str:
    """Return what names a store.

    Raises:
        ConfigError: it names none.
    """
    if target.partition(":")[0] not in STORES:
        raise ConfigError(f"{target!r} is no store of events: write parquet[:DIR] or elastic[:URL]")
    return target


def open_stored(target: str) -> StoredEvents:
    """Return the store that `--store parquet[:DIR]` or `elastic[:URL]` names.

    Raises:
        ConfigError: it names something else, there is no such folder, or a URL or variable is wrong.
    """
    name, _, place = check_target(target).partition(":")
    if name == "parquet":
        from netad.outputs.store.stored import ParquetStored

        return ParquetStored.from_target(place or None)
    from netad.outputs.elastic.stored import ElasticStored

    return ElasticStored.from_target(place or None)


def _carry(path: list[str], origin: Event, result: Event) -> None:
    """Make the field at `path` of `result` what it is in `origin`, missing if it is missing there."""
    value, there = _value(path, origin)
    level: dict[str, Any] = result
    levels = []
    for name in path[:-1]:
        levels.append((level, name))
        below = level.get(name)
        if not isinstance(below, dict):
            if not there:
                return
            below = level[name] = {}
        level = below
    if there:
        level[path[-1]] = deepcopy(value)
        return
    level.pop(path[-1], None)
    for above, name in reversed(levels):  # an object that is left empty was not there before either
        if not above[name]:
            del above[name]


def _value(path: list[str], event: Event) -> tuple[Any, bool]:
    value: Any = event
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return None, False
        value = value[name]
    return value, True
