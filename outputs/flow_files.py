"""Flow records to one file: Parquet, CSV, ECS events or Zeek's conn.log; streamed, and whole or not at all."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from netad.core.addresses import Networks
from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.ingest.arrow import TEXT_COLUMNS, in_full, to_readable_table
from netad.ingest.flows import FlowBatch
from netad.outputs.origin import Origin

if TYPE_CHECKING:
    from netad.outputs.enrich.disguise import Disguise
    from netad.outputs.zeek_log import ZeekLog

_SUFFIXES: Final = {".parquet": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".log": "zeek", ".json": "zeek-json"}
# Rows of a row group; a row group is built in memory.
_GROUP_ROWS: Final = 1 << 17


class _Writer(Protocol):
    def write(self, batch: FlowBatch) -> None: ...

    def close(self) -> None: ...


class _ParquetWriter:
    """Numbers are not dictionary-encoded: a hash table for every column takes twice the time of writing them."""

    def __init__(self, place: Path, community_id: bool, every_column: bool) -> None:
        self._place, self._community_id, self._every = place, community_id, every_column
        self._writer: Any = None

    def write(self, batch: FlowBatch) -> None:
        import pyarrow.parquet as pq

        table = _table(batch, self._community_id, self._every)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._place,
                table.schema,
                compression="snappy",
                use_dictionary=[name for name in TEXT_COLUMNS if name in table.column_names],
                column_encoding=dict.fromkeys(("first", "last"), "DELTA_BINARY_PACKED"),
                dictionary_pagesize_limit=1 << 24,
                # Who looks for a time finds the row group; minima of other columns would not tell row groups apart.
                write_statistics=["first", "last"],
                write_batch_size=_GROUP_ROWS,
                data_page_size=1 << 23,
                store_schema=False,  # or readers would take texts for categories
            )
        self._writer.write_table(table, row_group_size=_GROUP_ROWS)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Behind:
    """Writes on a thread of its own, one batch behind: encoding and reading share no lock worth mentioning."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="netad-writer")
        self._running: Future[None] | None = None

    def write(self, batch: FlowBatch) -> None:
        """Hand over a batch once the one before is written; its error, if any, comes here."""
        self._wait()
        self._running = self._thread.submit(self._writer.write, batch)

    def close(self) -> None:
        try:
            self._wait()
        finally:
            self._thread.shutdown()
            self._writer.close()

    def _wait(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.result()


class _CsvWriter:
    def __init__(self, stream: BinaryIO, community_id: bool, every_column: bool) -> None:
        self._stream, self._community_id, self._every = stream, community_id, every_column
        self._writer: Any = None

    def write(self, batch: FlowBatch) -> None:
        import pyarrow as pa
        import pyarrow.csv as pc

        table = _table(batch, self._community_id, self._every)
        table = table.cast(pa.schema([
            (name, pa.string() if name in TEXT_COLUMNS else table.schema.field(name).type)
            for name in table.column_names
        ]))  # fmt: skip
        if self._writer is None:
            self._writer = pc.CSVWriter(self._stream, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _table(batch: FlowBatch, community_id: bool, every_column: bool) -> Any:  # noqa: ANN401 - pyarrow has no types
    table = to_readable_table(batch, community_id=community_id)
    return in_full(table) if every_column else table


class _EventWriter:
    def __init__(self, stream: BinaryIO, origin: Origin, inside: Networks, disguise: "Disguise | None") -> None:
        from netad.core.timing import now_iso

        self._stream, self._origin, self._inside, self._created = stream, origin, inside, now_iso()
        self._disguise = disguise

    def write(self, batch: FlowBatch) -> None:
        import orjson

        from netad.outputs.flow_event import flow_events

        for event in flow_events(batch, self._origin, self._created, self._inside):
            # As events and not as flows, so that ids are those that other commands make by the same key.
            told = event if self._disguise is None else self._disguise.event(event, of_run=True)
            self._stream.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Nothing is held back."""


def format_of(target: str, named: str | None = None) -> str:
    """Return the format that is `named`, or that the suffix of `target` says; standard output is CSV.

    Raises:
        ConfigError: the suffix says none, or the format cannot go to standard output.
    """
    if target == "-":
        if named == "parquet":
            raise ConfigError("parquet needs a file: it cannot be written to -")
        return named or "csv"
    found = named or _SUFFIXES.get(Path(target).suffix.lower())
    if found is None:
        raise ConfigError(f"{target}: flows are written as {', '.join(_SUFFIXES)}, to - as CSV, or as --format says")
    return found


def write_flows(
    batches: Iterable[FlowBatch],
    target: str,
    origin: Origin,
    inside: Networks,
    *,
    named: str | None = None,
    community_id: bool = False,
    every_column: bool = False,
    disguise: "Disguise | None" = None,
) -> int:
    """Write whole flows to `target`, `-` for standard output, and return how many.

    The suffix or `named` says the format, one of those in `_SUFFIXES`. `community_id` adds that column to Parquet and
    CSV; the other formats always have it. Parquet and CSV have the columns of the first batch; `every_column` writes
    all there are, as batches need that do not carry the same ones (netad.ingest.arrow.in_full). `disguise` hides
    addresses.

    Raises:
        ConfigError: there is no such format.
        OutputError: the file cannot be written.
    """
    kind = format_of(target, named)
    count = 0
    try:
        if disguise is not None and kind != "ndjson":
            batches, inside = map(disguise.flows, batches), disguise.networks(inside)
        with _writer(kind, target, origin, inside, community_id, every_column, disguise) as writer:
            for batch in _with_one(batches):
                writer.write(batch)
                count += len(batch)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
    return count


def _with_one(batches: Iterable[FlowBatch]) -> Iterator[FlowBatch]:
    """Yield at least one batch, an empty one if need be, so that an empty file still has its columns."""
    empty = True
    for batch in batches:
        empty = False
        yield batch
    if empty:
        yield FlowBatch.from_records(())


@contextlib.contextmanager
def _writer(
    kind: str,
    target: str,
    origin: Origin,
    inside: Networks,
    community_id: bool,
    every_column: bool,
    disguise: "Disguise | None",
) -> Iterator[_Writer]:
    with contextlib.ExitStack() as stack:
        writer: _Writer
        if kind == "parquet":
            writer = _Behind(_ParquetWriter(stack.enter_context(atomic_path(Path(target))), community_id, every_column))
        else:
            stream: BinaryIO = sys.stdout.buffer
            if target != "-":
                stream = stack.enter_context(stack.enter_context(atomic_path(Path(target))).open("wb"))
            if kind == "csv":
                writer = _CsvWriter(stream, community_id, every_column)
            elif kind == "ndjson":
                writer = _EventWriter(stream, origin, inside, disguise)
            else:
                writer = _zeek_log(stream, origin, inside, as_json=kind == "zeek-json")
        try:
            yield writer
        finally:
            writer.close()


def _zeek_log(stream: BinaryIO, origin: Origin, inside: Networks, *, as_json: bool) -> "ZeekLog":
    from netad.outputs.zeek_log import ZeekLog

    return ZeekLog(stream, origin, inside, as_json=as_json)
