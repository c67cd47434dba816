"""Tests of netad.ingest.logs.eve."""

import pytest

from netad.ingest.facts.batch import FACT_COLUMNS, FactKind
from netad.ingest.flows import CONN_STATES, DTYPES, LOG_DTYPES, SLICE, WHOLE
from tests.ingest.logs.samples import SECOND, START, eve, facts, flows, lines_of, parse, rows


def test_a_flow():
    """Frame bytes are frame bytes; TCP flags and conn_state come with them."""
    columns, report = flows("eve", lines_of([eve(vlan=[61, 7])]))
    (row,) = rows(columns)
    assert row == {
        "first_ns": (START - 2) * SECOND, "last_ns": START * SECOND, "orig": "10.0.0.1", "orig_port": 40000,
        "resp": "192.0.2.7", "resp_port": 443, "protocol": 6, "vlan": 61, "orig_packets": 6, "resp_packets": 5,
        "orig_frame_bytes": 504, "resp_frame_bytes": 2270, "orig_tcp_flags": 0x1B, "resp_tcp_flags": 0x1B,
        "conn_state": CONN_STATES.index("SF"), "service": "tls", "part": WHOLE | SLICE,
    }  # fmt: skip
    assert not {"orig_ip_bytes", "orig_payload_bytes", "history"} & columns.keys()
    dtypes = DTYPES | LOG_DTYPES
    assert {name: column.dtype for name, column in columns.items()} == {name: dtypes[name] for name in columns}
    assert (report.skipped, report.bad_lines) == ({}, [])


def flow(**more):
    """Return a flow whose packets and state are as said, without TCP flags."""
    event = eve()
    del event["tcp"]
    return event | {"flow": event["flow"] | more}


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (flow(state="new", pkts_toclient=0), "S0"),
        (flow(state="established"), "S1"),
        (flow(state="closed"), "SF"),
        (flow(state="odd"), "OTH"),
        (eve(tcp={"tcp_flags_ts": "02", "tcp_flags_tc": "14"}), "REJ"),
        (flow(pkts_toclient=0) | {"proto": "UDP"}, "S0"),
        (flow() | {"proto": "UDP"}, "SF"),
        (flow() | {"proto": "SCTP"}, "OTH"),
    ],
)
def test_conn_state(event, state):
    """By TCP flags, else by what Suricata says of the flow's state; UDP by who sent."""
    columns, _ = flows("eve", lines_of([event]))
    assert CONN_STATES[columns["conn_state"][0]] == state


def test_icmp():
    """Type and answer's type in place of ports, over IPv6 too."""
    events = [eve(proto="ICMP", icmp_type=8, icmp_code=0), eve(proto="IPv6-ICMP", icmp_type=128, icmp_code=0),
              eve(proto="ICMP", icmp_type=3, icmp_code=1)]  # fmt: skip
    for event in events:
        del event["src_port"], event["dest_port"]
    columns, _ = flows("eve", lines_of(events))
    assert columns["protocol"].tolist() == [1, 58, 1]
    assert list(zip(columns["orig_port"].tolist(), columns["resp_port"].tolist(), strict=True)) == [
        (8, 0),
        (128, 129),
        (3, 1),
    ]


def test_times_and_service():
    """A flow without times is of the event's time; a service that Suricata failed to tell is none."""
    event = flow(start=None, end=None) | {"app_proto": "failed"}
    (row,) = rows(flows("eve", lines_of([event]))[0])
    assert row["first_ns"] == row["last_ns"] == START * SECOND + 500_000_000
    assert row["service"] == ""


def test_other_events_are_counted_by_kind():
    """Nothing is silent; strange kinds are put together."""
    events = [eve("netflow"), eve("netflow"), eve("stats"), eve("x y"), eve(None)]
    parts, report = parse("eve", lines_of(events))
    assert parts == []
    assert report.skipped == {"eve_netflow": 2, "eve_stats": 1, "other_records": 1, "eve_without_type": 1}


def test_tls_and_http():
    """With fingerprints where there are any."""
    tls = eve("tls", tls={"sni": "Example.ORG", "ja3": {"hash": "a" * 32, "string": "771,1,2"}, "ja4": "t13d"})
    (row,) = facts("eve", lines_of([tls]), FactKind.TLS)
    assert (row["server_name"], row["ja3"], row["ja4"], row["orig"]) == ("example.org", "a" * 32, "t13d", "10.0.0.1")
    http = eve("http", http={"hostname": "Example.org:81", "http_user_agent": "a\\/b", "http_method": "POST"})
    (row,) = facts("eve", lines_of([http]), FactKind.HTTP)
    assert (row["host"], row["user_agent"], row["method"]) == ("example.org", "a\\/b", "POST")


def alert(**more):
    return eve("alert", alert={"signature": "ET SCAN", "severity": 2}) | more


def test_alerts_are_about_the_flows_originator():
    """Whichever side's packet raised them: by the flow's own addresses, else by the direction."""
    turned = {"src_ip": "192.0.2.7", "src_port": 443, "dest_ip": "10.0.0.1", "dest_port": 40000}
    ends = {"flow": {"src_ip": "10.0.0.1", "dest_ip": "192.0.2.7", "src_port": 40000, "dest_port": 443}}
    events = [alert(), alert(**turned, **ends), alert(**turned, direction="to_client"), alert(direction="to_server"),
              alert(**ends), alert(**turned, flow={"src_ip": "x", "dest_ip": "y"})]  # fmt: skip
    found = facts("eve", lines_of(events), FactKind.ALERT)
    assert [row["orig"] for row in found] == ["10.0.0.1"] * 5 + ["192.0.2.7"]
    assert [row["resp_port"] for row in found] == [443] * 5 + [40000]
    assert {(row["signature"], row["severity"], row["tool"]) for row in found} == {("ET SCAN", 2, "suricata")}


def test_anomalies():
    """By their event, else by their type; those about no address are counted."""
    events = [eve("anomaly", anomaly={"type": "applayer", "event": "ODD"}), eve("anomaly", anomaly={"type": "decode"})]
    nobody = eve("anomaly", anomaly={"type": "decode"}, src_ip=None)
    found = facts("eve", lines_of([*events, nobody]), FactKind.ALERT)
    assert [(row["signature"], row["severity"]) for row in found] == [("ODD", 0), ("decode", 0)]
    assert parse("eve", lines_of([nobody]))[1].skipped == {"eve_anomaly_without_addresses": 1}


def test_facts_have_the_dtypes_of_the_contract():
    """Of every kind."""
    dns = eve("dns", dns={"type": "query", "id": 1, "rrname": "x", "rrtype": "A"})
    events = [dns, eve("tls", tls={"sni": "x"}), eve("http", http={"hostname": "x"}), alert()]
    parts, _ = parse("eve", lines_of(events))
    assert {part.kind for part in parts} == {FactKind.DNS, FactKind.TLS, FactKind.HTTP, FactKind.ALERT}
    for part in parts:
        specs = {spec.name: spec.dtype for spec in FACT_COLUMNS[part.kind]}
        assert {name: column.dtype for name, column in part.columns.items()} == {
            name: specs[name] for name in part.columns
        }


def test_facts_may_be_left_out():
    """Then only flows are read, and events of facts are no matter."""
    parts, report = parse("eve", lines_of([eve(), alert()]), facts=False)
    assert ([part.kind for part in parts], report.skipped) == ([None], {})


def test_bad_lines():
    """Each costs itself."""
    events = [eve(src_ip="x"), eve(timestamp="x"), eve(dest_port=-1), eve()]
    columns, report = flows("eve", lines_of(events))
    assert len(columns["part"]) == 1
    assert [bad.sentence for bad in report.bad_lines] == [
        "has 'x' as its src_ip",
        "has 'x' as its timestamp",
        "has '-1' as its dest_port",
    ]
