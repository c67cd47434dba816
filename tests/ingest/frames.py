"""Builds frames, records and packets for tests."""

import struct
from ipaddress import ip_address

import dpkt

from netad.core.addresses import parse_address
from netad.core.timing import SECOND_NS
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP, Packet
from netad.ingest.framing import Record

FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20}
CLIENT, SERVER = "10.0.0.1", "192.0.2.7"


def flags_of(letters):
    return sum(FLAGS[letter] for letter in letters)


def ethernet(payload, ethertype=0x0800, tags=()):
    stack = b"".join(struct.pack(">HH", kind, vlan) for kind, vlan in tags)
    return b"\x02" * 6 + b"\x04" * 6 + stack + struct.pack(">H", ethertype) + payload


def ip4(
    payload, protocol=UDP, src=CLIENT, dst=SERVER, ttl=64, identity=7, offset=0, more=False, length=None, options=b""
):
    size = 20 + len(options)
    total = size + len(payload) if length is None else length
    place = offset // 8 | (0x2000 if more else 0)
    ends = ip_address(src).packed + ip_address(dst).packed
    return (
        struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, total, identity, place, ttl, protocol, 0)
        + ends
        + options
        + payload
    )


def ip6(payload, following=UDP, src="2001:db8::1", dst="2001:db8::2", ttl=64, length=None):
    total = len(payload) if length is None else length
    return (
        struct.pack(">IHBB", 6 << 28, total, following, ttl) + ip_address(src).packed + ip_address(dst).packed + payload
    )


def udp(payload=b"", src_port=40000, dst_port=53):
    return struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload


def tcp(payload=b"", src_port=40000, dst_port=80, flags="S", seq=1, ack=0, window=1000, options=b""):
    size = 20 + len(options)
    head = struct.pack(">HHIIHHHH", src_port, dst_port, seq, ack, size // 4 << 12 | flags_of(flags), window, 0, 0)
    return head + options + payload


def record(data, link_type=1, time_ns=0, wire_length=None):
    return Record(time_ns, data, len(data) if wire_length is None else wire_length, link_type)


def seconds(value):
    return round(value * SECOND_NS)


def datagram(time, src=CLIENT, dst=SERVER, src_port=40000, dst_port=9999, length=100, protocol=UDP, **more):
    """Return a UDP packet at `time` seconds; with another `protocol` whatever `more` says."""
    return Packet(seconds(time), parse_address(src), parse_address(dst), protocol, src_port, dst_port, length,
                  more.pop("payload_length", max(length - 28, 0)), more.pop("ttl", 64), **more)  # fmt: skip


def ping(time, src=CLIENT, dst=SERVER, kind=8, answer=0):
    return datagram(time, src, dst, kind, answer, 84, ICMP, icmp_type=kind, icmp_code=0)


def segment(time, flags, seq=0, ack=0, size=0, back=False, port=40000, server_port=8080, window=1000):
    """Return a TCP packet at `time` seconds from client to server, or `back`; `size` is its payload's."""
    ends = (parse_address(CLIENT), port), (parse_address(SERVER), server_port)
    (src, src_port), (dst, dst_port) = reversed(ends) if back else ends
    return Packet(seconds(time), src, dst, TCP, src_port, dst_port, 40 + size, size, 64, tcp_flags=flags_of(flags),
                  tcp_window=window, seq=seq % 2**32, ack=ack % 2**32)  # fmt: skip


def sound(packet, transport=True):
    """Return an IP packet with the checksums that dpkt gives it; without `transport` only its header's."""
    if packet[0] >> 4 == 4:
        head, rest = packet[: (packet[0] & 15) * 4], packet[(packet[0] & 15) * 4 :]
        if transport:
            rest = _with_sum(rest, head[9], head[12:20])
        return head[:10] + struct.pack(">H", dpkt.in_cksum(head)) + head[12:] + rest
    at, following = 40, packet[6]
    while following in (0, 43, 60):
        at, following = at + (packet[at + 1] + 1) * 8, packet[at]
    return packet[:at] + _with_sum(packet[at:], following, packet[8:40])


def _with_sum(segment, protocol, ends):
    place = {TCP: 16, UDP: 6, ICMP: 2, ICMP6: 2}.get(protocol)
    if place is None:
        return segment
    segment = segment[:place] + b"\0\0" + segment[place + 2 :]
    pseudo = b"" if protocol == ICMP else ends + struct.pack(">II", len(segment), protocol)
    return segment[:place] + struct.pack(">H", dpkt.in_cksum(pseudo + segment)) + segment[place + 2 :]
