"""Which files earlier runs have read, by content, and how far; and which paths held what, so that few are opened."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from netad.core.errors import StateError
from netad.scan.fingerprint import Fingerprint, Head

# Files that were not seen for so long, or are more than that, are forgotten: one that comes again then is read again.
KEPT_NS: Final = 90 * 86_400 * 1_000_000_000
MOST_FILES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """A file that was read.

    Attributes:
        fingerprint: what tells it.
        read: how far it was read (netad.ingest.inputs.Source.after).
        size: its bytes when it was read, compression taken off; None for one that was read compressed, and so to its
            end: nothing is added to such a file.
        seen_ns: when it was last there, wall clock.
    """

    fingerprint: Fingerprint
    read: int
    size: int | None
    seen_ns: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a path held when it was last looked at: `digest` is that of a known file, "" for what is of no use."""

    size: int
    mtime_ns: int
    inode: int
    digest: str

    @classmethod
    def of(cls, stat: os.stat_result, digest: str) -> "Place":
        """Return what a path holds by its metadata."""
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ino, digest)


class KnownFiles:
    """The files that were read, by the digest of their beginning, and the paths they were at."""

    def __init__(self) -> None:
        self._files: dict[str, Known] = {}
        self._places: dict[str, Place] = {}
        self._lengths: dict[int, int] = {}  # how many files have a fingerprint of that length

    def __len__(self) -> int:
        """Return how many files are known."""
        return len(self._files)

    def unchanged(self, path: str, stat: os.stat_result, now_ns: int) -> bool:
        """Tell whether a path holds what it held when it was last looked at, so that there is nothing new in it."""
        place = self._places.get(path)
        if place is None or place != Place.of(stat, place.digest):
            return False
        known = self._files.get(place.digest)
        if known is not None:
            self._files[place.digest] = replace(known, seen_ns=now_ns)
        return known is not None or not place.digest

    def find(self, head: Head) -> Known | None:
        """Return the file that begins like this, None if none was read."""
        for fingerprint in head.beginnings(self._lengths):
            known = self._files.get(fingerprint.digest)
            if known is not None and known.fingerprint == fingerprint:
                return known
        return None

    def note(self, path: str, stat: os.stat_result, known: Known) -> None:
        """Remember how far a file was read, and that it is at this path."""
        digest = known.fingerprint.digest
        if digest not in self._files:
            self._count(known.fingerprint.length, 1)
        self._files[digest] = known
        self._places[path] = Place.of(stat, digest)

    def note_useless(self, path: str, stat: os.stat_result) -> None:
        """Remember that what is at a path is of no use."""
        self._places[path] = Place.of(stat, "")

    def replace(self, before: Known, after: Fingerprint) -> None:
        """Forget a file under the fingerprint of its shorter beginning, now that it has grown."""
        if before.fingerprint != after and self._files.pop(before.fingerprint.digest, None) is not None:
            self._count(before.fingerprint.length, -1)

    def forget(self, paths: Iterable[str], now_ns: int) -> None:
        """Forget all paths but these, and the files that were not there for a long time."""
        there = set(paths)
        self._places = {path: place for path, place in self._places.items() if path in there}
        kept = [known for known in self._files.values() if known.seen_ns >= now_ns - KEPT_NS]
        if len(kept) > MOST_FILES:
            kept = sorted(kept, key=lambda known: known.seen_ns)[-MOST_FILES:]
        if len(kept) < len(self._files):
            self._set(kept)

    def carry(self) -> dict[str, Any]:
        """Return all of it, for the state of a scan: plain lists and texts."""
        files = [[one.fingerprint.length, one.fingerprint.digest, one.read, one.size, one.seen_ns]
                 for one in self._files.values()]  # fmt: skip
        places = [[path, one.size, one.mtime_ns, one.inode, one.digest] for path, one in self._places.items()]
        return {"files": files, "places": places}

    def resume(self, state: dict[str, Any]) -> None:
        """Take what `carry` gave.

        Raises:
            StateError: it is none of that.
        """
        try:
            self._set([Known(Fingerprint(length, digest), read, size, seen_ns)
                       for length, digest, read, size, seen_ns in state["files"]])  # fmt: skip
            self._places = {path: Place(*place) for path, *place in state["places"]}
        except (KeyError, TypeError, ValueError) as error:
            raise StateError("what it says of the files that were read is damaged") from error

    def _set(self, files: Iterable[Known]) -> None:
        self._files, self._lengths = {}, {}
        for known in files:
            self._files[known.fingerprint.digest] = known
            self._count(known.fingerprint.length, 1)

    def _count(self, length: int, more: int) -> None:
        count = self._lengths.get(length, 0) + more
        if count:
            self._lengths[length] = count
        else:
            del self._lengths[length]
