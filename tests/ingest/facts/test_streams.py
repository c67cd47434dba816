"""Tests of netad.ingest.facts.streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import StateError
from netad.ingest.facts.streams import IDLE_NS, Stream, Streams, key_of
from tests.ingest.frames import segment

KEY = ((0, 1), 1, (0, 2), 2)
TEXT = bytes(range(40))


@given(st.permutations(range(8)), st.sampled_from((0, 77, 2**32 - 9)))
def test_segments_in_any_order(order, start):
    """Whatever order they come in, repeated or overlapping, octets end up in theirs, past the wrap too."""
    stream = Stream(start, 0, 100)
    for number in (0, *order):
        at = number * 5
        stream.add((start + at) % 2**32, TEXT[at : at + 7])
    assert stream.octets == TEXT[:42]


def test_early_segments_wait():
    """Nothing behind a gap is given before the gap is filled."""
    stream = Stream(0, 0, 100)
    stream.add(5, b"later")
    assert stream.octets == b""
    stream.add(0, b"first")
    assert stream.octets == b"firstlater"


def test_what_waits_is_bounded():
    """Segments too far ahead, too large or too many are forgotten."""
    stream = Stream(0, 0, 100)
    stream.add(1, bytes(100))
    stream.add(99, b"ab")
    for at in range(2, 60, 2):
        stream.add(at, b"x")
    stream.add(0, b"01")
    assert stream.octets == b"01x"


def test_taken_octets_that_never_came_are_passed_over():
    """Who takes more than is here passes over what follows."""
    stream = Stream(0, 0, 100)
    stream.add(0, b"abcd")
    stream.take(6)
    stream.add(4, b"efgh")
    assert stream.octets == b"gh"
    stream.take(2)
    stream.add(8, b"ij")
    assert stream.octets == b"ij"


def test_repeated_octets_are_known():
    """A number before the next one expected came already."""
    stream = Stream(10, 0, 100)
    stream.add(10, b"ab")
    assert stream.holds(11)
    assert not stream.holds(12)


def test_idle_streams_are_given_up():
    """A stream that is asked for in between stays."""
    streams = Streams(lambda: Stream(0, 0, 10))
    for place in range(2):
        streams.put((*KEY[:3], place), Stream(0, 0, 10))
    streams.find((*KEY[:3], 1), 5)
    assert [key[3] for key, _ in streams.given_up(IDLE_NS)] == [0]
    assert streams.find((*KEY[:3], 0), IDLE_NS) is None
    assert [key[3] for key, _ in streams.given_up()] == [1]


def test_the_idlest_goes_when_there_are_too_many(monkeypatch):
    """The table is bounded."""
    monkeypatch.setattr("netad.ingest.facts.streams._MAX_STREAMS", 2)
    streams = Streams(lambda: Stream(0, 0, 10))
    for place in range(4):
        streams.put((*KEY[:3], place), Stream(0, 0, 10))
    assert [key[3] for key, _ in streams.given_up(1)] == [0, 1]


def test_key_has_the_sender_first():
    """Both directions are streams of their own."""
    forth, back = segment(0, "A"), segment(0, "A", back=True)
    assert key_of(forth) == (forth.src, 40000, forth.dst, 8080)
    assert key_of(back) == (forth.dst, 8080, forth.src, 40000)


@given(st.integers(0, 9), st.permutations([(at, bytes([at]) * 3) for at in range(0, 24, 3)]))
def test_streams_are_carried(cut, segments):
    """Octets in order, segments that came early and what is to be skipped: another table goes on with them."""
    one = Streams(lambda: Stream(0, 0, 100))
    one.put(KEY, Stream(0, 5, 100))
    for seq, data in segments[:cut]:
        one.find(KEY, seq).add(seq, data)
    one.find(KEY, 7).take(4)
    other = Streams(lambda: Stream(0, 0, 100))
    other.resume(one.carry())
    for streams in (one, other):
        for seq, data in segments[cut:]:
            streams.find(KEY, 9).add(seq, data)
    assert other.carry() == one.carry() | {"keys": other.carry()["keys"]}
    assert other.find(KEY, 0).octets == one.find(KEY, 0).octets
    assert not one.find((*KEY[:3], 1), 0)


def test_a_damaged_stream_is_an_error_of_the_state():
    """Numbers, segments and keys that are missing are."""
    one = Streams(lambda: Stream(0, 0, 100))
    one.put(KEY, Stream(0, 5, 100))
    state = one.carry()
    for stream in ({"numbers": [1]}, {"ahead": [1]}, {"segments": [1], "ahead": [1]}, {"octets": None}):
        with pytest.raises(StateError):
            Streams(lambda: Stream(0, 0, 100)).resume(state | {"streams": {"0": state["streams"]["0"] | stream}})
    with pytest.raises(StateError):
        Streams(lambda: Stream(0, 0, 100)).resume(state | {"keys": state["keys"][:0]})
