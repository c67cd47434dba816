"""Tests of netad.ingest.logs.parser."""

import numpy as np

from netad.ingest.facts.batch import FactKind
from netad.ingest.logs import spans
from netad.ingest.logs.parser import Ledger, Part
from netad.ingest.report import BAD_LINES_SHOWN, IngestReport


def state(*refused, count=None):
    """Return a kernel's state with lines it refused, as (line, what)."""
    numbers = np.zeros(spans.S_FIELDS, np.int64)
    numbers[spans.S_BAD] = len(refused) if count is None else count
    for at, pair in enumerate(refused[: spans.BAD_SHOWN]):
        numbers[spans.S_SHOWN + 2 * at : spans.S_SHOWN + 2 * at + 2] = pair
    return numbers


def test_times_are_those_at_which_records_count():
    """A flow's end, a fact's time."""
    assert Part(None, {"first_ns": np.array([1]), "last_ns": np.array([2])}).times.tolist() == [2]
    assert len(Part(FactKind.TLS, {"time_ns": np.array([3, 4])})) == 2


def test_bad_lines_are_shown_up_to_a_limit():
    """Three of a log, and so many of all; all are counted."""
    report = IngestReport()
    for log in range(20):
        ledger = Ledger(str(log), report)
        for line in range(5):
            ledger.bad(line, "is bad")
        assert ledger.refused == 5
    assert report.skipped["bad_line"] == 100
    assert len(report.bad_lines) == BAD_LINES_SHOWN
    assert [(bad.path, bad.line) for bad in report.bad_lines[:4]] == [("0", 0), ("0", 1), ("0", 2), ("1", 0)]


def test_refused_lines():
    """What a kernel noted, in words; its count is cleared."""
    report = IngestReport()
    numbers = state((3, 1), (4, spans.TOO_LONG), (5, -2), count=1000)
    Ledger("x", report).refuse(numbers, 21)
    assert report.skipped == {"bad_line": 1000}
    assert [bad.sentence for bad in report.bad_lines] == [
        "has 1 fields, and the header promises 21", "is longer than 1 MiB", "is no JSON object"]  # fmt: skip
    assert numbers[spans.S_BAD] == 0


def test_a_wrong_header_is_said_once():
    """Where no line fits; a line that is too long says nothing about the header."""
    report = IngestReport()
    ledger = Ledger("x", report)
    assert ledger.refuse_lines(state((3, 20)), 21, 0)
    assert ledger.refuse_lines(state((4, 20)), 21, 0, known=True)
    assert not ledger.refuse_lines(state((5, 20)), 21, 7)
    assert not ledger.refuse_lines(state((6, spans.TOO_LONG)), 21, 0)
    assert not ledger.refuse_lines(state(), 21, 0)
    assert [problem.sentence for problem in report.problems] == [
        "has 20 fields in its lines from line 3 on, and its header promises 21"]  # fmt: skip
    assert report.skipped["bad_line"] == 4


def test_kinds_that_come_from_a_log_are_bounded():
    """Odd names, and too many, are put together."""
    report = IngestReport()
    ledger = Ledger("x", report)
    for kind in ("zeek_x509", "zeek_\x1b[1m", "zeek_" + "x" * 99, *(f"zeek_{n}" for n in range(500)), "zeek_x509"):
        ledger.skip(kind, 2)
    ledger.skip("none", 0)
    assert report.skipped["zeek_x509"] == 4
    assert len(report.skipped) <= 101
    assert sum(report.skipped.values()) == 2 * 504


def test_a_line_that_may_not_be_all_there():
    """It waits, and nothing else is counted."""
    report = IngestReport()
    ledger = Ledger("x", report)
    ledger.tentative = True
    ledger.bad(1, "is bad")
    ledger.skip("zeek_x509", 1)
    assert (report.waiting, report.skipped, report.bad_lines) == (1, {}, [])
