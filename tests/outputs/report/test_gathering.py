"""Events gathered for one report."""

from copy import deepcopy

from netad.outputs.report.gathering import Gathering
from netad.outputs.report.marks import Mark
from tests.outputs.report.conftest import HOUR_NS


def test_sources_are_ranked_and_their_events_found(gathering):
    """Three sources: those that nothing hides first; flows and profiles lie with theirs."""
    assert [record.address for record in gathering.records()] == ["10.4.2.2", "203.0.113.77", "fd00::5"]
    first = gathering.records()[0]
    assert (first.anomalies, first.flows.count, len(first.windows())) == (2, 30, 4)
    assert gathering.anomalies == 4
    assert gathering.severities == {"high": 2, "suppressed": 1, "low": 1}
    assert gathering.window_ns == HOUR_NS
    assert sum(count for _, _, count in gathering.moments()) == 4


def test_rules_are_counted_with_owner_and_end(gathering):
    """What hid how much."""
    assert gathering.rules() == [(Mark("backup", "kim", "nightly backup", "2026-06-01T00:00:00.000Z", "suppress"), 1)]


def test_memory_is_bounded_and_what_is_left_out_is_counted(anomaly_events):
    """Of many sources the highest scores stay."""
    gathering = Gathering(kept=3)
    for number in range(20):
        event = deepcopy(anomaly_events[1])
        event["event"]["id"] = event["event"]["id"][:-2] + f"{number:02d}"
        event["source"]["ip"] = f"10.0.0.{number}"
        event["netad"]["anomaly"]["score"] = number / 20
        gathering.add(event)
    assert [record.address for record in gathering.records()] == ["10.0.0.19", "10.0.0.18", "10.0.0.17"]
    assert gathering.unlisted() == 17
    assert gathering.anomalies == 20


def test_what_belongs_to_no_anomaly_is_passed_over(flow, profile, events_of_runs):
    """Flows and profiles before or without an anomaly; runs are kept, the latest few."""
    gathering = Gathering()
    for event in (flow(1), profile(1), *events_of_runs * 20):
        gathering.add(event)
    assert gathering.records() == []
    assert len(gathering.runs) == 20
