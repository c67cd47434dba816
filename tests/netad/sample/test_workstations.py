import dpkt
import pytest

from netad.sample.hosts import HOSTS, with_role
from netad.sample.rhythm import SECOND_NS, random_stream, working_day
from netad.sample.workstations import habits_of, presence_of, workstation_day


def test_habits_belong_to_the_host_and_the_seed(world):
    """The same on every call; no two hosts have the same."""
    habits = {host.name: habits_of(host, world, 3) for host in with_role("workstation")}
    assert habits["pc-anna"] == habits_of(HOSTS["pc-anna"], world, 3)
    assert len({(each.visits, each.arrive_s) for each in habits.values()}) == 12
    assert all(set(world.sites[:6]) < set(each.favourites) for each in habits.values())


def test_days_differ_around_the_habit(world):
    """Another day, another mood; arrival and departure stay near the habit."""
    habits = habits_of(HOSTS["pc-anna"], world, 3)
    days = [presence_of(habits, random_stream(3, day)) for day in range(1, 20)]
    assert len({each.moods for each in days}) == 19
    assert all(abs(each.arrive_s - habits.arrive_s) < 2400 for each in days)


@pytest.mark.parametrize("name", ["pc-anna", "mac-hans", "dev-kurt"])
def test_a_workstation_does_what_offices_do(world, see, name):
    """Web, mail, names, time, file server: within one day all of them, on valid frames."""
    span = working_day(1, 8)
    machine = workstation_day(HOSTS[name], world, 3, 1, span, 1.0)
    seen = see(machine.packets)
    own = {end.address for end in (HOSTS[name].v4, HOSTS[name].v6) if end}
    ports = {item.transport.dport for item in seen if item.source in own and hasattr(item.transport, "dport")}
    assert {53, 123, 443, 445, 587, 993} <= ports
    assert len({item.destination for item in seen if item.source in own}) > 25


def test_nobody_works_at_night(world):
    """At night a workstation that stays on does little, and one that does not next to nothing."""
    day = working_day(1, 24)
    evening, morning = day.at(13 / 24), day.at(22.5 / 24)
    for host in with_role("workstation"):
        habits = habits_of(host, world, 3)
        packets = workstation_day(host, world, 3, 1, day, 1.0).packets
        late = sum(evening < time < morning for time, _ in packets)
        assert late < 0.45 * len(packets)
        if not habits.stays_on:
            assert late < 0.02 * len(packets)


def test_failures_are_few_but_there(world, see):
    """A few failed connections an hour: SYNs that nobody answers with a SYN-ACK."""
    machine = workstation_day(HOSTS["pc-carl"], world, 3, 1, working_day(1, 8), 1.0)
    tried, met = set(), set()
    for item in see(machine.packets):
        if isinstance(item.transport, dpkt.tcp.TCP) and item.transport.flags & dpkt.tcp.TH_SYN:
            ends = (item.source, item.transport.sport), (item.destination, item.transport.dport)
            (met if item.transport.flags & dpkt.tcp.TH_ACK else tried).add(ends)
    failed = {ends for ends in tried if ends[::-1] not in met}
    assert 2 <= len(failed) <= 40
    assert len(failed) < len(tried) / 3


def test_scale_thins_the_day(world):
    """Half the scale, fewer packets."""
    span = working_day(1, 8)
    full, half = (workstation_day(HOSTS["pc-dora"], world, 3, 1, span, scale) for scale in (1.0, 0.3))
    assert len(half.packets) < 0.8 * len(full.packets)
    assert min(full.packets)[0] >= span.start_ns - SECOND_NS
