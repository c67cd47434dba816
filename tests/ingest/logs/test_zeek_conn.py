"""Tests of netad.ingest.logs.zeek_conn."""

import numpy as np

from netad.ingest.flows import CONN_STATES, DTYPES, LOG_DTYPES, SLICE, WHOLE
from netad.ingest.logs.zeek_conn import is_v6
from tests.ingest.logs.samples import SECOND, START, conn, flows, rows, tsv


def test_a_line_is_a_flow():
    """Every field goes where a capture's flow has it: IP bytes and payload bytes apart."""
    columns, report = flows("zeek-tsv", tsv("conn", [conn()]))
    (row,) = rows(columns)
    assert row == {
        "first_ns": START * SECOND + 500_000_000,
        "last_ns": (START + 2) * SECOND,
        "orig": "10.0.0.1",
        "orig_port": 40000,
        "resp": "192.0.2.7",
        "resp_port": 443,
        "protocol": 6,
        "orig_packets": 6,
        "orig_ip_bytes": 420,
        "orig_payload_bytes": 100,
        "resp_packets": 5,
        "resp_ip_bytes": 2200,
        "resp_payload_bytes": 2000,
        "conn_state": CONN_STATES.index("SF"),
        "history": b"ShADadFf",
        "service": "ssl",
        "part": WHOLE | SLICE,
    }
    assert report.skipped == {}


def test_columns_have_the_dtypes_of_the_contract():
    """As in a capture's FlowBatch."""
    columns, _ = flows("zeek-tsv", tsv("conn", [conn(vlan=7, label="x")]), labels=True)
    dtypes = DTYPES | LOG_DTYPES
    assert {name: column.dtype for name, column in columns.items()} == {name: dtypes[name] for name in columns}
    assert columns["vlan"].tolist() == [7]


def test_what_zeek_did_not_see_is_0():
    """An unset count or duration means that nothing came; the flow ended as it began."""
    line = conn(duration="-", orig_bytes="-", resp_bytes="-", service="-", history="-")
    (row,) = rows(flows("zeek-tsv", tsv("conn", [line]))[0])
    assert row["first_ns"] == row["last_ns"]
    assert (row["orig_payload_bytes"], row["resp_payload_bytes"], row["service"], row["history"]) == (0, 0, "", b"")


def test_what_the_log_does_not_have_is_no_column():
    """Not zeros."""
    fields = ("ts", "id.orig_h", "id.resp_h", "proto")
    columns, _ = flows("zeek-tsv", tsv("conn", [conn()], fields))
    assert not {"orig_packets", "orig_ip_bytes", "conn_state", "history", "service", "vlan", "tunnel"} & columns.keys()
    assert columns["orig_port"].tolist() == [0]


def test_icmp():
    """Type and code stay in the ports, as Zeek has them; over IPv6 it is ICMPv6."""
    lines = [conn(proto="icmp", id_orig_p=8, id_resp_p=0),
             conn(proto="icmp", id_orig_h="fe80::1", id_resp_h="ff02::16", id_orig_p=143, id_resp_p=0)]  # fmt: skip
    columns, _ = flows("zeek-tsv", tsv("conn", lines))
    assert columns["protocol"].tolist() == [1, 58]
    assert columns["orig_port"].tolist() == [8, 143]


def test_protocols_without_a_name():
    """By their number, where Zeek writes it; 255 where nothing is known."""
    lines = [
        conn(proto="unknown_transport", ip_proto=89),
        conn(proto="unknown_transport", ip_proto="-"),
        conn(ip_proto=6),
    ]
    columns, _ = flows("zeek-tsv", tsv("conn", lines))
    assert columns["protocol"].tolist() == [89, 255, 6]
    assert "zeek.ip_proto" not in columns


def test_histories_are_cut():
    """At 24 letters, as netad's own."""
    columns, _ = flows("zeek-tsv", tsv("conn", [conn(history="^" + "d" * 40)]))
    assert columns["history"].tolist() == [b"^" + b"d" * 23]


def test_labels_are_there_only_when_asked_for():
    """Labels are for evaluation."""
    log = tsv("conn", [conn(label="Malicious", detailedlabel="C&C")])
    assert "label" not in flows("zeek-tsv", log)[0]
    assert flows("zeek-tsv", log, labels=True)[0]["label"].tolist() == ["Malicious"]


def test_v6():
    """IPv4 is what netad.core.addresses keeps as such."""
    high, low = np.array([0, 0, 1], np.uint64), np.array([0xFFFF << 32, 1, 0xFFFF << 32], np.uint64)
    assert is_v6(high, low).tolist() == [False, True, True]
