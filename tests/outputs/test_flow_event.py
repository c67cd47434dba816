"""Flows as events."""

import gc
from dataclasses import replace

import pytest

from netad.ingest.community_id import community_ids
from netad.ingest.flows import SLICE, FlowBatch
from netad.outputs.flow_event import flow_events, flow_ids

CREATED = "2026-01-12T08:00:00.000Z"
FIELDS = ("network.direction", "event.type", "network.type", "network.transport", "network.iana_number")


def field(event, path):
    for name in path.split("."):
        event = event.get(name) if event else None
    return event


def test_each_kind_of_flow_has_its_direction_type_and_transport(events_of_flows):
    """Directions follow the inside networks, types Zeek's states; an unnamed protocol has its number only."""
    assert [tuple(field(event, path) for path in FIELDS) for event in events_of_flows] == [
        ("outbound", ["connection", "start", "end"], "ipv4", "tcp", "6"),
        ("internal", ["connection", "start", "denied"], "ipv4", "tcp", "6"),
        ("inbound", ["connection", "start"], "ipv4", "tcp", "6"),
        ("outbound", ["connection", "start"], "ipv6", "udp", "17"),
        ("external", ["connection", "info"], "ipv4", "icmp", "1"),
        ("external", ["connection", "info"], "ipv4", "icmp", "1"),
        ("internal", ["connection", "info"], "ipv4", "gre", "47"),
        ("internal", ["connection", "info"], "ipv4", None, "253"),
    ]


def test_ports_exist_where_the_protocol_has_them(events_of_flows):
    """ICMP tells type and code instead, the code only of messages that nobody answers; GRE tells nothing."""
    assert [field(event, "destination.port") for event in events_of_flows] == [
        443,
        22,
        3389,
        53,
        None,
        None,
        None,
        None,
    ]
    assert [field(event, "netad.flow.icmp") for event in events_of_flows][4:6] == [{"type": 8}, {"type": 3, "code": 13}]


def test_counts_times_and_paths(events_of_flows):
    """Bytes are IP bytes, durations nanoseconds, a VLAN is text, standard input is no path."""
    first, second, third = events_of_flows[:3]
    assert first["event"]["duration"] == 1_500_000_123
    assert first["event"]["start"] == "2026-01-11T06:00:00.000Z"
    assert first["event"]["end"] == "2026-01-11T06:00:01.500000123Z"
    assert (first["source"]["bytes"], first["destination"]["packets"]) == (700, 4)
    assert (first["network"]["bytes"], first["network"]["packets"]) == (3700, 9)
    assert first["netad"]["flow"] == {"final": True, "state": "SF", "history": "ShADadFf"}
    assert second["network"]["vlan"] == {"id": "10"}
    assert first["log"]["file"]["path"] == "captures/office.pcap"
    assert "log" not in third
    assert "history" not in third["netad"]["flow"]


def test_tunnels_are_named(events_of_flows):
    """What a flow came out of is told by name; flows in the open say nothing."""
    tunnels = [field(event, "netad.flow.tunnel") for event in events_of_flows]
    assert tunnels == [None, None, None, "vxlan", None, None, None, None]


def test_slices_are_no_events(flows, events_of_flows):
    """A flow cut at a window edge is one event, its whole record."""
    assert len(events_of_flows) == len(flows) - 1


def test_ids_do_not_depend_on_who_was_seen_first(make_flow, origin):
    """The Community ID's order of endpoints makes both directions one id."""
    there = make_flow("10.4.2.2", "198.51.100.80", orig_port=50000, resp_port=443)
    back = make_flow("198.51.100.80", "10.4.2.2", orig_port=443, resp_port=50000)
    ids = flow_ids(FlowBatch.from_records([there, back]), origin)
    assert ids[0] == ids[1]


def test_slices_have_the_id_of_their_flow(make_flow, origin):
    """A slice starts later than its flow does, and names it by when that was."""
    flow = make_flow("10.4.2.2", "198.51.100.80", orig_port=50000, resp_port=443)
    part = flow | {"opened_ns": flow["first_ns"], "first_ns": flow["first_ns"] + 5, "part": SLICE}
    assert flow_ids(FlowBatch.from_records([part]), origin) == flow_ids(FlowBatch.from_records([flow]), origin)


@pytest.mark.parametrize("change", [{"first_ns": 5}, {"vlan": 9}, {"orig_port": 50001}, {"protocol": 17}])
def test_ids_tell_flows_apart(make_flow, origin, change):
    """Start, VLAN, ports and protocol each make another flow."""
    flow = make_flow("10.4.2.2", "198.51.100.80", orig_port=50000, resp_port=443)
    ids = flow_ids(FlowBatch.from_records([flow, flow | change]), origin)
    assert ids[0] != ids[1]


def test_ids_belong_to_a_sensor_and_not_to_a_run_or_file(flows, origin):
    """Reading the same traffic again from another path gives the same ids; another sensor's are its own."""
    ids = flow_ids(flows, origin)
    moved = FlowBatch(flows.columns, ("elsewhere/office.pcap", "-"))
    assert flow_ids(moved, replace(origin, run_id="run-2", agent_id="x")) == ids
    assert not set(flow_ids(flows, replace(origin, observer="sensor-2"))) & set(ids)


def test_events_carry_ids_and_community_ids_of_their_rows(flows, origin, events_of_flows):
    """Columns computed at once stay with their rows."""
    whole = flows.whole()
    assert [event["event"]["id"] for event in events_of_flows] == flow_ids(whole, origin)
    assert [event["network"]["community_id"] for event in events_of_flows] == community_ids(whole).tolist()


def test_columns_that_an_input_does_not_carry_are_left_out(flows, origin, inside):
    """A log without counters makes events without counters, never zeros."""
    absent = ("orig_packets", "resp_ip_bytes", "conn_state", "history", "input", "vlan")
    batch = FlowBatch({name: column for name, column in flows.columns.items() if name not in absent})
    event = next(flow_events(batch, origin, CREATED, inside))
    assert "packets" not in event["source"]
    assert "bytes" not in event["destination"]
    assert not {"bytes", "packets", "vlan"} & event["network"].keys()
    assert event["destination"]["packets"] == 4
    assert event["netad"]["flow"] == {"final": True}
    assert event["event"]["type"] == ["connection", "info"]
    assert "log" not in event


def test_odd_bytes_in_a_path_can_be_stored(flows, origin, inside):
    """A file name that is not UTF-8 becomes an event all the same."""
    batch = FlowBatch(flows.columns, ("cap\udcff.pcap", "-"))
    next(flow_events(batch, origin, CREATED, inside))["log"]["file"]["path"].encode()


def test_a_batch_without_whole_flows_makes_no_events(make_flow, origin, inside):
    """Slices alone, or nothing, yield nothing."""
    batch = FlowBatch.from_records([make_flow("10.0.0.1", "10.0.0.2", part=SLICE)], ("a",))
    assert list(flow_events(batch, origin, CREATED, inside)) == []
    assert list(flow_events(FlowBatch.from_records([]), origin, CREATED, inside)) == []


def test_what_a_log_does_not_carry_is_left_out(events_of_logs):
    """Bytes of frames are no IP bytes; the service is the protocol; state, history and unknown services are missing."""
    first, second = events_of_logs
    assert "bytes" not in first["source"] | first["destination"] | first["network"]
    assert first["network"]["protocol"] == "tls"
    assert "protocol" not in second["network"]
    assert first["netad"]["flow"] == {
        "final": True, "source": {"frame_bytes": 900}, "destination": {"frame_bytes": 4000},
    }  # fmt: skip
    assert first["event"]["type"] == ["connection", "info"]


def test_the_collector_works_again_after_events_were_built(flows, origin, inside):
    """Python looks for cycles as before, also while events are taken one by one and when nobody takes the rest."""
    events = flow_events(flows, origin, CREATED, inside)
    next(events)
    assert gc.isenabled()
    gc.disable()
    try:
        list(flow_events(flows, origin, CREATED, inside))
        assert not gc.isenabled()
    finally:
        gc.enable()
