import ipaddress
import struct

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.sample import wire
from netad.sample.wire import Endpoint, checksum, multicast_endpoint, tcp_frame, udp_frame, write_pcap


def endpoint(text, **more):
    packed = ipaddress.ip_address(text).packed
    return Endpoint(b"\x02\0\0\0\0" + packed[-1:], packed, ttl=64, **more)


PAIRS = {
    "v4": (endpoint("10.20.0.1"), endpoint("192.0.2.9")),
    "v6": (endpoint("fd00::1"), endpoint("2001:db8::9")),
    "vlan": (endpoint("10.20.20.1", vlan=20), endpoint("10.20.20.9", vlan=20)),
}


@given(st.binary(min_size=2, max_size=200))
def test_checksum_makes_the_sum_all_ones(data):
    """With its checksum beside it, data sums up to all ones (RFC 1071), by another way of adding."""
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    total += checksum(data)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@given(payload=st.binary(max_size=300), ports=st.tuples(st.integers(1, 65535), st.integers(1, 65535)))
def test_frames_parse_back(pair, see, payload, ports):
    """In TCP and UDP frames dpkt finds what was put in, with right lengths and checksums."""
    tcp = tcp_frame(*pair, ports, (5, 6), dpkt.tcp.TH_ACK, 100, payload)
    udp = udp_frame(*pair, ports, payload)
    for seen in see([(0, tcp), (0, udp)]):
        assert (seen.transport.sport, seen.transport.dport) == ports
        assert bytes(seen.transport.data) == payload
        assert (seen.source, seen.destination, seen.vlan) == (pair[0].address, pair[1].address, pair[0].vlan)
    assert see([(0, tcp)])[0].transport.seq == 5


def test_udp_checksum_is_never_zero(see):
    """A checksum that comes out as 0 is sent as all ones: 0 would mean that there is none."""
    pair = PAIRS["v4"]
    plain = see([(0, udp_frame(*pair, (1, 2), b"\0\0"))])[0].transport.sum
    seen = see([(0, udp_frame(*pair, (1, 2), struct.pack(">H", plain)))])[0]
    assert seen.transport.sum == 0xFFFF


@pytest.mark.parametrize("name", ["v4", "v6"])
def test_icmp_and_the_packet_inside_a_frame(name, see):
    """ICMP has the version's checksum, and `ip_packet` gives the packet without padding."""
    pair = PAIRS[name]
    frame = wire.icmp_frame(*pair, 8, 0, b"\0\1\0\2")
    seen = see([(0, frame)])[0]
    assert seen.transport.type == 8
    assert wire.ip_packet(frame) == bytes(seen.network)


def test_arp_request_and_reply(see):
    """A request goes to everybody and leaves the hardware address open; the reply fills it in."""
    one, other = PAIRS["v4"]
    request, reply = see([(0, wire.arp_frame(one, other)), (0, wire.arp_frame(other, one, reply=True))])
    assert (request.network.op, request.network.tpa, request.network.tha) == (1, other.address, b"\0" * 6)
    assert (reply.network.op, reply.network.sha, reply.network.tha) == (2, other.mac, one.mac)


@pytest.mark.parametrize(
    ("address", "mac"),
    [("224.0.0.251", "01005e0000fb"), ("ff02::fb", "3333000000fb"), ("255.255.255.255", "ffffffffffff")],
)
def test_group_addresses_have_their_hardware_address(address, mac):
    """RFC 1112 and RFC 2464 say which."""
    group = multicast_endpoint(ipaddress.ip_address(address).packed, PAIRS["vlan"][0])
    assert (group.mac.hex(), group.vlan) == (mac, 20)


@pytest.mark.parametrize(
    ("nanoseconds", "magic", "fraction"), [(True, 0xA1B23C4D, 123456789), (False, 0xA1B2C3D4, 123456)]
)
def test_times_are_written_exactly(tmp_path, nanoseconds, magic, fraction):
    """Integer times survive the file to the nanosecond, or are cut to microseconds."""
    path = tmp_path / "x.pcap"
    assert write_pcap(path, [(1_772_438_400_123_456_789, b"frame")], nanoseconds=nanoseconds) == 1
    data = path.read_bytes()
    assert struct.unpack_from("<I", data)[0] == magic
    assert struct.unpack_from("<IIII", data, 24) == (1_772_438_400, fraction, 5, 5)
    with path.open("rb") as file:
        assert [bytes(frame) for _, frame in dpkt.pcap.Reader(file)] == [b"frame"]
