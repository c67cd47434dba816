import numpy as np
import pytest

from netad.detectors.behaviour.sight import addresses, keyed, lasting, listed, network, spell, transports
from netad.ingest.facts.batch import FactKind


def test_windows_come_one_by_one(flow, sights):
    """Each with its own slices, rows and facts, in order."""
    one, two = sights([flow(at=1), flow(at=2, source="10.0.0.2"), flow(at=3700)])
    assert (len(one), len(two)) == (2, 1)
    assert (one.row.tolist(), two.row.tolist()) == ([0, 1], [2] if len(two.frame) == 3 else [0])
    assert two.start_ns - one.start_ns == 3600 * 10**9 == one.end_ns - one.start_ns
    assert len(np.unique(one.source)) == 2


def test_facts_are_those_of_the_window(flow, make_facts, sights):
    """A kind without facts in a window is None."""
    facts = make_facts(FactKind.DNS, [{"at": 3700, "query": "a.example"}])
    one, two = sights([flow(at=1), flow(at=3701)], [facts])
    assert one.fact(FactKind.DNS) is None
    rows, told = two.fact(FactKind.DNS)
    assert (told["query"].tolist(), len(rows)) == (["a.example"], 1)
    assert two.fact(FactKind.TLS) is None


def test_single_hosts(flow, sights):
    """Groups, broadcasts of private networks and the source itself are none."""
    targets = ["192.0.2.1", "224.0.0.1", "255.255.255.255", "10.0.0.255", "10.0.0.1", "192.0.2.255"]
    (sight,) = sights([flow(target, at=place) for place, target in enumerate(targets)])
    assert sight.to_one.tolist() == [True, False, False, False, False, True]
    assert sight.to_inside.tolist()[:1] == [False]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"state": "S0", "out": 0, "back": 0}, True),
        ({"state": "REJ", "out": 0, "back": 0}, True),
        ({"state": "SF", "out": 0, "back": 0}, False),
        ({"state": "S0", "out": 5, "back": 0}, False),
        ({"protocol": 17, "got": 0, "back": 0, "state": "S0"}, True),
        ({"protocol": 17}, False),
        ({"protocol": 1, "own_port": 8, "got": 0, "state": "OTH"}, True),
        ({"protocol": 1, "own_port": 3, "got": 0, "state": "OTH"}, False),
    ],
)
def test_what_nobody_accepted(flow, sights, changed, refused):
    """TCP by its state and without payload, UDP and requests by ICMP without an answer."""
    (sight,) = sights([flow(**changed)])
    assert sight.refused.tolist() == [refused]


def test_columns_that_no_input_carries_are_zeros(flow, sights):
    """And `carries` says so."""
    (sight,) = sights([flow()], without=("resp_packets",))
    assert sight["resp_packets"].tolist() == [0]
    assert (sight.carries("resp_packets").any(), sight.carries("orig_packets").all()) == (False, True)
    assert not sight.answered.any()


def test_networks_and_keys(flow, sights):
    """A /24 or a /48 is one network; rows of columns have keys of their own."""
    (sight,) = sights(
        [flow(target) for target in ("192.0.2.1", "192.0.2.9", "192.0.3.1", "2001:db8::1", "2001:db8::9")]
    )
    nets = network(sight["resp_hi"], sight["resp_lo"])
    assert len(np.unique(nets)) == 3
    assert len(np.unique(keyed(sight["resp_hi"], sight["resp_lo"]))) == 5
    texts = set(addresses(sight["resp_hi"], sight["resp_lo"], 9))
    assert texts == {"192.0.2.1", "192.0.2.9", "192.0.3.1", "2001:db8::1", "2001:db8::9"}
    assert len(addresses(sight["resp_hi"], sight["resp_lo"], 2)) == 2


def test_words():
    """Counts, lists, spans and protocols as a sentence has them."""
    assert (spell(1, "host"), spell(1200, "host"), spell(2, "entry", "entries")) == (
        "1 host",
        "1,200 hosts",
        "2 entries",
    )
    assert listed(["a", "b"]) == "a, b"
    assert listed(list(range(1003))) == "0, 1, 2 and 1,000 more"
    assert [lasting(seconds * 1e9) for seconds in (0.5, 40, 1500, 27_000)] == ["0.5 s", "40 s", "25 min", "7.5 h"]
    assert transports(np.array([6, 17, 58, 47, 6])) == ("47", "icmp", "tcp", "udp")
