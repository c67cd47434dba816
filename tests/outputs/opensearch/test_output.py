"""The output as a run uses it: the same delivery as to Elasticsearch."""

import pytest

from netad.outputs.base import OUTPUTS, Output, RunSummary
from netad.outputs.sending import Limited, Replays


@pytest.fixture
def open_output(monkeypatch, tmp_path):
    """A function that returns the output `opensearch` of one run to a URL."""
    monkeypatch.setenv("NETAD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))
    return lambda url: OUTPUTS.load("opensearch").from_target(url)


def test_what_cannot_be_sent_waits(open_output, dead_url, make_events):
    """Events for a server that is away are spooled for this target."""
    output = open_output(dead_url)
    assert isinstance(output, Output)
    assert isinstance(output, Limited)
    assert isinstance(output, Replays)
    output.write(make_events(3))
    assert output.close(RunSummary()).spooled == 3


@pytest.mark.elastic
def test_twice_adds_nothing(open_output, elastic_url, make_events, elastic_count):
    """The second run finds every event there."""
    for expected in ((25, 0), (0, 25)):
        output = open_output(elastic_url)
        output.write(make_events(25))
        delivery = output.close(RunSummary())
        assert (delivery.delivered, delivery.duplicates, delivery.problems) == (*expected, [])
    assert elastic_count("flow") == 25
