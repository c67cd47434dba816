"""From what the operator named (files, directories, glob patterns, `-`) to captures in the order of their traffic."""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from netad.core.errors import InputError
from netad.ingest.compression import DEFAULT_MAX_RATIO, decompressed
from netad.ingest.framing import ByteStream
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

STDIN = "-"

# How far a file is read for its first packet. What comes before it, other blocks of pcapng, rarely has more than a KiB.
_HEAD_BYTES = 1 << 25

# A file found in a directory under such a name was meant to be read: when it is no capture, it is named.
_CAPTURE_SUFFIXES = frozenset((".pcap", ".pcapng", ".cap"))
_COMPRESSED_SUFFIXES = frozenset((".gz", ".zst", ".xz", ".bz2"))


@dataclass(frozen=True, slots=True)
class Source:
    """One input to read. `path` is a file's path, or `-` for standard input.

    `max_ratio` bounds what compressed data may grow to (netad.ingest.compression).
    """

    path: str
    max_ratio: int = DEFAULT_MAX_RATIO

    def open(self) -> BinaryIO:
        """Open the bytes for reading, from the start; those of compressed data are decompressed.

        The stream has `read` and `readinto`; the latter may give less than it is asked for. Close it: a thread may be
        decompressing ahead. Standard input itself stays open. A stream of compressed data raises InputError when these
        are cut, damaged or a bomb, after everything before has been read.

        Raises:
            InputError: the file cannot be opened; its message is the path and a sentence.
        """
        try:
            if self.path == STDIN:
                return decompressed(sys.stdin.buffer, self.max_ratio, owned=False)
            return _opened(self.path, self.max_ratio, ahead=True)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path} {_failure(error)}") from error


def find_sources(inputs: Sequence[str], report: IngestReport, max_ratio: int = DEFAULT_MAX_RATIO) -> list[Source]:
    """Return the captures that `inputs` name, each once, ordered by the time of their first packet, ties by path.

    An input is `-`, a file, a directory (searched to the bottom, without hidden files, and without following links to
    directories) or a glob pattern (`**` for any depth). Compressed captures are looked into like others. What is found
    in a directory or by a pattern and is no capture
    is passed over in silence, unless its name says that it is one; what is named itself gets a `report.problem`, as
    does everything that is missing, unreadable or holds no captures. Captures without a packet come after the others,
    then pipes, which cannot be looked into, and standard input last.
    """
    search = _Search(report, max_ratio)
    for named in inputs:
        search.add(named)
    return search.sources()


def first_time_ns(path: str) -> int | None:
    """Return the time of a capture file's first packet (ns since the epoch), None without one.

    At most 32 MiB are read, or decompressed; a pipe or a device is not read at all.
    """
    try:
        return _look(path).time_ns
    except (OSError, ValueError):
        return None


class _Rank(IntEnum):
    """Where a source comes in the order."""

    TIMED, WITHOUT_PACKETS, PIPE, STDIN = range(4)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look into a file showed: its rank, its first packet's time, and what is wrong if it is no capture."""

    rank: _Rank
    time_ns: int | None = None
    problem: str | None = None


class _Search:
    """Collects sources, each file once by its real path."""

    def __init__(self, report: IngestReport, max_ratio: int) -> None:
        self._report = report
        self._max_ratio = max_ratio
        self._found: dict[str, tuple[_Rank, int, str]] = {}
        self._refused: dict[str, bool] = {}  # files that are no captures, and whether that was reported

    def sources(self) -> list[Source]:
        return [Source(path, self._max_ratio) for _, _, path in sorted(self._found.values())]

    def add(self, named: str) -> None:
        if named == STDIN:
            self._found[STDIN] = (_Rank.STDIN, 0, STDIN)
        elif not named:
            self._report.problem("''", "is an empty name, as an unset variable gives")
        elif Path(named).is_dir():
            self._add_all(named, _files_below(named, self._report), "holds no captures")
        elif glob.has_magic(named) and not os.path.lexists(named):
            self._add_all(named, _matches(named, self._report), "matches no captures")
        else:
            self._add_one(named, _identity(named), must_be_capture=True)

    def _add_all(self, named: str, paths: Iterable[str], nothing: str) -> None:
        found, problems = False, len(self._report.problems)
        for path in paths:
            identity = _identity(path)
            if identity not in self._refused:
                self._add_one(path, identity, must_be_capture=_says_capture(path))
            found = found or identity in self._found
        if not found and len(self._report.problems) == problems:
            self._report.problem(named, nothing)

    def _add_one(self, path: str, identity: str, must_be_capture: bool) -> None:
        if identity in self._found or self._refused.get(identity):
            return
        try:
            look = _look(path)
        except (OSError, ValueError) as error:
            look = _Look(_Rank.WITHOUT_PACKETS, problem=_failure(error))
            must_be_capture = True
        if look.problem is None:
            self._found[identity] = (look.rank, look.time_ns or 0, path)
            return
        self._refused[identity] = must_be_capture
        if must_be_capture:
            self._report.problem(path, look.problem)


def _look(path: str) -> _Look:
    """Look into a file; a pipe or a device is left alone.

    Raises:
        OSError, ValueError: it cannot be opened.
    """
    if not stat.S_ISREG(Path(path).stat().st_mode):
        return _Look(_Rank.PIPE)
    looked = IngestReport()
    # What may come out is bounded by the head, so that no ratio is needed here.
    with _opened(path, max_ratio=None, ahead=False) as stream:
        first = next(read_records(_Head(stream), path, looked), None)
    if not looked.files:
        return _Look(_Rank.WITHOUT_PACKETS, problem=looked.problems[0].sentence)
    return _Look(_Rank.WITHOUT_PACKETS) if first is None else _Look(_Rank.TIMED, first.time_ns)


def _opened(path: str, max_ratio: int | None, *, ahead: bool) -> BinaryIO:
    """Open a file.

    Raises:
        OSError, ValueError: it cannot be opened.
    """
    stream = Path(path).open("rb")  # noqa: SIM115 - closed with what is made of it
    try:
        return decompressed(stream, max_ratio, ahead=ahead)
    except OSError:
        stream.close()
        raise


class _Head:
    """The first `_HEAD_BYTES` of a stream."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._left = _HEAD_BYTES

    def read(self, size: int, /) -> bytes | None:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data or b"")
        return data


def _files_below(folder: str, report: IngestReport) -> Iterator[str]:
    """Yield the regular files below a folder, hidden ones and those in hidden folders left out, in a fixed order."""

    def unreadable(error: OSError) -> None:
        report.problem(error.filename, _failure(error))

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(parent, name)  # noqa: PTH118 (Path drops the ./ that was typed)
            if not name.startswith(".") and not _is_special(path):
                yield path


def _matches(pattern: str, report: IngestReport) -> Iterator[str]:
    """Yield the regular files that a glob pattern matches, and those below folders that it matches."""
    for path in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (patterns may be absolute)
        if Path(path).is_dir():
            yield from _files_below(path, report)
        elif not _is_special(path):
            yield path


def _identity(path: str) -> str:
    """Return what tells files apart: the real path, or the name itself where no file can have it."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _is_special(path: str) -> bool:
    """Tell whether this is a pipe, socket or device, which is read only when it is named itself."""
    return Path(path).exists() and not Path(path).is_file()


def _says_capture(path: str) -> bool:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED_SUFFIXES:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in _CAPTURE_SUFFIXES


def _failure(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"
