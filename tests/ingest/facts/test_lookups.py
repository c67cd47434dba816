"""Tests of netad.ingest.facts.lookups."""

import pytest

from netad.core.addresses import parse_address
from netad.core.timing import SECOND_NS
from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.dns_message import DnsMessage
from netad.ingest.facts.lookups import WAIT_NS, Lookups
from netad.ingest.facts.rows import Ends, FactRows

ENDS = Ends(parse_address("10.0.0.1"), 40000, parse_address("10.0.0.53"), 53, 17)


def asks(name="example.com", identity=7, kind=1):
    return DnsMessage(identity, False, -1, name, kind, ())


def answers(name="example.com", identity=7, kind=1, rcode=0, addresses=()):
    return DnsMessage(identity, True, rcode, name, kind, tuple(map(parse_address, addresses)))


@pytest.fixture
def rows():
    return FactRows()


@pytest.fixture
def lookups(rows):
    return Lookups(rows)


def told(rows, *names):
    """Return the named columns of the DNS facts so far, row by row."""
    batches = {batch.kind: batch for batch in rows.take()}
    return list(zip(*(batches[FactKind.DNS][name].tolist() for name in names), strict=True)) if batches else []


def test_question_and_answer_are_one_fact(rows, lookups):
    """It has the question's time, the answer's code and the sizes of both."""
    lookups.add(5, ENDS, asks(), 30)
    assert told(rows, "query") == []
    lookups.add(9, ENDS, answers(rcode=3), 90)
    columns = ("time_ns", "query", "query_type", "rcode", "query_bytes", "answer_bytes", "orig_port")
    assert told(rows, *columns) == [(5, "example.com", 1, 3, 30, 90, 40000)]


def test_every_address_is_a_fact_of_its_own(rows, lookups):
    """ANSWER facts name what was asked for, at the time of the answer."""
    lookups.add(5, ENDS, asks(), 30)
    lookups.add(9, ENDS, answers(addresses=("192.0.2.1", "192.0.2.2")), 90)
    _, batch = rows.take()
    assert batch.kind is FactKind.ANSWER
    assert (batch["query"].tolist(), batch["time_ns"].tolist()) == (["example.com"] * 2, [9, 9])
    assert batch["address_lo"].tolist() == [parse_address("192.0.2.1")[1], parse_address("192.0.2.2")[1]]


def test_a_question_without_an_answer_is_told_after_a_while(rows, lookups):
    """After the time limit it is a fact with rcode -1; a late answer is one of its own."""
    lookups.add(0, ENDS, asks(), 30)
    lookups.expire(WAIT_NS - 1)
    assert told(rows, "rcode") == []
    lookups.add(WAIT_NS, ENDS, answers(), 90)
    lookups.expire()
    assert told(rows, "time_ns", "rcode", "query_bytes", "answer_bytes") == [(0, -1, 30, -1), (WAIT_NS, 0, -1, 90)]


def test_repeated_questions_are_told_as_zeek_tells_them(rows, lookups):
    """The answer belongs to the first question; the second has none."""
    lookups.add(1, ENDS, asks(), 30)
    lookups.add(2, ENDS, asks(), 30)
    lookups.add(3, ENDS, answers(), 90)
    lookups.expire()
    assert told(rows, "time_ns", "rcode") == [(1, 0), (2, -1)]


def test_an_answer_may_come_before_its_question(rows, lookups):
    """Captures from two ports of a switch swap packets."""
    lookups.add(1, ENDS, answers(rcode=2), 90)
    lookups.add(2, ENDS, asks(), 30)
    assert told(rows, "time_ns", "rcode", "query_bytes", "answer_bytes") == [(1, 2, 30, 90)]


def test_an_answer_without_its_question_section_matches_by_identifier(rows, lookups):
    """Servers that refuse leave the question out."""
    lookups.add(1, ENDS, asks("a.example"), 30)
    lookups.add(2, ENDS, answers("", kind=0, rcode=5), 12)
    assert told(rows, "query", "query_type", "rcode") == [("a.example", 1, 5)]


def test_name_type_identifier_and_ends_must_match(rows, lookups):
    """A forged or foreign answer leaves the question open."""
    lookups.add(1, ENDS, asks(), 30)
    lookups.add(2, ENDS, answers("other.example"), 90)
    lookups.add(3, ENDS, answers(kind=28), 90)
    lookups.add(4, ENDS, answers(identity=8), 90)
    lookups.add(5, ENDS._replace(orig_port=1), answers(), 90)
    assert told(rows, "query") == []
    lookups.add(6, ENDS, answers(), 90)
    assert told(rows, "time_ns", "rcode") == [(1, 0)]


def test_a_flood_of_questions_is_bounded(rows, lookups):
    """What waits for too long in a crowd is told early, nothing is lost."""
    for number in range(120):
        lookups.add(number, ENDS, asks(f"h{number}.example"), 30)
    early = len(told(rows, "rcode"))
    assert early == 70
    lookups.expire()
    assert len(told(rows, "rcode")) == 50


def test_only_so_many_wait_at_all(rows, lookups, monkeypatch):
    """The table of all that waits is bounded too."""
    monkeypatch.setattr("netad.ingest.facts.lookups._MAX_WAITING", 3)
    for number in range(5):
        lookups.add(number, ENDS, asks(identity=number), 30)
    assert told(rows, "time_ns") == [(0,), (1,)]


def test_time_that_goes_back_does_no_harm(rows, lookups):
    """Packets out of order are matched all the same."""
    lookups.add(100 * SECOND_NS, ENDS, asks("a.example", 1), 30)
    lookups.add(99 * SECOND_NS, ENDS, asks("b.example", 2), 30)
    lookups.add(99 * SECOND_NS + 1, ENDS, answers("b.example", 2), 90)
    lookups.add(100 * SECOND_NS + 1, ENDS, answers("a.example", 1), 90)
    assert told(rows, "query", "rcode") == [("b.example", 0), ("a.example", 0)]


@pytest.mark.parametrize("cut", range(7))
def test_halves_are_carried(cut, rows, monkeypatch):
    """Wherever another table takes over: the same facts in the same order, the bound on what waits included."""
    monkeypatch.setattr("netad.ingest.facts.lookups._MAX_WAITING", 3)
    said = [(0, asks("a.test")), (1, answers("a.test")), (2, asks("b.test", 8)), (3, asks("c.test", 8)),
            (4, asks("d.test", 9)), (5, answers("c.test", 8, addresses=("192.0.2.1",)))]  # fmt: skip
    uncut = FactRows()
    for fact_rows, place in ((rows, cut), (uncut, -1)):
        lookups = Lookups(fact_rows)
        for number, (time_ns, message) in enumerate(said):
            if number == place:
                state = lookups.carry()
                lookups = Lookups(fact_rows)
                lookups.resume(state)
            lookups.add(time_ns, ENDS, message, 40)
        lookups.expire()
    names = ("time_ns", "query", "rcode", "query_bytes", "answer_bytes")
    assert told(rows, *names) == told(uncut, *names)
