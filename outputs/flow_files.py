"""Flow records to one file: Parquet, CSV, or ECS events as JSON lines; streamed, and whole or not at all."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from netad.core.addresses import Networks
from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.core.timing import now_iso
from netad.ingest.arrow import to_readable_table
from netad.ingest.flows import FlowBatch
from netad.outputs.events import Origin, flow_events

if TYPE_CHECKING:
    import pyarrow as pa


class _Writer(Protocol):
    def write(self, batch: FlowBatch) -> None: ...

    def close(self) -> None: ...


class _ParquetWriter:
    def __init__(self, place: Any) -> None:  # noqa: ANN401 - a path or a binary stream
        self._place = place
        self._writer: Any = None

    def write(self, batch: FlowBatch) -> None:
        import pyarrow.parquet as pq

        table = to_readable_table(batch)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._place, table.schema, compression="zstd")
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _CsvWriter:
    def __init__(self, place: Any) -> None:  # noqa: ANN401
        self._place = place
        self._writer: Any = None

    def write(self, batch: FlowBatch) -> None:
        import pyarrow.csv as pc

        table: pa.Table = to_readable_table(batch)
        if self._writer is None:
            self._writer = pc.CSVWriter(self._place, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _EventWriter:
    def __init__(self, place: Any, origin: Origin, inside: Networks) -> None:  # noqa: ANN401
        self._stream = Path(place).open("wb")  # noqa: SIM115 - closed by close()
        self._origin, self._inside, self._created = origin, inside, now_iso()

    def write(self, batch: FlowBatch) -> None:
        import orjson

        for event in flow_events(batch, self._origin, self._created, self._inside):
            self._stream.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._stream.close()


def write_flows(batches: Iterable[FlowBatch], target: str, origin: Origin, inside: Networks) -> int:
    """Write whole flows to `target` and return how many: `.parquet`, `.csv`, `.ndjson`, or `-` for CSV on stdout.

    Raises:
        ConfigError: the name says none of these formats.
        OutputError: the file cannot be written.
    """
    suffix = Path(target).suffix.lower()
    if target != "-" and suffix not in {".parquet", ".csv", ".ndjson"}:
        raise ConfigError(f"{target}: flows are written as .parquet, .csv or .ndjson, or to - as CSV")
    count = 0
    try:
        with _writer(target, suffix, origin, inside) as writer:
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
def _writer(target: str, suffix: str, origin: Origin, inside: Networks) -> Iterator[_Writer]:
    with contextlib.ExitStack() as stack:
        place: Any = sys.stdout.buffer if target == "-" else stack.enter_context(atomic_path(Path(target)))
        writer: _Writer
        if suffix == ".parquet":
            writer = _ParquetWriter(place)
        elif suffix == ".ndjson":
            writer = _EventWriter(place, origin, inside)
        else:
            writer = _CsvWriter(place)
        try:
            yield writer
        finally:
            writer.close()
