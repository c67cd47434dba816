"""The stream of a scan: cut anywhere between inputs, through a file, it goes on as if it had not been."""

from dataclasses import replace

import pytest

from netad.config import Config
from netad.core.state_file import read_state, write_state
from netad.enriching import Enriching
from netad.ingest.inputs import find_sources
from netad.ingest.report import IngestReport
from netad.judging import open_model
from netad.outputs.base import Delivery
from netad.pipeline import origin_of
from netad.rules.ruleset import RuleSet
from netad.scan.stream import Stream

RULES = """
rules:
  - id: some-only
    comment: Of a test.
    created_by: test
    permanent: true
    match: {source.ip|cidr: 10.0.0.0/8}
    limit: {count: 1, per: 1d, group_by: [observer.name]}
"""


class Kept:
    name = "kept"

    def __init__(self):
        self.events = []

    def write(self, events):
        self.events += events

    def close(self, summary):
        return Delivery()


@pytest.fixture(scope="module")
def ready(scanned_office):
    model, config = open_model(
        Config(model=str(scanned_office / "model"), observer="test-sensor", profiles="anomalous")
    )
    captures = find_sources([str(scanned_office / "cut")], IngestReport())
    return model, replace(config, kibana_url="https://kibana.example"), captures


def stream_of(ready, kept, rules=None):
    model, config, _ = ready
    return Stream(config, model, [("kept", kept)], origin_of(config), IngestReport(), Enriching(config), rules=rules)


def plain(events):
    """Return events without what differs from run to run."""
    for event in events:
        yield {
            **{name: value for name, value in event.items() if name not in ("agent", "log")},
            "event": {**event["event"], "created": ""},
            "netad": {**event["netad"], "run": {}},
        }


@pytest.mark.parametrize("cuts", [(2,), (1, 2, 3, 4)])
def test_cut_anywhere_it_writes_the_same_events(ready, tmp_path, cuts):
    """In the same order, anomalies, profiles, flows and links alike."""
    captures = ready[2]
    whole = Kept()
    stream = stream_of(ready, whole)
    stream.take(captures)
    stream.finish()
    kinds = {event["data_stream"]["dataset"] for event in whole.events}
    assert kinds == {"netad.anomaly", "netad.flow", "netad.profile"}
    assert any("url" in event["event"] for event in whole.events)
    cut = Kept()
    stream = stream_of(ready, cut)
    for start, end in zip((0, *cuts), (*cuts, len(captures)), strict=True):
        stream.take(captures[start:end])
        write_state(tmp_path / "state", stream.carry())
        stream = stream_of(ready, cut)
        stream.resume(read_state(tmp_path / "state"))
    stream.finish()
    assert sorted(plain(cut.events), key=lambda event: event["event"]["id"]) == sorted(
        plain(whole.events), key=lambda event: event["event"]["id"]
    )


def test_limits_and_incidents_go_on(ready, tmp_path):
    """What rules with a limit let pass, and which windows follow each other, is remembered over the cut."""
    (tmp_path / "rules.yml").write_text(RULES)
    found = {}
    for cut in (False, True):
        kept = Kept()
        stream = stream_of(ready, kept, RuleSet.load([tmp_path / "rules.yml"]))
        for capture in ready[2]:
            stream.take([capture])
            if cut:
                state = stream.carry()
                stream = stream_of(ready, kept, RuleSet.load([tmp_path / "rules.yml"]))
                stream.resume(state)
        stream.finish()
        found[cut] = [(event["event"]["id"], event["netad"]["incident"], event["netad"]["suppression"]["suppressed"])
                      for event in kept.events if event["data_stream"]["dataset"] == "netad.anomaly"]  # fmt: skip
    assert found[True] == found[False]
    assert {suppressed for _, _, suppressed in found[True]} == {True, False}
