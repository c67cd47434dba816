import ipaddress

from netad.sample.hosts import EMPTY_NETWORK, HOSTS, VOICE_VLAN, address_text, with_role


def test_addresses_are_private_and_each_once():
    """Every inside address is private, used once, and none is in the network that stays empty."""
    addresses = [address for host in HOSTS.values() for address in host.addresses]
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        network = "10.20.0.0/16" if "." in address else "fd00::/8"
        assert ipaddress.ip_address(address) in ipaddress.ip_network(network)
        assert not address.startswith(EMPTY_NETWORK)


def test_hardware_addresses_tell_hosts_apart():
    """No two hosts share one, and all are locally administered."""
    macs = [host.v4.mac for host in HOSTS.values()]
    assert len(set(macs)) == len(macs)
    assert all(mac[0] & 3 == 2 for mac in macs)


def test_the_office_is_what_it_says():
    """Twelve workstations, servers, IoT, and a voice VLAN with phones and cameras; some speak IPv6."""
    assert len(with_role("workstation")) == 12
    assert len(with_role("iot")) >= 3
    assert {host.v4.vlan for host in with_role("phone", "camera", "pbx", "recorder")} == {VOICE_VLAN}
    assert 4 <= sum(host.v6 is not None for host in with_role("workstation")) < 12


def test_systems_differ_on_the_wire():
    """TTL and window tell the families apart."""
    kinds = {(host.v4.ttl, host.v4.syn_window, host.v4.scale) for host in HOSTS.values()}
    assert len(kinds) == 5
    assert {ttl for ttl, _, _ in kinds} == {64, 128, 255}


def test_text_form():
    """Addresses come out as people write them."""
    assert address_text(HOSTS["dns"].v4) == "10.20.10.2"
    assert HOSTS["dns"].addresses == ("10.20.10.2", "fd00:20:10::2")
