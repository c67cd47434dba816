"""Tests of netad.ingest.logs.nfdump."""

import pytest

from netad.ingest.flows import DTYPES, SLICE, WHOLE
from netad.ingest.logs.states import ACK, FIN, PSH, SYN
from tests.ingest.logs.samples import SECOND, START, flows, parse, rows

OLD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n"
OLD_LINE = "2023-11-14 22:13:20,2023-11-14 22:13:22,2.000,10.0.0.1,192.0.2.7,40000,443,TCP,...AP.SF,0,0,6,420,{},{}\n"
NEW = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
NEW_LINE = "2023-11-14 22:13:20.500,1.500,TCP,10.0.0.1,40000,192.0.2.7,443,6,420,1\n"
COMMON = {
    "orig": "10.0.0.1",
    "orig_port": 40000,
    "resp": "192.0.2.7",
    "resp_port": 443,
    "protocol": 6,
    "orig_packets": 6,
    "orig_ip_bytes": 420,
    "part": WHOLE | SLICE,
    "last_ns": (START + 2) * SECOND,
}


def test_the_header_of_old():
    """Of version 1.6: IP bytes of one direction, with TCP flags."""
    columns, _ = flows("nfdump", OLD + OLD_LINE.format(0, 0))
    assert rows(columns) == [COMMON | {"first_ns": START * SECOND, "orig_tcp_flags": FIN | SYN | PSH | ACK}]
    assert {name: column.dtype for name, column in columns.items()} == {name: DTYPES[name] for name in columns}


def test_the_header_of_today():
    """Of version 1.7."""
    assert rows(flows("nfdump", NEW + NEW_LINE)[0]) == [COMMON | {"first_ns": START * SECOND + 500_000_000}]


def test_both_directions():
    """Where a record has packets of both, what came back is known of all."""
    columns, _ = flows("nfdump", OLD + OLD_LINE.format(0, 0) + OLD_LINE.format(5, 2200))
    assert (columns["resp_packets"].tolist(), columns["resp_ip_bytes"].tolist()) == ([0, 5], [0, 2200])
    assert "conn_state" not in columns


def test_records_of_one_direction_are_counted():
    """For they make sources of hosts that only answered; a log with both directions has none."""
    assert parse("nfdump", OLD + OLD_LINE.format(0, 0) * 2)[1].one_way == 2
    assert parse("nfdump", OLD + OLD_LINE.format(0, 0) + OLD_LINE.format(5, 2200))[1].one_way == 0


@pytest.mark.parametrize(
    ("port", "ports"),
    [("8.0", (8, 0)), ("2048", (8, 0)), ("3.1", (3, 1)), ("769", (3, 1)), ("x", (0, 8)), ("", (0, 8))],
)
def test_icmp(port, ports):
    """Type and code as `type.code` or as one number; what cannot be read is an echo's answer."""
    line = NEW_LINE.replace("TCP", "ICMP").replace("40000", "0").replace("443", port)
    (row,) = rows(flows("nfdump", NEW + line)[0])
    assert (row["orig_port"], row["resp_port"]) == ports


@pytest.mark.parametrize(("text", "bits"), [("...AP.SF", FIN | SYN | PSH | ACK), ("27", 27), ("........", 0), ("", 0)])
def test_flags(text, bits):
    """Letters or a number."""
    columns, _ = flows("nfdump", OLD + OLD_LINE.format(0, 0).replace("...AP.SF", text))
    assert columns["orig_tcp_flags"].tolist() == [bits]


def test_the_summary_is_no_flow():
    """Nor a bad line; what follows under a header of its own is read."""
    log = NEW + NEW_LINE + "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,420,6,0,0,0\n" + NEW + NEW_LINE
    parts, report = parse("nfdump", log)
    assert sum(map(len, parts)) == 2
    assert (report.skipped, report.problems) == ({}, [])


def test_bad_lines():
    """Each costs itself; a header without what a flow needs is an error."""
    parts, report = parse(
        "nfdump", NEW + NEW_LINE.replace("40000", "70000") + NEW_LINE.replace("10.0.0.1", "x") + NEW_LINE
    )
    assert [len(part) for part in parts] == [1]
    assert [bad.sentence for bad in report.bad_lines] == ["has '70000' as its source port", "has 'x' as its source"]
    _, report = parse("nfdump", "ts,te\n1,2\n")
    assert len(report.problems) == 1


def test_a_line_with_two_wrong_fields():
    """It is counted once, for the first of them."""
    line = NEW_LINE.replace("40000", "x").replace("10.0.0.1", "y")
    (part,), report = parse("nfdump", NEW + line)
    assert len(part) == 0
    assert report.skipped == {"bad_line": 1}
    assert len(report.bad_lines) == 1
