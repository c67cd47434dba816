import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.rules.narrow import escaped, narrow_match, rule_id
from netad.rules.patterns import parse_wildcards


@pytest.fixture
def narrow(load, event):
    """A rule set of one rule that is as narrow as the event."""
    event["netad"]["anomaly"]["top_features"] = ["bytes_out", "flows"]
    event["netad"]["behaviours"] = ["scan"]
    match = json.dumps(narrow_match(event))
    return load(f"rules: [{{id: r, comment: c, created_by: o, permanent: true, match: {match}}}]")


def test_the_rule_fits_its_event_at_another_time(narrow, event, now):
    """Times, ids and amounts are not part of it."""
    assert narrow.matching(event, now)
    later = copy.deepcopy(event) | {"@timestamp": "2026-06-07T07:00:00Z", "message": "x"}
    later["event"] |= {"risk_score": 99.0, "severity": 47, "id": "other"}
    assert narrow.matching(later, now)


@pytest.mark.parametrize(
    ("path", "value"),
    [("source.ip", "10.4.2.3"), ("destination.ip", "2001:db8::8"), ("destination.port", 23), ("event.severity", 99),
     ("network.transport", "udp"), ("observer.name", "sensor-2"), ("netad.behaviours", ["beacon"]),
     ("netad.anomaly.top_features", ["bytes_out", "packets"])],
)  # fmt: skip
def test_anything_else_does_not_fit(narrow, event, now, path, value):
    """Another source, peer, port, sensor or behaviour, or something worse."""
    *names, last = path.split(".")
    node = event
    for name in names:
        node = node[name]
    node[last] = value
    assert not narrow.matching(event, now)


def finding(peers, ports, **counts):
    return {"peers": peers, "peer_count": len(peers), "ports": ports, "port_count": len(ports)} | counts


def test_a_behaviour_is_about_the_same_peers_and_ports(load, event, now):
    """A host that beacons to one server is not known to beacon to another, nor on another port."""
    event["netad"]["findings"] = [finding(["192.0.2.1"], [443]), finding(["192.0.2.1", "192.0.2.2"], [443])]
    match = narrow_match(event)
    assert match["netad.findings.peers|only"] == ["192.0.2.1", "192.0.2.2"]
    rules = load(f"rules: [{{id: r, comment: c, created_by: o, permanent: true, match: {json.dumps(match)}}}]")
    assert rules.matching(event, now)
    for peers, ports in ((["192.0.2.1", "192.0.2.9"], [443]), (["192.0.2.1"], [443, 8443])):
        event["netad"]["findings"] = [finding(peers, ports)]
        assert not rules.matching(event, now)


def test_what_is_many_or_not_all_there_is_no_condition(event):
    """A scan's hosts are others each time; of a long list the event holds a part."""
    event["netad"]["findings"] = [finding([f"192.0.2.{host}" for host in range(6)], [22], port_count=40)]
    assert not [name for name in narrow_match(event) if name.startswith("netad.findings")]


def test_an_event_without_a_source_makes_no_rule():
    """It would be for too many others."""
    with pytest.raises(ValueError, match=r"^the event has no source\.ip"):
        narrow_match({"destination": {"ip": "10.0.0.1"}})


@given(st.text("a*?\\$", max_size=8))
def test_a_text_of_an_event_means_itself(text):
    """Wildcards and dollar signs in it have no meaning."""
    written = escaped(text)
    assert not written.startswith("$") or written.startswith("$$")
    assert parse_wildcards(written[1:] if written.startswith("$$") else written) == text
    assert escaped(5) == 5


def test_ids_are_made_of_source_and_event():
    """In the letters that ids are made of."""
    event = {"source": {"ip": "2001:db8::7"}, "event": {"id": "0123456789ab-00ff00ff"}}
    assert rule_id(event) == "known-2001-db8--7-00ff00ff"
    assert rule_id({}) == "known-event"
