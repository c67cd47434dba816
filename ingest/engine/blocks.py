"""Blocks of an input's bytes for the kernel, read ahead by one thread, and the same bytes for the Python readers."""

import io
import os
import select
import stat
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.framing import ByteStream

BLOCK_BYTES: Final = 1 << 20  # stays in the cache of one core
_BUFFERS: Final = 3  # one is walked, one waits, one is filled
# How long `close` waits for a thread inside a read that nothing can end (a decompressor on an idle pipe).
_PATIENCE_S: Final = 1.0

Bytes = NDArray[np.uint8]
_ReadInto = Callable[[memoryview], int]
_Filled = tuple[Bytes, int, Exception | None]


class Blocks:
    """The bytes of one stream as blocks: `data[position:end]` is what has not been taken yet.

    A kernel takes from there and moves `position`; so does `read`, for readers that want bytes. `extend` brings the
    next block and keeps up to `room` bytes that are left, which are the beginning of a record, in front of it. The
    first block is read by the caller's thread, those behind it ahead by another, which ends with the stream or at
    `close`. An error of the stream is raised where its bytes would have been. The stream itself is not closed.
    """

    def __init__(self, stream: ByteStream, room: int) -> None:
        self.data: Bytes = np.empty(room + BLOCK_BYTES, np.uint8)
        self.position = self.end = room
        self._room = room
        self._stream = stream
        self._ahead: _ReadAhead | None = None
        self._started = self._ended = False
        self._error: Exception | None = None

    def extend(self) -> bool:
        """Bring the next block, False at the end of the stream, or where it failed and bytes before that are left.

        Raises:
            Exception: what the stream raised in place of more bytes, once none are left.
        """
        if not self._ended:
            rest = self.data[self.position : self.end]
            data, count, error = self._next()
            self._ended, self._error = count < BLOCK_BYTES, error
            if count:
                self.position = self._room - len(rest)
                data[self.position : self._room] = rest
                if self._ahead is not None:
                    self._ahead.give(self.data)
                self.data, self.end = data, self._room + count
                return True
        if self._error is not None and self.position == self.end:
            raise self._error
        return False

    def read(self, size: int, /) -> bytes:
        """Take up to `size` bytes, none only at the end; raises as `extend` does."""
        if self.position == self.end and not self.extend():
            return b""
        start, self.position = self.position, min(self.position + size, self.end)
        return self.data[start : self.position].tobytes()

    def close(self) -> None:
        """End the reading thread."""
        self._ended, self._error = True, None
        if self._ahead is not None:
            self._ahead.close()

    def _next(self) -> _Filled:
        if self._ahead is not None:
            return self._ahead.take()
        if self._started:
            self._ahead = _ReadAhead(_read_into(_unbuffered(self._stream)), _waits_on(self._stream), self._room)
            for _ in range(_BUFFERS - 1):
                self._ahead.give(np.empty_like(self.data))
            return self._ahead.take()
        self._started = True
        return self._first()

    def _first(self) -> _Filled:
        data, stream = np.empty_like(self.data), self._stream
        count = 0
        if isinstance(stream, io.BufferedReader):
            # One call empties its buffer; from then on the file below it is read, without copies and without the
            # buffer's lock, which a thread that waits for a pipe would hold when the interpreter ends.
            try:
                head = stream.read1(BLOCK_BYTES)
            except OSError as error:
                return data, 0, error
            count = len(head)
            data[self._room : self._room + count] = np.frombuffer(head, np.uint8)
            if not head:
                return data, 0, None
        return _fill(data, self._room, count, _read_into(_unbuffered(stream)), lambda: True)


class _ReadAhead:
    """The thread that fills the buffers it is given, in order."""

    def __init__(self, read_into: _ReadInto, descriptor: int | None, room: int) -> None:
        self._read_into, self._descriptor, self._room = read_into, descriptor, room
        self._free: SimpleQueue[Bytes | None] = SimpleQueue()
        self._filled: SimpleQueue[_Filled] = SimpleQueue()
        self._stopping = False
        self._wake_read, self._wake_write = os.pipe() if descriptor is not None else (-1, -1)
        self._thread = threading.Thread(target=self._run, name="netad-read-ahead", daemon=True)
        self._thread.start()

    def give(self, buffer: Bytes) -> None:
        """Hand over a buffer to fill."""
        self._free.put(buffer)

    def take(self) -> _Filled:
        """Return the next buffer, the number of bytes behind its room, and what ended reading if less than a block."""
        return self._filled.get()

    def close(self) -> None:
        """Stop the thread and wait for it."""
        self._stopping = True
        self._free.put(None)
        if self._descriptor is not None:
            os.write(self._wake_write, b"x")
        self._thread.join(_PATIENCE_S)
        if self._descriptor is not None and not self._thread.is_alive():
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _run(self) -> None:
        while (buffer := self._free.get()) is not None:
            filled = _fill(buffer, self._room, 0, self._read_into, self._may_read)
            self._filled.put(filled)
            if filled[1] < BLOCK_BYTES:
                return

    def _may_read(self) -> bool:
        """Wait until a pipe has something to read; False when reading is to stop."""
        if self._descriptor is not None and not self._stopping:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            poll.register(self._wake_read, select.POLLIN)
            poll.poll()
        return not self._stopping


def _fill(data: Bytes, room: int, count: int, read_into: _ReadInto, may_read: Callable[[], bool]) -> _Filled:
    """Fill data[room + count:] until it is full, the stream ends or fails."""
    view = data[room:].data
    try:
        while count < len(view) and may_read() and (got := read_into(view[count:])):
            count += got
    except Exception as error:  # whatever it is, the thread that takes the block raises it
        return data, count, error
    return data, count, None


def _unbuffered(stream: ByteStream) -> ByteStream:
    return stream.raw if isinstance(stream, io.BufferedReader) else stream


def _read_into(stream: ByteStream) -> _ReadInto:
    """Return the function that reads into a buffer, and gives 0 at the end."""
    into = getattr(stream, "readinto", None)
    if callable(into):
        return lambda view: into(view) or 0

    def copy(view: memoryview) -> int:
        data = stream.read(len(view)) or b""
        view[: len(data)] = data
        return len(data)

    return copy


def _waits_on(stream: ByteStream) -> int | None:
    """Return the descriptor of a stream that may let its reader wait (a pipe, socket or terminal), else None."""
    fileno = getattr(_unbuffered(stream), "fileno", None)
    try:
        descriptor = int(fileno()) if callable(fileno) else None
    except OSError:  # what has none raises one of these
        return None
    if descriptor is None or stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    return descriptor
