"""The flows behind the anomalies of a source."""

import pytest

from netad.core.timing import SECOND_NS
from netad.outputs.report.traffic import BINS, MOST_PEERS, MOST_ROWS, FlowsBehind, flow_row
from tests.outputs.report.conftest import HOUR_NS, PEER, START_NS

WINDOW = (START_NS, START_NS + HOUR_NS)


def behind(*events, windows=(WINDOW,), telling=(), callees=()):
    flows = FlowsBehind("10.4.2.2", windows, WINDOW, telling, callees)
    for event in events:
        flows.add(event)
    return flows


def test_a_flow_is_told_from_the_side_of_the_source(flow):
    """What it sent is out, whoever began; the other end is the peer."""
    row = flow_row(flow(1), "10.4.2.2")
    assert (row.outbound, row.peer, row.peer_port, row.own_port) == (True, PEER, 443, 50_001)
    assert (row.bytes_out, row.bytes_in, row.state, row.protocol) == (100, 900, "SF", "tcp")
    row = flow_row(flow(1, source=PEER, destination="10.4.2.2"), "10.4.2.2")
    assert (row.outbound, row.peer, row.peer_port, row.own_port) == (False, PEER, 50_001, 443)
    assert (row.bytes_out, row.bytes_in) == (900, 100)


def test_what_an_input_does_not_tell_is_not_made_up(flow):
    """A flow of a log without bytes, of a protocol without a name and ports."""
    event = flow(1)
    del event["source"]["bytes"], event["source"]["port"], event["network"]["transport"], event["log"]
    row = flow_row(event, "10.4.2.2")
    assert (row.bytes_out, row.own_port, row.protocol, row.path, row.bytes) == (None, None, "6", "", 900)


def test_flows_outside_the_windows_are_not_behind_anything(flow):
    """One that goes on into a window is."""
    inside, before = flow(1), flow(2, -10)
    into, after = flow(3, -10, lasts=20), flow(4, 3600)
    later = flow(5, 7300)
    flows = behind(
        inside, before, into, after, later, windows=[WINDOW, (START_NS + 2 * HOUR_NS, START_NS + 3 * HOUR_NS)]
    )
    assert [row.identity for row in flows.rows(9)] == [one["event"]["id"] for one in (into, inside, later)]
    assert flows.count == 3
    assert list(flows.paths) == ["captures/office.pcap"]


def test_telling_flows_stay_and_then_the_largest(flow):
    """Rows come in order of time; memory is bounded."""
    events = [flow(number, number / 10, out=number) for number in range(MOST_ROWS + 50)]
    flows = behind(*events, telling=[events[0]["event"]["id"]])
    kept = flows.rows(3)
    assert [row.identity for row in kept] == [
        events[number]["event"]["id"] for number in (0, MOST_ROWS + 48, MOST_ROWS + 49)
    ]
    assert len(flows.rows(10**6)) == MOST_ROWS
    assert flows.count == MOST_ROWS + 50


def test_peers_are_summed_up(flow):
    """By bytes; failed flows and the service's ports are counted whoever began."""
    flows = behind(flow(1), flow(2, state="REJ"), flow(3, destination="10.4.9.9", out=10**6),
                   flow(4, source="203.0.113.7", destination="10.4.2.2"))  # fmt: skip
    first, second, third = flows.peers(9)
    assert (first.address, second.address, third.address) == ("10.4.9.9", PEER, "203.0.113.7")
    assert (second.flows, second.failed, second.bytes_out, second.bytes_in, second.ports) == (2, 1, 200, 1800, [443])
    assert third.ports == [443]
    assert flows.peer_count == 3
    assert len(flows.peers(1)) == 1


def test_peers_are_bounded(flow):
    """A scan of the Internet does not fill memory; its flows still count."""
    flows = behind(*(flow(n, 1, destination=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(MOST_PEERS + 5)))
    assert (flows.peer_count, flows.count) == (MOST_PEERS, MOST_PEERS + 5)


def test_bytes_are_spread_over_the_time_of_a_flow(flow):
    """All of a flow's bytes are there once, in equal parts; what lies outside the window is not."""
    spans = behind(flow(1, 0, out=600, lasts=600)).traffic()
    assert len(spans) == BINS
    assert [span.bytes_out for span in spans[:12]] == pytest.approx([55] * 11 + [0], abs=1)
    assert sum(span.bytes_out for span in spans) == pytest.approx(600, abs=10)
    half = behind(flow(1, -300, out=600, lasts=600)).traffic()
    assert sum(span.bytes_out for span in half) == pytest.approx(300, abs=10)
    assert behind(flow(1, out=0, **{"in": 0})).traffic() == []
    moment = behind(flow(1, 10, out=600, lasts=0)).traffic()
    assert moment[0].bytes_out == 600


def test_contacts_are_told_where_they_were_asked_for(flow):
    """Those that the source began, to this address and port."""
    flows = behind(flow(1, 5), flow(2, 65), flow(3, 70, destination="10.4.9.9"), callees=[(PEER, 443)])
    assert flows.contacts(PEER, 443) == [START_NS + second * SECOND_NS for second in (5, 65)]
    assert flows.contacts("10.4.9.9", 443) == []
