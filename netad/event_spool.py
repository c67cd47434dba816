"""Events on disk while more of them are made: a temporary file, so that memory does not grow."""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from orjson import OPT_APPEND_NEWLINE, dumps, loads

from netad.core.errors import OutputError
from netad.outputs.base import Event

AT_ONCE = 1000


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"the temporary folder {tempfile.gettempdir()} cannot be written "
                          f"({error.strerror or error}); TMPDIR names another place") from error  # fmt: skip


class EventSpool:
    """Take events, give them back in their order; gone with the `with` block."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(prefix="netad-events-", dir=folder)  # noqa: SIM115 - __exit__ closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # a full disk once more: nobody wants these events any longer
            self._file.close()

    def add(self, events: Iterable[Event]) -> None:
        """Append events.

        Raises:
            OutputError: the temporary folder is full.
        """
        with _writing():
            for event in events:
                self._file.write(dumps(event, option=OPT_APPEND_NEWLINE))

    def batches(self) -> Iterator[list[Event]]:
        """Yield all events that were added, up to 1,000 at a time.

        Raises:
            OutputError: the temporary folder is full, so that the last of them are not in it.
        """
        with _writing():
            self._file.seek(0)  # writes what is still buffered
        while lines := list(islice(self._file, AT_ONCE)):
            yield [loads(line) for line in lines]
