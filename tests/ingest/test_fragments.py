"""Tests of netad.ingest.fragments."""

from netad.core.timing import SECOND_NS
from netad.ingest.decode import TCP, UDP
from netad.ingest.fragments import FragmentPorts
from tests.ingest.frames import datagram

KEY = ((0, 1), (0, 2), UDP, 9)


def first(key=KEY, protocol=UDP):
    return datagram(0, protocol=protocol, src_port=5, dst_port=6, fragment_key=key)


def later(key=KEY):
    return datagram(0, src_port=0, dst_port=0, fragment_key=key, is_fragment=True)


def test_later_fragments_get_their_datagrams_ports():
    """And its protocol, which in IPv6 may stand behind further headers of the first fragment."""
    ports = FragmentPorts()
    ports.resolve(first(protocol=TCP), 0)
    found = ports.resolve(later(), SECOND_NS)
    assert (found.src_port, found.dst_port, found.protocol, found.is_fragment) == (5, 6, TCP, True)


def test_unknown_and_expired_datagrams():
    """A later fragment without its first, or half a minute after it, keeps ports 0."""
    ports = FragmentPorts()
    assert ports.resolve(later(), 0).src_port == 0
    ports.resolve(first(), 0)
    assert ports.resolve(later(), 31 * SECOND_NS).src_port == 0


def test_whole_packets_pass():
    """What is no fragment is left alone."""
    packet = datagram(0)
    assert FragmentPorts().resolve(packet, 0) is packet


def test_a_flood_of_first_fragments_is_bounded():
    """The oldest datagrams are forgotten first."""
    ports = FragmentPorts()
    for identity in range(9000):
        ports.resolve(first((*KEY[:3], identity)), 0)
    assert ports.resolve(later((*KEY[:3], 0)), 0).src_port == 0
    assert ports.resolve(later((*KEY[:3], 8999)), 0).src_port == 5


def test_datagrams_are_carried():
    """One that goes on from the state of another knows the datagrams it knew, and forgets the same first."""
    one, other = FragmentPorts(), FragmentPorts()
    one.resolve(first(protocol=TCP), 0)
    other.resume(one.carry())
    found = other.resolve(later(), SECOND_NS)
    assert (found.src_port, found.dst_port, found.protocol) == (5, 6, TCP)
    assert other.carry()["datagrams"].tolist() == one.carry()["datagrams"].tolist()
