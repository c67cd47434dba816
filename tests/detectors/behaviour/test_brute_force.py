import pytest

from netad.ingest.facts.batch import FactKind
from netad.sample.rhythm import random_stream


def fired(findings):
    return [finding for finding in findings if finding.fires]


def guesses(flow, count, port=22, pause=10.0, seed=1, target="10.0.0.9", **more):
    rng = random_stream(seed)
    return [
        flow(target, port, at=pause * number, out=1500 + rng.choice((84, 148)), back=1700, lasts=0.3, **more)
        for number in range(count)
    ]


@pytest.mark.parametrize("port", [21, 22, 23, 3389, 5900, 5985])
def test_guessing_is_found(flow, watch, port):
    """Many short sessions that are alike: how many, with what, and what each was."""
    (found,) = watch("brute_force", guesses(flow, 120, port))
    assert (found.strength, found.technique.id) == (9.0, "T1110.001")
    assert (found.traces.peers, found.traces.ports) == (("10.0.0.9",), (port,))
    assert "opened 120 short sessions with" in found.sentence
    assert found.traces.numbers["alike_share"] == 1.0


def test_programs_that_log_in_need_more(flow, watch):
    """A database takes two hundred sessions an hour before it counts."""
    assert not fired(watch("brute_force", guesses(flow, 150, 3306)))
    assert fired(watch("brute_force", guesses(flow, 300, 3306)))


def test_habits_excuse_inside_hosts(flow, watch):
    """The same number of sessions every hour fires once; a host from outside has no habits."""
    hourly = guesses(flow, 360, pause=60.0)
    assert len(fired(watch("brute_force", hourly))) == 1
    assert len(fired(watch("brute_force", guesses(flow, 360, pause=60.0, source="203.0.113.5")))) == 6


def test_spraying_adds_up_over_targets(flow, watch):
    """A few sessions with each of many hosts are password spraying."""
    flows = [item for number in range(20) for item in guesses(flow, 4, 445, target=f"10.0.1.{number}")] * 3
    flows = [item | {"orig_port": 30_000 + place} for place, item in enumerate(flows)]
    (found,) = watch("brute_force", flows)
    assert (found.technique.id, found.traces.peer_count) == ("T1110.003", 20)


def test_work_is_not_alike(flow, watch):
    """Sessions of all sizes and lengths, and attempts nobody accepted, are no guesses."""
    rng = random_stream(4)
    work = [flow("10.0.0.9", 22, at=20 * n, out=int(rng.paretovariate(0.4) * 200), back=900) for n in range(150)]
    assert not fired(watch("brute_force", work))
    assert not watch("brute_force", guesses(flow, 200, state="REJ", got=0))
    assert not watch("brute_force", [item | {"last_ns": item["first_ns"] + 10**11} for item in guesses(flow, 200)])


def test_web_logins_need_http_facts(flow, make_facts, watch):
    """Two hundred POST requests that are alike fire only where the input tells that they are POST."""
    flows = [flow("10.0.0.9", 8080, at=10 * n, out=400, back=600, own_port=40_000 + n) for n in range(200)]
    posts = [
        {
            "at": 10 * n,
            "target": "10.0.0.9",
            "resp_port": 8080,
            "protocol": 6,
            "orig_port": 40_000 + n,
            "method": "POST",
        }
        for n in range(200)
    ]
    assert not watch("brute_force", flows)
    assert fired(watch("brute_force", flows, [make_facts(FactKind.HTTP, posts)]))
