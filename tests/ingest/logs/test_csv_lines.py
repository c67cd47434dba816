"""Tests of netad.ingest.logs.csv_lines."""

import pytest

from netad.ingest.logs import csv_lines as module
from netad.ingest.logs.columns import Reading, log_text
from netad.ingest.logs.csv_lines import CsvLines
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import Ledger
from netad.ingest.report import IngestReport

NAMES = {"alpha": "a", "al": "a", "beta": "b"}


def read(*raws, needed=("a",), trailer=b"Summary"):
    """Return (line, a, b) of every row of chunks, and the report."""
    report = IngestReport()
    lines = CsvLines(Ledger("x", report), NAMES, needed, trailer)
    found, number = [], 1
    for raw in raws:
        for fields in lines.fields(Chunk(raw, number)):
            reading = Reading(fields)
            texts = [reading.texts(name, log_text).tolist() for name in ("a", "b")]
            found += zip(fields.lines.tolist(), *texts, strict=True)
        number += raw.count(b"\n")
    return found, report


@pytest.mark.parametrize("separator", [b",", b"\t"])
def test_the_first_line_says_what_is_where(separator):
    """Whatever the case of its names; unknown columns are passed over."""
    raw = b" Beta ,Gamma,ALPHA\r\n1,2,3\r\n4,5,6\r\n".replace(b",", separator)
    assert read(raw)[0] == [(2, "3", "1"), (3, "6", "4")]


def test_chunks_go_on(monkeypatch):
    """The header is that of the first one; rows come in pieces."""
    monkeypatch.setattr(module, "ROWS", 2)
    found, _ = read(b"alpha,beta\n1,2\n3,4\n5,6\n", b"7,8\n")
    assert found == [(2, "1", "2"), (3, "3", "4"), (4, "5", "6"), (5, "7", "8")]


def test_a_header_that_comes_again_and_remarks():
    """As files put together have them."""
    found, report = read(b"alpha,beta\n1,2\nalpha,beta\n3,4\n# remark\n\n5,6\n")
    assert [(line, a) for line, a, _ in found] == [(2, "1"), (4, "3"), (7, "5")]
    assert report.skipped == {}


def test_nothing_is_read_of_a_trailer():
    """Up to the next header, in this chunk or a later one."""
    found, report = read(b"alpha,beta\n1,2\nSummary\nflows,bytes\n9,9\n", b"8,8\nalpha,beta\n3,4\n")
    assert [(line, a) for line, a, _ in found] == [(2, "1"), (8, "3")]
    assert report.skipped == {}


def test_of_two_columns_of_one_name_the_first_counts():
    """And of two names for the same."""
    assert read(b"alpha,al,alpha\n1,2,3\n")[0] == [(2, "1", "")]


def test_bad_lines_and_a_bad_header():
    """One line is a bad line; all of them, or a column that is not there, are one error."""
    found, report = read(b"alpha,beta\n1,2\n3\n")
    assert (len(found), [bad.sentence for bad in report.bad_lines]) == (1, ["has 1 fields, and the header promises 2"])
    found, report = read(b"alpha,beta\n1\n3\n", b"4\n")
    assert (found, report.skipped) == ([], {"bad_line": 3})
    assert [problem.sentence for problem in report.problems] == [
        "has 1 field in its lines from line 2 on, and its header promises 2"
    ]
    found, report = read(b"beta,gamma\n1,2\n")
    assert (found, [problem.sentence for problem in report.problems]) == ([], ["has no column for the a in its header"])
