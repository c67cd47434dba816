"""What is wanted, as people name it."""

import pytest

from netad.core.errors import ConfigError
from netad.core.timing import SECOND_NS
from netad.extract.wanted import Flows, Network, Wanted, parse_ports, parse_window, tuple5
from tests.ingest.frames import CLIENT, SERVER, datagram


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
        ("10.1.2.3/24", "10.1.2.200", "10.1.3.1"),
    ],
)
def test_a_network_holds_its_addresses(network, inside, outside):
    """Of both families, none of the other."""
    found = Network.parse(network)
    assert found.holds(Network.parse(inside).first)
    assert not found.holds(Network.parse(outside).first)


def test_a_network_is_told_as_it_is_meant():
    """An address without its length, a network without host bits."""
    assert [Network.parse(text).text for text in ("10.1.2.3/32", "10.1.2.3/24")] == ["10.1.2.3", "10.1.2.0/24"]
    with pytest.raises(ConfigError, match="neither an address nor a network"):
        Network.parse("office")


def test_a_packet_fits_in_both_directions():
    """Source and peer may be either end, and so may the port."""
    wanted = Wanted(Network.parse(CLIENT), peers=(Network.parse(SERVER),), ports=(9999,))
    assert wanted.fits(datagram(0))
    assert wanted.fits(datagram(0, src=SERVER, dst=CLIENT, src_port=9999, dst_port=40000))
    assert not wanted.fits(datagram(0, dst="192.0.2.8"))
    assert not wanted.fits(datagram(0, dst_port=53))
    assert not wanted.fits(datagram(0, dst_port=9999, protocol=1))


def test_flows_hold_packets_of_their_time():
    """Both directions are one flow; the first and the last packet belong to it."""
    flows = Flows({tuple5(1, 80, 2, 40000, 6): [(5, 9), (20, 20)]})
    key = tuple5(2, 40000, 1, 80, 6)
    assert [time for time in range(25) if flows.hold(key, time)] == [5, 6, 7, 8, 9, 20]
    assert not flows.hold(tuple5(2, 40000, 1, 80, 17), 5)
    assert flows.span() == (5, 21)


def test_a_window_is_a_start_with_a_length_or_an_end():
    """As `2026-01-31T08:00Z/1h`, or with two times."""
    start = 1_769_846_400 * SECOND_NS
    hour = (start, start + 3600 * SECOND_NS)
    assert parse_window("2026-01-31T08:00Z/1h") == parse_window("2026-01-31T08:00/2026-01-31T09:00") == hour
    for wrong in ("2026-01-31T08:00Z", "1h", "2026-01-31T08:00Z/soon"):
        with pytest.raises(ConfigError):
            parse_window(wrong)


def test_ports_are_numbers_of_ports():
    """Each once; nothing else is one."""
    assert parse_ports(["443", "53", "443"]) == (443, 53)
    for wrong in ("0", "65536", "http", "-1", "1.5"):
        with pytest.raises(ConfigError, match="no port"):
            parse_ports([wrong])


def test_bounds_are_those_that_int64_holds():
    """No bound is the widest one."""
    assert Wanted(Network.parse(CLIENT)).bounds() == (-(1 << 63), (1 << 63) - 1)
    assert Wanted(Network.parse(CLIENT), 5, 1 << 70).bounds() == (5, (1 << 63) - 1)


def test_the_time_is_said_as_far_as_there_is_one():
    """Nothing for all time."""
    source = Network.parse(CLIENT)
    assert Wanted(source).when() == ""
    assert Wanted(source, since_ns=0).when() == " from 1970-01-01T00:00:00.000Z"
    assert Wanted(source, until_ns=SECOND_NS).when() == " until 1970-01-01T00:00:01.000Z"
