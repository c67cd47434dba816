"""Tests of netad.ingest.flow_table."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.flow_table import FlowTable
from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, SLICE, WHOLE, FlowBatch
from tests.ingest.frames import CLIENT, SERVER, datagram, ping, seconds, segment

MINUTE = 60 * SECOND_NS
SUMS = [
    f"{side}_{name}" for side in ("orig", "resp") for name in ("packets", "ip_bytes", "payload_bytes", "syn", "ack")
]


def run(packets, window_ns=None, **more):
    table = FlowTable(window_ns, **more)
    records = [record for packet in packets for record in table.add(packet, 0)]
    return records + list(table.finish())


def whole(records):
    return [record for record in records if record["part"] & WHOLE]


def slices(records):
    return [record for record in records if record["part"] & SLICE]


def counts(records):
    return [(record["orig_packets"], record["resp_packets"]) for record in records]


def state_of(record):
    return CONN_STATES[record["conn_state"]], record["history"].decode()


def session(time, first=100, port=40000):
    """A handshake, a request, an answer and a close from both sides, 70 ms long."""
    steps = [
        ("S", 0, 0, 0, False),
        ("SA", 0, 1, 0, True),
        ("A", 1, 1, 0, False),
        ("PA", 1, 1, 10, False),
        ("PA", 1, 11, 500, True),
        ("FA", 11, 501, 0, False),
        ("FA", 501, 12, 0, True),
        ("A", 12, 502, 0, False),
    ]
    return [
        segment(time + step / 100, flags, first + seq, first + ack if "A" in flags else 0, size, back, port)
        for step, (flags, seq, ack, size, back) in enumerate(steps)
    ]


def test_a_session_is_one_record():
    """Both directions meet in one flow with the SYN's sender first, with every column of a FlowBatch."""
    (record,) = run(session(1))
    assert set(record) == {spec.name for spec in FLOW_COLUMNS} | {"opened_ns"}
    assert (record["orig_hi"], record["orig_lo"]) == parse_address(CLIENT)
    assert (record["resp_hi"], record["resp_lo"]) == parse_address(SERVER)
    assert (record["orig_port"], record["resp_port"], record["protocol"]) == (40000, 8080, 6)
    assert (record["first_ns"], record["last_ns"]) == (seconds(1), seconds(1.07))
    assert (record["orig_packets"], record["orig_ip_bytes"], record["orig_payload_bytes"]) == (5, 210, 10)
    assert (record["resp_packets"], record["resp_ip_bytes"], record["resp_payload_bytes"]) == (3, 620, 500)
    assert state_of(record) == ("SF", "ShADdFf")
    assert record["part"] == WHOLE | SLICE
    assert len(FlowBatch.from_records([record])) == 1


def test_answers_without_a_request_are_turned():
    """A flow that starts with the server's packet has the client as its originator, marked with ^."""
    (record,) = run([datagram(0, SERVER, CLIENT, 53, 40000), datagram(1)][:1])
    assert (record["orig_lo"], record["orig_port"], record["resp_port"]) == (parse_address(CLIENT)[1], 40000, 53)
    assert (counts([record]), state_of(record)) == ([(0, 1)], ("SHR", "^d"))
    (record,) = run([segment(0, "SA", 900, 101, back=True), segment(0.1, "A", 101, 901)])
    assert (counts([record]), state_of(record)) == ([(1, 1)], ("S1", "^hA"))


def test_a_syn_behind_its_answer_turns_the_flow():
    """When the ports say nothing, the late SYN does, and what was counted changes sides with it."""
    packets = [segment(0, "SA", 900, 101, back=True, server_port=9999), segment(0.1, "S", 100, server_port=9999)]
    (record,) = run(packets)
    assert (record["orig_port"], record["resp_port"]) == (40000, 9999)
    assert (counts([record]), state_of(record)) == ([(1, 1)], ("S1", "Hs^"))
    records = run(packets, window_ns=SECOND_NS // 20)
    assert counts(whole(records)) == [(1, 1)]


def test_icmp():
    """An echo and its reply are one flow; errors go one way, and one in each direction are two flows."""
    assert counts(run([ping(0), ping(0.1, SERVER, CLIENT, 0, 8)])) == [(1, 1)]
    assert counts(run([ping(0, kind=3, answer=1), ping(0.1, SERVER, CLIENT, 3, 1)])) == [(1, 0), (1, 0)]
    assert state_of(run([ping(0)])[0]) == ("OTH", "")


def test_later_fragments_join_their_flow():
    """They are counted where the ports of the first fragment are, with their bytes."""
    key = (parse_address(CLIENT), parse_address(SERVER), 17, 5)
    first = replace(datagram(0, length=1500), fragment_key=key)
    later = replace(datagram(0, src_port=0, dst_port=0, length=600), fragment_key=key, is_fragment=True)
    (record,) = run([first, later])
    assert (record["orig_packets"], record["orig_ip_bytes"]) == (2, 2100)


@pytest.mark.parametrize(
    ("packets", "gap", "flows"),
    [
        ([datagram(0), datagram(60)], "udp", 2),
        ([datagram(0), datagram(59.9)], "udp", 1),
        ([datagram(0, dst_port=53), datagram(9, dst_port=53)], "dns", 2),
        ([datagram(0, dst_port=53), datagram(8, dst_port=53)], "dns", 1),
        ([ping(0), ping(60)], "icmp", 2),
        ([segment(0, "S", 1), segment(1, "S", 1), segment(5, "S", 1)], "unanswered", 2),
        ([segment(0, "A", 1, 1), segment(299, "A", 1, 1)], "tcp", 1),
        ([segment(0, "A", 1, 1), segment(300, "A", 1, 1)], "tcp", 2),
        ([*session(0), *session(1, first=5000)], "reused", 2),
        ([*session(0), segment(3, "A", 112, 602)], "trailing", 1),
        ([*session(0), segment(6, "A", 112, 602)], "closed", 2),
    ],
)
def test_timeouts(packets, gap, flows):
    """Flows end as Zeek ends them: by silence, unanswered, closed, or by a SYN of the next one."""
    records = run(packets)
    assert len(records) == flows, gap
    assert sum(record["orig_packets"] + record["resp_packets"] for record in records) == len(packets)


def test_timeouts_can_be_set():
    """An attempt may be given more time."""
    packets = [segment(0, "S", 1), segment(5, "S", 1)]
    assert len(run(packets, timeouts=Timeouts(tcp_attempt_ns=MINUTE))) == 1


def test_expired_flows_come_out_while_others_go_on():
    """Nothing of a flow has to come for it to end: the time of any packet does it."""
    table = FlowTable()
    assert list(table.add(datagram(0), 0)) == []
    assert len(table) == 1
    assert counts(list(table.add(datagram(61, src_port=1), 0))) == [(1, 0)]
    assert len(table) == 1


def test_the_input_is_that_of_the_first_packet():
    """A flow that goes on in the next file is one flow, of the file it started in."""
    table = FlowTable()
    for packet, index in ((datagram(0), 3), (datagram(1), 4)):
        assert list(table.add(packet, index)) == []
    assert [(record["input"], record["orig_packets"]) for record in table.finish()] == [(3, 2)]


def test_flows_in_several_windows_are_cut():
    """One SLICE a window in which packets came, with its own counters and the state at its end, and one WHOLE."""
    packets = [segment(58, "S", 1), segment(59, "SA", 1, 2, back=True), segment(61, "A", 2, 2), segment(200, "R", 2)]
    records = run(packets, window_ns=MINUTE)
    assert [record["part"] for record in records] == [SLICE, SLICE, SLICE, WHOLE]
    assert counts(records) == [(1, 1), (1, 0), (1, 0), (3, 1)]
    assert [state_of(record) for record in records] == [("S1", "Sh"), ("S1", "ShA"), ("RSTO", "ShAR"), ("RSTO", "ShAR")]
    assert [record["first_ns"] // MINUTE for record in records] == [0, 1, 3, 0]
    assert [record["last_ns"] // MINUTE for record in records] == [0, 1, 3, 3]
    assert records[3]["orig_gap_mean_ns"] == (seconds(3) + seconds(139)) / 2
    assert records[0]["orig_gap_mean_ns"] == 0


def test_a_slice_comes_when_its_flow_moves_on():
    """It does not wait for the flow's end."""
    table = FlowTable(MINUTE)
    assert list(table.add(datagram(59), 0)) == []
    (record,) = table.add(datagram(61), 0)
    assert (record["part"], record["orig_packets"]) == (SLICE, 1)


def test_a_slice_comes_when_its_window_is_over():
    """A silent flow's slice is out once the clock has passed its window's end by the lateness allowed."""
    table = FlowTable(MINUTE, Timeouts(udp_inactivity_ns=3600 * SECOND_NS), lateness_ns=10 * SECOND_NS)
    assert list(table.add(datagram(1), 0)) == []
    assert list(table.add(datagram(69, src_port=1), 0)) == []
    (record,) = table.add(datagram(70, src_port=1), 0)
    assert (record["part"], record["last_ns"]) == (SLICE, seconds(1))
    late = [record for time in (2, 71) for record in table.add(datagram(time), 0)]
    assert [(record["part"], record["first_ns"]) for record in late] == [(SLICE, seconds(2))]
    assert counts(whole(table.finish())) == [(2, 0), (3, 0)]


def test_late_packets_make_a_further_slice():
    """A packet of a window that was left counts in that window."""
    records = run([datagram(59), datagram(61), datagram(58)], window_ns=MINUTE)
    assert [record["last_ns"] // MINUTE for record in slices(records)] == [0, 1, 0]
    (record,) = whole(records)
    assert (record["first_ns"], record["last_ns"], record["orig_packets"]) == (seconds(58), seconds(61), 3)


def test_the_longest_silent_flow_is_evicted():
    """A full table ends the flow that waited longest, and counts it."""
    table = FlowTable(max_flows=2)
    for time, port in enumerate((1, 2, 1)):
        assert list(table.add(datagram(time, src_port=port), 0)) == []
    assert [record["orig_port"] for record in table.add(datagram(3, src_port=3), 0)] == [2]
    assert (table.evicted, len(table)) == (1, 2)


def test_disorder_does_not_end_flows():
    """A packet that is some seconds late neither expires nor restarts anything."""
    other = {"src_port": 2}
    packets = [datagram(100), datagram(95), datagram(30, **other), datagram(101), datagram(31, **other)]
    assert counts(run(packets)) == [(3, 0), (2, 0)]


def test_a_capture_that_starts_over_ends_what_was_before():
    """After a thousand packets of an earlier hour the table believes it, and time goes on from there."""
    packets = [datagram(7200), *(datagram(number / 100, src_port=2) for number in range(2000))]
    records = run(packets)
    assert sum(record["orig_packets"] for record in records) == 2001
    assert len(records) == 3
    table = FlowTable()
    for packet in packets:
        list(table.add(packet, 0))
    assert len(table) == 1


EVENTS = st.tuples(
    st.sampled_from([0.001, 0.5, 3, 20, 70, 400, -2, -90]),
    st.sampled_from(["udp", "dns", "icmp", "tcp"]),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from(["S", "SA", "A", "PA", "FA", "R", "RA"]),
    st.integers(0, 1400),
)
TRAFFIC = st.lists(EVENTS, max_size=40)
WINDOWS = st.sampled_from([None, SECOND_NS, 7 * SECOND_NS, MINUTE, 3600 * SECOND_NS])


def traffic(events):
    """Return packets of a few flows from drawn steps in time, kinds, directions, ports, flags and sizes."""
    packets, now, sent = [], 10_000.0, Counter()
    for step, kind, back, port, flags, size in events:
        now += step
        if kind == "tcp":
            seq, ack = sent[port, back], sent[port, not back]
            sent[port, back] += size + ("S" in flags or "F" in flags)
            packets.append(segment(now, flags, seq, ack, size, back, 40000 + port))
        elif kind == "icmp":
            packets.append(ping(now, SERVER, CLIENT, 0, 8) if back else ping(now))
        else:
            ends = (SERVER, CLIENT, 53 if kind == "dns" else 99, 40000 + port)
            ends = ends if back else (ends[1], ends[0], ends[3], ends[2])
            packets.append(datagram(now, *ends, 28 + size))
    return packets


@given(TRAFFIC, WINDOWS)
def test_nothing_is_lost_whatever_the_window(events, window_ns):
    """Packets and bytes of the WHOLE records, of the SLICE records and of the packets are the same sums."""
    packets = traffic(events)
    records = run(packets, window_ns)
    for which in (whole(records), slices(records)):
        assert sum(record["orig_packets"] + record["resp_packets"] for record in which) == len(packets)
        assert sum(r["orig_ip_bytes"] + r["resp_ip_bytes"] for r in which) == sum(p.length for p in packets)
        assert sum(r["orig_payload_bytes"] + r["resp_payload_bytes"] for r in which) == sum(
            p.payload_length for p in packets)  # fmt: skip
    assert len(FlowBatch.from_records(records)) == len(records)


def comparable(records):
    return sorted(tuple(sorted((name, value) for name, value in r.items() if name != "part")) for r in whole(records))


@given(TRAFFIC, WINDOWS)
def test_whole_flows_do_not_depend_on_windows(events, window_ns):
    """Cutting a flow leaves its own record, statistics included, as it is without windows."""
    packets = traffic(events)
    assert comparable(run(packets, window_ns)) == comparable(run(packets))


@given(TRAFFIC, st.sampled_from([SECOND_NS, MINUTE]))
def test_slices_stay_in_their_window(events, window_ns):
    """Every slice lies in one window, and a flow's slices add up to its WHOLE record."""
    records = run(traffic(events), window_ns)
    for record in slices(records):
        assert record["first_ns"] // window_ns == record["last_ns"] // window_ns
    for name in SUMS:
        assert sum(record[name] for record in slices(records)) == sum(record[name] for record in whole(records))


@given(TRAFFIC, st.lists(st.integers(0, 40), max_size=6))
def test_other_traffic_changes_no_flow(events, places):
    """Packets of other flows, which move the sweeps, leave the records of these as they are."""
    packets = traffic([event for event in events if event[0] > 0])
    mixed = list(packets)
    for place in sorted(places, reverse=True):
        if place < len(packets):
            mixed.insert(place, replace(datagram(0, "10.9.9.9", "10.8.8.8"), time_ns=packets[place].time_ns))
    others = parse_address("10.9.9.9")[1]
    assert comparable(run(packets)) == comparable(r for r in run(mixed) if r["orig_lo"] != others)


@given(TRAFFIC, st.integers(1, 3))
def test_a_small_table_loses_nothing_either(events, max_flows):
    """Evicted flows are recorded; the table never holds more than it may."""
    packets = traffic(events)
    table, records = FlowTable(MINUTE, max_flows=max_flows), []
    for packet in packets:
        records += table.add(packet, 0)
        assert len(table) <= max_flows
    records += table.finish()
    assert len(table) == 0
    assert sum(r["orig_packets"] + r["resp_packets"] for r in whole(records)) == len(packets)
