"""The words that the console and the report share."""

import pytest

from netad.outputs.event_words import (
    behind,
    hiding_rules,
    host,
    moment,
    mostly,
    normal_if,
    oddly,
    rarity,
    reason_cells,
    said,
    weight_text,
    when,
)


def test_a_window_within_a_day_names_the_day_once(anomaly_events):
    """One that crosses midnight names both; one seen in part says so."""
    event = anomaly_events[1]
    assert when(event) == "2026-01-11 06:00:00 to 07:00:00 UTC (1h)"
    event["netad"]["anomaly"]["is_interim"] = True
    assert when(event).endswith("(1h, seen in part)")
    assert when(anomaly_events[2]) == "2026-01-11 06:00:00 to 2026-01-12 06:00:00 UTC (1d)"
    assert moment("2026-01-11T06:00:00.123456Z") == "2026-01-11 06:00:00"


def test_what_is_behind_is_counted_as_far_as_it_is_known():
    """Nothing is said of what an event does not tell."""
    assert behind({"flow_count": 1, "destination_count": 2}) == "1 flow to 2 addresses"
    assert behind({"flow_count": 1200}) == "1,200 flows"
    assert behind({}) == ""


def test_a_host_is_told_with_what_is_known_of_it(anomaly_events):
    """Inventory, name and place, as far as there are any; peers in brackets where most flows went."""
    event = anomaly_events[0]
    assert host(event) == ""
    event["source"] |= {"domain": "a.example", "geo": {"country_name": "Germany"}}
    event["source"]["as"] = {"organization": {"name": "Example Net"}}
    assert host(event) == "Host: a.example, Germany, Example Net"
    event["netad"]["asset"] = {"name": "pc", "roles": ["lab", "dev"], "owner": "ops", "criticality": "low"}
    assert host(event) == "Host: pc, lab, dev, owner ops, criticality low, Germany, Example Net"
    peer = event["related"]["ip"][1]
    event["netad"]["peers"] = [{"ip": peer, "name": "b.example", "roles": ["dns"], "country": "DE", "as": "AS64500"}]
    assert f"to {peer} (b.example, dns, DE, AS64500)" in mostly(event)


@pytest.mark.parametrize(("tail", "told"), [(0.0004, "about 1 in 2,500 normal profiles"), (0.0, ""), (1e-9, "")])
def test_rarity_is_told_where_it_can_be_known(tail, told):
    """A tail below one in a million is no estimate any more."""
    assert rarity(tail) == told


def test_rules_are_named_with_owner_and_reason(anomaly_events):
    """One sentence a rule, none where no rule matched."""
    event = anomaly_events[0]
    assert hiding_rules(event) == []
    event["netad"]["suppression"] = {"rule_ids": ["a", "b"], "owner": ["kim", "lee"], "reason": ["scan", "backup"]}
    assert hiding_rules(event) == ["rule a of kim: scan", "rule b of lee: backup"]


def test_what_was_said_comes_in_lines(anomaly_events):
    """Alerts of other tools, names, clients; what a model finds odd is a line of its own."""
    lines = list(said(anomaly_events[1]["netad"]["evidence"]))
    assert [line.partition(":")[0] for line in lines] == [
        "Alerts of other tools",
        "Named by no other source",
        "Clients",
    ]
    assert list(said({})) == []
    assert oddly({}) == ""
    assert oddly({"unexpected": ["a", "b", "c", "d"]}) == "Reads oddly: a; b; c"


def test_where_most_flows_went():
    """The first peers and ports, how many more peers there are, and nothing where none are known."""
    peers = [f"10.0.0.{last}" for last in range(5)]
    details = {"destination_count": 40, "destination_ports": [445, 135, 88, 389, 53, 80]}
    event = {"related": {"ip": ["10.9.9.9", *peers]}, "netad": {"anomaly": details}}
    assert mostly(event) == (
        "Most flows: to 10.0.0.0, 10.0.0.1, 10.0.0.2 and 37 more, ports 445, 135, 88, 389, 53, ..."
    )
    assert mostly(event | {"netad": {"anomaly": {"destination_ports": [53]}}, "related": {"ip": ["::1", "::2"]}}) == (
        "Most flows: to ::2, port 53"
    )
    assert mostly({"netad": {"anomaly": {}}}) == ""


def test_what_would_have_been_normal():
    """Each change beside what was, in the unit people use; a behaviour would be absent; nothing says nothing."""
    upload = {"feature": "bytes_out", "label": "bytes sent", "unit": "bytes", "actual": 5.2e9, "target": 31_000.0}
    scan = {"feature": "behaviour.scan", "label": "scan", "unit": "decades", "actual": 6.0, "target": 0.0}
    assert normal_if({"normal_if": [upload, scan]}) == "Normal with bytes sent 31 kB instead of 5.2 GB, no scan"
    assert normal_if({"normal_if": [{"feature": "bytes_out", "actual": 1.0}]}) == ""
    assert normal_if({}) == ""


def test_a_reason_stands_beside_its_baseline():
    """Units are told once; what is missing is a dash."""
    reason = {"feature": "x", "label": "longest packet", "unit": "bytes", "actual": 1500.0, "typical": 900.0,
              "quantile": 0.5, "weight": 0.25}  # fmt: skip
    assert reason_cells(reason) == ("longest packet (bytes)", "1,500", "900", "50.0 %")
    assert weight_text(reason) == "25.0 %"
    assert reason_cells({"feature": "x"}) == ("x", "-", "-", "-")
    assert weight_text({"feature": "x"}) == "-"


def test_what_would_be_normal_is_one_sentence():
    """Each change with both values; one that cannot be told is left out."""
    change = {"feature": "f", "label": "new destinations", "actual": 48.0, "target": 3.0}
    share = {"feature": "failed_share", "unit": "share", "actual": 0.9, "target": 0.25}
    found = normal_if({"normal_if": [change, share, {"feature": "lost"}]})
    assert found == "Normal with new destinations 3 instead of 48, failed_share 25.0 % instead of 90.0 %"
    assert normal_if({}) == ""
