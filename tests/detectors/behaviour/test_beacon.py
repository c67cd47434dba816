import pytest

from netad.core.addresses import parse_address
from netad.detectors.behaviour.beacon import Beacon, BeaconParameters
from netad.ingest.facts.batch import FactKind
from netad.sample.rhythm import random_stream


def fired(findings):
    return [finding for finding in findings if finding.fires]


def calls(flow, interval, count, jitter=0.0, seed=1, start=0.0, **more):
    rng, time, result = random_stream(seed), start, []
    for _ in range(count):
        result.append(flow("192.0.2.9", at=time, out=800 + rng.randrange(8), **more))
        time += interval * (1 + jitter * rng.uniform(-1, 1))
    return result


def surf(flow, hours, seed=2):
    rng = random_stream(seed)
    return [
        flow(f"198.51.100.{rng.randrange(200)}", at=rng.uniform(0, hours * 3600), out=rng.randrange(300, 9000))
        for _ in range(100 * hours)
    ]


@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_fast_beacons_are_found(flow, watch, jitter, seed):
    """One call a minute fires in the first hour, with up to 30 % jitter, and says whom, how often and how evenly."""
    found = watch("beacon", surf(flow, 1, seed) + calls(flow, 60, 55, jitter, seed))
    (found,) = (finding for finding in found if finding.fires)
    assert (found.technique.id, found.traces.peers, found.traces.ports) == ("T1071.001", ("192.0.2.9",), (443,))
    assert found.traces.numbers["interval_s"] == pytest.approx(60, rel=0.1)
    assert found.sentence.startswith("called 192.0.2.9 on port 443 55 times in 5")
    assert len(found.traces.times_ns) == 20


def test_intervals_longer_than_a_window(flow, watch):
    """A call every ninety minutes is found in time, when the host was watched before."""
    found = fired(watch("beacon", surf(flow, 40) + calls(flow, 5400, 24, 0.1, start=10_000)))
    assert found
    assert found[0].traces.numbers["interval_s"] == pytest.approx(5400, rel=0.1)


def test_slow_polling_from_the_start_is_a_habit(flow, watch):
    """What is there from the beginning, slow and on a usual port, stays a hint; on an odd port it fires."""
    assert not fired(watch("beacon", calls(flow, 600, 48)))
    assert max(finding.strength for finding in watch("beacon", calls(flow, 600, 48))) == 2.25
    odd = fired(watch("beacon", calls(flow, 600, 48, port=4444)))
    assert odd[-1].technique.id == "T1571"


def test_people_are_not_regular(flow, watch):
    """Calls at random times (a Poisson process) to one service are no beacon."""
    rng = random_stream(5)
    flows = [flow("192.0.2.9", at=rng.uniform(0, 7200), out=800) for _ in range(120)]
    assert not fired(watch("beacon", flows))


def test_uneven_sizes_are_no_beacon(flow, watch):
    """Even intervals with messages of any size are something else."""
    rng = random_stream(6)
    flows = [flow("192.0.2.9", at=60 * number, out=int(rng.paretovariate(0.5) * 100)) for number in range(59)]
    assert not fired(watch("beacon", flows))


@pytest.mark.parametrize(
    ("port", "target"), [(123, "192.0.2.9"), (53, "192.0.2.9"), (443, "10.0.0.9"), (443, "224.0.0.9")]
)
def test_what_is_regular_by_design_is_left_out(flow, watch, port, target):
    """Time, names, inside services and groups are no targets of a beacon."""
    assert not watch("beacon", [flow(target, port, at=60 * number) for number in range(59)])


def test_one_connection_over_many_windows_is_one_call(flow, watch):
    """A long connection is cut at window edges; its slices are no calls."""
    slices = [flow("192.0.2.9", at=3600 * hour + 1, lasts=3500, own_port=40_000) for hour in range(30)]
    assert not watch("beacon", slices, least_connections=5)


def test_infrastructure_is_what_many_call(flow, watch):
    """A service that three or more inside hosts call alike takes two decades off."""
    hosts = [f"10.0.0.{number}" for number in range(1, 6)]
    flows = [item for host in hosts for item in calls(flow, 60, 59, 0.1, source=host)]
    assert not fired(watch("beacon", flows))


def test_names_join_addresses_and_are_told(flow, make_facts, watch):
    """One server name behind changing addresses is one service; a name that is polled by design does not fire."""

    def beacon(name):
        flows, greetings = [], []
        for number in range(59):
            target = f"192.0.2.{number % 7}"
            flows.append(flow(target, at=60 * number, out=800, own_port=40_000 + number))
            greetings.append({"at": 60 * number + 0.1, "target": target, "resp_port": 443, "protocol": 6,
                              "orig_port": 40_000 + number, "server_name": name})  # fmt: skip
        return watch("beacon", flows, [make_facts(FactKind.TLS, greetings)])

    (found,) = beacon("c2.example")
    assert found.fires
    assert found.traces.names == ("c2.example",)
    assert found.traces.peer_count == 7
    assert not fired(beacon("api.snapcraft.io"))


def test_memory_is_bounded_and_says_so(flow, sights, inside):
    """More of a pair than is needed goes silently, more of a source is told."""
    beacon = Beacon(BeaconParameters(most_of_a_pair=20, most_of_a_source=50), inside)
    for sight in sights(calls(flow, 10, 100)):
        beacon.observe(sight)
    assert beacon.forgotten == 0
    for sight in sights([flow(f"203.0.113.{number}", at=number) for number in range(100)]):
        beacon.observe(sight)
    assert beacon.forgotten == 70
    assert parse_address("203.0.113.99")[1] in beacon._calls.rows["target_lo"]
