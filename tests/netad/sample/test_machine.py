from itertools import pairwise

import dpkt
import pytest

from netad.sample import names
from netad.sample.hosts import HOSTS
from netad.sample.machine import Machine
from netad.sample.wire import multicast_endpoint

START = 1_772_438_400 * 10**9


@pytest.fixture
def machine(world, rng):
    return Machine(HOSTS["pc-bela"], world, rng)


def test_ports_stay_in_the_systems_range(machine):
    """Source ports move on and start again at the end of the range."""
    ports = [machine.port() for _ in range(20_000)]
    assert min(ports) >= 49_152
    assert max(ports) <= 65_535
    assert all(one != next_one for one, next_one in pairwise(ports))


def test_names_are_looked_up_once_in_their_life(machine, world, see):
    """The address is asked for, remembered, and asked for again when its time is over; answers hold the address."""
    site = world.sites[0]
    known, server = machine.resolve(START, site)
    asked = len(machine.packets)
    assert known > START
    assert machine.resolve(known, site) == (known, server)
    assert len(machine.packets) == asked
    machine.resolve(known + site.ttl_s * 10**9, site)
    assert len(machine.packets) > asked
    answers = [item for item in see(machine.packets[:asked]) if item.destination == machine.host.v4.address]
    assert any(
        server.address in [getattr(rr, "ip", b"") for rr in dpkt.dns.DNS(item.transport.data).an] for item in answers
    )


def test_answers_come_after_questions(machine, see):
    """Each answer repeats the question's id and comes later, also where the resolver had to ask first."""
    for number in range(40):
        machine.look_up(START + number * 10**9, f"n{number}.example", names.A, None)
    questions, answers = {}, {}
    for item in see(machine.packets):
        message = dpkt.dns.DNS(item.transport.data)
        key = (message.id, message.qd[0].name, tuple(sorted((item.source, item.destination))))
        (answers if message.qr else questions)[key] = item.time
    assert questions.keys() == answers.keys()
    assert len(questions) > 40
    assert all(answers[key] > questions[key] for key in questions)


def test_only_hosts_with_ipv6_use_it(machine, world, rng):
    """A host without IPv6 has no endpoint of that version."""
    site = next(site for site in world.sites if site.v6)
    assert not machine.resolve(START, site)[1].is_v6
    with pytest.raises(ValueError, match="no IPv6"):
        machine.towards(site.v6[0])
    six = Machine(HOSTS["pc-anna"], world, rng)
    assert six.towards(site.v6[0]) is HOSTS["pc-anna"].v6


def test_udp_exchange(machine, see):
    """Request and reply mirror each other's ports; no reply, no packet."""
    remote = HOSTS["printer"].v4
    machine.ask(START, remote, 161, b"question", b"answer")
    machine.ask(START, remote, 161, b"question", b"", own_port=5000)
    request, reply, alone = see(machine.packets)
    assert (request.transport.sport, request.transport.dport) == (reply.transport.dport, reply.transport.sport)
    assert (reply.source, bytes(reply.transport.data)) == (remote.address, b"answer")
    assert alone.transport.sport == 5000


@pytest.mark.parametrize(("host", "kinds"), [("pc-bela", [8, 0]), ("pc-anna", [128, 129])])
def test_pings_are_answered_in_kind(world, rng, see, host, kinds):
    """Echo request and reply of the IP version in use, with the same content."""
    machine = Machine(HOSTS[host], world, rng)
    machine.ping(START, HOSTS["dns"].v4 if host == "pc-bela" else HOSTS["dns"].v6, 1)
    request, reply = see(machine.packets)
    assert [request.transport.type, reply.transport.type] == kinds
    assert bytes(request.transport.data) == bytes(reply.transport.data)
    assert reply.time > request.time


def test_multicast_goes_to_the_group(machine, see):
    """What is said to a group comes from the host's own address."""
    machine.say(START, multicast_endpoint(bytes([224, 0, 0, 251]), machine.host.v4), 5353, b"x")
    (item,) = see(machine.packets)
    assert (item.source, item.transport.sport, item.network.ttl) == (machine.host.v4.address, 5353, 128)
