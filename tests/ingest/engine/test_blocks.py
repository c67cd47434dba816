"""Tests of netad.ingest.engine.blocks."""

import io
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.ingest.engine.blocks import BLOCK_BYTES, Blocks

ROOM = 1000
LONG = bytes(range(256)) * (3 * BLOCK_BYTES // 256) + b"the end"


class Pieces:
    """A stream that only has `read`, gives at most `size` bytes, and then raises `error` if there is one."""

    def __init__(self, data, size=1 << 16, error=None):
        self._stream, self._size, self._error = io.BytesIO(data), size, error

    def read(self, size, /):
        data = self._stream.read(min(size, self._size))
        if not data and self._error is not None:
            raise self._error
        return data


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "netad-read-ahead"]


def all_blocks(blocks, leave=0):
    """Return the stream's bytes, taken block by block, with up to `leave` bytes of each left for the next one."""
    taken = []
    while blocks.extend():
        end = max(blocks.end - leave, blocks.position)
        taken.append(blocks.data[blocks.position : end].tobytes())
        blocks.position = end
    return b"".join(taken) + blocks.data[blocks.position : blocks.end].tobytes()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(LONG)
    return path


@pytest.mark.parametrize("leave", [0, 1, ROOM])
@pytest.mark.parametrize("size", [1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, len(LONG)])
def test_a_file_in_blocks(tmp_path, size, leave):
    """Every byte once and in order, whatever the length, with the rest of a block in front of the next."""
    path = tmp_path / "file"
    path.write_bytes(LONG[-size:])
    with path.open("rb") as stream:
        blocks = Blocks(stream, ROOM)
        assert all_blocks(blocks, leave) == LONG[-size:]
        assert not blocks.extend()
        blocks.close()
    assert threads() == []


def test_any_stream_will_do(file):
    """Buffered files of which something was read already, raw ones, memory, streams without readinto."""
    with file.open("rb") as buffered, file.open("rb", buffering=0) as raw:
        assert buffered.read(10) == LONG[:10]
        for stream, expected in ((buffered, LONG[10:]), (raw, LONG), (io.BytesIO(LONG), LONG), (Pieces(LONG), LONG)):
            blocks = Blocks(stream, ROOM)
            assert all_blocks(blocks) == expected
            blocks.close()


@settings(max_examples=10)
@given(st.lists(st.integers(1, BLOCK_BYTES), min_size=1, max_size=20))
def test_bytes_and_blocks_are_the_same_stream(sizes):
    """`read` goes on where a block was left, gives no more than asked, and nothing only at the end."""
    blocks = Blocks(io.BytesIO(LONG), ROOM)
    taken = []
    for number, size in enumerate(sizes):
        if number % 2:
            data = blocks.read(size)
            assert 0 < len(data) <= size or b"".join(taken) == LONG
            taken.append(data)
        elif blocks.position < blocks.end:
            start, blocks.position = blocks.position, min(blocks.position + size, blocks.end)
            taken.append(blocks.data[start : blocks.position].tobytes())
    while data := blocks.read(1 << 20):
        taken.append(data)
    blocks.close()
    assert b"".join(taken) == LONG


@pytest.mark.parametrize("size", [0, 10, BLOCK_BYTES, 3 * BLOCK_BYTES])
def test_an_error_comes_where_its_bytes_would_have_been(size):
    """What was read before it is given first; it is raised every time after."""
    blocks = Blocks(Pieces(LONG[:size], error=OSError(5, "Input/output error")), ROOM)
    assert b"".join(blocks.read(1 << 18) for _ in range(-(-size // (1 << 18)))) == LONG[:size]
    with pytest.raises(OSError, match="Input/output"):
        blocks.read(1)
    with pytest.raises(OSError, match="Input/output"):
        blocks.extend()
    blocks.close()
    assert threads() == []


def test_a_stream_left_early_leaves_no_thread(file):
    """Closing ends the thread, with blocks that nobody took."""
    with file.open("rb") as stream:
        blocks = Blocks(stream, ROOM)
        assert blocks.extend()
        blocks.position = blocks.end
        assert blocks.extend()
        blocks.close()
    assert threads() == []


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_silent_pipe_left_early_leaves_no_thread(wrapped):
    """The thread waits for a pipe that stays open; closing wakes it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") if wrapped else io.FileIO(reading) as stream:
        writer = threading.Thread(target=os.write, args=(writing, bytes(2 * BLOCK_BYTES + 5)))
        writer.start()
        blocks = Blocks(stream, ROOM)
        for _ in range(2):
            assert blocks.extend()
            blocks.position = blocks.end
        writer.join()
        assert len(threads()) == 1  # in a block that is never full
        blocks.close()
        os.close(writing)
    assert threads() == []


def test_small_streams_need_no_thread():
    """One block is read by the caller."""
    blocks = Blocks(io.BytesIO(b"abc"), ROOM)
    assert blocks.read(10) == b"abc"
    assert not blocks.extend()
    assert blocks._ahead is None
    blocks.close()
