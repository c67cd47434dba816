import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from netad.core.addresses import Networks, format_addresses, parse_address
from netad.core.identity import start_of
from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.enrich.disguise import Disguise
from netad.outputs.flow_event import flow_events
from tests.ecs import faults
from tests.outputs.conftest import CREATED


@pytest.fixture
def disguise(key):
    """By the key of the reference implementation, with one known name of an inside host."""
    return Disguise(key, ["files.corp.example"])


@pytest.fixture
def enriched(anomaly, origin):
    """An anomaly event with all that enrichment may write, and what names its source in other ways."""
    event = anomaly_event(anomaly, origin, CREATED)
    event["event"]["url"] = "https://kibana.example/app?source=10.4.2.2"
    event["host"] = {"name": "printer-3", "ip": ["10.4.2.2"], "mac": ["00-00-5E-00-53-23"]}
    event["source"] |= {"domain": "printer-3"}
    event["destination"] = {"ip": "198.51.100.7", "address": "198.51.100.7", "domain": "www.example.org",
                            "geo": {"country_iso_code": "DE"}, "as": {"number": 64500}}  # fmt: skip
    event["netad"] |= {
        "asset": {"name": "printer-3", "roles": ["printer"], "owner": "alice", "criticality": "low"},
        "peers": [{"ip": "198.51.100.7", "name": "www.example.org", "country": "DE", "as": "AS64500"},
                  {"ip": "10.4.2.9", "name": "files.corp.example", "owner": "alice", "roles": ["server"]}],
        "store": {"met": [1, 2]},
        "incident": {"id": event["event"]["id"], "start": CREATED, "windows": 1},
    }  # fmt: skip
    event["related"]["hosts"] = ["files.corp.example", "intranet.corp.example", "wpad.local", "www.example.org",
                                 "2.2.4.10.in-addr.arpa"]  # fmt: skip
    return event


def test_no_address_and_no_inside_name_is_left(disguise, enriched):
    """In any text of the document; what links an address on the internet to its owner is gone, too."""
    told = disguise.event(enriched)
    text = json.dumps(told)
    for secret in ("10.4.2.", "198.51.100", "printer-3", "corp.example", "wpad", "alice", "64500", "00-00-5E",
                   '"DE"', "kibana", "met", "2.2.4.10"):  # fmt: skip
        assert secret not in text, secret
    assert "www.example.org" in told["related"]["hosts"]
    assert "domain" not in told["destination"]
    assert "name" not in told["netad"]["peers"][0]
    assert told["netad"]["asset"] == {"name": told["host"]["name"], "roles": ["printer"], "criticality": "low"}
    assert told["source"]["ip"] in told["message"]
    assert told["source"]["ip"] == told["netad"]["entity"]["value"] == told["related"]["ip"][0]
    assert faults(told) == []


def test_names_without_a_dot_are_hidden_where_names_stand(key, enriched):
    """A host may be called as a word: elsewhere the word stays."""
    enriched["netad"]["evidence"] = {"server_names": ["Network", "www.example.org"]}
    told = Disguise(key, ["network"]).event(enriched)
    assert told["netad"]["evidence"]["server_names"][0].startswith("host-")
    assert told["event"]["category"] == enriched["event"]["category"]
    assert "network" in told["event"]["category"]


def test_masked_networks_stay(enriched):
    """The last octet goes, names of inside hosts do, places stay."""
    told = Disguise(None, ["files.corp.example"]).event(enriched)
    text = json.dumps(told)
    assert told["source"]["ip"] == "10.4.2.0"
    assert told["destination"] == {"ip": "198.51.100.0", "address": "198.51.100.0", "domain": "www.example.org",
                                   "geo": {"country_iso_code": "DE"}, "as": {"number": 64500}}  # fmt: skip
    for secret in ("10.4.2.2", "198.51.100.7", "printer-3", "corp.example", "alice", "2.2.4.10", "kibana"):
        assert secret not in text, secret
    assert Disguise(None).text("fd00:1:2:3:4::5") == "fd00:1:2::"
    assert len(told["related"]["ip"]) == len(set(told["related"]["ip"]))
    assert faults(told) == []


def test_ids_are_others_by_the_key(disguise, enriched, key):
    """Who tries all addresses finds no id again; the same key gives the same ids, and flows are found by theirs."""
    before, told = enriched["event"]["id"], disguise.event(enriched)
    assert told["event"]["id"] != before
    assert start_of(told["event"]["id"]) == start_of(before)
    assert told["event"]["id"] == Disguise(key).event(enriched)["event"]["id"]
    assert told["event"]["id"] != Disguise(key[::-1]).event(enriched)["event"]["id"]
    assert told["netad"]["incident"]["id"] == told["event"]["id"]
    sample = enriched["netad"]["anomaly"]["sample_flow_ids"]
    assert not set(sample) & set(told["netad"]["anomaly"]["sample_flow_ids"])
    assert [disguise.text(one) for one in sample] == told["netad"]["anomaly"]["sample_flow_ids"]


def test_masking_makes_other_ids_every_time(enriched):
    """Without a key there is nothing that would be the same tomorrow and unknown to others."""
    assert Disguise(None).event(enriched)["event"]["id"] != Disguise(None).event(enriched)["event"]["id"]


def test_what_a_run_has_disguised_already_stays(disguise, enriched):
    """Observer, incident and link of its own events; none of them would be the same if done twice."""
    enriched["observer"]["name"] = enriched["agent"]["name"] = "10.9.9.9"
    told = disguise.event(enriched, of_run=True)
    assert told["observer"]["name"] == told["agent"]["name"] == "10.9.9.9"
    assert told["netad"]["incident"] == enriched["netad"]["incident"]
    assert told["event"]["url"] == enriched["event"]["url"]
    masked = Disguise(None).event(enriched, of_run=True)
    assert "url" not in masked["event"]
    assert masked["netad"]["incident"]["id"] != enriched["netad"]["incident"]["id"]


def test_the_event_that_was_given_stays_as_it_is(disguise, enriched):
    """Rules and outputs of the run may look at it again."""
    before = json.dumps(enriched)
    disguise.event(enriched)
    assert json.dumps(enriched) == before


def test_flows_are_disguised_as_columns(disguise, flows, origin, inside):
    """Networks keep what is inside them, so that directions stay; no address is left in any event made of them."""
    other = disguise.flows(flows)
    before = list(flow_events(flows, origin, CREATED, inside))
    after = list(flow_events(other, origin, CREATED, disguise.networks(inside)))
    assert [one["network"]["direction"] for one in after] == [one["network"]["direction"] for one in before]
    addresses = {one[end]["ip"] for one in before for end in ("source", "destination")}
    assert not any(address in json.dumps(after) for address in addresses)
    assert format_addresses(flows["orig_hi"], flows["orig_lo"]).tolist()[0] == before[0]["source"]["ip"]


def test_networks_hold_the_disguised_addresses_of_their_own(disguise):
    """And of no others."""
    networks = Networks.parse(["10.0.0.0/8", "fd00::/8", "192.0.2.5"])
    for address, held in (("10.200.3.4", True), ("fd12::1", True), ("192.0.2.5", True), ("192.0.2.6", False)):
        high, low = (np.array([part], dtype=np.uint64) for part in parse_address(disguise.text(address)))
        assert bool(disguise.networks(networks).contains(high, low)[0]) is held


@dataclass(frozen=True)
class Record:
    """What is said of a run."""

    problems: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    model: tuple[str, int] | None = None
    flows: int = 0


def test_a_record_is_disguised_text_by_text(disguise):
    """In lists, mappings and tuples; numbers stay."""
    told = disguise.record(Record(["10.0.0.1.pcap: cut"], {"sensor": "files.corp.example"}, ("10.0.0.1", 3), 7))
    address = disguise.text("10.0.0.1")
    assert told == Record([f"{address}.pcap: cut"], {"sensor": disguise.text("files.corp.example")}, (address, 3), 7)
    assert told.labels["sensor"].startswith("host-")


def test_a_stored_event_says_which_names_are_inside(key):
    """A report of stored events has no answers of DNS to learn from."""
    flow = {
        "event": {"kind": "event"},
        "source": {"ip": "10.0.0.1", "domain": "a.inside.example"},
        "destination": {"ip": "198.51.100.7", "domain": "b.example.org"},
        "network": {"direction": "outbound"},
        "netad": {},
    }
    disguise = Disguise(key)
    told = disguise.event(flow)
    assert told["source"]["domain"].startswith("host-")
    assert disguise.text("a.inside.example") == told["source"]["domain"]
    assert disguise.text("b.example.org") == "b.example.org"


def test_hardware_addresses_become_others(disguise):
    """In the form they had, marked as made up (the second bit of the first octet)."""
    assert disguise.text("00-00-5E-00-53-23").startswith("02-")
    assert disguise.text("00:00:5e:00:53:23") == disguise.text("00-00-5E-00-53-23").replace("-", ":").lower()
