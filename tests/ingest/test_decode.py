"""Tests of netad.ingest.decode."""

import struct
from collections import Counter
from dataclasses import replace

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address, split_address
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP, Packet, decode, decode_payload
from netad.ingest.flows import TUNNELS
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from netad.ingest.tunnels import is_tunnel
from tests.ingest.frames import CLIENT, SERVER, ethernet, ip4, ip6, record, tcp, udp

RAW = 101


def test_udp_over_ip4():
    """Addresses, ports, lengths and TTL of a plain datagram."""
    packet = decode(record(ethernet(ip4(udp(b"hello"), ttl=63)), time_ns=5))
    assert packet == Packet(5, parse_address(CLIENT), parse_address(SERVER), UDP, 40000, 53, 33, 5, 63)


def test_tcp():
    """Flags, window and numbers of a segment; its header length, options included, is no payload."""
    packet = decode(record(ip4(tcp(b"abc", flags="PA", seq=9, ack=8, options=bytes(12)), TCP), RAW))
    assert (packet.tcp_flags, packet.tcp_window, packet.seq, packet.ack) == (0x18, 1000, 9, 8)
    assert (packet.length, packet.payload_length) == (20 + 32 + 3, 3)


def test_ethernet_padding_is_not_payload():
    """Octets behind the IP packet are not counted."""
    packet = decode(record(ethernet(ip4(udp(b"x")) + bytes(17))))
    assert (packet.length, packet.payload_length) == (29, 1)


def test_icmp():
    """ICMP has type and counterpart as ports; the identifier is read where there is one."""
    packet = decode(record(ip4(struct.pack(">BBHHH", 8, 0, 0, 77, 1) + bytes(56), ICMP), RAW))
    assert (packet.src_port, packet.dst_port, packet.icmp_type, packet.icmp_code, packet.icmp_id) == (8, 0, 8, 0, 77)
    assert packet.payload_length == 56
    error = decode(record(ip4(struct.pack(">BBHI", 3, 1, 0, 0) + bytes(28), ICMP), RAW))
    assert (error.src_port, error.dst_port, error.icmp_id) == (3, 1, -1)


def test_other_protocols():
    """SCTP has ports, GRE has none."""
    sctp = decode(record(ip4(struct.pack(">HHII", 36412, 36413, 0, 0) + b"chunk", 132), RAW))
    assert (sctp.src_port, sctp.dst_port, sctp.payload_length) == (36412, 36413, 5)
    gre = decode(record(ip4(bytes(30), 47), RAW))
    assert (gre.protocol, gre.src_port, gre.dst_port, gre.payload_length) == (47, 0, 0, 30)


def test_vlan_reaches_the_packet():
    """The outermost tag is noted."""
    assert decode(record(ethernet(ip4(udp()), tags=[(0x88A8, 30), (0x8100, 4)]))).vlan == 30


def test_offloaded_lengths():
    """An IP length of 0 (segmentation offload, jumbograms) is what was on the wire behind the link header."""
    packet = decode(record(ethernet(ip4(tcp(bytes(3000)), TCP, length=0))))
    assert (packet.length, packet.payload_length) == (3040, 3000)
    jumbo = decode(record(ip6(udp(bytes(500)), length=0), RAW))
    assert (jumbo.length, jumbo.payload_length) == (548, 500)


def test_snapped_packet_counts_in_full():
    """Lengths come from the IP header, flags and ports from what was captured."""
    whole = ethernet(ip4(tcp(bytes(1000), flags="A"), TCP))
    packet = decode(record(whole[:60], wire_length=len(whole)))
    assert packet == decode(record(whole))


@pytest.mark.parametrize(
    ("captured", "flags", "window"), [(4, None, -1), (13, None, -1), (14, 0x12, -1), (16, 0x12, 1000), (20, 0x12, 1000)]
)
def test_snapped_inside_the_tcp_header(captured, flags, window):
    """Of a header that is cut, what is there is used, and nothing else."""
    whole = ip4(tcp(flags="SA", seq=3), TCP)
    packet = decode(record(whole[: 20 + captured], RAW, wire_length=len(whole)))
    assert (packet.src_port, packet.dst_port) == (40000, 80)
    assert (packet.tcp_flags, packet.tcp_window) == (flags, window)
    assert packet.seq == (3 if flags is not None else -1)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "truncated_ip_header"),
        (b"\x45" + bytes(10), "truncated_ip_header"),
        (b"\x60" + bytes(30), "truncated_ip_header"),
        (b"\x75" + bytes(40), "bad_ip_header"),
        (b"\x44" + ip4(udp())[1:], "bad_ip_header"),
        (b"\x4f" + ip4(udp())[1:], "bad_ip_header"),
        (b"\x46" + ip4(udp(), length=28)[1:20], "truncated_ip_header"),
        (ip4(udp(), length=19), "bad_ip_header"),
        (ip4(udp(), length=24), "bad_transport_header"),
        (ip4(udp())[:23], "truncated_transport_header"),
        (ip4(b"\x08", ICMP), "bad_transport_header"),
        (ip4(tcp(), TCP, length=39), "bad_transport_header"),
        (ip4(tcp()[:12] + b"\x10" + tcp()[13:], TCP), "bad_transport_header"),
        (ip4(tcp()[:12] + b"\xf0" + tcp()[13:], TCP), "bad_transport_header"),
        (ip6(b"\x11\x09" + bytes(6), 0), "bad_ip_header"),
        (ip6(b"", 0), "truncated_ip_header"),
        (ip6(b"\0\0" + bytes(6), 60)[:40] + (b"\x3c\0" + bytes(6)) * 40, "bad_ip_header"),
        (ip6(bytes(4), 44), "truncated_ip_header"),
    ],
)  # fmt: skip
def test_kinds_of_broken_packets(data, kind):
    """What cannot be a packet of a flow is counted by what is wrong with it."""
    assert decode(record(data, RAW)) == kind


def test_a_length_no_packet_has():
    """A wire length of gigabytes behind an IP length of 0 is not believed."""
    assert decode(record(ip4(udp(), length=0), RAW, wire_length=1 << 31)) == "bad_ip_header"


def test_ip6_extension_headers():
    """Ports are found behind hop-by-hop, routing, destination and authentication headers."""
    chain = (
        b"\x2b\0" + bytes(6)  # hop-by-hop, then routing
        + b"\x3c\x01" + bytes(14)  # 16 octets of routing, then destination options
        + b"\x33\0" + bytes(6)  # then AH
        + b"\x11\x04" + bytes(22)  # (4 + 2) * 4 octets of AH, then UDP
    )  # fmt: skip
    packet = decode(record(ip6(chain + udp(b"xy"), 0), RAW))
    assert (packet.protocol, packet.src_port, packet.dst_port, packet.payload_length) == (UDP, 40000, 53, 2)
    assert packet.length == 40 + len(chain) + 10


def test_ip4_fragments():
    """The first fragment has the ports, a later one says whose it is; both carry the datagram's key."""
    first = decode(record(ip4(udp(bytes(24)), more=True, identity=5), RAW))
    later = decode(record(ip4(bytes(16), offset=32, identity=5), RAW))
    assert (first.src_port, first.is_fragment) == (40000, False)
    assert (later.src_port, later.dst_port, later.is_fragment, later.payload_length) == (0, 0, True, 16)
    assert first.fragment_key == later.fragment_key is not None
    assert decode(record(ip4(udp(), identity=5), RAW)).fragment_key is None


def test_ip6_fragments():
    """So it is in IPv6; a fragment header of a whole datagram (RFC 6946) makes no fragment."""
    first = decode(record(ip6(struct.pack(">BBHI", UDP, 0, 1, 99) + udp(bytes(8)), 44), RAW))
    later = decode(record(ip6(struct.pack(">BBHI", UDP, 0, 16, 99) + bytes(8), 44), RAW))
    atomic = decode(record(ip6(struct.pack(">BBHI", UDP, 0, 0, 99) + udp(), 44), RAW))
    assert first.fragment_key == later.fragment_key is not None
    assert (first.is_fragment, later.is_fragment, later.protocol) == (False, True, UDP)
    assert (atomic.fragment_key, atomic.src_port) == (None, 40000)


def test_tiny_first_fragment():
    """A first fragment that ends inside the TCP header still has its ports."""
    packet = decode(record(ip4(tcp()[:8], TCP, more=True), RAW))
    assert (packet.src_port, packet.tcp_flags, packet.payload_length) == (40000, None, 0)


def vxlan(frame, port=40000):
    return udp(b"\x08" + bytes(7) + frame, port, 4789)


def geneve(content, kind=0x6558, options=b""):
    return udp(struct.pack(">BBHI", len(options) // 4, 0, kind, 0) + options + content, 40000, 6081)


def gtp_u(packet):
    return udp(struct.pack(">BBHI", 0x30, 255, len(packet), 1) + packet, 2152, 2152)


def gre(content, kind=0x0800, flags=0, fields=b""):
    return struct.pack(">HH", flags, kind) + fields + content


INSIDE = ip4(tcp(b"abc", flags="PA"), TCP, src="172.16.0.1", dst="172.16.0.2", ttl=9)
INSIDE6 = ip6(udp(b"abc"), ttl=9)
ENCAPSULATIONS = [
    ("gre", ip4(gre(INSIDE), 47)),
    ("gre", ip4(gre(INSIDE6, 0x86DD), 47)),
    ("gre", ip6(gre(INSIDE, flags=0xB000, fields=bytes(12)), 47)),
    ("gre", ip4(gre(ethernet(INSIDE), 0x6558, 0x2000, bytes(4)), 47)),
    ("gre", ip4(gre(b"\0\x01\x01\x40" + INSIDE, 0x8847), 47)),
    ("gre", ip4(gre(b"\xff\x03\0\x21" + INSIDE, 0x880B, 0x2001, bytes(4)), 47)),
    ("erspan", ip4(gre(ethernet(INSIDE), 0x88BE), 47)),
    ("erspan", ip4(gre(b"\x10" + bytes(7) + ethernet(INSIDE), 0x88BE, 0x1000, bytes(4)), 47)),
    ("erspan", ip4(gre(b"\x20" + bytes(11) + ethernet(INSIDE), 0x22EB, 0x1000, bytes(4)), 47)),
    ("ip-in-ip", ip4(INSIDE, 4)),
    ("ip-in-ip", ip4(INSIDE6, 41)),
    ("ip-in-ip", ip6(INSIDE, 4)),
    ("vxlan", ip4(vxlan(ethernet(INSIDE)))),
    ("vxlan", ip6(vxlan(ethernet(INSIDE6, 0x86DD)))),
    ("geneve", ip4(geneve(ethernet(INSIDE), options=bytes(8)))),
    ("geneve", ip4(geneve(INSIDE6, 0x86DD))),
    ("gtp-u", ip4(gtp_u(INSIDE))),
    ("gtp-u", ip6(gtp_u(INSIDE6))),
]


@pytest.mark.parametrize(("tunnel", "outside"), ENCAPSULATIONS)
def test_the_packet_inside_is_the_flows(tunnel, outside):
    """Addresses, lengths, TTL and flags are those of the packet inside, and the tunnel is noted; or not, as wished."""
    inside = INSIDE if outside.endswith(INSIDE) else INSIDE6
    packet = decode(record(ethernet(outside + bytes(5)), time_ns=3))
    assert packet == replace(decode(record(inside, RAW, 3)), tunnel=TUNNELS.index(tunnel))
    plain = decode(record(ethernet(outside)), decap=False)
    assert (plain.length, plain.ttl, plain.tunnel) == (len(outside), 64, 0)


@pytest.mark.parametrize(("tunnel", "outside"), ENCAPSULATIONS)
def test_what_is_cut_inside_is_the_packet_outside(tunnel, outside):
    """A capture that ends before the ports inside still counts in the tunnel's own flow; one that has them does not."""
    size = len(INSIDE) - 20 if outside.endswith(INSIDE) else len(INSIDE6) - 40
    plain = decode(record(outside, RAW), decap=False)
    for missing, expected in ((size - 4, TUNNELS.index(tunnel)), (size - 3, 0), (size + 20, 0)):
        packet = decode(record(outside[:-missing], RAW, wire_length=len(outside)))
        assert packet.tunnel == expected
        assert packet == plain or expected


@pytest.mark.parametrize(
    "outside",
    [
        ip4(vxlan(ethernet(bytes(28), 0x0806))),
        ip4(vxlan(ethernet(b"\x45"))),
        ip4(vxlan(b"")),
        ip4(gre(b"\x75" + INSIDE[1:]), 47),
        ip4(gre(b"", 0), 47),
        ip4(INSIDE[:-1], 4),
        ip4(gtp_u(b"\x45\0\0\x09" + bytes(30))),
        ip4(udp(INSIDE, 4789, 53)),
        ip4(gre(INSIDE), 47, more=True),
        ip4(gre(INSIDE), 47, offset=64),
    ],
)
def test_what_carries_nothing_readable_is_itself_the_packet(outside):
    """ARP in VXLAN, nonsense, packets longer than their carrier and fragments of tunnels count outside."""
    packet = decode(record(outside, RAW))
    assert packet == decode(record(outside, RAW), decap=False)
    assert packet.tunnel == 0


def test_mirrored_packets_may_be_cut():
    """ERSPAN cuts what it mirrors: the packet counts as long as it was."""
    packet = decode(record(ip4(gre(ethernet(INSIDE)[:60], 0x88BE), 47), RAW))
    assert (packet.length, packet.protocol, TUNNELS[packet.tunnel]) == (len(INSIDE), TCP, "erspan")


def test_tunnels_in_tunnels():
    """The outermost of nested tunnels is noted; after four the packet is taken as it is."""
    nested = ip4(vxlan(ethernet(ip4(gre(ip6(INSIDE, 4), 0x86DD), 47))))
    assert decode(record(nested, RAW)) == replace(decode(record(INSIDE, RAW)), tunnel=TUNNELS.index("vxlan"))
    deep = ip4(udp())
    for host in range(6):
        deep = ip4(deep, 4, src=f"10.0.0.{host + 1}")
    assert decode(record(deep, RAW)).src == parse_address("10.0.0.2")


def test_inside_a_tunnel_that_fails():
    """What can be read of nested tunnels is the packet, and the outermost tunnel stays noted."""
    packet = decode(record(ip4(gre(ip4(vxlan(ethernet(bytes(28), 0x0806)), src="172.16.0.1")), 47), RAW))
    assert (packet.src, packet.dst_port, TUNNELS[packet.tunnel]) == (parse_address("172.16.0.1"), 4789, "gre")


def test_tags_inside_and_outside():
    """The outermost tag seen anywhere is the flow's VLAN."""
    tagged = ethernet(INSIDE, tags=[(0x8100, 30)])
    assert decode(record(ip4(vxlan(tagged)), RAW)).vlan == 30
    assert decode(record(ethernet(ip4(vxlan(tagged)), tags=[(0x8100, 4)]))).vlan == 4


def test_offloaded_lengths_inside():
    """An inner length of 0 is what the outer packet has room for."""
    big = ip4(tcp(bytes(3000)), TCP, length=0)
    assert decode(record(ip4(vxlan(ethernet(big)), length=0), RAW)).length == 3040


def test_fragments_inside():
    """Fragments in a tunnel have a key like others."""
    later = ip4(bytes(16), offset=32, identity=5)
    packet = decode(record(ip4(gre(later), 47), RAW))
    assert (packet.is_fragment, packet.tunnel) == (True, TUNNELS.index("gre"))
    assert packet.fragment_key == decode(record(later, RAW)).fragment_key


KINDS = {"truncated_link_header", "truncated_ip_header", "bad_ip_header", "truncated_transport_header",
         "bad_transport_header", "unknown_link_type", "not_ip", "arp", "mpls", "wifi_management", "encrypted_wifi",
         "wifi_fragment", "wifi_aggregate", "wifi_bad_fcs"}  # fmt: skip
LINK_TYPES = [0, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 119, 127, 147, 163, 192, 276]


@given(st.binary(max_size=120), st.sampled_from(LINK_TYPES), st.integers(0, 2**32 - 1))
def test_any_bytes_decode_or_have_a_kind(data, link_type, wire_length):
    """Hostile bytes never raise, and what decodes fits the columns of a flow."""
    packet = decode(record(data, link_type, wire_length=wire_length))
    assert packet in KINDS if isinstance(packet, str) else 0 <= packet.payload_length <= packet.length <= 1 << 24


@given(st.data())
def test_mangled_packets_decode_or_have_a_kind(data):
    """Real packets, cut anywhere and with octets changed, never raise either."""
    frame = bytearray(ethernet(data.draw(st.sampled_from([
        ip4(tcp(b"abc"), TCP), ip4(udp(b"abc")), ip6(b"\x2c\0" + bytes(6) + b"\x06\0\0\x01\0\0\0\x09" + tcp(), 0)
    ])), data.draw(st.sampled_from([0x0800, 0x86DD]))))  # fmt: skip
    for _ in range(data.draw(st.integers(0, 4))):
        frame[data.draw(st.integers(14, len(frame) - 1))] = data.draw(st.integers(0, 255))
    found = decode(record(bytes(frame[: data.draw(st.integers(0, len(frame)))])))
    assert isinstance(found, Packet) or found in KINDS


@given(st.data())
def test_mangled_tunnels_lose_no_packet(data):
    """Whatever happens to the content of a tunnel, the packet is at least one of the tunnel's own flow."""
    _, outside = data.draw(st.sampled_from(ENCAPSULATIONS))
    octets = bytearray(outside)
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(48, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(48, len(octets)))])
    packet = decode(record(cut, RAW, wire_length=len(octets)))
    plain = decode(record(cut, RAW, wire_length=len(octets)), decap=False)
    assert isinstance(plain, Packet)
    assert packet == plain or (packet.tunnel and packet.length <= 1 << 24)


@pytest.mark.corpus
def test_dpkt_agrees_on_real_packets(corpus):
    """Where dpkt's own objects parse a whole packet of a real capture, they see the same addresses, ports and flags."""
    path = next((corpus / "labelled/iot23/4-1-philips-hue").glob("*.pcap"))
    compared = 0
    with path.open("rb") as stream:
        for found in read_records(stream, str(path), IngestReport()):
            ours, theirs = decode(found), dpkt.ethernet.Ethernet(found.data).data
            if isinstance(ours, str):
                assert not isinstance(theirs, dpkt.ip.IP | dpkt.ip6.IP6)
                continue
            assert (ours.src, ours.dst) == (split_address(theirs.src), split_address(theirs.dst))
            inner = theirs.data
            if isinstance(inner, dpkt.tcp.TCP | dpkt.udp.UDP):
                assert (ours.src_port, ours.dst_port, ours.payload_length) == (
                    inner.sport,
                    inner.dport,
                    len(inner.data),
                )
                compared += 1
            if isinstance(inner, dpkt.tcp.TCP):
                assert (ours.tcp_flags, ours.tcp_window, ours.seq, ours.ack) == (
                    inner.flags & 0xFF, inner.win, inner.seq, inner.ack)  # fmt: skip
    assert compared > 15_000


@pytest.mark.corpus
def test_every_capture_of_the_corpus_decodes(corpus):
    """Malformed, exotic and ordinary captures alike: every record is a packet or has a known kind.

    With tunnels left closed no record is less or more of a packet.
    """
    seen, tunnels = 0, Counter()
    for folder in ("malformed", "formats", "pairs"):
        for path in sorted((corpus / folder).rglob("*.pcap")):
            with path.open("rb") as stream:
                for found in read_records(stream, str(path), IngestReport()):
                    packet, plain = decode(found), decode(found, decap=False)
                    assert packet == plain if isinstance(packet, str) else isinstance(plain, Packet)
                    assert not isinstance(packet, str) or packet in KINDS
                    tunnels[TUNNELS[packet.tunnel] if isinstance(packet, Packet) else ""] += 1
                    seen += 1
    assert seen > 10_000
    assert {name for name, count in tunnels.items() if count > 5} == set(TUNNELS)


@pytest.mark.corpus
def test_a_capture_of_tunnels(corpus):
    """Of a capture with every kind of tunnel all packets come out, and few are left inside, each for a reason."""
    counts = Counter()
    path = corpus / "captures/normal/malcolm-protocols/Tunnels.pcap"
    with path.open("rb") as stream:
        for found in read_records(stream, str(path), IngestReport()):
            packet = decode(found)
            if isinstance(packet, str):
                counts[packet] += 1
            elif packet.tunnel:
                counts[TUNNELS[packet.tunnel]] += 1
            elif is_tunnel(packet.protocol, packet.dst_port):
                counts["fragment" if packet.fragment_key else "closed"] += 1
    assert "mpls" not in counts
    assert counts["gre"] > 600
    assert counts["ip-in-ip"] > 100
    assert counts["gtp-u"] > 100
    # GTP-U in fragments, ARP in VXLAN, GTP-U messages without user data, cut or broken contents.
    assert (counts["fragment"], counts["closed"]) == (90, 9)


def test_icmp6_echo():
    """ICMPv6 echo has its identifier too."""
    packet = decode(record(ip6(struct.pack(">BBHHH", 129, 0, 0, 12, 1), ICMP6), RAW))
    assert (packet.src_port, packet.dst_port, packet.icmp_id) == (129, 128, 12)


def test_payload_of_udp_and_tcp():
    """What lies behind the transport header, without options and without the padding behind the IP packet."""
    packet, payload = decode_payload(record(ethernet(ip4(udp(b"hello")) + bytes(17))))
    assert (payload, packet) == (b"hello", decode(record(ethernet(ip4(udp(b"hello")) + bytes(17)))))
    segment = ethernet(ip4(tcp(b"abc", options=bytes(12)), TCP, options=bytes(8)))
    assert decode_payload(record(segment))[1] == b"abc"
    assert decode_payload(record(ethernet(ip6(udp(b"six")), 0x86DD)))[1] == b"six"


def test_payload_of_a_tunnel_is_the_innermost():
    """With `decap` it belongs to the packet that is returned."""
    frame = ethernet(ip4(ip4(udp(b"inner")), 4))
    assert decode_payload(record(frame))[1] == b"inner"
    assert decode_payload(record(frame), decap=False)[1] == b""


def test_payload_ends_with_the_snapshot():
    """Of a cut packet there is what was captured; its payload_length stays the one on the wire."""
    frame = ethernet(ip4(udp(b"hello")))
    packet, payload = decode_payload(record(frame[:-3], wire_length=len(frame)))
    assert (payload, packet.payload_length) == (b"he", 5)
    assert decode_payload(record(frame[:38], wire_length=len(frame)))[1] == b""


def test_fragments_have_the_first_ones_payload():
    """A later fragment has no transport header to look behind, and what is no packet is its kind."""
    first = ethernet(ip4(udp(b"hello"), more=True))
    assert decode_payload(record(first))[1] == b"hello"
    assert decode_payload(record(ethernet(ip4(b"later octets", offset=8))))[1] == b""
    assert decode_payload(record(ethernet(b"\0" * 28, 0x0806))) == "arp"


@given(st.binary(max_size=120), st.sampled_from((1, 101, 113)))
def test_payload_goes_with_the_packet(data, link_type):
    """Whatever the bytes are, the packet is the one that `decode` returns, and the payload no longer than it says."""
    found = decode_payload(record(data, link_type))
    packet = found if isinstance(found, str) else found[0]
    assert packet == decode(record(data, link_type))
    assert isinstance(found, str) or len(found[1]) <= found[0].payload_length
