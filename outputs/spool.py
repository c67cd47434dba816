"""The durable place for events that could not be sent, and for those that were refused.

    FOLDER/pending/<ms>-<seq>.ndjson.gz   waits for the next run with the same target
    FOLDER/dead/<ms>-<seq>.ndjson.gz      refused, each line {"reason": …, "event": …}, for a person to look at

The first line of a file says what it is. Files appear whole, synced to disk and renamed; two runs never share a name.
"""

import contextlib
import gzip
import os
import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orjson import OPT_APPEND_NEWLINE, JSONDecodeError, dumps, loads

from netad.core.errors import ConfigError, OutputError, SpoolError
from netad.core.files import atomic_path
from netad.core.state_folder import state_folder
from netad.outputs.base import Event
from netad.outputs.wording import size

FORMAT = 1
SUFFIX = ".ndjson.gz"
FILE_EVENTS = 10_000
FILE_BYTES = 32 << 20
FOLDER_BYTES = 1 << 30
MAX_LINE = 32 << 20


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
        self._target = target
        self._clock_ms = clock_ms
        self._folder_bytes = folder_bytes
        self._file_events = file_events
        self._sequence = 0
        self.kept = 0  # unsent events that are safe on disk
        self._files: dict[Path, _SpoolFile] = {}

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
        return [path for path in sorted(self.pending_folder.glob(f"[0-9]*{SUFFIX}")) if self._is_ours(path)]

    def read(self, path: Path) -> Iterator[Event]:
        """Yield the events of a pending file.

        Raises:
            OutputError: the file is damaged; what was whole has been yielded.
            FileNotFoundError: another run has sent and removed it.
        """
        lines = _lines(path)
        _checked_header(next(lines, None), path)
        for event in lines:
            if not _is_event(event):
                raise _damaged(path)
            yield event

    def remove(self, path: Path) -> None:
        """Remove a pending file whose events have all been dealt with."""
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

    def _open(self, folder: Path) -> "_SpoolFile":
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        held = sum(_size(path) for place in (self.pending_folder, self.dead_folder) for path in place.glob("*"))
        if held >= self._folder_bytes:
            raise SpoolError(f"the spool {self.folder} is full ({size(held)}): unsent events cannot be kept")
        self._sequence += 1
        name = f"{self._clock_ms():013d}-{self._sequence:06d}{secrets.token_hex(4)}{SUFFIX}"
        return _SpoolFile(folder / name, {"netad_spool": FORMAT, "target": self._target})

    def _is_ours(self, path: Path) -> bool:
        try:
            lines = _lines(path)
            return bool(_checked_header(next(lines, None), path)["target"] == self._target)
        except OutputError:
            return True
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(f"unsent events cannot be kept in {self.folder}: {error.strerror or error}") from error


class _SpoolFile:
    """A file being written: hidden beside its place until `finish`."""

    def __init__(self, target: Path, header: dict[str, Any]) -> None:
        self.events = self.bytes = 0
        self._folder = target.parent
        self._stack = contextlib.ExitStack()
        part = self._stack.enter_context(atomic_path(target))
        self._file = self._stack.enter_context(gzip.GzipFile(part, "wb", compresslevel=6))
        self._file.write(dumps(header, option=OPT_APPEND_NEWLINE))

    def append(self, document: dict[str, Any]) -> None:
        self.bytes += self._file.write(dumps(document, option=OPT_APPEND_NEWLINE))
        self.events += 1

    def abandon(self, error: OSError) -> None:
        with contextlib.suppress(OSError):
            self._stack.__exit__(OSError, error, None)

    def finish(self) -> None:
        self._stack.close()
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the rename itself has to survive a power cut
        finally:
            os.close(handle)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another run has just sent and removed it
        return 0


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(MAX_LINE):
                yield loads(line)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error, JSONDecodeError) as error:
        raise _damaged(path) from error


def _checked_header(header: object, path: Path) -> dict[str, Any]:
    if not isinstance(header, dict) or header.get("netad_spool") != FORMAT or not isinstance(header.get("target"), str):
        raise _damaged(path)
    return header


def _damaged(path: Path) -> OutputError:
    return OutputError(f"the spool file {path} is damaged, or of another version of netad")


def _is_event(event: object) -> bool:
    """Tell whether a line is an event that can be sent."""
    if not isinstance(event, dict):
        return False
    own, place = event.get("event"), event.get("data_stream")
    parts = [own.get("id")] if isinstance(own, dict) else [None]
    parts += [place.get(key) for key in ("type", "dataset", "namespace")] if isinstance(place, dict) else [None]
    return all(isinstance(part, str) and part for part in parts)
