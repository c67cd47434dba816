"""Tests of netad.ingest.engine.decode: beside the reference, and what is handed over to it."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.checksums import Strict
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP
from netad.ingest.decode import decode as reference
from netad.ingest.engine.decode import HANDOVER, KINDS, PACKET, decode
from netad.ingest.engine.packet_row import P_ACK, P_FIELDS, P_SRC_HI, fill_row
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from netad.ingest.tunnels import TUNNEL_PORTS, TUNNEL_PROTOCOLS
from tests.ingest.frames import ethernet, ip4, ip6, record, tcp, udp

PAD = b"\xff" * 5  # a kernel that reads outside the record would read this
HANDED_OVER = "handed over"
DECODED = slice(P_SRC_HI, P_ACK + 1)  # the fields that decoding fills


def kernel(captured, decap=True, strict=Strict.NONE):
    """Return the kernel's packet row, or the kind, or HANDED_OVER."""
    block = np.frombuffer(PAD + captured.data + PAD, np.uint8).copy()
    row = np.full(P_FIELDS, 99, np.int64)
    end = len(PAD) + len(captured.data)
    outcome = decode(block, len(PAD), end, captured.wire_length, captured.link_type, int(decap), int(strict), row)
    if outcome == HANDOVER:
        return HANDED_OVER
    return row[DECODED].tolist() if outcome == PACKET else KINDS[outcome]


def expected(captured, decap=True, strict=Strict.NONE):
    """Return what the reference makes of the record, in the same form."""
    packet = reference(captured, decap, strict)
    if isinstance(packet, str):
        return packet
    row = np.full(P_FIELDS, 99, np.int64)
    fill_row(row, packet, 0)
    return row[DECODED].tolist()


def extension(following, size=8):
    return struct.pack(">BB", following, size // 8 - 1) + bytes(size - 2)


V4 = {
    "tcp": ip4(tcp(b"abc", flags="PA", ack=9, options=bytes(4)), TCP),
    "udp": ip4(udp(b"abc")),
    "ip options": ip4(udp(b"abc"), options=bytes(8)),
    "echo": ip4(struct.pack(">BBHHH", 8, 0, 0, 1, 1), ICMP),
    "unreachable": ip4(struct.pack(">BBHHH", 3, 1, 0, 0, 0), ICMP),
    "sctp": ip4(struct.pack(">HHII", 1, 2, 3, 4), 132),
    "dccp": ip4(struct.pack(">HHII", 1, 2, 3, 4), 33),
    "udp-lite": ip4(udp(b"abc"), 136),
    "ospf": ip4(b"hello", 89),
    "offloaded": ip4(tcp(b"abc"), TCP, length=0),
    "length beyond the frame": ip4(udp(b"abc"), length=9000),
    "length inside the header": ip4(udp(), length=10),
    "no room for ports": ip4(udp(), length=24),
    "bad tcp header": ip4(tcp()[:12] + b"\x10" + tcp()[13:], TCP),
}
V6 = {
    "tcp": ip6(tcp(b"abc"), TCP),
    "udp": ip6(udp(b"abc")),
    "neighbour": ip6(struct.pack(">BBHI", 135, 0, 0, 0), ICMP6),
    "options": ip6(extension(43) + extension(60, 16) + extension(UDP) + udp(b"abc"), 0),
    "authentication": ip6(struct.pack(">BBHII", UDP, 1, 0, 0, 0) + udp(b"abc"), 51),
    "too many options": ip6(extension(60) * 40, 60),
    "as many options as may be": ip6(extension(60) * 30 + extension(UDP) + udp(), 60),
    "options beyond the packet": ip6(extension(UDP, 64), 60, length=8),
    "no length": ip6(udp(b"abc"), length=0),
}
FRAMES = {f"v4 {name}": (1, ethernet(packet)) for name, packet in V4.items()}
FRAMES |= {f"v6 {name}": (1, ethernet(packet, 0x86DD)) for name, packet in V6.items()}
PLAIN = ip4(tcp(b"abc"), TCP)
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
FRAMES |= {
    "arp": (1, ethernet(bytes(28), 0x0806)),
    "vlan": (1, ethernet(PLAIN, tags=((0x8100, 0x2005),))),
    "qinq": (1, ethernet(PLAIN, tags=((0x88A8, 7), (0x8100, 8), (0x9100, 9), (0x9200, 10)))),
    "snap": (1, ethernet(SNAP + PLAIN, len(PLAIN) + 8)),
    "sll": (113, struct.pack(">HHHQH", 0, 1, 6, 0, 0x0800) + PLAIN),
    "sll2": (276, struct.pack(">HHIHBBQ", 0x0800, 0, 1, 1, 0, 6, 0) + PLAIN),
    "raw": (101, PLAIN),
    "raw of bsd": (12, PLAIN),
    "null, little-endian": (0, b"\x02\0\0\0" + PLAIN),
    "loop": (108, b"\0\0\0\x02" + PLAIN),
    "llc": (1, ethernet(b"\x42\x42\x03" + bytes(35), 38)),
    "snap of an organisation": (1, ethernet(b"\xaa\xaa\x03\0\0\x0c\x20\0" + bytes(30), 38)),
    "snap with a length": (1, ethernet(b"\xaa\xaa\x03\0\0\0\0\x26" + bytes(30), 38)),
    "lldp": (1, ethernet(bytes(40), 0x88CC)),
    "cooked without an ethertype": (113, struct.pack(">HHHQH", 0, 801, 6, 0, 0x0800) + PLAIN),
    "sll2 without an ethertype": (276, struct.pack(">HHIHBBQ", 0x0800, 0, 1, 824, 0, 6, 0) + PLAIN),
    "unknown family": (0, b"\x07\0\0\0" + PLAIN),
    "version 5": (101, b"\x55" + PLAIN[1:]),
    "padded": (1, ethernet(ip4(tcp()[:4], TCP) + bytes(30))),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_decoded_as_by_the_reference(name):
    """Every frame the kernel knows, cut after every byte: the reference's packet or kind, or handed over."""
    link_type, frame = FRAMES[name]
    decoded = 0
    for size in range(len(frame) + 1):
        captured = record(frame[:size], link_type, wire_length=len(frame))
        for strict in Strict:
            found = kernel(captured, strict=strict)
            assert found in (expected(captured, strict=strict), HANDED_OVER), size
        decoded += found != HANDED_OVER
    assert found != HANDED_OVER
    assert decoded > 1


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_damaged_frames_are_decoded_as_by_the_reference(name, data):
    """A few bytes changed, any wire length."""
    link_type, frame = FRAMES[name]
    damaged = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    captured = record(bytes(damaged), link_type, wire_length=data.draw(st.integers(0, 1 << 17)))
    decap, strict = data.draw(st.booleans()), data.draw(st.sampled_from(Strict))
    assert kernel(captured, decap, strict) in (expected(captured, decap, strict), HANDED_OVER)


FRAGMENT = ip6(struct.pack(">BBHI", UDP, 0, 1, 7) + udp(), 44)
LEFT = {
    "first fragment": (1, ethernet(ip4(udp(), more=True))),
    "later fragment": (1, ethernet(ip4(bytes(8), offset=8))),
    "fragment of ipv6": (1, ethernet(FRAGMENT, 0x86DD)),
    "labels": (1, ethernet(PLAIN, 0x8847)),
    "labels in snap": (1, ethernet(b"\xaa\xaa\x03\0\0\0\x88\x47" + PLAIN, 60)),
    "five tags": (1, ethernet(PLAIN, tags=((0x8100, 1),) * 5)),
    "wireless": (105, PLAIN),
    "unknown link type": (9999, PLAIN),
}


@pytest.mark.parametrize("name", LEFT)
def test_rare_records_are_handed_over(name):
    """What the kernel does not know is the reference's to decide."""
    link_type, frame = LEFT[name]
    assert kernel(record(frame, link_type)) == HANDED_OVER


INNER = ip4(tcp(b"abc"), TCP, src="172.16.0.1")
TUNNELS = {
    "ip in ip": (1, ethernet(ip4(INNER, 4), tags=((0x8100, 9),))),
    "6in4": (1, ethernet(ip4(V6["udp"], 41))),
    "gre": (1, ethernet(ip4(b"\0\0\x08\0" + INNER, 47))),
    "gre with all options": (1, ethernet(ip6(b"\xb0\0\x86\xdd" + bytes(12) + V6["tcp"], 47), 0x86DD)),
    "gre in gre in ip": (1, ethernet(ip4(ip4(b"\0\0\x08\0" + ip4(b"\0\0\x08\0" + INNER, 47), 47), 4))),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_plain_tunnels_are_opened_as_by_the_reference(name):
    """The inner packet, cut after every byte; without decapsulation the outer one."""
    link_type, frame = TUNNELS[name]
    for size in range(len(frame) + 1):
        for decap in (True, False):
            captured = record(frame[:size], link_type, wire_length=len(frame))
            for strict in Strict:
                found = kernel(captured, decap, strict)
                assert found in (expected(captured, decap, strict), HANDED_OVER), size
    assert kernel(captured, decap=True) == expected(captured)


def test_a_tunnel_that_does_not_fit_is_not_opened():
    """What is inside claims more than its carrier has, and is a tunnel itself: the packet is the one around both."""
    inner = ip4(INNER, 4, length=20 + len(INNER) + 100)
    captured = record(ethernet(ip4(inner, 4)))
    assert kernel(captured) == HANDED_OVER
    assert reference(captured) == reference(captured, decap=False)


@given(st.sampled_from(sorted(TUNNELS)), st.data())
def test_damaged_tunnels_are_opened_as_by_the_reference(name, data):
    """A few bytes changed."""
    link_type, frame = TUNNELS[name]
    damaged = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(14, 80) if len(frame) > 80 else st.integers(14, len(frame) - 1))] = data.draw(
            st.integers(0, 255)
        )
    captured = record(bytes(damaged), link_type)
    assert kernel(captured) in (expected(captured), HANDED_OVER)


def test_other_tunnels_are_handed_over_unless_they_stay_closed():
    """Exactly the protocols and ports that the reference looks into; without decapsulation they are plain packets."""
    tunnels = [ip4(b"\xff" * 40, protocol) for protocol in sorted(TUNNEL_PROTOCOLS)]
    tunnels += [ip4(udp(bytes(40), dst_port=port)) for port in sorted(TUNNEL_PORTS)]
    for packet in tunnels:
        captured = record(ethernet(packet))
        assert kernel(captured) == HANDED_OVER
        assert kernel(captured, decap=False) == expected(captured, decap=False)


def test_kinds_are_the_references():
    """Every kind has the name under which the reference counts it."""
    assert {kernel(record(*FRAMES[name][::-1])) for name in ("arp", "version 5", "v4 no room for ports")} == {
        "arp",
        "bad_ip_header",
        "bad_transport_header",
    }


@pytest.mark.corpus
def test_packet_by_packet_on_real_captures(corpus):
    """Every record of the corpus: the same row or kind; at least 99 % of Ethernet IP packets in the kernel."""
    packets = handed_over = 0
    for folder in ("captures", "formats", "malformed", "pairs", "labelled"):
        for path in sorted((corpus / folder).rglob("*")):
            if not path.is_file():
                continue
            with path.open("rb") as stream:
                for number, captured in enumerate(read_records(stream, str(path), IngestReport())):
                    for strict in (Strict.CHECKSUMS, Strict.NONE):
                        found, wanted = kernel(captured, strict=strict), expected(captured, strict=strict)
                        assert found in (wanted, HANDED_OVER), f"{path}, record {number}"
                    if captured.link_type == 1 and not isinstance(wanted, str):
                        packets += 1
                        handed_over += found == HANDED_OVER
    assert packets > 200_000
    assert handed_over < packets / 100, (handed_over, packets)
