"""Tests of netad.ingest.server_ports."""

import pytest

from netad.ingest.server_ports import comes_from_responder
from tests.ingest.frames import datagram, segment


@pytest.mark.parametrize(
    ("src_port", "dst_port", "flipped"),
    [(53, 40000, True), (40000, 53, False), (123, 123, False), (53, 123, False), (67, 68, True), (9, 10, False)],
)
def test_udp(src_port, dst_port, flipped):
    """A server's port answers, unless the other port is a server's too."""
    assert comes_from_responder(datagram(0, src_port=src_port, dst_port=dst_port)) is flipped


def test_broadcast_is_never_an_answer():
    """What goes to everyone comes from who started it."""
    assert not comes_from_responder(datagram(0, dst="255.255.255.255", src_port=67, dst_port=68))


@pytest.mark.parametrize(
    ("flags", "port", "server_port", "flipped"),
    [
        ("S", 40000, 80, False),  # a SYN is believed, whatever the ports
        ("SA", 40000, 80, True),
        ("A", 40000, 80, True),
        ("A", 40000, 8081, False),
        ("A", 443, 80, True),  # both are servers': the lower port it is
        ("A", 22, 80, False),
        ("SA", 443, 80, False),  # but a SYN-ACK between two of them may be a scan
    ],
)
def test_tcp_from_the_server_side(flags, port, server_port, flipped):
    """Without a SYN the server's port decides."""
    packet = segment(0, flags, back=True, port=port, server_port=server_port)
    assert comes_from_responder(packet) is flipped
