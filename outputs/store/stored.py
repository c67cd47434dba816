"""Reading the events of a local store back, and changing them where they lie."""

import fcntl
import heapq
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from orjson import JSONDecodeError, dumps, loads

from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.core.identity import start_of
from netad.outputs.base import Event
from netad.outputs.store.output import DEFAULT_FOLDER
from netad.outputs.store.schema import ID, SCHEMAS, WHOLE_EVENT, row, table
from netad.outputs.stored import Replaced, merged

TIME = "@timestamp"
# So many changed events (some 100 MB) wait for the files of their day, each of which is written once for all of them.
MOST_WAITING = 4_000
DAY_NS = 86_400 * 1_000_000_000
_DAY = re.compile(r"date=(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the store: its rows' first and last time (ns) and id."""

    path: Path
    times: tuple[int, int]
    ids: tuple[str, str]


class ParquetStored:
    """The events of a store that `--to parquet` has written.

    Reading goes day by day, and opens a file when its first event is due: memory is that of the files that overlap in
    time, 50,000 events each at most. Changes go into a new file that takes the old one's place by renaming, so that
    whoever reads or is killed meanwhile finds each event once, as it was or as it is. One process changes a day at a
    time; others wait for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = f"parquet:{folder}"

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the store in the folder `target`, by default the one that `--to parquet` makes.

        Raises:
            ConfigError: there is no such folder.
        """
        folder = Path(target or DEFAULT_FOLDER)
        if not folder.is_dir():
            raise ConfigError(
                f"there is no store of events in {folder}: `netad ingest --to parquet:{folder}` makes one"
            )
        return cls(folder)

    def events(
        self, kind: str = "anomaly", since_ns: int | None = None, until_ns: int | None = None
    ) -> Iterator[Event]:
        """Yield events by time, then id; see `StoredEvents`. An id that two runs wrote at once comes once."""
        low = -(1 << 63) if since_ns is None else since_ns
        high = (1 << 63) - 1 if until_ns is None else until_ns
        for day in self._days(kind):
            start_ns = _start_ns(day)
            if start_ns < high and start_ns + DAY_NS > low:
                yield from _in_order(self._files(kind, day), low, high)

    def find(self, identity: str) -> Event | None:
        """Return the anomaly with this id; see `StoredEvents`.

        The id tells when its window began. Its day is that of the window's end, so no earlier one can hold it; of a
        later day's files only the footers are read, unless the id lies between their first and last.
        """
        start_ns = start_of(identity)
        if start_ns is None:
            return None
        for day in self._days("anomaly"):
            if _start_ns(day) + DAY_NS <= start_ns:
                continue
            for file in self._files("anomaly", day):
                if file.ids[0] <= identity <= file.ids[1]:
                    for text in _rows(file.path, pc.field(ID) == identity).column(WHOLE_EVENT).to_pylist():
                        return _event(text, file.path)
        return None

    def replace(self, events: Iterable[Event], fields: Collection[str] | None = None) -> Replaced:
        """Write changed events; see `StoredEvents`. There are no conflicts: whoever writes has the day to himself."""
        counts = Replaced()
        for (kind, day), group in groupby(events, key=_partition):
            waiting: dict[str, Event] = {}
            for event in group:
                if event["event"]["id"] in waiting or len(waiting) >= MOST_WAITING:
                    self._replace(kind, day, waiting, fields, counts)
                    waiting = {}
                waiting[event["event"]["id"]] = event
            self._replace(kind, day, waiting, fields, counts)
        return counts

    def _replace(
        self, kind: str, day: str, given: dict[str, Event], fields: Collection[str] | None, counts: Replaced
    ) -> None:
        folder = self._folder / kind / f"date={day}"
        changed, found = set[str](), set[str]()
        if kind in SCHEMAS and _is_date(day) and folder.is_dir():
            lowest, highest = min(given), max(given)
            try:
                with _alone(folder):
                    for file in self._files(kind, day):
                        if file.ids[0] <= highest and file.ids[1] >= lowest:
                            here, rewritten = _rewrite(kind, file.path, given, fields)
                            found |= here
                            changed |= rewritten
            except OSError as error:
                raise OutputError(f"cannot change {self.where}: {error.strerror or error}") from error
        counts.changed += len(changed)
        counts.unchanged += len(found - changed)
        counts.missing += len(given) - len(found)

    def _days(self, kind: str) -> list[str]:
        """Return the days that have a folder, ISO 8601, in order."""
        if kind not in SCHEMAS:
            raise ConfigError(f"a store keeps {', '.join(SCHEMAS)} events, and none of {kind!r}")
        named = (_DAY.fullmatch(path.name) for path in (self._folder / kind).glob("date=*"))
        return sorted(found[1] for found in named if found and _is_date(found[1]))

    def _files(self, kind: str, day: str) -> list[_File]:
        folder = self._folder / kind / f"date={day}"
        files = (_described(path) for path in sorted(folder.glob("*.parquet")) if not path.name.startswith("."))
        return [file for file in files if file is not None]


def _partition(event: Event) -> tuple[str, str]:
    return event["data_stream"]["dataset"].removeprefix("netad."), event[TIME][:10]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _start_ns(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process changes files of the folder, and keep others from it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, JSONDecodeError, KeyError) as error:
        raise OutputError(f"{path} is damaged or no file of this store: {error}") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error


def _described(path: Path) -> _File | None:
    """Return what a file's footer tells of its rows, None if it has none."""
    with _reading(path), pq.ParquetFile(path) as file:
        metadata, names = file.metadata, file.schema_arrow.names
        if not {TIME, ID, WHOLE_EVENT} <= set(names):
            raise OutputError(f"{path} is not a file of this store")
        if not metadata.num_rows:
            return None
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        times, ids = ([group.column(names.index(name)).statistics for group in groups] for name in (TIME, ID))
        if not all(one is not None and one.has_min_max for one in (*times, *ids)):
            raise OutputError(f"{path} is not a file of this store")
        return _File(
            path,
            (min(one.min_raw for one in times), max(one.max_raw for one in times)),
            (min(one.min for one in ids), max(one.max for one in ids)),
        )


def _rows(path: Path, condition: pc.Expression | None = None) -> pa.Table:
    """Return time (ns), id and whole event of a file's rows."""
    with _reading(path), path.open("rb") as file:
        return pq.read_table(file, columns=[TIME, ID, WHOLE_EVENT], filters=condition, partitioning=None)


def _event(text: str, path: Path) -> Event:
    with _reading(path):
        event: Event = loads(text)
    return event


def _in_order(files: list[_File], low: int, high: int) -> Iterator[Event]:
    """Yield the events of a day's files by time, then id; a file is opened once no earlier event is left."""
    closed = sorted((file for file in files if file.times[0] < high and file.times[1] >= low),
                    key=lambda file: (file.times[0], file.path), reverse=True)  # fmt: skip
    # The number tells apart two files that hold the same event.
    heads: list[tuple[int, str, int, str, Path, Iterator[tuple[int, str, str]]]] = []
    before: tuple[int, str] | None = None
    while closed or heads:
        while closed and (not heads or closed[-1].times[0] <= heads[0][0]):
            path = closed.pop().path
            rows = _sorted_rows(path, low, high)
            if (first := next(rows, None)) is not None:
                heapq.heappush(heads, (first[0], first[1], len(closed), first[2], path, rows))
        if not heads:
            continue
        time_ns, identity, number, text, path, rows = heads[0]
        if (time_ns, identity) != before:
            yield _event(text, path)
        before = (time_ns, identity)
        if (following := next(rows, None)) is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following[0], following[1], number, following[2], path, rows))


def _sorted_rows(path: Path, low: int, high: int) -> Iterator[tuple[int, str, str]]:
    """Yield (time in ns, id, whole event as JSON) of a file's rows in [low, high), by time, then id."""
    rows = _rows(path)
    times = rows.column(TIME).cast(pa.int64())
    inside = pc.and_(pc.greater_equal(times, low), pc.less(times, high))
    rows = rows.set_column(0, TIME, times).filter(inside).sort_by([(TIME, "ascending"), (ID, "ascending")])
    for batch in rows.to_batches(max_chunksize=1000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _rewrite(
    kind: str, path: Path, given: dict[str, Event], fields: Collection[str] | None
) -> tuple[set[str], set[str]]:
    """Write a file again with what is given for its events; return the ids it holds, and those whose event changed."""
    held = _rows(path, pc.field(ID).isin(list(given)))
    changed: dict[str, list[Any]] = {}
    for identity, text in zip(held.column(ID).to_pylist(), held.column(WHOLE_EVENT).to_pylist(), strict=True):
        stored = _event(text, path)
        event = merged(stored, given[identity], fields)
        if event != stored:
            changed[identity] = [*row(kind, event), dumps(event).decode()]
    if changed:
        with _reading(path), path.open("rb") as file:
            whole = pq.read_table(file, partitioning=None)
        left = whole.filter(pc.invert(pc.is_in(whole.column(ID), pa.array(list(changed)))))
        both = pa.concat_tables([_as_now(kind, left), table(kind, changed.values())])
        with atomic_path(path) as part:
            pq.write_table(both.sort_by(ID), part, compression="zstd")
    return set(held.column(ID).to_pylist()), set(changed)


def _as_now(kind: str, rows: pa.Table) -> pa.Table:
    """Return rows with the columns of this version: an older one had fewer, and those are null."""
    columns = [rows.column(field.name).cast(field.type) if field.name in rows.column_names
               else pa.nulls(len(rows), field.type) for field in SCHEMAS[kind]]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=SCHEMAS[kind])
