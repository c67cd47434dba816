"""Verdicts on stored anomalies: written, taken away, kept when the same traffic comes again, read back."""

import copy

import pandas as pd
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.core.timing import parse_time
from netad.detectors.verdicts import FALSE_POSITIVE, TRUE_POSITIVE
from netad.outputs.base import RunSummary
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.events import Origin
from netad.outputs.store.output import ParquetOutput
from netad.outputs.stored import Replaced, open_stored
from netad.outputs.verdicts import Verdict, mark, read_verdicts

FALSE = Verdict(FALSE_POSITIVE, "the nightly backup", "kim", "2026-01-13T08:00:00.000Z")
TRUE = Verdict(TRUE_POSITIVE, "a real scan", "lee", "2026-01-13T09:00:00.000Z")
NOBODY = "0" * 12 + "-" + "0" * 20


@pytest.fixture
def origin(namespace):
    """A sensor whose events go to the test's own namespace."""
    return Origin("sensor-1", namespace, "run-1", "0.1.0", "agent-1")


@pytest.fixture(params=["parquet", pytest.param("elastic", marks=pytest.mark.elastic)])
def place(request, tmp_path, monkeypatch, namespace):
    """A function that ships anomalies as a run does, and what opens their store, in each kind of store."""
    if request.param == "parquet":

        def ship(events):
            output = ParquetOutput(str(tmp_path / "store"))
            output.write(copy.deepcopy(events))
            return output.close(RunSummary())

        return ship, lambda: open_stored(f"parquet:{tmp_path / 'store'}")
    url = request.getfixturevalue("elastic_url")
    monkeypatch.setenv("NETAD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))

    def deliver(events):
        output = ElasticOutput.from_target(url)
        output.write(copy.deepcopy(events))
        delivery = output.close(RunSummary())
        request.getfixturevalue("elastic_count")("anomaly")  # refreshes
        return delivery

    return deliver, lambda: open_stored(f"elastic:{url}")


def ids(events):
    return [event["event"]["id"] for event in events]


def test_a_verdict_is_kept_when_the_event_comes_again(place, anomaly_events):
    """Ids are content: the same traffic shipped again is known, and what was said of it stays."""
    ship, store = place
    assert ship(anomaly_events).delivered == len(anomaly_events)
    one, other, *_ = ids(anomaly_events)
    marked = mark(store(), [one, other, NOBODY, one], FALSE)
    assert (marked.replaced, marked.missing) == (Replaced(changed=2), [NOBODY])
    told = {"label": FALSE_POSITIVE, "comment": FALSE.comment, "by": "kim", "at": FALSE.at}
    assert store().find(one)["netad"]["verdict"] == told
    again = ship(anomaly_events)
    assert (again.delivered, again.duplicates) == (0, len(anomaly_events))
    assert store().find(one)["netad"]["verdict"] == told


def test_a_verdict_can_be_changed_and_taken_away(place, anomaly_events):
    """Saying the same again keeps the first time; another word replaces it; clear leaves the event as it came."""
    ship, store = place
    ship(anomaly_events)
    one = ids(anomaly_events)[0]
    before = store().find(one)
    mark(store(), [one], FALSE)
    later = Verdict(FALSE.label, FALSE.comment, FALSE.by, "2030-01-01T00:00:00.000Z")
    assert mark(store(), [one], later).replaced == Replaced(unchanged=1)
    assert store().find(one)["netad"]["verdict"]["at"] == FALSE.at
    assert mark(store(), [one], TRUE).replaced == Replaced(changed=1)
    assert store().find(one)["netad"]["verdict"]["by"] == "lee"
    assert mark(store(), [one], None).replaced == Replaced(changed=1)
    assert store().find(one) == before
    assert mark(store(), [one], None).replaced == Replaced(unchanged=1)


def test_verdicts_can_be_searched(place, anomaly_events, tmp_path, namespace):
    """By label, by the analyst's name, by time: columns of the store, mapped fields of the index."""
    ship, store = place
    ship(anomaly_events)
    mark(store(), ids(anomaly_events)[:1], TRUE)
    if store().where.startswith("parquet"):
        table = pd.read_parquet(tmp_path / "store" / "anomaly")
        row = table[table["netad.verdict.label"] == TRUE_POSITIVE]
        assert row["event.id"].tolist() == ids(anomaly_events)[:1]
        assert row["netad.verdict.at"].tolist() == [pd.Timestamp(TRUE.at)]
        assert row["netad.verdict.by"].tolist() == ["lee"]
        return
    client = connect(ElasticConfig.from_target(store().where.removeprefix("elastic:"), {}))
    index = f"logs-netad.anomaly-{namespace}"
    client.indices.refresh(index=index)
    filters = [{"term": {"netad.verdict.label": TRUE_POSITIVE}}, {"term": {"netad.verdict.by": "lee"}},
               {"range": {"netad.verdict.at": {"gte": "2026-01-13", "lt": "2026-01-14"}}}]  # fmt: skip
    hits = client.search(index=index, query={"bool": {"filter": filters}}).body["hits"]["hits"]
    client.close()
    assert [hit["_id"] for hit in hits] == ids(anomaly_events)[:1]


def test_verdicts_are_read_back_by_source_and_window(tmp_path, anomaly_events):
    """What training needs: confirmed, dismissed, and those that nobody has judged."""
    output = ParquetOutput(str(tmp_path))
    output.write(anomaly_events)
    output.close(RunSummary())
    store = open_stored(f"parquet:{tmp_path}")
    mark(store, ids(anomaly_events)[:1], TRUE)
    mark(store, ids(anomaly_events)[2:3], FALSE)
    told = read_verdicts(store)
    confirmed, unjudged, dismissed, outside = anomaly_events
    for windows, events in (
        (told.confirmed, [confirmed]),
        (told.dismissed, [dismissed]),
        (told.unjudged, [unjudged, outside]),
    ):
        assert {source: spans.tolist() for source, spans in windows.items()} == {
            event["source"]["ip"]: [[parse_time(event["event"]["start"]), parse_time(event["event"]["end"])]]
            for event in events
        }
    assert read_verdicts(store, parse_time("2100-01-01")).unjudged == {}


@pytest.mark.parametrize("wrong", [{"label": "maybe"}, {"comment": ""}, {"comment": " "}, {"by": ""},
                                   {"comment": "x" * 1025}, {"comment": "\udc80"}])  # fmt: skip
def test_what_cannot_be_a_verdict_is_refused(wrong):
    """Before any store is opened."""
    given = {"label": FALSE_POSITIVE, "comment": "c", "by": "kim", "at": FALSE.at}
    with pytest.raises(ConfigError):
        Verdict(**given | wrong)


class Odd:
    """A store that holds an anomaly without a source."""

    where = "parquet:odd"

    def events(self, *_bounds):
        """Yield it."""
        yield {"event": {}, "netad": {}}


def test_an_event_that_is_none_is_told():
    """The store is named."""
    with pytest.raises(OutputError, match="parquet:odd holds an anomaly without"):
        read_verdicts(Odd())
