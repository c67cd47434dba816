"""Tests of netad.ingest.facts.streams."""

from hypothesis import given
from hypothesis import strategies as st

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
    streams = Streams()
    for place in range(2):
        streams.put((*KEY[:3], place), Stream(0, 0, 10))
    streams.find((*KEY[:3], 1), 5)
    assert [key[3] for key, _ in streams.given_up(IDLE_NS)] == [0]
    assert streams.find((*KEY[:3], 0), IDLE_NS) is None
    assert [key[3] for key, _ in streams.given_up()] == [1]


def test_the_idlest_goes_when_there_are_too_many(monkeypatch):
    """The table is bounded."""
    monkeypatch.setattr("netad.ingest.facts.streams._MAX_STREAMS", 2)
    streams = Streams()
    for place in range(4):
        streams.put((*KEY[:3], place), Stream(0, 0, 10))
    assert [key[3] for key, _ in streams.given_up(1)] == [0, 1]


def test_key_has_the_sender_first():
    """Both directions are streams of their own."""
    forth, back = segment(0, "A"), segment(0, "A", back=True)
    assert key_of(forth) == (forth.src, 40000, forth.dst, 8080)
    assert key_of(back) == (forth.dst, 8080, forth.src, 40000)
