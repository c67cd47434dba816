"""Tests of netad.ingest.logs.columns."""

import numpy as np

from netad.ingest.logs.columns import Codes, Reading, log_text
from netad.ingest.logs.spans import ABSENT, COMPOSITE, TEXT, Fields
from netad.ingest.logs.values import text_hash

RAW = b"tcpudp1b0x\xc3\xa9"


def fields():
    """Three rows: name `p` is tcp, udp, absent; `f` is 1b, 0x, absent; `l` is a list in the first row, then text."""
    starts = np.array([[0, 6, 0], [3, 8, 10], [0, 0, 10]], np.int32)
    ends = np.array([[3, 8, 3], [6, 10, 12], [0, 0, 12]], np.int32)
    kinds = np.array([[TEXT, TEXT, COMPOSITE], [TEXT, TEXT, TEXT], [ABSENT, ABSENT, TEXT]], np.uint8)
    return Fields(RAW, ("p", "f", "l"), starts, ends, kinds, np.array([4, 5, 6]))


def test_codes():
    """Known texts get their number, others and absent ones the one for them."""
    codes = Codes({"tcp": 6, "udp": 17}, 255)
    assert Reading(fields()).codes("p", codes).tolist() == [6, 17, 255]
    assert codes.of(np.array([text_hash("udp"), 1], dtype=np.uint64)).tolist() == [17, 255]


def test_rows_may_be_chosen():
    """Columns are those of the rows asked for, in their order."""
    reading = Reading(fields(), np.array([1, 0]))
    assert (len(reading), reading.raws("p")) == (2, [b"udp", b"tcp"])
    assert reading.has("p").tolist() == [True, True]


def test_fields_that_are_not_there():
    """Numbers are 0, texts empty, and times and addresses no fault of the rows: the header lacks them."""
    reading = Reading(fields())
    assert "x" not in reading
    assert "p" in reading
    assert reading.has("x").tolist() == reading.has("p")[:0].tolist() + [False] * 3
    assert reading.counts("x").tolist() == reading.times("x").tolist() == reading.durations("x").tolist() == [0, 0, 0]
    assert reading.hashes("x").tolist() == [0, 0, 0]
    assert reading.texts("x", log_text).tolist() == ["", "", ""]
    assert reading.raws("x") == [b"", b"", b""]
    assert reading.short("x", 3).tolist() == [b"", b"", b""]
    assert reading.addresses("x")[0].tolist() == [0, 0, 0]
    assert not reading.faults.any()


def test_texts():
    """What is absent, or no text, is empty."""
    assert Reading(fields()).texts("p", log_text).tolist() == ["tcp", "udp", ""]
    assert Reading(fields()).texts("l", log_text).tolist() == ["", "\\xc3\\xa9", "\\xc3\\xa9"]


def test_hex_bytes():
    """One or two hex digits; anything else is 0."""
    assert Reading(fields()).hex_bytes("f").tolist() == [0x1B, 0, 0]
    one = Reading(Fields(b"f1fff", ("f",), np.array([[0], [0], [2]], np.int32), np.array([[1], [2], [5]], np.int32),
                         np.full((3, 1), TEXT, np.uint8), np.arange(3)))  # fmt: skip
    assert one.hex_bytes("f").tolist() == [15, 0xF1, 0]


def test_log_text():
    """Nothing that could draw on a terminal; what Zeek escaped stays as it wrote it."""
    assert log_text(b"plain \\x09 text") == "plain \\x09 text"
    assert log_text(b"\x1b[31m\x7f\xff") == "\\x1b[31m\\x7f\\xff"


def test_the_first_fault_of_a_row_stays():
    """Faults of a part of the rows are taken over, and no row is blamed for a column that it never had."""
    reading = Reading(fields())
    reading.faults[:] = (2, 0, 0)
    reading.blame(np.array([True, True, False]), np.array([1, 3], np.int16))
    assert reading.faults.tolist() == [2, 3, 0]
