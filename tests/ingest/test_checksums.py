"""Tests of netad.ingest.checksums."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.checksums import Strict, has_wrong_header, has_wrong_segment
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP, decode
from tests.ingest.frames import ethernet, ip4, ip6, record, sound, tcp, udp

ECHO = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + b"ping!"
ECHO6 = struct.pack(">BBHHH", 128, 0, 0, 1, 1) + b"ping!"
SOUND = {
    "tcp": sound(ip4(tcp(b"abc", options=bytes(4)), TCP)),
    "udp": sound(ip4(udp(b"abcd"))),
    "icmp": sound(ip4(ECHO, ICMP)),
    "options": sound(ip4(udp(b"abc"), options=b"\x94\x04\0\0")),
    "tcp over ipv6": sound(ip6(tcp(b"abc"), TCP)),
    "udp over ipv6": sound(ip6(udp(b"abc"))),
    "icmpv6": sound(ip6(ECHO6, ICMP6)),
    "behind ipv6 options": sound(ip6(struct.pack(">BBHI", UDP, 0, 0x0104, 0) + udp(b"abc"), 60)),
}
# An IPv4 header says nothing about the four bytes of a length and a place in a datagram: those change what a packet is.
SEGMENT_AT = {name: packet.index(b"ping!" if "icmp" in name else b"abc") - 4 for name, packet in SOUND.items()}


def strictly(packet, strict=Strict.CHECKSUMS, **more):
    return decode(record(ethernet(packet, 0x86DD if packet[0] >> 4 == 6 else 0x0800), **more), strict=strict)


@pytest.mark.parametrize("name", SOUND)
def test_sound_packets_are_taken(name):
    """Right checksums: the same packet as without looking at them, padding of the frame left out."""
    for padding in (b"", b"\xff" * 7):
        assert strictly(SOUND[name] + padding) == decode(record(SOUND[name], 101))


@pytest.mark.parametrize("name", SOUND)
def test_any_changed_byte_of_the_segment_is_found(name):
    """A checksum finds every change of one byte."""
    packet = SOUND[name]
    for place in range(SEGMENT_AT[name], len(packet)):
        damaged = bytearray(packet)
        damaged[place] ^= 0x10
        assert strictly(bytes(damaged)) == "bad_checksum", place
        assert strictly(bytes(damaged), Strict.LENGTHS) == strictly(bytes(damaged), Strict.NONE)


def test_a_changed_header_is_found():
    """A wrong time to live breaks the header's checksum, which IPv6 has none of."""
    for name, kind in (("tcp", "bad_ip_checksum"), ("options", "bad_ip_checksum")):
        packet = SOUND[name]
        assert strictly(packet[:8] + b"\7" + packet[9:]) == kind
        assert has_wrong_header(packet[:8] + b"\7" + packet[9:])
    packet = SOUND["tcp over ipv6"]
    assert strictly(packet[:7] + b"\7" + packet[8:]).ttl == 7


def test_changed_addresses_are_found():
    """Over IPv6 the transport's checksum answers for the addresses."""
    packet = SOUND["udp over ipv6"]
    assert strictly(packet[:20] + b"\7" + packet[21:]) == "bad_checksum"


def test_udp_without_a_checksum():
    """0 stands for none."""
    for packet in (sound(ip4(udp(b"abc"))), sound(ip6(udp(b"abc")))):
        at = packet.index(b"abc") - 2
        assert strictly(packet[:at] + b"\0\0" + packet[at + 2 :]).protocol == UDP


def test_a_datagram_that_ends_before_the_packet():
    """What the IP header counts beyond the UDP length is not covered."""
    datagram = sound(ip4(udp(b"abcd")))
    longer = sound(ip4(datagram[20:] + b"more", length=len(datagram) + 4), transport=False)
    assert strictly(longer).length == len(datagram) + 4


@pytest.mark.parametrize("name", SOUND)
def test_cut_packets_are_not_looked_at(name):
    """A segment that was not captured whole cannot be checked."""
    packet = SOUND[name][:-1]
    assert strictly(packet, wire_length=200) == strictly(packet, Strict.NONE, wire_length=200)


def test_fragments_are_not_looked_at():
    """The checksum is that of the whole datagram; the header's own is looked at."""
    for fragment in (ip4(udp(bytes(16)), more=True), ip4(bytes(16), offset=24)):
        assert strictly(sound(fragment, transport=False)).fragment_key is not None
        assert strictly(fragment) == "bad_ip_checksum"


def test_a_packet_on_its_way_is_not_looked_at():
    """With segments left to go in a routing header the checksum is made for another destination."""
    for left in (0, 1):
        header = struct.pack(">BBBBI16x", UDP, 2, 0, left, 0)
        packet = ip6(header + udp(b"abc"), 43)
        at = len(packet) - 5
        packet = packet[:at] + b"\x12\x34" + packet[at + 2 :]
        assert (strictly(packet) == "bad_checksum") == (left == 0)


def test_lengths_beyond_the_frame():
    """What claims more than was on the wire is left out by both, told apart from cut packets."""
    packet = sound(ip4(udp(b"abc"), length=40))
    for strict in (Strict.LENGTHS, Strict.CHECKSUMS):
        assert strictly(packet, strict) == "length_beyond_frame"
        assert strictly(packet[:-1], strict, wire_length=200).length == 40
    assert strictly(packet, Strict.NONE).length == 40


def test_lengths_left_to_the_card_count_nothing():
    """A length of 0 is as many bytes, and still as much payload as there is."""
    packet = ip4(tcp(bytes(3000)), TCP, length=0)
    found = strictly(packet, Strict.LENGTHS)
    assert (found.length, found.payload_length) == (0, 3000)
    assert strictly(packet, Strict.NONE).length == 3040


def test_tunnels_are_checked_outside_and_inside():
    """One wrong checksum on the way inwards is enough."""
    inside = SOUND["tcp"]
    tunnel = sound(ip4(inside, 4))
    assert strictly(tunnel).tunnel
    assert strictly(tunnel[:-1] + b"x") == "bad_checksum"
    assert strictly(tunnel[:8] + b"\7" + tunnel[9:]) == "bad_ip_checksum"
    assert strictly(ip4(inside, 4)) == "bad_ip_checksum"
    vxlan = sound(ip4(udp(b"\x08" + bytes(7) + ethernet(inside[:-1] + b"x"), dst_port=4789)))
    assert strictly(vxlan) == "bad_checksum"
    assert strictly(vxlan, Strict.LENGTHS).protocol == TCP


def test_other_protocols_are_not_looked_at():
    """SCTP's is another checksum, UDP-Lite's covers a part."""
    for protocol in (132, 33, 136, 89):
        assert strictly(sound(ip4(bytes(30), protocol), transport=False)).protocol == protocol
        assert not has_wrong_segment(ip4(b""), protocol, b"\1" * 30)


@given(st.binary(max_size=60), st.sampled_from((TCP, UDP, ICMP, ICMP6)), st.sampled_from((4, 6)))
def test_any_segment(segment, protocol, version):
    """With the checksum it should have none is wrong, and none that is shorter than its header."""
    packet = ip4(segment, protocol) if version == 4 else ip6(segment, protocol)
    if len(segment) >= (20 if protocol == TCP else 8):
        packet = sound(packet)
        segment = packet[-len(segment) :]
    datagram_ends_first = protocol == UDP and 8 <= int.from_bytes(segment[4:6], "big") < len(segment)
    assert datagram_ends_first or not has_wrong_segment(packet, protocol, segment)
