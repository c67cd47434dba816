"""Compressed captures: gzip, zstd, xz and bzip2 taken off a stream, told by content, with bounds on what comes out."""

import bz2
import io
import lzma
import os
import select
import sys
import threading
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import BinaryIO, Final, Protocol, cast

from netad.core.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Real captures shrink to a tenth; below a MiB of output the first bytes alone can look like more than this.
DEFAULT_MAX_RATIO: Final = 1000
_RATIO_FREE: Final = 1 << 20

# What one decompressor may hold. zstd's own tools refuse larger windows unless told otherwise; xz -9 takes 65 MiB.
_MEMORY_LOG: Final = 27
_MEMORY: Final = 1 << _MEMORY_LOG

_READ: Final = 1 << 17
# A call that meets damage loses what it had decompressed: short calls first, so that little files lose little.
_FIRST_PIECE, _LONGEST_PIECE = 1 << 12, 1 << 18
_PIECES_AHEAD: Final = 8

_LONGEST_MAGIC: Final = 6


class _Decompressor(Protocol):
    """What bz2, lzma and zstd share: one member (frame, stream) of compressed data."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the interface of the others. It verifies each member's checksum."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


def _zstd() -> _Decompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _MEMORY_LOG})


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)


_CODECS: Mapping[str, Callable[[], _Decompressor]] = {"gzip": _Gzip, "zstd": _zstd, "xz": _xz,
                                                      "bzip2": bz2.BZ2Decompressor}  # fmt: skip
# bz2 says OSError for bad data; errors of reading are raised elsewhere.
_DAMAGE = (zlib.error, zstd.ZstdError, lzma.LZMAError, OSError)


def compression_of(head: bytes) -> str | None:
    """Return the name of the compression that data with this beginning (6 bytes are enough) has, None without one."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    # The second form is a skippable frame, with which parallel compressors begin (RFC 8878, 3.1.2).
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return "zstd"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    return "bzip2" if head.startswith(b"BZh") else None


def decompressed(
    stream: BinaryIO, max_ratio: int | None = DEFAULT_MAX_RATIO, *, ahead: bool = True, owned: bool = True
) -> BinaryIO:
    """Return a stream of what `stream` holds: decompressed if it is compressed, else the bytes as they are.

    It has `read` and `readinto`, both with short reads; closing it closes `stream` too if that is `owned`. One layer of
    compression is taken off, of any number of members (gzip), frames (zstd) or streams (xz, bzip2) one after the
    other. With `ahead`, a thread decompresses ahead of the reader by at most 2 MiB, and ends when the stream is closed.
    A zstd window or an xz dictionary may take 128 MiB.

    Reading raises InputError, its message a sentence that goes on after the path, once everything that could be
    decompressed has been read: the data are cut or damaged, need too much memory, or give (beyond the first MiB) more
    than `max_ratio` bytes for each byte of the file; None sets no such bound.

    Raises:
        OSError: the beginning cannot be read.
    """
    source = cast("io.BufferedIOBase", stream)  # what typing calls sys.stdin.buffer has no read1
    head = b""
    while len(head) < _LONGEST_MAGIC and (data := source.read1(_READ)):
        head += data  # all that was buffered: from here on the buffer is passed by
    kind = compression_of(head)
    if kind is not None:
        feed = _Feed(source, head)
        return cast("BinaryIO", Decompressed(source, feed, _Members(feed, kind, max_ratio), ahead=ahead, owned=owned))
    if owned and source.seekable():
        source.seek(-len(head), os.SEEK_CUR)
        return stream
    return io.BufferedReader(_Plain(source, head, owned))


def bytes_of_file(stream: BinaryIO, taken: int) -> int:
    """Return how many bytes were read from the file for the `taken` bytes that the reader has had from `stream`."""
    return stream.file_bytes if isinstance(stream, Decompressed) else taken


def _unbuffered(stream: io.BufferedIOBase) -> io.BufferedIOBase | io.RawIOBase:
    """Return what a buffer whose bytes were taken stands on: a thread that waits for a pipe must not hold its lock."""
    return stream.raw if isinstance(stream, io.BufferedReader) else stream


class _Feed:
    """The compressed bytes in pieces, the last one empty. `stop` ends a `read` that waits for a pipe, in any thread."""

    def __init__(self, stream: io.BufferedIOBase, head: bytes) -> None:
        self._stream, self._head = _unbuffered(stream), head
        self.taken = 0
        self._poll: select.poll | None = None
        self._wake: tuple[int, int] | None = None
        if not stream.seekable():
            self._poll, self._wake = select.poll(), os.pipe()
            self._poll.register(stream.fileno(), select.POLLIN)
            self._poll.register(self._wake[0], select.POLLIN)

    def read(self) -> bytes:
        data, self._head = self._head, b""
        if not data and not self._stopped_while_waiting():
            data = self._stream.read(_READ) or b""
        self.taken += len(data)
        return data

    def _stopped_while_waiting(self) -> bool:
        if self._poll is None or self._wake is None:
            return False
        return any(handle == self._wake[0] for handle, _ in self._poll.poll())

    def stop(self) -> None:
        if self._wake is not None:
            os.write(self._wake[1], b"x")

    def close(self) -> None:
        if self._wake is not None:
            for handle in self._wake:
                os.close(handle)


@dataclass(slots=True)
class _Members:
    """Decompresses what a feed gives, member by member."""

    feed: _Feed
    kind: str
    max_ratio: int | None
    given: int = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield what is decompressed, at most 256 KiB at a time.

        Raises:
            InputError: the data are cut, damaged or a bomb; everything before was yielded.
            OSError: the stream cannot be read.
        """
        data, members = self.feed.read(), 0
        while data:
            data = yield from self._member(data, members)
            members += 1
            # Tapes and block devices pad with zeros; xz allows them between streams.
            while not (data := data.lstrip(b"\0")) and (data := self.feed.read()):
                pass

    def _member(self, data: bytes, members: int) -> Generator[bytes, None, bytes]:
        """Yield the pieces of one member that begins with `data`; return what follows it."""
        decompressor, size, before = _CODECS[self.kind](), _FIRST_PIECE, self.given
        ended = False
        while True:
            try:
                piece = decompressor.decompress(data, size)
            except _DAMAGE as error:
                raise self._damage(error, extra=members > 0 and self.given == before) from error
            if piece:
                self._count(len(piece))
                yield piece
            if decompressor.eof:
                return decompressor.unused_data
            size, data = min(size * 2, _LONGEST_PIECE), b""
            if decompressor.needs_input and not ended:
                data = self.feed.read()
                ended = not data
            elif ended and not piece:
                raise InputError(f"is cut: its {self.kind} data end in the middle, after {self.given:,} bytes of "
                                 "what was compressed")  # fmt: skip

    def _count(self, size: int) -> None:
        self.given += size
        if self.max_ratio is not None and self.given > max(_RATIO_FREE, self.max_ratio * self.feed.taken):
            raise InputError(f"holds more than {self.max_ratio:,} bytes for each byte of its {self.kind} data, as a "
                             "decompression bomb does; reading stopped there (see --max-ratio)")  # fmt: skip

    def _damage(self, error: Exception, *, extra: bool) -> InputError:
        if "memory" in str(error).lower():  # "Memory usage limit exceeded", "Frame requires too much memory"
            return InputError(f"needs more than {_MEMORY >> 20} MiB of memory to be decompressed from {self.kind}; "
                              "compress it again with a smaller window")  # fmt: skip
        if extra:
            return InputError(f"has something that is no {self.kind} data behind its {self.kind} data; "
                              "that was left out")  # fmt: skip
        return InputError(f"is damaged: its {self.kind} data cannot be decompressed beyond {self.given:,} bytes "
                          f"({error}); reading stopped there")  # fmt: skip


class _Ahead:
    """Runs an iterator of pieces in a thread, at most `_PIECES_AHEAD` ahead of who takes them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._free = threading.Semaphore(_PIECES_AHEAD)
        self._queue: SimpleQueue[bytes | Exception] = SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="netad-decompress", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        end: bytes | Exception = b""
        try:
            for piece in self._pieces:
                self._free.acquire()
                if self._stopped:
                    break
                self._queue.put(piece)
        except Exception as error:  # raised where the pieces are taken
            end = error
        self._queue.put(end)

    def __iter__(self) -> Iterator[bytes]:
        while item := self._queue.get():
            if isinstance(item, Exception):
                raise item
            self._free.release()
            yield item

    def stop(self, feed: _Feed) -> None:
        self._stopped = True
        self._free.release()
        feed.stop()
        self._thread.join()


class Decompressed(io.RawIOBase):
    """The decompressed bytes of a stream, in order; made by `decompressed`."""

    def __init__(self, stream: io.BufferedIOBase, feed: _Feed, members: _Members, *, ahead: bool, owned: bool) -> None:
        self._stream, self._feed, self._owned = stream, feed, owned
        self._ahead = _Ahead(members.pieces()) if ahead else None
        self._pieces = iter(self._ahead) if self._ahead is not None else members.pieces()
        self._piece = memoryview(b"")

    @property
    def file_bytes(self) -> int:
        """How many bytes of the file were read so far."""
        return self._feed.taken

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill the beginning of `buffer` and return how many bytes were written, 0 at the end."""
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._piece))
        target[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def close(self) -> None:
        """End the thread, and close the stream below if it is owned."""
        if not self.closed:
            if self._ahead is not None:
                self._ahead.stop(self._feed)
            self._feed.close()
            if self._owned:
                self._stream.close()
        super().close()


class _Plain(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, stream: io.BufferedIOBase, head: bytes, owned: bool) -> None:
        self._stream, self._head, self._owned = stream, head, owned
        self._below = _unbuffered(stream)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        if not self._head:
            return self._below.readinto(buffer) or 0
        count = min(len(buffer), len(self._head))
        buffer[:count], self._head = self._head[:count], self._head[count:]
        return count

    def close(self) -> None:
        if not self.closed and self._owned:
            self._stream.close()
        super().close()
