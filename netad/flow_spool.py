"""Whole flows on disk while their windows are judged: a temporary Arrow file, so that memory does not grow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from netad.core.errors import OutputError
from netad.ingest.arrow import from_table, to_table
from netad.ingest.flows import FlowBatch


class FlowSpool:
    """Write batches once, read them back as often as wanted, in order; gone with the `with` block."""

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="netad-flows-", dir=folder)
        self._path = Path(self._temporary.name) / "flows.arrow"
        self._writer: Any = None
        self._inputs: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self._temporary.cleanup()

    def add(self, batch: FlowBatch) -> None:
        """Append a batch. All batches carry the same columns.

        Raises:
            OutputError: the temporary folder is full or cannot be written.
        """
        import pyarrow as pa

        if not len(batch):
            return
        table = to_table(batch)
        self._inputs = batch.inputs
        try:
            if self._writer is None:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self._writer = pa.ipc.new_stream(str(self._path), table.schema, options=options)
            self._writer.write_table(table)
        except OSError as error:
            raise OutputError(f"the temporary flow spool {self._path} cannot be written ({error.strerror or error}); "
                              "TMPDIR names another place") from error  # fmt: skip

    def batches(self) -> Iterator[FlowBatch]:
        """Yield everything that was added, batch by batch."""
        import pyarrow as pa

        self._close()
        if not self._path.exists():
            return
        with pa.ipc.open_stream(str(self._path)) as reader:
            for part in reader:
                yield from_table(pa.Table.from_batches([part]), self._inputs)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
