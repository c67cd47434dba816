"""Tests of netad.ingest.logs.spans."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.logs import spans
from netad.ingest.logs.spans import ABSENT, TEXT, Table, split_lines


def split(raw, columns, *, room=100, separator=9, unset=b"-", empty=b"(empty)"):
    """Split lines; return the fields, and the kernel's state."""
    table, state = Table(tuple(str(n) for n in range(max(columns) + 1)), room), np.zeros(spans.S_FIELDS, np.int64)
    state[spans.S_LINE] = 1
    split_lines(
        np.frombuffer(raw, np.uint8), separator, np.array(columns, np.int32), np.frombuffer(unset, np.uint8),
        np.frombuffer(empty, np.uint8), table.starts, table.ends, table.kinds, table.lines, state,
    )  # fmt: skip
    return table.fields(raw, int(state[spans.S_ROWS])), state


def texts(fields):
    """Return every row's fields, None for absent ones."""
    return [
        [fields.raw[a:b].decode() if kind == TEXT else None for a, b, kind in zip(*row, strict=True)]
        for row in zip(fields.starts.tolist(), fields.ends.tolist(), fields.kinds.tolist(), strict=True)
    ]


def test_fields_go_to_their_columns():
    """Columns in any order; unwanted fields are passed over; unset and empty fields are told from others."""
    fields, state = split(b"a\t-\tc\td\n1\t2\t(empty)\t\n", [1, 0, 2, -1])
    assert texts(fields) == [[None, "a", "c"], ["2", "1", ""]]
    assert fields.lines.tolist() == [1, 2]
    assert (len(fields), "1" in fields, "9" in fields) == (2, True, False)
    assert (state[spans.S_POSITION], state[spans.S_STOP]) == (len(fields.raw), spans.ENDED)


def test_lines_may_end_as_in_windows():
    """A return in front of the newline is no part of the last field."""
    fields, _ = split(b"a\tb\r\n-\t-\r\n\r\n", [0, 1])
    assert texts(fields) == [["a", "b"], [None, None]]


def test_lines_with_another_number_of_fields_are_refused():
    """They are counted, the first three with line and number; blank ones are neither."""
    fields, state = split(b"a\tb\n\nx\ny\ty\ty\nz\nz\na\tb\n", [0, 1])
    assert texts(fields) == [["a", "b"], ["a", "b"]]
    assert fields.lines.tolist() == [1, 7]
    assert state[spans.S_BAD] == 4
    assert state[spans.S_SHOWN :].tolist() == [3, 1, 4, 3, 5, 1]


def test_it_stops_at_a_header_and_for_want_of_room():
    """The caller goes on where it stopped."""
    fields, state = split(b"a\n#fields\nb\n", [0])
    assert (texts(fields), state[spans.S_STOP], state[spans.S_POSITION]) == ([["a"]], spans.HEADER, 2)
    fields, state = split(b"a\nb\nc\n", [0], room=2)
    assert (len(fields), state[spans.S_STOP], state[spans.S_POSITION], state[spans.S_LINE]) == (2, spans.FULL, 4, 3)


def test_a_line_that_is_too_long_is_refused():
    """However many fields it has."""
    fields, state = split(b"x" * (1 << 20) + b"\tb\na\tb\n", [0, 1])
    assert texts(fields) == [["a", "b"]]
    assert state[spans.S_SHOWN : spans.S_SHOWN + 2].tolist() == [1, spans.TOO_LONG]


@given(st.lists(st.lists(st.text("ab-,", max_size=4), min_size=1, max_size=4), max_size=20))
def test_it_splits_as_python_does(rows):
    """Every row with the promised number of fields, with the same fields."""
    raw = "".join(",".join(row) + "\n" for row in [[field.replace(",", "") for field in row] for row in rows]).encode()
    fields, _ = split(raw, [0, 1], separator=ord(","), empty=b"")
    expected = [line.split(",") for line in raw.decode().split("\n") if line.count(",") == 1]
    assert texts(fields) == [[None if field == "-" else field for field in row] for row in expected]
    assert {int(kind) for kind in fields.kinds.reshape(-1)} <= {ABSENT, TEXT}


@pytest.mark.parametrize("raw", [b"\n", b"\r\n", b"\n\n\n"])
def test_blank_lines_are_nothing(raw):
    """Neither rows nor refused."""
    fields, state = split(raw, [0, 1])
    assert (len(fields), state[spans.S_BAD]) == (0, 0)
