"""Flow records and facts on disk while windows are judged: temporary Arrow files, so that memory does not grow."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from netad.core.errors import OutputError
from netad.ingest.arrow import columns_from_table, columns_to_table
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch

_Shape = tuple[FactKind | None, tuple[str, ...]]


class FlowSpool:
    """Write batches once, read them back as often as wanted; gone with the `with` block.

    Batches that carry the same columns come back in the order in which they were added, those of captures and of each
    kind of log one after the other.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="netad-flows-", dir=folder)
        self._files: dict[_Shape, _File] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        self._temporary.cleanup()

    def add(self, batch: FlowBatch | FactBatch) -> None:
        """Append a batch.

        Raises:
            OutputError: the temporary folder is full or cannot be written.
        """
        if not len(batch):
            return
        shape = (batch.kind if isinstance(batch, FactBatch) else None, tuple(batch.columns))
        if shape not in self._files:
            self._files[shape] = _File(Path(self._temporary.name) / f"{len(self._files)}.arrow")
        self._files[shape].add(batch)

    def batches(self) -> Iterator[FlowBatch]:
        """Yield all flow records that were added, batch by batch."""
        for (kind, _), file in self._files.items():
            if kind is None:
                for columns, inputs in file.read():
                    yield FlowBatch(columns, inputs)

    def facts(self, kinds: Sequence[FactKind]) -> Iterator[FactBatch]:
        """Yield all facts of the given kinds that were added, batch by batch."""
        for (kind, _), file in self._files.items():
            if kind is not None and kind in kinds:
                for columns, inputs in file.read():
                    yield FactBatch(kind, columns, inputs)


class _File:
    """Batches of one shape in an Arrow stream, and the inputs of each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None
        self._inputs: list[tuple[str, ...]] = []

    def add(self, batch: FlowBatch | FactBatch) -> None:
        import pyarrow as pa

        table = columns_to_table(batch.columns)
        try:
            if self._writer is None:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self._writer = pa.ipc.new_stream(str(self._path), table.schema, options=options)
            self._writer.write_batch(table.combine_chunks().to_batches()[0])
        except OSError as error:
            raise OutputError(f"the temporary flow spool {self._path} cannot be written ({error.strerror or error}); "
                              "TMPDIR names another place") from error  # fmt: skip
        self._inputs.append(batch.inputs)

    def read(self) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        import pyarrow as pa

        self.close()
        if not self._path.exists():
            return
        with pa.ipc.open_stream(str(self._path)) as reader:
            for part, inputs in zip(reader, self._inputs, strict=True):
                yield columns_from_table(pa.Table.from_batches([part])), inputs

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
