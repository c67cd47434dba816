"""From what the operator named (files, directories, glob patterns, `-`) to captures and logs in order of time."""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from netad.core.errors import InputError
from netad.ingest.compression import DEFAULT_MAX_RATIO, compression_of, decompressed
from netad.ingest.facts.batch import FactKind
from netad.ingest.framing import ByteStream
from netad.ingest.logs.detect import Format, detect
from netad.ingest.pcap import is_pcap
from netad.ingest.pcapng import is_pcapng
from netad.ingest.records import read_records
from netad.ingest.remote import is_remote, open_remote, remote_files
from netad.ingest.report import IngestReport

STDIN = "-"

# How far a file is read for its first packet. What comes before it, other blocks of pcapng, rarely has more than a KiB.
_HEAD_BYTES = 1 << 25
# How far it is read to be told from other files, and a log for its first line's time.
_LOG_HEAD_BYTES = 1 << 18

_MAGIC_BYTES = 12

# A file found in a directory under such a name was meant to be read: when it is no capture, it is named.
_CAPTURE_SUFFIXES = frozenset((".pcap", ".pcapng", ".cap"))
_COMPRESSED_SUFFIXES = frozenset((".gz", ".zst", ".xz", ".bz2"))


@dataclass(frozen=True, slots=True)
class Source:
    """One input to read. `path` is a file's path, or `-` for standard input.

    `max_ratio` bounds what compressed data may grow to (netad.ingest.compression). `time_ns` is when its traffic begins
    as far as a look showed; a log's begins with the time at which its first line counts, and `facts` are the kinds of
    facts that its beginning shows it to tell of. The format of what cannot be looked into is `Format.UNKNOWN`.
    `after` is what was read of it before: records of a capture, (decompressed) bytes of whole lines of a log.
    """

    path: str
    max_ratio: int = DEFAULT_MAX_RATIO
    format: Format = Format.CAPTURE
    time_ns: int | None = field(default=None, compare=False)
    facts: frozenset[FactKind] = field(default=frozenset(), compare=False)
    after: int = 0

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
    """Return the captures and logs that `inputs` name, each once, ordered by the time of their first packet or line.

    An input is `-`, a file, a directory (searched to the bottom, without hidden files, and without following links to
    directories), a glob pattern (`**` for any depth), or a URL of one of these (netad.ingest.remote). Compressed files
    are looked into like others. What is found in a directory or by a pattern and is of no use is passed over in
    silence, unless its name says that it is a capture; what is named itself gets a `report.problem`, as does everything
    that is missing, unreadable or holds nothing of use. Files without a packet or line come after the others, then
    pipes, which cannot be looked into, and standard input last; ties are ordered by path.
    """
    search = _Search(report, max_ratio)
    for named in inputs:
        search.add(named)
    return search.sources()


def first_time_ns(path: str) -> int | None:
    """Return the time of a capture's first packet, or of a log's first line (ns since the epoch), None without one.

    At most 32 MiB are read, or decompressed; a pipe or a device is not read at all.
    """
    try:
        return _look(path).time_ns
    except (OSError, ValueError):
        return None


def find_files(inputs: Iterable[str], report: IngestReport) -> Iterator[str]:
    """Yield the regular files that `inputs` (files, directories, glob patterns) name, each once by its real path.

    They are not looked into (`look_at`). A file or directory that is named and is not there is a problem in the report;
    a pattern that matches nothing is none, since what it is to match may come yet.
    """
    found: set[str] = set()
    for named in inputs:
        if Path(named).is_dir():
            paths: Iterable[str] = _files_below(named, report)
        elif glob.has_magic(named) and not os.path.lexists(named):
            paths = _matches(named, report)
        else:
            paths = (named,) if Path(named).is_file() else ()
            if not paths:
                there = "is no file and no folder" if os.path.lexists(named) else "does not exist"
                report.problem(named, there)
        for path in paths:
            identity = _identity(path)
            if identity not in found:
                found.add(identity)
                yield path


def look_at(path: str, max_ratio: int = DEFAULT_MAX_RATIO) -> Source:
    """Return a file as a source, after a look into it.

    Raises:
        InputError: it is neither a capture nor a log; the message is the sentence about it.
        OSError, ValueError: it cannot be opened.
    """
    look = _look(path)
    if look.problem is not None:
        raise InputError(look.problem)
    return Source(path, max_ratio, look.format, look.time_ns, look.facts)


def says_capture(path: str) -> bool:
    """Tell whether a file's name says that it is a capture, so that it is worth a word when it is none."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED_SUFFIXES:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in _CAPTURE_SUFFIXES


class _Rank(IntEnum):
    """Where a source comes in the order."""

    TIMED, WITHOUT_PACKETS, PIPE, STDIN = range(4)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look into a file showed: its rank, when it begins, its format, and what is wrong if it is of no use."""

    rank: _Rank
    time_ns: int | None = None
    problem: str | None = None
    format: Format = Format.CAPTURE
    facts: frozenset[FactKind] = frozenset()


class _Search:
    """Collects sources, each file once by its real path."""

    def __init__(self, report: IngestReport, max_ratio: int) -> None:
        self._report = report
        self._max_ratio = max_ratio
        self._found: dict[str, tuple[_Rank, int, Source]] = {}
        self._refused: dict[str, bool] = {}  # files that are of no use, and whether that was reported

    def sources(self) -> list[Source]:
        found = sorted(self._found.values(), key=lambda entry: (entry[0], entry[1], entry[2].path))
        return [source for _, _, source in found]

    def add(self, named: str) -> None:
        if named == STDIN:
            self._found[STDIN] = (_Rank.STDIN, 0, Source(STDIN, self._max_ratio, Format.UNKNOWN))
        elif not named:
            self._report.problem("''", "is an empty name, as an unset variable gives")
        elif is_remote(named):
            self._add_remote(named)
        elif Path(named).is_dir():
            self._add_all(named, _files_below(named, self._report), "holds no captures and no logs")
        elif glob.has_magic(named) and not os.path.lexists(named):
            self._add_all(named, _matches(named, self._report), "matches no captures and no logs")
        else:
            self._add_one(named, _identity(named), must_be_capture=True)

    def _add_remote(self, url: str) -> None:
        try:
            files = remote_files(url)
        except InputError as error:
            self._report.problem(url, error.message)
            return
        if files == [url]:
            self._add_one(url, url, must_be_capture=True)
        else:
            self._add_all(url, files, "holds no captures and no logs")

    def _add_all(self, named: str, paths: Iterable[str], nothing: str) -> None:
        found, problems = False, len(self._report.problems)
        for path in paths:
            identity = _identity(path)
            if identity not in self._refused:
                self._add_one(path, identity, must_be_capture=says_capture(path))
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
            source = Source(path, self._max_ratio, look.format, look.time_ns, look.facts)
            self._found[identity] = (look.rank, look.time_ns or 0, source)
            return
        self._refused[identity] = must_be_capture
        if must_be_capture:
            self._report.problem(path, look.problem)


def _look(path: str) -> _Look:
    """Look into a file; a pipe or a device is left alone.

    Raises:
        OSError, ValueError: it cannot be opened.
    """
    if not is_remote(path) and not stat.S_ISREG(Path(path).stat().st_mode):
        return _Look(_Rank.PIPE, format=Format.UNKNOWN)
    # What may come out is bounded by the head, so that no ratio is needed here.
    with _opened(path, max_ratio=None, ahead=False) as stream:
        head = _Head(stream)
        beginning = head.peek(_MAGIC_BYTES)
        if is_pcap(beginning) or is_pcapng(beginning):
            return _look_at_capture(head, path)
        beginning = head.peek(_LOG_HEAD_BYTES)
    detected = detect(beginning, path)
    if detected is None:
        sentence = what_it_is(beginning) if head.failure is None else head.failure.message
        return _Look(_Rank.WITHOUT_PACKETS, problem=sentence)
    if detected.unused is not None:
        return _Look(_Rank.WITHOUT_PACKETS, problem=detected.unused)
    from netad.ingest.logs.first_time import first_line_time_ns

    time_ns = first_line_time_ns(detected.format, beginning)
    rank = _Rank.WITHOUT_PACKETS if time_ns is None else _Rank.TIMED
    return _Look(rank, time_ns, format=detected.format, facts=detected.facts)


def _look_at_capture(head: "_Head", path: str) -> _Look:
    looked = IngestReport()
    first = next(read_records(head, path, looked), None)
    if not looked.files:
        return _Look(_Rank.WITHOUT_PACKETS, problem=looked.problems[0].sentence)
    return _Look(_Rank.WITHOUT_PACKETS) if first is None else _Look(_Rank.TIMED, first.time_ns)


def what_it_is(head: bytes) -> str:
    """Return the sentence about an input that begins like this and is neither a capture nor a log."""
    if not head:
        return "is empty"
    kind = compression_of(head)
    if kind is not None:
        return f"holds {kind} data inside compressed data, and only one layer of compression is taken off"
    return "is neither a capture (pcap, pcapng) nor a log of flows (Zeek, Suricata's EVE, Argus, nfdump)"


def _opened(path: str, max_ratio: int | None, *, ahead: bool) -> BinaryIO:
    """Open a file.

    Raises:
        OSError, ValueError: it cannot be opened.
    """
    # Closed with what is made of it.
    stream = open_remote(path) if is_remote(path) else Path(path).open("rb")  # noqa: SIM115
    try:
        return decompressed(stream, max_ratio, ahead=ahead)
    except OSError:
        stream.close()
        raise


class _Head:
    """The first `_HEAD_BYTES` of a stream, of which the beginning can be looked at before it is read."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._left = _HEAD_BYTES
        self._peeked = b""
        self.failure: InputError | None = None  # what ended the stream, if it did not end well

    def peek(self, size: int) -> bytes:
        """Return the first `size` bytes, fewer where there are no more, and leave them to be read."""
        try:
            while len(self._peeked) < size and (data := self._stream.read(size - len(self._peeked))):
                self._peeked += data
        except InputError as error:
            self.failure = error
        return self._peeked[:size]

    def read(self, size: int, /) -> bytes | None:
        if self._peeked:
            data, self._peeked = self._peeked[:size], self._peeked[size:]
        elif self.failure is not None:
            raise self.failure
        else:
            data = self._stream.read(min(size, self._left)) or b""
        self._left -= len(data)
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
        return path if is_remote(path) else os.path.realpath(path)
    except ValueError:
        return path


def _is_special(path: str) -> bool:
    """Tell whether this is a pipe, socket or device, which is read only when it is named itself."""
    return Path(path).exists() and not Path(path).is_file()


def _failure(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"
