"""What is new in the folders that a scan looks at: files that are ready, and how far earlier runs have read them."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from netad.core.errors import InputError
from netad.ingest.inputs import Source, find_files, look_at, says_capture
from netad.ingest.logs.detect import Format
from netad.ingest.report import IngestReport
from netad.scan.fingerprint import Head, read_head
from netad.scan.known_files import Known, KnownFiles

_NUMBERS = re.compile(r"\d+")
_DATED = re.compile(r"[\d._T:-]*\d[\d._T:-]*")
_COMPRESSED = re.compile(r"\.(gz|zst|xz|bz2)$")
_LAST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file with something new in it.

    Attributes:
        source: what to read, and after what.
        head: how it begins.
        stat: its metadata before it was looked into: what is added later is for another run.
        before: what earlier runs know of it, None for a new file.
    """

    source: Source
    head: Head
    stat: os.stat_result
    before: Known | None


@dataclass
class Inbox:
    """Looks for files with something new in them.

    Attributes:
        known: what earlier runs have read; what turns out to be known, or of no use, is noted there.
        settle_ns: how long a capture has not been written to before it is read.
        include_current: whether the newest file of a rotated set is read too.
        waiting: captures that are not ready, by path, with their size and time of change. Those of the run before
            are given: a file whose time lies in the future is ready when it has not changed from one run to the next.
        paths: all files that were found.
    """

    known: KnownFiles
    settle_ns: int
    include_current: bool
    max_ratio: int
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)
    clock: Callable[[], int] = time.time_ns
    paths: list[str] = field(default_factory=list)

    def arrivals(self, inputs: Iterable[str], report: IngestReport) -> list[Arrival]:
        """Return the files that are ready, in the order of their traffic; what is wrong with others is reported."""
        now_ns = self.clock()
        waited, self.waiting = self.waiting, {}
        there = dict(self._there(inputs, report))
        self.paths = list(there)
        currents = frozenset() if self.include_current else _newest_of_sets(there)
        found: list[Arrival] = []
        for path, stat in there.items():
            if self.known.unchanged(path, stat, now_ns):
                continue
            try:
                source = look_at(path, self.max_ratio)
                if source.format is Format.CAPTURE and not self._is_settled(path, stat, path in currents, waited):
                    self.waiting[path] = stat.st_size, stat.st_mtime_ns
                    continue
                arrival = self._arrival(source, stat, now_ns, read_head(path))
            except InputError as error:
                self.known.note_useless(path, stat)
                if says_capture(path):
                    report.problem(path, error.message)
            except (OSError, ValueError) as error:
                report.problem(path, _failure(error))
            else:
                found += [] if arrival is None else [arrival]
        self.known.forget(self.paths, now_ns)
        return sorted(found, key=lambda one: (_LAST if one.source.time_ns is None else one.source.time_ns,
                                              one.source.path))  # fmt: skip

    def look_again(self, arrival: Arrival) -> Arrival | None:
        """Return an arrival as it is to be read now that others were; None when it is one of them, a copy."""
        return self._arrival(replace(arrival.source, after=0), arrival.stat, self.clock(), arrival.head)

    def note(self, arrival: Arrival, read: int) -> None:
        """Remember that an arrival was read, and how far."""
        size = None if arrival.head.compressed else arrival.stat.st_size
        if arrival.before is not None:
            self.known.replace(arrival.before, arrival.head.fingerprint)
        self.known.note(arrival.source.path, arrival.stat, Known(arrival.head.fingerprint, read, size, self.clock()))

    def _there(self, inputs: Iterable[str], report: IngestReport) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files that the inputs name, with their metadata."""
        for path in find_files(inputs, report):
            try:
                yield path, Path(path).stat()
            except OSError as error:  # gone since it was listed, most likely
                report.problem(path, _failure(error))

    def _is_settled(self, path: str, stat: os.stat_result, current: bool, waited: dict[str, tuple[int, int]]) -> bool:
        """Tell whether a capture is not written to any more, as far as can be told."""
        age_ns = self.clock() - stat.st_mtime_ns
        if age_ns < 0:  # a clock was set back, or the sensor's runs ahead
            return waited.get(path) == (stat.st_size, stat.st_mtime_ns) and not current
        return age_ns >= self.settle_ns and not current

    def _arrival(self, source: Source, stat: os.stat_result, now_ns: int, head: Head) -> Arrival | None:
        """Return a file with what was read of it before; None, and it is noted, when that is all of it."""
        known = self.known.find(head)
        if known is None:
            return Arrival(source, head, stat, None)
        # One that was read compressed was read to its end; a plain one may be compressed since then, and longer.
        grown = known.size is not None and (head.compressed or stat.st_size > known.size)
        if not grown:
            self.known.note(source.path, stat, replace(known, seen_ns=now_ns))
            return None
        return Arrival(replace(source, after=known.read), head, stat, known)


def _newest_of_sets(files: Mapping[str, os.stat_result]) -> frozenset[str]:
    """Return the newest file of each set of files whose paths differ only in numbers of their names and in dates."""
    sets: dict[str, list[tuple[int, str]]] = {}
    for path, stat in files.items():
        sets.setdefault(_set_of(path), []).append((stat.st_mtime_ns, path))
    return frozenset(max(members)[1] for members in sets.values() if len(members) > 1)


def _set_of(path: str) -> str:
    """Return what the files of a rotated set have in common: the path without numbers, dates and compression."""
    folder, _, name = path.rpartition("/")
    folders = ["0" if _DATED.fullmatch(part) else part for part in folder.split("/")]
    return "/".join([*folders, _NUMBERS.sub("0", _COMPRESSED.sub("", name))])


def _failure(error: OSError | ValueError) -> str:
    return f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"
