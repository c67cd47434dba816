"""One file of the spool: gzip NDJSON whose first line says what it is; written whole or not at all, read with care."""

import contextlib
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from orjson import OPT_APPEND_NEWLINE, JSONDecodeError, dumps, loads

from netad.core.errors import OutputError
from netad.core.files import atomic_path

FORMAT = 1
SUFFIX = ".ndjson.gz"
MAX_LINE = 32 << 20


class SpoolFile:
    """A file being written, for events meant for `target`: hidden beside its place until `finish`."""

    def __init__(self, path: Path, target: str) -> None:
        self.events = self.bytes = 0
        self._folder = path.parent
        self._stack = contextlib.ExitStack()
        part = self._stack.enter_context(atomic_path(path))
        self._file = self._stack.enter_context(gzip.GzipFile(part, "wb", compresslevel=6))
        self._file.write(dumps({"netad_spool": FORMAT, "target": target}, option=OPT_APPEND_NEWLINE))

    def append(self, document: dict[str, Any]) -> None:
        """Write a line. It is not safe before `finish`."""
        self.bytes += self._file.write(dumps(document, option=OPT_APPEND_NEWLINE))
        self.events += 1

    def abandon(self, error: OSError) -> None:
        """Remove what was written, after an error."""
        with contextlib.suppress(OSError):
            self._stack.__exit__(OSError, error, None)

    def finish(self) -> None:
        """Put the file in its place, safe on disk."""
        self._stack.close()
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the rename itself has to survive a power cut
        finally:
            os.close(handle)


def read_target(path: Path) -> str:
    """Return whom the events of a file were meant for.

    Raises:
        OutputError: the file is damaged.
        FileNotFoundError: another run has sent and removed it.
    """
    return _checked_target(next(_lines(path), None), path)


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a file: those that wait, or those within the lines of the refused.

    Raises:
        OutputError: the file is damaged; what was whole has been yielded.
        FileNotFoundError: another run has sent and removed it.
    """
    lines = _lines(path)
    _checked_target(next(lines, None), path)
    for line in lines:
        event = line.get("event") if isinstance(line, dict) and "reason" in line else line
        if not _is_event(event):
            raise _damaged(path)
        yield event


def held_bytes(path: Path) -> int:
    """Return the size of a file on disk, 0 if it has gone."""
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


def _checked_target(header: object, path: Path) -> str:
    if isinstance(header, dict) and header.get("netad_spool") == FORMAT and isinstance(header.get("target"), str):
        return str(header["target"])
    raise _damaged(path)


def _damaged(path: Path) -> OutputError:
    return OutputError(f"the spool file {path} is damaged, or of another version of netad")


def _is_event(event: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a line is an event that can be sent."""
    if not isinstance(event, dict):
        return False
    own, place = event.get("event"), event.get("data_stream")
    parts = [own.get("id")] if isinstance(own, dict) else [None]
    parts += [place.get(key) for key in ("type", "dataset", "namespace")] if isinstance(place, dict) else [None]
    return all(isinstance(part, str) and part for part in parts)
