import pytest

from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.enrich.enrichment import Enrichment, add_threats
from netad.outputs.enrich.geo import GeoDatabases
from netad.outputs.enrich.inventory import Inventory
from netad.outputs.enrich.names import ReverseNames
from netad.outputs.enrich.threat_lists import Hit
from netad.outputs.flow_event import flow_events
from netad.outputs.profile_event import DATASET as PROFILE
from tests.ecs import faults
from tests.outputs.conftest import CREATED, INSIDE

CSV = """address,name,roles,owner,criticality,mac
10.4.2.2,printer-3,printer,facilities,high,00:00:5e:00:53:23
10.4.2.0/24,floor-2,office,,,
"""


@pytest.fixture
def enrichment(tmp_path, geo_files, answers):
    """An inventory, places, and names that one host asked for."""
    (tmp_path / "hosts.csv").write_text(CSV)
    names = ReverseNames()
    names.add(answers(("10.4.2.2", "www.example.org", "198.51.100.7", 1), ("10.4.2.2", "nas.lan", "10.4.2.7", 1)))
    return Enrichment(INSIDE, Inventory.load([str(tmp_path / "hosts.csv")]), GeoDatabases(geo_files), names)


def test_an_anomaly_says_who_its_source_is_and_whom_it_reached(enrichment, anomaly, origin):
    """Asset, host, and what is known of peers; the document is still one of ECS."""
    event = anomaly_event(anomaly, origin, CREATED)
    event["related"]["ip"] = ["10.4.2.2", "198.51.100.7", "10.4.2.7", "203.0.113.9"]
    enrichment.add(event)
    assert event["host"] == {"name": "printer-3", "ip": ["10.4.2.2"], "mac": ["00-00-5E-00-53-23"]}
    assert event["source"]["domain"] == "printer-3"
    assert event["netad"]["asset"] == {"name": "printer-3", "roles": ["printer"], "owner": "facilities",
                                       "criticality": "high"}  # fmt: skip
    assert event["netad"]["peers"] == [
        {"ip": "198.51.100.7", "name": "www.example.org", "country": "DE", "as": "AS64500 Example Net"},
        {"ip": "10.4.2.7", "name": "nas.lan", "roles": ["office"]},
    ]
    assert faults(event) == []


def test_a_network_is_no_host(enrichment, anomaly, origin):
    """What hosts of a network have in common is told, but is the name of none of them."""
    event = anomaly_event(anomaly, origin, CREATED)
    event["source"]["ip"] = event["related"]["ip"][0] = "10.4.2.99"
    enrichment.add(event)
    assert "host" not in event
    assert "domain" not in event["source"]
    assert event["netad"]["asset"] == {"name": "floor-2", "roles": ["office"]}


def test_flows_have_names_and_places_of_both_ends(enrichment, flows, origin, inside):
    """Places are those of outside addresses only."""
    events = list(flow_events(flows, origin, CREATED, inside))
    events[0]["source"]["ip"], events[0]["destination"]["ip"] = "10.4.2.2", "198.51.100.7"
    for event in events:
        enrichment.add(event)
        assert faults(event) == []
        assert "host" not in event
    assert events[0]["source"]["domain"] == "printer-3"
    assert "geo" not in events[0]["source"]
    assert events[0]["destination"]["domain"] == "www.example.org"
    assert events[0]["destination"]["geo"]["city_name"] == "Kassel"
    assert events[0]["destination"]["as"] == {"number": 64500, "organization": {"name": "Example Net"}}


def test_places_are_copied(enrichment, flows, origin, inside):
    """Rules and outputs may mark an event without touching the next."""
    first, second, *_ = list(flow_events(flows, origin, CREATED, inside))
    for event in (first, second):
        event["destination"]["ip"] = "198.51.100.7"
        enrichment.add(event)
    first["destination"]["geo"]["city_name"] = "changed"
    assert second["destination"]["geo"]["city_name"] == "Kassel"


def test_profiles_say_who_their_source_is(enrichment, events_of_profiles):
    """Asset and host, but no peers."""
    for event in events_of_profiles:
        assert event["data_stream"]["dataset"] == PROFILE
        event["source"]["ip"] = "10.4.2.2"
        enrichment.add(event)
        assert event["netad"]["asset"]["name"] == event["host"]["name"] == "printer-3"
        assert "peers" not in event["netad"]
        assert faults(event) == []


def test_hits_on_threat_lists_are_evidence_and_change_no_score(anomaly, origin):
    """Fields for rules and for Elastic Security, and a sentence for people."""
    event = anomaly_event(anomaly, origin, CREATED)
    before = dict(event["event"])
    hits = [
        Hit("feed", "address", "198.51.100.0/24", "198.51.100.7"),
        Hit("feed", "domain", "bad.example", "a.bad.example"),
        Hit("other", "ja4", "t13", "t13"),
        Hit("other", "address", "2001:db8::7", "2001:db8::7"),
    ]
    add_threats(event, hits)
    assert event["event"] == before
    assert event["message"].endswith(
        " On threat lists: 198.51.100.7 in 198.51.100.0/24 (feed), a.bad.example in bad.example (feed), t13 (other) "
        "and 1 more."
    )
    assert event["netad"]["evidence"]["threat_count"] == 4
    assert event["netad"]["evidence"]["threats"][0] == {
        "list": "feed", "kind": "address", "indicator": "198.51.100.0/24", "matched": "198.51.100.7",
    }  # fmt: skip
    first, second, third, fourth = event["threat"]["enrichments"]
    assert first["indicator"] == {"provider": "feed", "name": "198.51.100.0/24", "type": "ipv4-addr",
                                  "ip": "198.51.100.7"}  # fmt: skip
    assert second["indicator"]["type"] == "domain-name"
    assert third["matched"] == {"atomic": "t13", "field": "tls.client.ja4"}
    assert fourth["indicator"]["type"] == "ipv6-addr"
    assert faults(event) == []


def test_without_hits_nothing_is_said(anomaly, origin):
    """An event stays as it was."""
    event = anomaly_event(anomaly, origin, CREATED)
    add_threats(event, [])
    assert event == anomaly_event(anomaly, origin, CREATED)
