import numpy as np

from netad.core.addresses import parse_address
from netad.detectors.behaviour.resolvers import Resolvers
from netad.detectors.behaviour.sight import keyed
from netad.ingest.facts.batch import FactKind


def key(address):
    high, low = parse_address(address)
    return keyed(np.array([high], dtype=np.uint64), np.array([low], dtype=np.uint64))


def test_who_is_asked_often_enough_is_a_resolver(make_facts):
    """On port 53, over several batches; multicast DNS makes none."""
    resolvers = Resolvers(least=4)
    asked = [{"at": number, "query": "a.example"} for number in range(2)]
    local = [{"at": number, "query": "a.local", "target": "10.0.0.7", "resp_port": 5353} for number in range(9)]
    resolvers.note(make_facts(FactKind.DNS, asked + local))
    assert not resolvers.among(key("10.0.0.53")).any()
    resolvers.note(make_facts(FactKind.DNS, asked))
    assert resolvers.among(key("10.0.0.53")).all()
    assert not resolvers.among(key("10.0.0.7")).any()


def test_what_was_asked_counts_in_another_run(make_facts):
    """Three questions before and one after are four."""
    one, other = Resolvers(least=4), Resolvers(least=4)
    one.note(make_facts(FactKind.DNS, [{"at": number, "query": "a.example"} for number in range(3)]))
    other.resume(one.carry())
    assert not other.among(key("10.0.0.53")).any()
    other.note(make_facts(FactKind.DNS, [{"at": 9, "query": "a.example"}]))
    assert other.among(key("10.0.0.53")).all()
