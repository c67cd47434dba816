"""Tests of netad.ingest.logs.lines."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import InputError
from netad.ingest.logs import lines as module
from netad.ingest.logs.lines import Heading, Lines


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, and may fail at its end."""

    def __init__(self, data, size, failure=None):
        self._data, self._size, self._failure = data, size, failure

    def read(self, size=-1):
        if not self._data and self._failure is not None:
            raise self._failure
        piece, self._data = self._data[: min(self._size, size)], self._data[min(self._size, size) :]
        return piece


@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=30), st.integers(1, 20))
def test_no_line_is_lost_or_cut(texts, size):
    """Whatever the pieces, chunks are whole lines in order, numbered, and make up the input."""
    data = b"".join(text + b"\n" for text in texts)
    chunks = list(Lines(Trickle(data, size)).chunks())
    assert b"".join(chunk.raw for chunk in chunks) == data
    number = 1
    for chunk in chunks:
        assert (chunk.line, chunk.cut, chunk.raw[-1:]) == (number, False, b"\n")
        number += chunk.raw.count(b"\n")


@given(st.lists(st.sampled_from([b"#a", b"b", b"", b"x#", b"  ", b"#"]), max_size=12), st.integers(0, 12),
       st.integers(1, 20), st.sampled_from(Heading), st.booleans())  # fmt: skip
def test_what_was_read_before_is_passed_over(texts, count, size, heading, bom):
    """Of it only headings come, then the lines behind it, numbered as if nothing had been passed over."""
    whole = [text + b"\n" for text in texts]
    before = (b"\xef\xbb\xbf" if bom else b"") + b"".join(whole[:count])
    lines = Lines(Trickle(before + b"".join(whole[count:]) + b"rest", size))
    found = [chunk.raw for chunk in lines.pass_over(len(before), heading)]
    wanted = {
        Heading.NONE: [],
        Heading.FIRST: whole[:count][:1],
        Heading.REMARKS: [line for line in whole[:count] if line.startswith(b"#")],
    }
    assert b"".join(found) == b"".join(wanted[heading])
    assert lines.whole == len(before)
    *chunks, last = lines.chunks()
    assert b"".join(chunk.raw for chunk in chunks) == b"".join(whole[count:])
    assert (last.raw, last.cut, last.line) == (b"rest\n", True, len(whole) + 1)
    assert lines.whole == lines.taken - 4


def test_long_lines_are_passed_over_in_bounded_memory(monkeypatch):
    """A remark that is too long is none, and what comes behind it is found."""
    monkeypatch.setattr(module, "MAX_LINE", 100)
    monkeypatch.setattr(module, "_CHUNK", 64)
    before = b"#a\n#" + b"x" * 1000 + b"\n#b\n"
    lines = Lines(io.BytesIO(before + b"c\n"))
    found = b"".join(chunk.raw for chunk in lines.pass_over(len(before), Heading.REMARKS))
    assert found.startswith(b"#a\n#x")
    assert found.endswith(b"\n#b\n")
    assert len(found) < 200
    assert [(chunk.raw, chunk.line) for chunk in lines.chunks()] == [(b"c\n", 4)]


def test_chunks_are_bounded(monkeypatch):
    """A large input comes in pieces."""
    monkeypatch.setattr(module, "_CHUNK", 64)
    chunks = list(Lines(io.BytesIO(b"0123456789\n" * 100)).chunks())
    assert [chunk.line for chunk in chunks] == sorted(chunk.line for chunk in chunks)
    assert max(len(chunk.raw) for chunk in chunks) <= 64 + 11
    assert sum(len(chunk.raw) for chunk in chunks) == 1100


def test_a_last_line_without_its_end_comes_alone():
    """It is marked, and gets the newline it lacks."""
    first, last = Lines(io.BytesIO(b"one\ntwo")).chunks()
    assert (first.raw, first.cut, last.raw, last.line, last.cut) == (b"one\n", False, b"two\n", 2, True)


def test_a_line_that_is_too_long_is_left_out(monkeypatch):
    """What is longer than the limit costs that line, wherever pieces end, and is known by its number."""
    monkeypatch.setattr(module, "MAX_LINE", 100)
    monkeypatch.setattr(module, "_CHUNK", 64)
    lines = Lines(io.BytesIO(b"a\n" + b"x" * 1000 + b"\nb\n" + b"y" * 1000))
    assert b"".join(chunk.raw for chunk in lines.chunks()) == b"a\nb\n"
    assert lines.left_out == [2, 4]


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    """What Windows tools put in front is passed over."""
    (chunk,) = Lines(io.BytesIO(b"\xef\xbb\xbf{}\n")).chunks()
    assert chunk.raw == b"{}\n"
    assert chunk.data.tolist() == list(b"{}\n")


@pytest.mark.parametrize("failure", [InputError("is damaged"), OSError("no")])
def test_what_was_read_before_an_error_is_not_lost(failure):
    """Whole lines come, then the error; a line that it cut does not."""
    seen = []
    with pytest.raises(type(failure)):
        seen.extend(Lines(Trickle(b"one\ntwo\nthr", 3, failure)).chunks())
    reading = Lines(Trickle(b"one\ntwo\nthr", 3, failure)).chunks()
    assert next(reading).raw == b"one\ntwo\n"
    with pytest.raises(type(failure)):
        next(reading)
