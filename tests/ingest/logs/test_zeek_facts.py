"""Tests of netad.ingest.logs.zeek_facts."""

import pytest

from netad.ingest.facts.batch import FACT_COLUMNS, NO_RCODE, FactKind
from netad.ingest.logs.zeek_facts import split_by, split_json_list
from tests.ingest.logs.samples import SECOND, START, facts, lines_of, parse, tsv

ENDS = {"ts": f"{START}.25", "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": "5000", "id.resp_h": "10.0.0.2",
        "id.resp_p": "53", "proto": "udp"}  # fmt: skip
DNS = ENDS | {"trans_id": "1", "rtt": "0.5", "query": "WWW.Example.org.", "qtype": "1", "rcode": "0",
              "answers": "alias.example.org,192.0.2.1,2001:db8::1,TXT 5 a.b:c"}  # fmt: skip
SSL = ENDS | {"established": "T", "server_name": "Example.ORG", "ja3": "a" * 32}
HTTP = ENDS | {"trans_depth": "1", "method": "GET", "host": "Example.org:8080", "user_agent": "curl\\x09 1",
               "request_body_len": "0"}  # fmt: skip
NOTICE = ENDS | {
    "note": "Scan::Port_Scan",
    "actions": "Notice::ACTION_LOG",
    "src": "10.0.0.9",
    "dst": "10.0.0.8",
    "p": "22",
}
WEIRD = ENDS | {"name": "bad_TCP_checksum", "notice": "F"}


def test_look_ups():
    """Name in lower case without its last dot; what Zeek does not carry is no column."""
    (row,) = facts("zeek-tsv", tsv("dns", [DNS]), FactKind.DNS)
    assert row == {
        "time_ns": START * SECOND + 250_000_000,
        "orig": "10.0.0.1",
        "resp": "10.0.0.2",
        "orig_port": 5000,
        "resp_port": 53,
        "protocol": 17,
        "query": "www.example.org",
        "query_type": 1,
        "rcode": 0,
    }


def test_addresses_of_answers():
    """One row an address, at the time of the answer; names and other data are none."""
    found = facts("zeek-tsv", tsv("dns", [DNS, DNS | {"answers": "-"}]), FactKind.ANSWER)
    assert [(row["address"], row["query"]) for row in found] == [
        ("192.0.2.1", "www.example.org"),
        ("2001:db8::1", "www.example.org"),
    ]
    assert {row["time_ns"] for row in found} == {START * SECOND + 750_000_000}


def test_no_answer():
    """Without a response code there was none."""
    (row,) = facts("zeek-tsv", tsv("dns", [DNS | {"rcode": "-", "rtt": "-"}]), FactKind.DNS)
    assert row["rcode"] == NO_RCODE


def test_what_is_no_look_up():
    """NetBIOS names, and lines about no question, are counted."""
    log = tsv("dns", [DNS | {"id.resp_p": "137"}, DNS | {"query": "-", "qtype": "-"}, DNS | {"query": "-"}])
    parts, report = parse("zeek-tsv", log)
    assert report.skipped == {"netbios_names": 1, "dns_without_question": 1}
    assert [len(part) for part in parts if part.kind is FactKind.DNS] == [1]


def test_tls_and_http():
    """Names in lower case, hosts without their port, fingerprints where the log has them."""
    (row,) = facts("zeek-tsv", tsv("ssl", [SSL]), FactKind.TLS)
    assert (row["server_name"], row["ja3"], row["protocol"], "ja4" in row) == ("example.org", "a" * 32, 6, False)
    (row,) = facts("zeek-tsv", tsv("http", [HTTP]), FactKind.HTTP)
    assert (row["host"], row["user_agent"], row["method"]) == ("example.org", "curl\\x09 1", "GET")


def test_notices():
    """About the connection's originator, else about the source they name; about nobody: counted."""
    alone = {name: "-" for name in ENDS if name.startswith("id.")}
    log = tsv("notice", [NOTICE, NOTICE | alone, NOTICE | alone | {"dst": "-"}, NOTICE | alone | {"src": "-"}])
    found = facts("zeek-tsv", log, FactKind.ALERT)
    assert [(row["orig"], row["resp"], row["resp_port"]) for row in found] == [
        ("10.0.0.1", "10.0.0.2", 53),
        ("10.0.0.9", "10.0.0.8", 22),
        ("10.0.0.9", "::", 22),
    ]
    assert {(row["signature"], row["severity"], row["tool"]) for row in found} == {
        ("Scan::Port_Scan", 0, "zeek-notice")
    }
    assert parse("zeek-tsv", log)[1].skipped == {"alert_without_source": 1}


def test_weirds():
    """About a connection; others are counted."""
    log = tsv("weird", [WEIRD, WEIRD | {"id.orig_h": "-"}])
    assert [(row["signature"], row["tool"]) for row in facts("zeek-tsv", log, FactKind.ALERT)] == [
        ("bad_TCP_checksum", "zeek-weird")
    ]
    assert parse("zeek-tsv", log)[1].skipped == {"alert_without_source": 1}


@pytest.mark.parametrize(
    ("path", "line"), [("dns", DNS), ("ssl", SSL), ("http", HTTP), ("notice", NOTICE), ("weird", WEIRD)]
)
def test_json_and_tsv_agree(path, line):
    """The same log in both forms gives the same facts, with the dtypes of the contract; a bad line costs itself."""
    lists = {"answers": line["answers"].split(",")} if "answers" in line else {}
    as_json = {name: float(value) if name in ("ts", "rtt") else value for name, value in line.items()} | lists
    parts, _ = parse("zeek-tsv", tsv(path, [line, line | {"ts": "x"}]))
    others, report = parse("zeek-json", lines_of([as_json, as_json | {"ts": "x"}]))
    assert report.skipped == {"bad_line": 1}
    assert len(parts) == len(others) > 0
    for part, other in zip(parts, others, strict=True):
        specs = {spec.name: spec.dtype for spec in FACT_COLUMNS[part.kind]}
        assert {name: column.dtype for name, column in part.columns.items()} == {
            name: specs[name] for name in part.columns
        }
        assert {n: c.tolist() for n, c in part.columns.items()} == {n: c.tolist() for n, c in other.columns.items()}
        assert len(part) == 1 or part.kind is FactKind.ANSWER


def test_facts_may_be_left_out():
    """Then the lines are passed over."""
    assert parse("zeek-tsv", tsv("dns", [DNS]), facts=False)[0] == []


def test_lists():
    """Sets of TSV and lists of JSON."""
    assert split_by(b",")(b"a,b") == [b"a", b"b"]
    assert split_by(b",")(b"") == split_json_list(b"") == split_json_list(b'{"a":1}') == split_json_list(b"[1") == []
    assert split_json_list(b'["a",1,"b"]') == [b"a", b"b"]
