import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.rules.networks import Network, NetworkSet, format_value, hold_everything, parse_address, parse_network

networks = st.one_of(
    st.builds(lambda number, bits: ipaddress.ip_network((number, bits), strict=False),
              st.integers(0, (1 << 32) - 1), st.integers(0, 32)),
    st.builds(lambda number, bits: ipaddress.ip_network((number, bits), strict=False),
              st.integers(1 << 64, (1 << 128) - 1), st.integers(0, 128)),
)  # fmt: skip


@given(st.lists(networks, max_size=5), st.ip_addresses() | st.builds(ipaddress.ip_address, st.integers(0, 255)))
def test_a_set_holds_what_the_ipaddress_module_says_its_networks_hold(found, address):
    """IPv4 is never inside an IPv6 network nor the other way round."""
    expected = any(address in network for network in found)
    parsed = parse_address(str(address))
    assert parsed is not None
    assert (parsed in NetworkSet([parse_network(str(network)) for network in found])) == expected


@given(networks, st.data())
def test_a_set_holds_every_address_of_its_network(network, data):
    """First, last and anything between."""
    offset = data.draw(st.integers(0, network.num_addresses - 1))
    address = parse_address(str(network[offset]))
    assert address in NetworkSet([parse_network(str(network))])


def test_mapped_addresses_are_the_ipv4_ones():
    """::ffff:10.0.0.1 is 10.0.0.1, in addresses and in networks."""
    assert parse_address("::ffff:10.0.0.1") == parse_address("10.0.0.1") == (4, 10 << 24 | 1)
    assert parse_network("::ffff:10.0.0.0/104") == parse_network("10.0.0.0/8") == Network(4, 8, 10)


def test_a_plain_address_is_a_network_of_one():
    """As lists mix addresses and networks."""
    assert parse_network("10.0.0.1") == Network(4, 32, 10 << 24 | 1)
    assert parse_network("2001:DB8::1") == Network(6, 128, int(ipaddress.ip_address("2001:db8::1")))


def test_what_is_no_address_is_none_and_a_zone_is_left_out():
    """Events may hold anything."""
    assert parse_address("host.example") is None
    assert parse_address("fe80::1%eth0") == parse_address("fe80::1")


@pytest.mark.parametrize("text", ["", "10/8", "10.0.0.0/33", "10.0.0.0/8/8", "host", "1.2.3.4.5"])
def test_what_is_no_network_is_refused(text):
    """With an example of one."""
    with pytest.raises(ValueError) as error:
        parse_network(text)
    assert str(error.value) == f"'{text}' is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32"


def test_bits_behind_the_prefix_are_refused_with_both_things_that_may_be_meant():
    """10.1.2.3/8 may be the network or the host; the rule says which."""
    with pytest.raises(ValueError) as error:
        parse_network("10.1.2.3/8")
    assert str(error.value) == (
        "'10.1.2.3/8' has bits set behind its prefix: write 10.0.0.0/8, or 10.1.2.3 for the one address"
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [([], False), (["0.0.0.0/0"], True), (["::/0"], True), (["0.0.0.0/1"], False), (["0.0.0.0/1", "128.0.0.0/1"], True),
     (["0.0.0.0/1", "192.0.0.0/2", "128.0.0.0/2"], True), (["0.0.0.0/1", "192.0.0.0/2"], False),
     (["::/1", "128.0.0.0/1"], False), (["10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1"], True)],
)  # fmt: skip
def test_networks_that_hold_everything_together_are_seen(texts, expected):
    """Whole, or in pieces."""
    assert hold_everything([parse_network(text) for text in texts]) is expected


@given(st.ip_addresses())
def test_addresses_are_written_as_they_are_read(address):
    """A network is written as its first address."""
    parsed = parse_address(str(address))
    assert parsed is not None
    assert parse_address(format_value(parsed)) == parsed
    assert format_value(parse_network("10.1.0.0/16")) == "10.1.0.0"
