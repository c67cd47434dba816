"""Events as JSON lines at the end of a file that grows from run to run, each event once."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, ClassVar

from orjson import OPT_APPEND_NEWLINE, JSONDecodeError, dumps, loads

from netad.core.carried import State, number_of
from netad.core.errors import OutputError
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.origin import stamped
from netad.outputs.recent_ids import RecentIds


class NdjsonLog:
    """Appends each event as one line of JSON, in the order it came.

    A last line without its end, which a run that was killed has left, is cut off. What was written since `resume`'s
    place, or at all without one, is known: those events are not written again. A file that is shorter than that place
    was rotated or emptied, and is begun anew.

    Raises:
        OutputError: the file cannot be opened; on `write` and `commit`, the disk is full.
    """

    name: ClassVar[str] = "ndjson"

    def __init__(self, path: str, *, clock: Callable[[], str] = now_iso) -> None:
        self._path, self._clock = Path(path), clock
        self._delivery = Delivery(where=path)
        self._known: RecentIds | None = None
        self._safe = 0  # bytes before this need not be looked at
        self._uncommitted = 0
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = self._path.open("a+b")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, events: Iterable[Event]) -> None:
        """Append events as lines, those that are known left out and counted."""
        ingested, coming = self._clock(), iter(events)
        try:
            known = self._known_ids()
            for event in coming:
                if not known.add(event["event"]["id"]):
                    self._delivery.duplicates += 1
                    continue
                self._uncommitted += 1
                self._file.write(dumps(stamped(event, ingested), option=OPT_APPEND_NEWLINE))
        except OSError as error:
            self._delivery.dead += self._uncommitted + sum(1 for _ in coming)
            self._uncommitted = 0
            raise self._unwritable(error) from error

    def commit(self) -> None:
        """Put on disk what was written so far (netad.outputs.base.Commits)."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if self._known is not None:  # else nobody has looked yet at what is behind the safe place
                self._safe = self._file.seek(0, os.SEEK_END)
        except OSError as error:
            self._delivery.dead += self._uncommitted
            self._uncommitted = 0
            raise self._unwritable(error) from error
        self._delivery.delivered += self._uncommitted
        self._uncommitted = 0

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Put on disk what is left. What cannot be is counted as dead."""
        try:
            self.commit()
        except OutputError as error:
            self._delivery.problems.append(str(error))
        finally:
            with contextlib.suppress(OSError):  # what it cannot write now has been counted above
                self._file.close()
        return self._delivery

    def carry(self) -> State:
        """Return the place up to which everything is committed (netad.core.carried)."""
        return {"safe": self._safe}

    def resume(self, state: State) -> None:
        """Know only what was written behind that place."""
        self._safe = number_of(state, "safe")

    def _known_ids(self) -> RecentIds:
        """Return the ids of the lines behind the safe place, a torn last line cut off."""
        if self._known is None:
            self._known = RecentIds(kept=1 << 62)
            size = self._file.seek(0, os.SEEK_END)
            self._safe = self._safe if self._safe <= size else 0
            whole = self._safe
            self._file.seek(whole)
            for line in self._file:
                if not line.endswith(b"\n"):
                    self._file.truncate(whole)
                    break
                whole += len(line)
                identity = _id_of(line)
                if identity is not None:
                    self._known.add(identity)
            self._file.seek(0, os.SEEK_END)
        return self._known

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {self._path}: {error.strerror or error}")


def _id_of(line: bytes) -> str | None:
    """Return an event's id, None for a line that is no event."""
    try:
        identity = loads(line)["event"]["id"]
    except (JSONDecodeError, TypeError, KeyError):
        return None
    return identity if isinstance(identity, str) else None
