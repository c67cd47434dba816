from dataclasses import replace

import numpy as np
import pytest

from netad.config import Config
from netad.core.addresses import parse_address
from netad.core.errors import ConfigError
from netad.enriching import Enriching, peer_groups
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.outputs.enrich.settings import EnrichConfig
from netad.outputs.origin import Origin

KEY = "ab" * 32


def answer(who, name, address):
    (who_hi, who_lo), (high, low) = parse_address(who), parse_address(address)
    columns = {"orig_hi": who_hi, "orig_lo": who_lo, "address_hi": high, "address_lo": low}
    made = {column: np.array([value], dtype=np.uint64) for column, value in columns.items()}
    return FactBatch(FactKind.ANSWER, {**made, "query": np.array([name], dtype=object),
                                       "time_ns": np.zeros(1, dtype=np.int64)})  # fmt: skip


def anomaly(source="10.0.0.1", **more):
    return {
        "event": {"kind": "alert", "id": "0" * 12 + "-" + "1" * 20, "start": "2026-01-11T06:00:00.000Z",
                  "end": "2026-01-11T07:00:00.000Z", "duration": 3_600_000_000_000},
        "observer": {"name": "sensor"}, "agent": {"name": "sensor"}, "data_stream": {"namespace": "default"},
        "message": f"{source} did it", "source": {"ip": source}, "related": {"ip": [source, "198.51.100.7"]},
        "netad": {"model": {"name": "m"}}, **more,
    }  # fmt: skip


def config(**enrich):
    return Config(enrich=EnrichConfig(**enrich))


def test_names_come_from_answers_and_go_on_in_the_next_run():
    """What was noted is written into events, and carried."""
    enriching, later = Enriching(config()), Enriching(config())
    enriching.note(answer("10.0.0.1", "www.example.org", "198.51.100.7"))
    later.resume(enriching.carry())
    for one in (enriching, later):
        (event,) = one.add([anomaly()])
        assert event["netad"]["peers"] == [{"ip": "198.51.100.7", "name": "www.example.org"}]


def test_names_can_be_left_out():
    """By the setting."""
    enriching = Enriching(config(names=False))
    enriching.note(answer("10.0.0.1", "www.example.org", "198.51.100.7"))
    assert "peers" not in enriching.add([anomaly()])[0]["netad"]


def test_what_is_wrong_is_told_before_anything_is_read(tmp_path):
    """Files are opened at once."""
    for name in ("inventory", "geoip", "threat_lists"):
        with pytest.raises(ConfigError, match="cannot be read"):
            Enriching(config(**{name: (str(tmp_path / "none"),)}))


def test_names_of_inside_hosts_are_hidden_in_this_run_and_the_next(monkeypatch):
    """Those that answers gave to inside addresses; names on the internet stay."""
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", KEY)
    enriching, later = Enriching(config(hide="anonymize")), Enriching(config(hide="anonymize"))
    enriching.note(answer("10.0.0.1", "files.corp.example", "10.0.0.9"))
    enriching.note(answer("10.0.0.1", "www.example.org", "198.51.100.7"))
    later.resume(enriching.carry())
    event = anomaly(related={"ip": ["10.0.0.1"], "hosts": ["files.corp.example", "www.example.org"]})
    for one in (enriching, later):
        (told,) = one.leaving([event])
        assert told["related"]["hosts"][0].startswith("host-")
        assert told["related"]["hosts"][1] == "www.example.org"
        assert "10.0.0.1" not in told["message"]


def test_names_that_servers_inside_are_called_by_are_hidden(monkeypatch):
    """Also where nobody asked DNS; what is called by its address is called by the other one."""
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", KEY)
    enriching = Enriching(config(hide="anonymize"))
    batch = answer("10.0.0.1", "", "10.0.0.9")
    columns = {"resp_hi": batch["address_hi"], "resp_lo": batch["address_lo"]}
    for kind, column, name in ((FactKind.TLS, "server_name", "mail.corp.example"), (FactKind.HTTP, "host", "10.0.0.9")):
        enriching.note(FactBatch(kind, {**columns, column: np.array([name], dtype=object)}))
    event = anomaly(related={"ip": ["10.0.0.9"], "hosts": ["web.corp.example", "10.0.0.9"]})
    (told,) = enriching.leaving([event])
    assert told["related"]["hosts"][0].startswith("host-")
    assert told["related"]["hosts"][1] == told["related"]["ip"][0] != "10.0.0.9"


def test_incidents_go_on_under_other_addresses(monkeypatch):
    """Stores hold anonymised events: those from before are found by the addresses that they have there."""
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", KEY)
    settings = replace(config(hide="anonymize"), kibana_url="https://kibana.example")
    enriching = Enriching(settings)
    first = anomaly()
    enriching.connect([first], settings, lambda _: [])
    (stored,) = enriching.leaving([first])
    later = anomaly()
    later["event"] = {**later["event"], "start": "2026-01-11T07:00:00.000Z", "end": "2026-01-11T08:00:00.000Z"}
    asked = []

    def earlier(shown):
        asked.extend(event["source"]["ip"] for event in shown)
        return [stored]

    enriching.connect([later], settings, earlier)
    (told,) = enriching.leaving([later])
    assert asked == [stored["source"]["ip"]]
    assert told["netad"]["incident"] == {**stored["netad"]["incident"], "windows": 2}
    assert stored["source"]["ip"] in told["event"]["url"]
    assert "10.0.0.1" not in told["event"]["url"]


def test_without_a_disguise_events_leave_as_they_are():
    """Not even copied: flows are many."""
    events = [anomaly()]
    enriching = Enriching(config())
    assert enriching.leaving(events) is events
    assert enriching.connect(events, Config(), lambda _: []) is events
    origin = Origin("10.0.0.5", "default", "r", "0", "a")
    assert enriching.told(origin) is origin


def test_a_sensor_that_is_called_by_its_address_is_hidden():
    """In its origin, so that every event has it, that of the run too."""
    origin = Enriching(config(hide="mask")).told(Origin("10.0.0.5", "default", "r", "0", "a"))
    assert origin.observer == "10.0.0.0"


def test_groups_of_peers_are_networks_and_roles(tmp_path):
    """Networks of the settings come first."""
    (tmp_path / "hosts.csv").write_text("address,roles\n10.0.0.5,printer\n10.9.0.7,printer\n")
    settings = replace(config(inventory=(str(tmp_path / "hosts.csv"),)), peer_networks=("10.1.0.0/16",))
    assert peer_groups(settings) == ("10.1.0.0/16", "10.0.0.5 10.9.0.7")
