"""Events in a local store of Parquet files, for keeping, replaying and querying without a cluster.

    STORE/anomaly/date=2026-01-31/<hash of the ids>.parquet
    STORE/flow/date=2026-01-31/...             and so for profile and run

Any Parquet reader sees a dataset for each kind, partitioned by day (UTC, of `@timestamp`), e.g.
`pyarrow.dataset.dataset("STORE/anomaly", partitioning="hive")`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import pyarrow as pa
import pyarrow.parquet as pq

from netad.core.errors import OutputError
from netad.core.files import atomic_path
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.origin import stamped
from netad.outputs.store.files import DEFAULT_FOLDER, alone, day_folder, file_name, is_date
from netad.outputs.store.schema import ID, SCHEMAS, row, table, text_of

MAX_ROWS = 50_000
MAX_BYTES = 64 << 20
_BYTES_OF_NUMBER = 40  # in a list of a row: a place, and mostly a number that nobody else holds

Partition = tuple[str, str]


class ParquetOutput:
    """Adds events to a store, each once: an id that its partition holds already is counted as a duplicate.

    Events wait in memory until there are `max_rows` of them (or 64 MiB), then the largest partition is written as one
    file, sorted by id, named by the hash of its ids and renamed into place, so that a run that is repeated or was
    interrupted adds nothing twice.

    Raises:
        OutputError: the folder cannot be written, the disk is full, or a file of the store is damaged.
    """

    name: ClassVar[str] = "parquet"
    keeps_more: ClassVar[bool] = True

    def __init__(
        self, folder: str | None = None, *, clock: Callable[[], str] = now_iso, max_rows: int = MAX_ROWS
    ) -> None:
        self._folder = Path(folder or DEFAULT_FOLDER)
        self._clock = clock
        self._max_rows = max_rows
        self._pending: dict[Partition, dict[str, list[Any]]] = {}
        self._rows = self._bytes = 0
        self._delivery = Delivery(where=str(self._folder))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to parquet[:DIR]` names."""
        return cls(target)

    def write(self, events: Iterable[Event]) -> None:
        """Take events; what does not fit in memory any more goes to disk."""
        ingested, coming = self._clock(), iter(events)
        try:
            for event in coming:
                self._add(stamped(event, ingested))
                while self._rows >= self._max_rows or self._bytes >= MAX_BYTES:
                    self._flush(max(self._pending, key=lambda partition: len(self._pending[partition])))
        except OutputError:
            self._delivery.dead += sum(1 for _ in coming)
            raise

    def settle(self) -> Delivery:
        """Write what is in memory; the run's own event is still to come."""
        self._flush_all()
        return replace(self._delivery, problems=list(self._delivery.problems))

    def commit(self) -> None:
        """Write what is in memory (netad.outputs.base.Commits)."""
        for partition in sorted(self._pending):
            self._flush(partition)

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Write what is still in memory. What cannot be written is counted as dead."""
        self._flush_all()
        return self._delivery

    def _flush_all(self) -> None:
        for partition in sorted(self._pending):
            try:
                self._flush(partition)
            except OutputError as error:
                self._problem(str(error))
                self._delivery.dead += len(self._pending[partition])
        self._pending.clear()
        self._rows = self._bytes = 0

    def _add(self, event: Event) -> None:
        kind, date = event["data_stream"]["dataset"].removeprefix("netad."), event["@timestamp"][:10]
        if kind not in SCHEMAS or not is_date(date):
            self._delivery.dead += 1
            self._problem(f"the Parquet store has no place for an event of {kind!r} on {date!r}")
            return
        rows = self._pending.setdefault((kind, date), {})
        identity = event["event"]["id"]
        if identity in rows:
            self._delivery.duplicates += 1
            return
        rows[identity] = [*row(kind, event), text_of(kind, event)]
        self._rows += 1
        self._bytes += _size(rows[identity])

    def _flush(self, partition: Partition) -> None:
        """Write the partition's waiting events that it does not hold yet; they leave memory once they are on disk."""
        kind, date = partition
        folder = day_folder(self._folder, kind, date)
        rows = self._pending[partition]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with alone(folder):
                known = _stored(folder, rows)
                fresh = sorted(rows.keys() - known)
                if fresh:
                    with atomic_path(folder / file_name(fresh)) as part:
                        pq.write_table(table(kind, (rows[identity] for identity in fresh)), part, compression="zstd")
        except OSError as error:
            raise self._unwritable(error) from error
        del self._pending[partition]
        self._rows -= len(rows)
        self._bytes -= sum(_size(values) for values in rows.values())
        self._delivery.delivered += len(fresh)
        self._delivery.duplicates += len(known)

    def _problem(self, sentence: str) -> None:
        if sentence not in self._delivery.problems:
            self._delivery.problems.append(sentence)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write the Parquet store {self._folder}: {error.strerror or error}")


def _size(values: list[Any]) -> int:
    """Return about how much memory a row takes: the whole event, and what is met, of which a scan has very much."""
    lists = sum(len(value) for value in values if isinstance(value, list))
    return len(values[-1]) + _BYTES_OF_NUMBER * lists


def _stored(folder: Path, ids: Iterable[str]) -> set[str]:
    """Return those of `ids` that a file of the partition holds, reading only id columns whose range overlaps."""
    wanted, found = set(ids), set[str]()
    lowest, highest = min(wanted), max(wanted)
    for path in sorted(folder.glob("*.parquet")):
        try:
            with pq.ParquetFile(path) as file:
                if file.schema_arrow.names[:1] != [ID]:
                    raise OutputError(f"{path} is not a file of this store")
                for group in range(file.metadata.num_row_groups):
                    statistics = file.metadata.row_group(group).column(0).statistics
                    if statistics is None or (statistics.min <= highest and statistics.max >= lowest):
                        held = file.read_row_group(group, columns=[ID]).column(0)
                        found.update(wanted.intersection(held.to_pylist()))
        except pa.ArrowException as error:
            raise OutputError(f"{path} is damaged or no Parquet file: {error}") from error
    return found
