"""Anomalies as alerts."""

from dataclasses import replace

import orjson
import pytest

from netad.detectors.anomaly import Evidence, Reason
from netad.outputs.anomaly_event import anomaly_event, anomaly_id

CREATED = "2026-01-12T08:00:00.000Z"


def test_the_id_is_of_the_source_and_window_not_of_what_was_computed(anomaly, origin):
    """Another score, run, version or evidence is the same event."""
    again = replace(anomaly, score=0.5, model_version="2027", evidence=Evidence(), reasons=(), totals={})
    assert anomaly_id(again, replace(origin, run_id="run-2", agent_id="x", labels={})) == anomaly_id(anomaly, origin)


@pytest.mark.parametrize(
    "change",
    [
        {"source": "10.4.2.3"},
        {"window_start_ns": 0},
        {"window_end_ns": 2**62},
        {"model_name": "other"},
        {"window_digest": "ab12"},
    ],
)
def test_another_source_window_or_model_is_another_event(anomaly, origin, change):
    """Each of the id's parts tells events apart."""
    assert anomaly_id(replace(anomaly, **change), origin) != anomaly_id(anomaly, origin)


def test_another_sensor_or_namespace_is_another_event(anomaly, origin):
    """Two sensors may see the same source."""
    ids = {anomaly_id(anomaly, o) for o in (origin, replace(origin, observer="s2"), replace(origin, namespace="lab"))}
    assert len(ids) == 3


def test_the_event_carries_its_id_and_its_send_time_is_left_to_outputs(anomaly, origin):
    """event.id is the content id; event.ingested is not there yet."""
    event = anomaly_event(anomaly, origin, CREATED)
    assert event["event"]["id"] == anomaly_id(anomaly, origin)
    assert "ingested" not in event["event"]
    assert event["netad"]["suppression"] == {"suppressed": False}


def test_a_lone_peer_is_the_destination(anomaly, origin):
    """Only when all flows went to one peer is there a destination, with its port if it is one."""
    alone = Evidence(5, (), ("203.0.113.9",), 1, (443,), ("tcp",))
    fields = anomaly_event(replace(anomaly, evidence=alone), origin, CREATED)
    assert fields["destination"] == {"ip": "203.0.113.9", "address": "203.0.113.9", "port": 443}
    assert "destination" not in anomaly_event(anomaly, origin, CREATED)
    ports = replace(alone, ports=(22, 443))
    assert "port" not in anomaly_event(replace(anomaly, evidence=ports), origin, CREATED)["destination"]


def test_the_direction_is_told_where_there_is_one(anomaly, origin):
    """Where the flows go several ways, there is none."""
    inbound = replace(anomaly, evidence=replace(anomaly.evidence, direction="inbound"))
    assert anomaly_event(inbound, origin, CREATED)["network"] == {"transport": "tcp", "direction": "inbound"}
    assert "direction" not in anomaly_event(anomaly, origin, CREATED)["network"]


def test_related_addresses_are_the_source_and_at_most_twenty_peers(anomaly, origin):
    """The source is named once, and first."""
    peers = (anomaly.source, *(f"203.0.113.{n}" for n in range(30)))
    event = anomaly_event(replace(anomaly, evidence=replace(anomaly.evidence, peers=peers)), origin, CREATED)
    assert event["related"]["ip"] == [anomaly.source, *peers[1:21]]


def test_numbers_that_json_cannot_hold_are_left_out(anomaly, origin):
    """A feature without a value or baseline appears without it, never as null or NaN."""
    nan = float("nan")
    reason = Reason("ttl_min", "minimum TTL", "hops", nan, float("inf"), nan, 0.5)
    event = anomaly_event(replace(anomaly, reasons=(reason,), profile=(), tail=nan), origin, CREATED)
    details = event["netad"]["anomaly"]
    assert details["influencers"] == [{"feature": "ttl_min", "label": "minimum TTL", "unit": "hops", "weight": 0.5}]
    assert not {"features", "profile", "tail", "percentile"} & details.keys()
    assert b"null" not in orjson.dumps(event)
    assert event["event"]["reason"] == "minimum TTL missing"


def test_the_sentence_names_source_window_and_the_three_main_features(anomaly, origin):
    """An analyst can read it without the rest."""
    assert anomaly_event(anomaly, origin, CREATED)["message"] == (
        "10.4.2.2 contacted 812 destination ports on 3 hosts in 1h (typical 6), was refused or got no answer in 97.0 % "
        "of its flows (typical 4.0 %), and had an unusual average packet length of 44 bytes (typical 513 bytes); "
        "anomaly score 0.999, threshold 0.989, between 2026-01-11T06:00:00Z and 2026-01-11T07:00:00Z."
    )


def test_an_anomaly_without_reasons_says_so(anomaly, origin):
    """A detector that cannot explain itself still makes a whole sentence."""
    event = anomaly_event(replace(anomaly, reasons=()), origin, CREATED)
    assert event["message"].startswith("10.4.2.2 had an unusual profile in 1h;")
    assert event["event"]["reason"] == "the profile as a whole is unusual"


def test_the_reason_says_on_which_side_of_the_baseline_it_lies(anomaly, origin):
    """Low values read as low."""
    low = replace(anomaly, reasons=anomaly.reasons[2:3])
    assert anomaly_event(low, origin, CREATED)["event"]["reason"].endswith("below 99.8 % of baseline profiles")
    assert "at or above 100 %" in anomaly_event(anomaly, origin, CREATED)["event"]["reason"]


def test_a_window_seen_in_part_is_interim(anomaly, origin):
    """The digest of a part makes the event interim."""
    assert (
        anomaly_event(replace(anomaly, window_digest="ab"), origin, CREATED)["netad"]["anomaly"]["is_interim"] is True
    )


def test_what_was_said_is_evidence_and_related(anomaly, origin):
    """Alerts of other tools with their severity where they have one, names, and hosts under ECS's own field too."""
    event = anomaly_event(anomaly, origin, CREATED)
    said = event["netad"]["evidence"]
    assert said["alert_count"] == 41
    assert [alert.get("severity") for alert in said["alerts"]] == [2, None]
    assert event["related"]["hosts"] == ["example.net", "example.org", "login.example.net", "mirror.example.org"]
    assert (
        event["event"]["risk_score"]
        == anomaly_event(replace(anomaly, evidence=Evidence()), origin, CREATED)["event"]["risk_score"]
    )
    assert "evidence" not in anomaly_event(replace(anomaly, evidence=Evidence()), origin, CREATED)["netad"]
