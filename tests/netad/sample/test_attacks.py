import ipaddress
from itertools import pairwise

import dpkt
import pytest

from netad.core.errors import ConfigError
from netad.sample.attacks import (
    ATTACKS,
    Beacon,
    BruteForce,
    DnsTunnel,
    Exfiltration,
    GeneratedDomains,
    LateralMovement,
    PortScan,
    SlowScan,
    attack_named,
    stage,
)
from netad.sample.hosts import HOSTS, with_role
from netad.sample.rhythm import working_day

SYN = dpkt.tcp.TH_SYN


def act(world, see, attack, hours=8, seed=3):
    """Return what was seen of one attack, in order, and its truth."""
    packets, (truth,) = stage([attack], world, seed, 1, working_day(1, hours))
    return see(sorted(packets)), truth


def opened(seen, truth):
    """Return when the source opened connections, and to whom."""
    source = ipaddress.ip_address(truth.source).packed
    return [
        (item.time, item.destination, item.transport.dport)
        for item in seen
        if item.source == source and getattr(item.transport, "flags", 0) == SYN
    ]


@pytest.mark.parametrize("name", ATTACKS)
def test_truth_matches_the_packets(world, see, name):
    """Source, victims, ports, times and count are those of the packets; names are looked up on the way."""
    seen, truth = act(world, see, attack_named(name))
    contacts = opened(seen, truth)
    assert (seen[0].time, seen[-1].time, len(seen)) == (truth.start_ns, truth.end_ns, truth.packets)
    assert {str(ipaddress.ip_address(address)) for _, address, _ in contacts} == set(truth.victims)
    assert {port for _, _, port in contacts} <= set(truth.ports)
    assert truth.source_name in {host.name for host in with_role("workstation")}
    own = {ipaddress.ip_address(text).packed for text in HOSTS[truth.source_name].addresses}
    resolver = {end.address for end in (HOSTS["dns"].v4, HOSTS["dns"].v6)}
    assert all({item.source, item.destination} & (own | resolver) for item in seen)


def test_every_attack_has_its_own_source(world):
    """All at once come from different workstations, the same ones as alone."""
    _, truths = stage([attack_named(name) for name in ATTACKS], world, 3, 1, working_day(1, 8))
    alone = [stage([attack_named(name)], world, 3, 1, working_day(1, 8))[1][0] for name in ATTACKS]
    assert len({truth.source for truth in truths}) == len(ATTACKS)
    assert list(truths) == alone


def test_scan_is_vertical_and_horizontal(world, see):
    """Many ports of one server, many hosts on one port; resets, silence and open ports all answer."""
    seen, truth = act(world, see, PortScan())
    contacts = opened(seen, truth)
    files = {port for _, address, port in contacts if address == HOSTS["files"].v4.address}
    assert len(files) >= 60
    assert len({address for _, address, port in contacts if port == 445}) > 50
    answers = {item.transport.flags for item in seen if str(ipaddress.ip_address(item.destination)) == truth.source}
    assert answers == {dpkt.tcp.TH_RST | dpkt.tcp.TH_ACK, SYN | dpkt.tcp.TH_ACK}
    assert len(contacts) > 1.3 * sum(str(ipaddress.ip_address(item.destination)) == truth.source for item in seen)


def test_slow_scan_stays_slow(world, see):
    """About four contacts an hour, none of them twice."""
    seen, truth = act(world, see, SlowScan())
    contacts = opened(seen, truth)
    assert 26 <= len(contacts) <= 36
    assert len({contact[1:] for contact in contacts}) == len(contacts)


@pytest.mark.parametrize(("jitter", "low", "high"), [(0.0, 59.9, 60.1), (0.3, 41, 79)])
def test_beacon_keeps_its_interval(world, see, jitter, low, high):
    """Connections to one server, an interval apart give or take the jitter, of about one size."""
    seen, truth = act(world, see, Beacon(jitter=jitter), hours=2)
    times = [time for time, _, _ in opened(seen, truth)]
    gaps = [(later - earlier) / 10**9 for earlier, later in pairwise(times)]
    assert all(low - 0.2 <= gap <= high + 0.2 for gap in gaps)
    assert len(truth.victims) == 1
    server = ipaddress.ip_address(truth.victims[0]).packed
    assert max(len(item.transport.data) for item in seen if item.destination == server) == 517


def test_exfiltration_sends_what_it_says(world, see):
    """The bytes sent are the ones asked for, nearly nothing comes back, over as many connections as asked for."""
    seen, truth = act(world, see, Exfiltration(total_bytes=900_000, connections=2))
    server = ipaddress.ip_address(truth.victims[0]).packed
    out = sum(len(item.transport.data) for item in seen if item.destination == server)
    back = sum(len(item.transport.data) for item in seen if item.source == server)
    assert 900_000 < out < 905_000
    assert back < 15_000
    assert len(opened(seen, truth)) == 2


@pytest.mark.parametrize(("service", "port"), [("ssh", 22), ("rdp", 3389)])
def test_brute_force_knocks_on_one_door(world, see, service, port):
    """As many short connections as attempts, all to one port of one server."""
    seen, truth = act(world, see, BruteForce(attempts=50, service=service))
    contacts = opened(seen, truth)
    assert len(contacts) == 50
    assert {contact[1:] for contact in contacts} == {(HOSTS["app"].v4.address, port)}


def questions(seen, truth):
    """Return the names and types that the source asked for."""
    source = ipaddress.ip_address(truth.source).packed
    messages = [dpkt.dns.DNS(item.transport.data) for item in seen if item.source == source]
    return [(message.qd[0].name, message.qd[0].type) for message in messages]


def test_generated_domains_do_not_exist(world, see):
    """As many distinct names as asked for, and every answer says that there is none."""
    seen, truth = act(world, see, GeneratedDomains(domains=30))
    asked = questions(seen, truth)
    assert len(asked) == len(set(asked)) == 30
    source = ipaddress.ip_address(truth.source).packed
    assert {dpkt.dns.DNS(item.transport.data).rcode for item in seen if item.destination == source} == {3}


def test_dns_tunnel_carries_what_it_says(world, see):
    """The bytes are in the first labels, all below one domain, asked for as TXT."""
    seen, truth = act(world, see, DnsTunnel(total_bytes=400, bytes_per_name=20))
    asked = questions(seen, truth)
    assert {kind for _, kind in asked} == {dpkt.dns.DNS_TXT}
    assert sum(len(bytes.fromhex(name.removesuffix(".cache.tunnel.example"))) for name, _ in asked) == 400


def test_lateral_movement_goes_from_host_to_host(world, see):
    """Every target gets a session by SMB, one by RPC and one on a dynamic port, in this order."""
    seen, truth = act(world, see, LateralMovement(targets=3))
    contacts = opened(seen, truth)
    assert len({address for _, address, _ in contacts}) == len(truth.victims) == 3
    assert [min(port, 49_664) for _, _, port in contacts] == [445, 135, 49_664] * 3


@pytest.mark.parametrize("attack", [BruteForce(origin="outside", attempts=20), PortScan(origin="outside")])
def test_attacks_from_outside(world, see, attack):
    """The source is then an outside address that normal traffic does not know."""
    _, truth = act(world, see, attack)
    assert ipaddress.ip_address(truth.source) in ipaddress.ip_network("203.0.113.128/25")


def test_attacks_are_cut_with_the_capture(world):
    """Nothing happens after the end, and the truth says so."""
    span = working_day(1, 0.3)
    packets, truths = stage([attack_named("brute-force")], world, 3, 1, span)
    assert truths[0].end_ns == max(time for time, _ in packets) < span.end_ns
    assert truths[0].packets == len(packets) < 3000


def test_requests_that_make_no_sense(world):
    """An unknown name, the same attack twice, and a capture without room are errors in one sentence."""
    with pytest.raises(
        ConfigError, match=r"unknown attack 'becon'; did you mean 'beacon'\? \(there are: scan, slow-scan"
    ):
        attack_named("becon")
    with pytest.raises(ConfigError, match="'scan' is asked for twice"):
        stage([PortScan(), PortScan()], world, 3, 1, working_day(1, 1))
    with pytest.raises(ConfigError, match="ends before attack 'scan' begins"):
        stage([PortScan(start_share=1.0)], world, 3, 1, working_day(1, 1))
