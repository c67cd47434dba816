import dpkt

from netad.sample.hosts import HOSTS
from netad.sample.office import normal_packets
from netad.sample.rhythm import working_day
from netad.sample.sites import FIRST_HOSTILE


def test_every_frame_is_right(normal_hour, see):
    """Lengths and checksums of every frame of an hour hold; IPv4, IPv6, TCP, UDP, ICMP, ARP and VLAN are all there."""
    seen = see(normal_hour)
    kinds = {type(item.network) for item in seen} | {type(item.transport) for item in seen}
    assert {dpkt.ip.IP, dpkt.ip6.IP6, dpkt.arp.ARP, dpkt.tcp.TCP, dpkt.udp.UDP, dpkt.icmp.ICMP} <= kinds
    assert {item.vlan for item in seen} == {None, 20}


def test_every_host_is_heard(normal_hour, see):
    """Within an hour each host sends something."""
    sources = {item.source for item in see(normal_hour)}
    assert {host.v4.address for host in HOSTS.values()} <= sources


def test_nobody_meets_attackers(normal_hour, see):
    """Normal traffic never touches the addresses kept for attackers, nor the empty network."""
    for item in see(normal_hour):
        for address in (item.source, item.destination):
            if address and address[:3] in (b"\xc6\x33\x64", b"\xcb\x00\x71"):
                assert address[3] < FIRST_HOSTILE
            assert not (address or b"").startswith(b"\x0a\x14\x1e")


def test_hours_differ(world):
    """The second day is another day of the same hosts: other packets, about as many."""
    first, second = (normal_packets(world, 3, day, working_day(day, 2), 0.5) for day in (1, 2))
    assert {frame for _, frame in first}.isdisjoint({frame for _, frame in second if b"GET" in frame})
    assert 0.6 < len(first) / len(second) < 1.6
