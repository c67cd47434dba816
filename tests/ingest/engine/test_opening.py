"""Tests of netad.ingest.engine.opening: who opened a flow, as netad.ingest.server_ports says."""

import pytest

from netad.ingest.conn_state import Timeouts
from netad.ingest.engine.opening import source_is_b
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.server_ports import comes_from_responder
from tests.ingest.engine.packet_rows import packet_row
from tests.ingest.frames import CLIENT, SERVER, datagram, ping, segment

FIRST_PACKETS = [
    datagram(0),
    datagram(0, SERVER, CLIENT, 53, 40000),
    datagram(0, SERVER, CLIENT, 53, 123),
    datagram(0, SERVER, "255.255.255.255", 67, 68),
    datagram(0, "2001:db8::1", "fe80::1", 5353, 40000),
    segment(0, "S", 1, back=True, server_port=443),
    segment(0, "SA", 1, 1, back=True, server_port=443),
    segment(0, "A", 1, 1, back=True, server_port=443, port=80),
    segment(0, "SA", 1, 1, back=True, server_port=80, port=443),
    segment(0, "A", 1, 1, back=True, server_port=80, port=443),
    segment(0, "A", 1, 1, back=True, server_port=9999),
    ping(0, SERVER, CLIENT, 0, 8),
    datagram(0, SERVER, CLIENT, 0, 0, protocol=47),
]


@pytest.mark.parametrize("packet", FIRST_PACKETS)
def test_the_originator_is_the_reference_s(packet):
    """Ports, flags and broadcasts decide; a flow that is turned has ^ in its history."""
    store = FlowStore(None, Timeouts(), 10, 0)
    take(packet_row(packet), store.arrays)
    (columns,) = store.finish()
    turned = comes_from_responder(packet)
    originator = packet.dst if turned else packet.src
    assert (columns["orig_hi"][0], columns["orig_lo"][0]) == originator
    assert columns["orig_port"][0] == (packet.dst_port if turned else packet.src_port)
    assert columns["history"][0].startswith(b"^") == turned


def test_both_directions_have_one_order_of_ends():
    """The source of one is the destination of the other, whichever half of the address or port differs."""
    for src, dst, ports in (
        (CLIENT, SERVER, (1, 2)),
        ("2001:db8::1", "2001:db9::1", (1, 2)),
        ("2001:db8::1", "2001:db8::2", (2, 1)),
        (CLIENT, CLIENT, (1, 2)),
    ):
        there = packet_row(datagram(0, src, dst, *ports))
        back = packet_row(datagram(0, dst, src, *ports[::-1]))
        assert source_is_b(there) != source_is_b(back)


def test_one_end_to_itself_and_one_way_messages_are_not_turned():
    """There the sender is the first end, always."""
    assert not source_is_b(packet_row(datagram(0, CLIENT, CLIENT, 5, 5)))
    errors = [packet_row(ping(0, *ends, kind=3, answer=1)) for ends in ((CLIENT, SERVER), (SERVER, CLIENT))]
    assert [source_is_b(p) for p in errors] == [False, False]
