"""The durable place for events that could not be sent, and for those that were refused.

    FOLDER/pending/<ms>-<seq>.ndjson.gz   waits for the next run with the same target, or `netad replay`
    FOLDER/dead/<ms>-<seq>.ndjson.gz      refused, each line {"reason": …, "event": …}; for `netad replay --dead`

The first line of a file says what it is. Files appear whole, synced to disk and renamed; two runs never share a name.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError, OutputError, SpoolError
from netad.core.figures import size
from netad.core.state_folder import state_folder
from netad.outputs.base import Event
from netad.outputs.spool_file import SUFFIX, SpoolFile, held_bytes, read_events, read_target

FILE_EVENTS = 10_000
FILE_BYTES = 32 << 20
FOLDER_BYTES = 1 << 30


def spool_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `$NETAD_SPOOL_DIR`, else the folder `spool` of the state folder.

    Raises:
        SpoolError: neither is set and this user has no home.
    """
    if environment.get("NETAD_SPOOL_DIR"):
        return Path(environment["NETAD_SPOOL_DIR"])
    try:
        return state_folder(environment) / "spool"
    except ConfigError as error:
        raise SpoolError("no home directory to keep unsent events in: set NETAD_SPOOL_DIR") from error


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file of the spool as `netad replay --dry-run` lists it; `target` is None when the file is damaged."""

    path: Path
    target: str | None
    bytes: int
    dead: bool


class Spool:
    """Unsent and refused events of one target (the URL they were meant for).

    A file is finished after `FILE_EVENTS` events or 32 MiB of text, and at `close`; until then its events are not safe.
    The folder takes `folder_bytes` in all.

    Raises:
        SpoolError: (`keep`, `bury`, `close`) the folder cannot be written, or is full.
    """

    def __init__(
        self,
        folder: Path,
        target: str,
        *,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        folder_bytes: int = FOLDER_BYTES,
        file_events: int = FILE_EVENTS,
    ) -> None:
        self.folder = folder
        self.pending_folder = folder / "pending"
        self.dead_folder = folder / "dead"
        self.folder_bytes = folder_bytes
        self._target = target
        self._clock_ms = clock_ms
        self._file_events = file_events
        self._sequence = 0
        self.kept = 0  # unsent events that are safe on disk
        self._files: dict[Path, SpoolFile] = {}

    def keep(self, event: Event) -> None:
        """Take an event that could not be sent."""
        self._append(self.pending_folder, event)

    def bury(self, event: Event, reason: str) -> None:
        """Take an event that was refused, and why."""
        self._append(self.dead_folder, {"reason": reason, "event": event})

    def close(self) -> None:
        """Finish the open files: what they hold is safe on disk after this."""
        with contextlib.ExitStack() as stack:  # one that fails does not keep the other from being finished
            for folder in list(self._files):
                stack.callback(self._finish, folder)

    def pending(self) -> list[Path]:
        """Return the files that wait for this target, oldest first. A file that cannot be read waits for every one."""
        return [file.path for file in self.files() if not file.dead and file.target in (self._target, None)]

    def waiting(self) -> tuple[int, int]:
        """Return how many files wait for this target, and their bytes."""
        held = [file.bytes for file in self.files() if not file.dead and file.target == self._target]
        return len(held), sum(held)

    def dead(self) -> list[Path]:
        """Return the files with what this target refused, oldest first; damaged ones stay where they are."""
        return [file.path for file in self.files() if file.dead and file.target == self._target]

    def files(self) -> list[Waiting]:
        """Return every file of the spool, whoever it is for: those that wait, then those refused, oldest first."""
        found = []
        for folder in (self.pending_folder, self.dead_folder):
            for path in sorted(folder.glob(f"[0-9]*{SUFFIX}")):
                with contextlib.suppress(FileNotFoundError):  # another run has sent and removed it
                    found.append(Waiting(path, _target_of(path), held_bytes(path), folder == self.dead_folder))
        return found

    def read(self, path: Path) -> Iterator[Event]:
        """Yield the events of a file, pending or dead.

        Raises:
            OutputError: the file is damaged; what was whole has been yielded.
            FileNotFoundError: another run has sent and removed it.
        """
        return read_events(path)

    def remove(self, path: Path) -> None:
        """Remove a file whose events have all been dealt with.

        What was refused while it was read is made safe before.
        """
        self.close()
        with self._failing():
            path.unlink(missing_ok=True)

    def set_aside(self, path: Path) -> Path:
        """Move a damaged pending file to the dead ones, and return where it is."""
        with self._failing():
            self.dead_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return path.rename(self.dead_folder / f"damaged-{path.name}")

    def _append(self, folder: Path, document: dict[str, Any]) -> None:
        file = self._files.get(folder)
        if file is not None and (file.events >= self._file_events or file.bytes >= FILE_BYTES):
            self._finish(folder)
            file = None
        with self._failing():
            if file is None:
                file = self._files[folder] = self._open(folder)
            try:
                file.append(document)
            except OSError as error:
                self._files.pop(folder).abandon(error)
                raise

    def _finish(self, folder: Path) -> None:
        with self._failing():
            file = self._files.pop(folder)
            file.finish()
        if folder == self.pending_folder:
            self.kept += file.events

    def _open(self, folder: Path) -> SpoolFile:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        held = sum(held_bytes(path) for place in (self.pending_folder, self.dead_folder) for path in place.glob("*"))
        if held >= self.folder_bytes:
            raise SpoolError(f"the spool {self.folder} is full ({size(held)}): unsent events cannot be kept")
        self._sequence += 1
        name = f"{self._clock_ms():013d}-{self._sequence:06d}{secrets.token_hex(4)}{SUFFIX}"
        return SpoolFile(folder / name, self._target)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(f"unsent events cannot be kept in {self.folder}: {error.strerror or error}") from error


def open_spool(target: str) -> Spool:
    """Return the spool of a target in this user's folder; raises SpoolError if there is no place for it."""
    return Spool(spool_folder(), target)


def _target_of(path: Path) -> str | None:
    try:
        return read_target(path)
    except OutputError:
        return None
