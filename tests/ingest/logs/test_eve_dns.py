"""Tests of netad.ingest.logs.eve_dns."""

import pytest

from netad.ingest.facts.batch import NO_RCODE, FactKind
from netad.ingest.logs import eve_dns
from tests.ingest.logs.samples import eve, facts, lines_of, parse

TURNED = {"src_ip": "10.0.0.2", "src_port": 53, "dest_ip": "10.0.0.1", "dest_port": 5000}


def dns(said, at="2023-11-14T22:13:20+0000", flow=1, **more):
    ends = {"src_ip": "10.0.0.1", "src_port": 5000, "dest_ip": "10.0.0.2", "dest_port": 53, "proto": "UDP"}
    return eve("dns", at, dns=said) | ends | {"flow_id": flow} | more


def query(name="www.Example.org", kind="A", number=7, **more):
    return dns({"type": "query", "id": number, "rrname": name, "rrtype": kind, "tx_id": 0}, **more)


def answer(rcode="NOERROR", number=7, at="2023-11-14T22:13:21+0000", flow=1, ends=None, **said):
    said = {"type": "answer", "id": number, "rcode": rcode, "rrname": "www.example.org", "rrtype": "A"} | said
    return dns({name: value for name, value in said.items() if value is not None}, at, flow, **(ends or {}))


ANSWERS = {
    "version 1": [answer(rdata="192.0.2.1", ttl=5), answer(rdata="2001:db8::1", rrtype="AAAA")],
    "version 1, from the server's side": [answer(rdata="192.0.2.1", ends=TURNED)],
    "version 2": [
        answer(
            version=2,
            answers=[
                {"rrname": "www.example.org", "rrtype": "CNAME", "rdata": "a.example.org"},
                {"rrname": "a.example.org", "rrtype": "A", "rdata": "192.0.2.1"},
            ],
        )
    ],
    "version 2, grouped": [answer(version=2, grouped={"A": ["192.0.2.1"], "CNAME": ["a.example.org"]})],
    "version 3": [
        answer(
            version=3,
            type="response",
            rrname=None,
            rrtype=None,
            queries=[{"rrname": "www.example.org", "rrtype": "A"}],
            answers=[{"rrname": "www.example.org", "rrtype": "A", "rdata": "192.0.2.1"}],
        )
    ],
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_a_question_and_its_answer_are_one_look_up(answers):
    """Whatever the version of EVE: with the question's time and ends, the answer's code, and its addresses."""
    log = lines_of([query(), *answers])
    (row,) = facts("eve", log, FactKind.DNS)
    assert (row["query"], row["query_type"], row["rcode"], row["orig"], row["resp_port"]) == (
        "www.example.org", 1, 0, "10.0.0.1", 53)  # fmt: skip
    found = facts("eve", log, FactKind.ANSWER)
    assert found[0]["address"] == "192.0.2.1"
    assert {(each["query"], each["orig"]) for each in found} == {("www.example.org", "10.0.0.1")}


def test_a_question_without_an_answer():
    """It is a look-up of its own, at the latest at the end."""
    (row,) = facts("eve", lines_of([query()]), FactKind.DNS)
    assert row["rcode"] == NO_RCODE


def test_an_answer_without_a_question():
    """Suricata may log only answers."""
    (row,) = facts("eve", lines_of([answer("NXDOMAIN", ends=TURNED)]), FactKind.DNS)
    assert (row["rcode"], row["orig"]) == (3, "10.0.0.1")


def test_an_answer_that_does_not_say_the_type():
    """Version 1 leaves it out when there are no records."""
    (row,) = facts("eve", lines_of([query(kind="AAAA"), answer("REFUSED", rrtype=None)]), FactKind.DNS)
    assert (row["rcode"], row["query_type"]) == (5, 28)


def test_look_ups_are_told_apart():
    """By flow, number, name and type; flow identifiers beyond 2**53 too."""
    big = 2**53
    log = lines_of([query(flow=big), query(flow=big + 1), query(number=8, flow=big), query(kind="AAAA", flow=big),
                    answer("NXDOMAIN", flow=big)])  # fmt: skip
    found = facts("eve", log, FactKind.DNS)
    assert sorted(row["rcode"] for row in found) == [NO_RCODE] * 3 + [3]


def test_a_question_that_is_asked_again():
    """Every question counts, the last one has the answer."""
    found = facts("eve", lines_of([query(), query(), answer()]), FactKind.DNS)
    assert sorted(row["rcode"] for row in found) == [NO_RCODE, 0]


def test_waiting_is_bounded_in_time_and_number(monkeypatch):
    """Old questions, and the oldest of too many, are given up."""
    monkeypatch.setattr(eve_dns, "_PENDING_MAX", 2)
    found = facts("eve", lines_of([query(number=n) for n in range(5)] + [answer(number=0)]), FactKind.DNS)
    assert len(found) == 5
    late = [query(), query(number=9, at="2023-11-14T22:20:00+0000")]
    parts, _ = parse("eve", lines_of(late))
    assert [len(part) for part in parts if part.kind is FactKind.DNS] == [1, 1]


@pytest.mark.parametrize("said", ["x", 7, [1], {}, {"type": "answer", "queries": [1, {"rrname": 3}], "answers": 4}])
def test_odd_events_do_no_harm(said):
    """What asks nothing is counted."""
    parts, report = parse("eve", lines_of([dns(said)]))
    assert (parts, report.skipped) == ([], {"eve_dns_without_question": 1})


def test_odd_answers_do_no_harm():
    """What is no address, or no text, is none."""
    odd = [{"rrtype": "A", "rdata": 7}, {"rrtype": "A", "rdata": "1.2.3"}, 9, {"rrtype": "A", "rdata": "\ud800."}]
    assert (
        facts("eve", lines_of([answer(answers=odd, rcode=9), answer(grouped={"A": 7}, number=8)]), FactKind.ANSWER)
        == []
    )
