"""Tests of netad.ingest.framing."""

import io

from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.framing import ByteStream, Octets


class Dripping:
    """A stream that gives at most `most` bytes a read, as a pipe may."""

    def __init__(self, data: bytes, most: int) -> None:
        self._stream, self._most = io.BytesIO(data), most

    def read(self, size: int, /) -> bytes | None:
        return self._stream.read(min(size, self._most))


def octets(data: bytes, most: int = 3) -> Octets:
    stream: ByteStream = Dripping(data, most)
    return Octets(stream)


def test_take_joins_short_reads():
    """A take is as long as was asked for although the stream gives three bytes at a time."""
    source = octets(b"0123456789")
    assert [source.take(8), source.take(8), source.take(8)] == [b"01234567", b"89", b""]
    assert source.taken == 10


def test_peek_takes_nothing():
    """What was peeked at is still there, and counted only when taken."""
    source = octets(b"0123456789")
    assert source.peek(4) == b"0123"
    assert source.peek(2) == b"01"
    assert source.taken == 0
    assert source.take(2) == b"01"
    assert source.peek(20) == b"23456789"
    assert source.take(20) == b"23456789"


def test_skip_says_how_far_it_came():
    """A skip past the end returns what there was."""
    source = octets(bytes(200_000), most=70_000)
    assert source.skip(150_000) == 150_000
    assert source.skip(150_000) == 50_000
    assert source.taken == 200_000


def test_a_stream_that_has_nothing_ready_has_ended():
    """None, which a non-blocking stream gives, ends the input instead of looping."""

    class Nothing:
        def read(self, _: int, /) -> bytes | None:
            return None

    assert Octets(Nothing()).take(5) == b""


@given(st.binary(max_size=300), st.integers(1, 7), st.lists(st.tuples(st.sampled_from("pts"), st.integers(0, 60))))
def test_any_mix_of_calls_gives_the_bytes_in_order(data, most, calls):
    """Peeks, takes and skips of any sizes see every byte once and in order."""
    source = octets(data, most)
    at = 0
    for call, size in calls:
        expected = data[at : at + size]
        if call == "p":
            assert source.peek(size) == expected
            continue
        if call == "t":
            assert source.take(size) == expected
        else:
            assert source.skip(size) == len(expected)
        at += len(expected)
        assert source.taken == at
