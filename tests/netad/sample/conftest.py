"""What the sample tests share: small captures, and a judge of single frames that does not use netad's code."""

from collections import namedtuple

import dpkt
import pytest

from netad.sample.attacks import ATTACKS
from netad.sample.capture import sample_packets
from netad.sample.rhythm import random_stream, working_day
from netad.sample.sites import build_world

# `network` is the IP packet or ARP message; `transport` a parsed TCP, UDP or ICMP message or None; `vlan` the tag.
Seen = namedtuple("Seen", "time vlan network transport source destination")


def add_words(data):
    """Return the one's complement sum of RFC 1071, word by word; 0xFFFF over data with a right checksum."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def judge(packet):
    """Parse a frame with dpkt, check every length and checksum by hand, and return what was seen."""
    time, frame = packet
    assert len(frame) >= 60
    ethernet = dpkt.ethernet.Ethernet(frame)
    tags = getattr(ethernet, "vlan_tags", [])
    vlan = tags[0].id if tags else None
    network = ethernet.data
    start = 18 if tags else 14
    if isinstance(network, dpkt.arp.ARP):
        return Seen(time, vlan, network, None, None, None)
    if isinstance(network, dpkt.ip.IP):
        assert add_words(frame[start : start + 20]) == 0xFFFF
        end, protocol, header = start + network.len, network.p, 20
    else:
        assert isinstance(network, dpkt.ip6.IP6)
        end, protocol, header = start + 40 + network.plen, network.nxt, 40
    assert end <= len(frame)
    assert not any(frame[end:])
    assert len(frame) == end or len(frame) == 60
    body = frame[start + header : end]
    pseudo = network.src + network.dst + len(body).to_bytes(4, "big") + protocol.to_bytes(4, "big")
    assert add_words((b"" if protocol == 1 else pseudo) + body) == 0xFFFF
    kind = {1: dpkt.icmp.ICMP, 6: dpkt.tcp.TCP, 17: dpkt.udp.UDP, 58: dpkt.icmp6.ICMP6}[protocol]
    transport = kind(body)
    if protocol == 17:
        assert transport.ulen == len(body)
    return Seen(time, vlan, network, transport, network.src, network.dst)


@pytest.fixture(scope="session")
def see():
    """Judge packets: a function from packets to what was seen in them."""
    return lambda packets: [judge(packet) for packet in packets]


@pytest.fixture(scope="session")
def world():
    """The world of seed 3."""
    return build_world(3)


@pytest.fixture(scope="session")
def span():
    """Two hours of the first day."""
    return working_day(1, 2)


@pytest.fixture(scope="session")
def normal_hour():
    """The packets of a thin normal hour."""
    return sample_packets(seed=3, hours=1, packets_scale=0.5)[0]


@pytest.fixture(scope="session")
def attacked_hour():
    """The packets of the same hour with every attack, and the truth about them."""
    return sample_packets(seed=3, hours=1, packets_scale=0.5, attacks=tuple(ATTACKS))


@pytest.fixture
def rng():
    """A seeded stream of random numbers."""
    return random_stream("tests")
