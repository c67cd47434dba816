"""Events as JSON lines, for any shipper: a file that appears whole or not at all, or standard output."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, ClassVar, Self, TextIO

from orjson import OPT_APPEND_NEWLINE, dumps

from netad.core.errors import OutputError
from netad.core.files import atomic_path
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.origin import stamped
from netad.outputs.recent_ids import RecentIds

STDOUT = "-"


class NdjsonOutput:
    """Writes each event as one line of JSON, in the order it came.

    A file is written beside its place and renamed at `close`: what was there before is replaced as a whole, and a run
    that fails leaves it as it was. A pipe or device is written as it goes. `-` or None is standard output.

    Raises:
        OutputError: the file cannot be made; on `write`, the disk is full or the reader of a pipe has gone.
    """

    name: ClassVar[str] = "ndjson"

    def __init__(self, path: str | None = None, *, clock: Callable[[], str] = now_iso) -> None:
        self._clock = clock
        self._delivery = Delivery()
        self._recent = RecentIds()
        self._stack = contextlib.ExitStack()
        self._broken = False
        self._target = None if path in (None, STDOUT) else Path(os.path.realpath(str(path)))
        self._label = "standard output" if self._target is None else str(path)
        try:
            self._file = self._open()
        except OSError as error:
            raise OutputError(f"cannot write {self._label}: {error.strerror}") from error

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to ndjson[:PATH]` names."""
        return cls(target)

    def _open(self) -> BinaryIO:
        if self._target is None:
            stream: TextIO | None = sys.stdout  # typed by hand: None where a program is started with it closed
            if stream is None:
                raise OSError(9, "it is closed")
            return stream.buffer
        if self._target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if self._target.exists() and not self._target.is_file():
            return self._stack.enter_context(self._target.open("wb"))  # a pipe or device must not be replaced
        part = self._stack.enter_context(atomic_path(self._target))
        return self._stack.enter_context(part.open("wb"))

    def write(self, events: Iterable[Event]) -> None:
        """Write events as lines, those that this run has written already left out and counted."""
        ingested, coming = self._clock(), iter(events)
        try:
            for event in coming:
                if not self._recent.add(event["event"]["id"]):
                    self._delivery.duplicates += 1
                    continue
                self._delivery.delivered += 1
                self._file.write(dumps(stamped(event, ingested), option=OPT_APPEND_NEWLINE))
            self._file.flush()
        except OSError as error:
            self._fail()
            self._delivery.dead += sum(1 for _ in coming)
            raise OutputError(self._sentence(error)) from error

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Put the file in its place. When that fails, its events are counted as dead."""
        if not self._broken:
            try:
                self._stack.close()
            except OSError as error:
                self._fail()
                self._delivery.problems.append(self._sentence(error))
        self._delivery.where = self._label
        return self._delivery

    def abandon(self) -> None:
        """Leave what was there before as it was."""
        self._fail()

    def _sentence(self, error: OSError) -> str:
        if isinstance(error, BrokenPipeError):
            return f"the reader of {self._label} has gone before all events were written"
        return f"cannot write {self._label}: {error.strerror or error}"

    def _fail(self) -> None:
        """Count everything as not delivered (of a file nothing appears) and remove what was written beside it."""
        self._broken = True
        self._delivery.dead, self._delivery.delivered = self._delivery.delivered, 0
        with contextlib.suppress(OSError):
            self._stack.__exit__(OutputError, OutputError("not delivered"), None)
