"""The folder in which a scan keeps how far it has got: one lock, what was read, and what is open.

    lock                  held while a scan runs; the kernel lets go of it when the process ends, however it ends
    files.state           the files that were read, and which stream goes with them
    stream-<n>.state      what is open: flows, windows, what behaviours remember

`files.state` is renamed into place last, and names the stream that it goes with: both are of one moment, always.
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from netad.core.carried import State, number_of
from netad.core.errors import ConfigError, LockedError, NewerStateError, SpoolError, StateError
from netad.core.state_file import read_state, write_state

_FILES, LOCK = "files.state", "lock"

log = logging.getLogger(__name__)


class StateFolder:
    """A scan's state on disk."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when it is not there.

        Raises:
            ConfigError: it cannot be made or written.
        """
        self.folder = folder
        self._serial = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"the state folder {folder} cannot be written: {error.strerror}") from error

    @contextlib.contextmanager
    def locked(self, *, wait: bool) -> Iterator[None]:
        """Hold the folder's lock; `wait` for another scan to end.

        Raises:
            LockedError: another scan holds it, and this one is not to wait.
        """
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(self._lock)
            raise LockedError(f"another scan is at work in {self.folder} (--wait waits for it)") from None
        try:
            yield
        finally:
            os.close(self._lock)  # which unlocks it

    def load(self) -> State | None:
        """Return what was saved of the files, None when nothing was, or when it is damaged, which is told.

        Raises:
            NewerStateError: it was saved by a newer netad.
        """
        if not (self.folder / _FILES).exists():
            return None
        try:
            saved = read_state(self.folder / _FILES)
            self._serial = number_of(saved, "stream")
        except NewerStateError:
            raise
        except StateError as error:
            self._serial = max((_serial(path) for path in self.folder.glob("stream-*.state")), default=0)
            log.warning("the state is thrown away, and everything is read again, which adds nothing that is there: %s",
                        error)  # fmt: skip
            return None
        return saved

    @property
    def holds_stream(self) -> bool:
        """Whether anything was saved as open: not before something was read."""
        return self._serial > 0

    def stream(self) -> State:
        """Return what was saved as open.

        Raises:
            StateError: it is missing or damaged.
        """
        return read_state(self._stream_file(self._serial))

    def save(self, files: State, stream: State | None) -> None:
        """Keep how far the scan has got; without a stream the one that was saved last goes with it.

        Raises:
            SpoolError: the disk is full or cannot be written; what was saved before stays.
        """
        serial = self._serial if stream is None else self._serial + 1
        try:
            if stream is not None:
                write_state(self._stream_file(serial), stream)
            write_state(self.folder / _FILES, {**files, "stream": serial})
            self._serial = serial
            self._remove_others()
        except OSError as error:
            raise SpoolError(f"the state cannot be kept in {self.folder} ({error.strerror or error}): what this scan "
                             "did since it was last kept will be done again") from error  # fmt: skip

    def _stream_file(self, serial: int) -> Path:
        return self.folder / f"stream-{serial}.state"

    def _remove_others(self) -> None:
        """Remove the streams of before, and what killed runs have left."""
        for path in self.folder.glob("stream-*.state"):
            if _serial(path) != self._serial:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(".*.part"):
            path.unlink(missing_ok=True)


def _serial(path: Path) -> int:
    text: Any = path.stem.removeprefix("stream-")
    return int(text) if text.isdecimal() and len(text) < 18 else 0
