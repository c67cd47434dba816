"""Reading the events of a local store back, and changing them where they lie."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from netad.core.errors import OutputError
from netad.core.files import atomic_path
from netad.core.identity import start_of
from netad.outputs.base import STORE_ONLY, Event
from netad.outputs.store.files import (
    DEFAULT_FOLDER,
    TIME,
    StoreFile,
    alone,
    day_folder,
    days,
    existing_store,
    is_date,
    live_files,
    reading,
    sweep,
)
from netad.outputs.store.schema import APART, ID, SCHEMAS, WHOLE_EVENT, as_now, event_of, row, table, text_of
from netad.outputs.stored import Replaced, merged

# So many changed events (some 100 MB) wait for the files of their day, each of which is written once for all of them.
MOST_WAITING = 4_000
AT_ONCE = 12_288  # rows


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
        """Return the store that `parquet[:DIR]` names.

        Raises:
            ConfigError: there is no such folder.
        """
        return cls(existing_store(f"parquet:{target or DEFAULT_FOLDER}"))

    @property
    def folder(self) -> Path:
        """Where the store is."""
        return self._folder

    def events(
        self, kind: str = "anomaly", since_ns: int | None = None, until_ns: int | None = None
    ) -> Iterator[Event]:
        """Yield events by time, then id; see `StoredEvents`. An id that two runs wrote at once comes once."""
        low = -(1 << 63) if since_ns is None else since_ns
        high = (1 << 63) - 1 if until_ns is None else until_ns
        for day in days(self._folder, kind, since_ns, until_ns):
            yield from _in_order(kind, live_files(day_folder(self._folder, kind, day)), low, high)

    def tables(
        self,
        kind: str,
        columns: Sequence[str],
        since_ns: int | None = None,
        until_ns: int | None = None,
        condition: pc.Expression | None = None,
    ) -> Iterator[pa.Table]:
        """Yield the named columns of the events in [since_ns, until_ns) that fit a condition, 12,288 rows at most.

        Days come in order, rows of a day in no order; each id comes once. A column that an older version did not write
        is null. Far faster than `events`, and memory is that of a piece.

        Raises:
            OutputError: the store cannot be read.
        """
        fits = _between(since_ns, until_ns) if condition is None else _between(since_ns, until_ns) & condition
        for day in days(self._folder, kind, since_ns, until_ns):
            seen = set[str]()
            files = live_files(day_folder(self._folder, kind, day))
            for file in files:
                doubles = any(one is not file and _overlap(one, file) for one in files)
                for piece in _pieces(kind, file.path, [*columns, *([ID] if doubles else [])], fits):
                    rows = _unseen(piece, seen) if doubles else piece
                    if len(rows):
                        yield rows.select(list(columns))

    def find(self, identity: str) -> Event | None:
        """Return the anomaly with this id; see `StoredEvents`.

        The id tells when its window began. Its day is that of the window's end, so no earlier one can hold it; of a
        later day's files only the footers are read, unless the id lies between their first and last.
        """
        start_ns = start_of(identity)
        if start_ns is None:
            return None
        for day in days(self._folder, "anomaly", since_ns=start_ns):
            for file in live_files(day_folder(self._folder, "anomaly", day)):
                if file.ids[0] <= identity <= file.ids[1]:
                    for held in _rows("anomaly", file.path, pc.field(ID) == identity).to_pylist():
                        return _event("anomaly", held, file.path)
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
        changed, found = set[str](), set[str]()
        if kind in SCHEMAS and is_date(day) and (folder := day_folder(self._folder, kind, day)).is_dir():
            lowest, highest = min(given), max(given)
            try:
                with alone(folder):
                    sweep(folder)  # a file that is written again no longer says what it replaces
                    for file in live_files(folder):
                        if file.ids[0] <= highest and file.ids[1] >= lowest:
                            here, rewritten = _rewrite(kind, file.path, given, fields)
                            found |= here
                            changed |= rewritten
            except OSError as error:
                raise OutputError(f"cannot change {self.where}: {error.strerror or error}") from error
        counts.changed += len(changed)
        counts.unchanged += len(found - changed)
        counts.missing += len(given) - len(found)


def _partition(event: Event) -> tuple[str, str]:
    return event["data_stream"]["dataset"].removeprefix("netad."), event[TIME][:10]


def _between(since_ns: int | None, until_ns: int | None) -> pc.Expression:
    """Return the condition that an event lies in [since_ns, until_ns)."""
    when, fits = pc.field(TIME), pc.scalar(True)
    kind = pa.timestamp("ns", "UTC")
    if since_ns is not None:
        fits = fits & (when >= pa.scalar(since_ns, kind))
    return fits if until_ns is None else fits & (when < pa.scalar(until_ns, kind))


def _overlap(one: StoreFile, other: StoreFile) -> bool:
    return one.ids[0] <= other.ids[1] and one.ids[1] >= other.ids[0]


def _unseen(rows: pa.Table, seen: set[str]) -> pa.Table:
    """Return the rows whose ids have not been seen, which now they have."""
    fresh = []
    for identity in rows.column(ID).to_pylist():
        fresh.append(identity not in seen)
        seen.add(identity)
    return rows.filter(pa.array(fresh, pa.bool_()))


def _pieces(kind: str, path: Path, columns: list[str], fits: pc.Expression) -> Iterator[pa.Table]:
    """Yield columns of a file's rows that fit, piece by piece, one being read ahead."""
    with reading(path):
        file = ds.dataset(str(path), format="parquet", schema=SCHEMAS[kind])
        batches = file.to_batches(columns=list(dict.fromkeys(columns)), filter=fits, batch_size=AT_ONCE,
                                  batch_readahead=1, fragment_readahead=1, use_threads=False)  # fmt: skip
    while True:
        with reading(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield pa.Table.from_batches([batch])


def _rows(kind: str, path: Path, condition: pc.Expression | None = None) -> pa.Table:
    """Return time (ns), id, whole event and what is apart from it of a file's rows."""
    with reading(path), pq.ParquetFile(path) as file:
        there = set(file.schema_arrow.names)
    with reading(path), path.open("rb") as opened:
        columns = [TIME, ID, *(name for name in APART[kind] if name in there), WHOLE_EVENT]
        rows = pq.read_table(opened, columns=columns, filters=condition, partitioning=None)
        place = rows.column_names.index(TIME)
        return rows.set_column(place, TIME, rows.column(place).cast(pa.int64()))


def _event(kind: str, held: dict[str, Any], path: Path) -> Event:
    with reading(path):
        return event_of(kind, held[WHOLE_EVENT], held)


def _in_order(kind: str, files: list[StoreFile], low: int, high: int) -> Iterator[Event]:
    """Yield the events of a day's files by time, then id; a file is opened once no earlier event is left."""
    closed = sorted((file for file in files if file.times[0] < high and file.times[1] >= low),
                    key=lambda file: (file.times[0], file.path), reverse=True)  # fmt: skip
    # The number tells apart two files that hold the same event.
    heads: list[tuple[int, str, int, dict[str, Any], Path, Iterator[tuple[int, str, dict[str, Any]]]]] = []
    before: tuple[int, str] | None = None
    while closed or heads:
        while closed and (not heads or closed[-1].times[0] <= heads[0][0]):
            path = closed.pop().path
            rows = _sorted_rows(kind, path, low, high)
            if (first := next(rows, None)) is not None:
                heapq.heappush(heads, (first[0], first[1], len(closed), first[2], path, rows))
        if not heads:
            continue
        time_ns, identity, number, held, path, rows = heads[0]
        if (time_ns, identity) != before:
            yield _event(kind, held, path)
        before = (time_ns, identity)
        if (following := next(rows, None)) is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following[0], following[1], number, following[2], path, rows))


def _sorted_rows(kind: str, path: Path, low: int, high: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield time in ns, id and all columns (`_rows`) of a file's rows in [low, high), by time, then id."""
    rows = _rows(kind, path)
    inside = pc.and_(pc.greater_equal(rows.column(TIME), low), pc.less(rows.column(TIME), high))
    for batch in rows.filter(inside).sort_by([(TIME, "ascending"), (ID, "ascending")]).to_batches(max_chunksize=1000):
        for held in batch.to_pylist():
            yield held[TIME], held[ID], held


def _rewrite(
    kind: str, path: Path, given: dict[str, Event], fields: Collection[str] | None
) -> tuple[set[str], set[str]]:
    """Write a file again with what is given for its events; return the ids it holds, and those whose event changed."""
    held = _rows(kind, path, pc.field(ID).isin(list(given)))
    changed: dict[str, list[Any]] = {}
    for one in held.to_pylist():
        stored = _event(kind, one, path)
        event = merged(stored, given[one[ID]], fields)
        if event != stored:
            changed[one[ID]] = [*row(kind, event), text_of(kind, event)]
    if changed:
        with reading(path), path.open("rb") as file:
            whole = as_now(kind, pq.read_table(file, partitioning=None))
        old = pc.is_in(whole.column(ID), pa.array(list(changed)))
        fresh = _with_store_only(kind, table(kind, changed.values()).sort_by(ID), whole.filter(old).sort_by(ID))
        both = pa.concat_tables([whole.filter(pc.invert(old)), fresh])
        with atomic_path(path) as part:
            pq.write_table(both.sort_by(ID), part, compression="zstd")
    return set(held.column(ID).to_pylist()), set(changed)


def _with_store_only(kind: str, fresh: pa.Table, old: pa.Table) -> pa.Table:
    """Return changed rows with what no event tells of them as it was stored; both tables are in the order of ids."""
    for place, field in enumerate(SCHEMAS[kind]):
        if field.name.startswith(f"netad.{STORE_ONLY}."):
            fresh = fresh.set_column(place, field, old.column(field.name))
    return fresh
