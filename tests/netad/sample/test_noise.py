import dpkt
import pytest

from netad.sample.hosts import HOSTS
from netad.sample.noise import noise_of
from netad.sample.rhythm import working_day


def noise(world, see, name):
    return see(noise_of(HOSTS[name], world, 3, 1, working_day(1, 8), 1.0).packets)


def udp_ports(seen):
    return {item.transport.dport for item in seen if isinstance(item.transport, dpkt.udp.UDP)}


def test_windows_mutters(world, see):
    """ARP, DHCP, SSDP, LLMNR and NetBIOS."""
    seen = noise(world, see, "pc-bela")
    assert {67, 68, 137, 1900, 5355} <= udp_ports(seen)
    assert any(isinstance(item.network, dpkt.arp.ARP) for item in seen)


def test_macs_and_printers_announce(world, see):
    """Multicast DNS, over IPv6 as well where the host has it."""
    groups = {item.destination for item in noise(world, see, "mac-hans") if getattr(item.transport, "dport", 0) == 5353}
    assert {len(group) for group in groups} == {4, 16}
    assert 5353 in udp_ports(noise(world, see, "printer"))


def test_neighbour_discovery_has_hop_limit_255(world, see):
    """RFC 4861: anything else is thrown away."""
    found = [item for item in noise(world, see, "pc-anna") if isinstance(item.transport, dpkt.icmp6.ICMP6)]
    assert {item.transport.type for item in found} == {135, 136}
    assert {item.network.hlim for item in found} == {255}


def test_a_lease_starts_from_nothing(world, see):
    """The first exchange is a broadcast from no address, with offer and ack from the router."""
    seen = [item for item in noise(world, see, "phone-1") if isinstance(item.transport, dpkt.udp.UDP)]
    first = seen[:4]
    kinds = [dict(dpkt.dhcp.DHCP(item.transport.data).opts)[53][0] for item in first]
    assert kinds == [1, 2, 3, 5]
    assert (first[0].source, first[0].destination) == (bytes(4), b"\xff" * 4)
    assert first[1].source == HOSTS["voice-gateway"].v4.address


@pytest.mark.parametrize("name", ["camera-1", "phone-2"])
def test_noise_keeps_to_its_vlan(world, see, name):
    """Broadcasts of the voice network are tagged too."""
    assert {item.vlan for item in noise(world, see, name)} == {20}


def test_the_router_does_not_ask_for_itself(world, see):
    """A gateway resolves no gateway."""
    assert noise(world, see, "gateway") == []
