"""Looking for anomalies from before a run."""

import urllib.request

import pytest

from netad.config import Config
from netad.core.timing import iso, parse_time
from netad.earlier import earlier_anomalies
from netad.outputs.base import RunSummary
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.store.output import ParquetOutput
from netad.pipeline import ingest
from netad.reading import Reading

HOUR_NS = 3600 * 10**9
START_NS = parse_time("2026-01-11T06:00:00Z")


def event(hour, source="10.4.2.2", window="1h", namespace="default"):
    start = START_NS + hour * HOUR_NS
    return {
        "@timestamp": iso(start + HOUR_NS),
        "data_stream": {"type": "logs", "dataset": "netad.anomaly", "namespace": namespace},
        "event": {"id": f"{start // 10**6:012x}-{source}", "start": iso(start), "end": iso(start + HOUR_NS),
                  "duration": HOUR_NS},
        "source": {"ip": source},
        "netad": {"anomaly": {"window": window}},
    }  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """A store with a source that was anomalous in three windows, and another in one."""
    output = ParquetOutput(str(tmp_path / "store"))
    output.write([event(-3), event(-2), event(-1), event(-1, "10.4.9.9")])
    output.close(RunSummary())
    return f"parquet:{tmp_path / 'store'}"


def test_only_what_borders_on_the_run_is_read(store):
    """Of the sources that begin the run, the windows that end at its first one, or are that one."""
    found = earlier_anomalies(["console", store], [event(0), event(5, "10.4.9.9")], START_NS)
    assert [one["event"]["start"] for one in found] == [iso(START_NS - HOUR_NS)]
    assert [one["source"]["ip"] for one in found] == ["10.4.2.2"]


def test_nothing_is_asked_where_nothing_can_be_known():
    """Without anomalies in the first two windows, or without windows of a fixed length, no store is opened."""
    nowhere = ["elastic:http://127.0.0.1:9"]
    assert earlier_anomalies(nowhere, [], START_NS) == []
    assert earlier_anomalies(nowhere, [event(2)], START_NS) == []
    assert earlier_anomalies(nowhere, [event(0, window="capture")], START_NS) == []


def test_a_store_that_cannot_be_read_is_passed_over(store, tmp_path):
    """The next one is asked; with none left, incidents begin anew."""
    (tmp_path / "empty").mkdir()
    assert earlier_anomalies(["parquet:/nowhere", store], [event(0)], START_NS) != []
    assert earlier_anomalies([f"parquet:{tmp_path / 'empty'}"], [event(0)], START_NS) == []


@pytest.mark.elastic
def test_elasticsearch_is_asked_like_a_local_store(elastic_url, namespace, tmp_path, monkeypatch):
    """What an earlier run delivered to the data stream is found by the next one."""
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path))
    before = [event(hour, namespace=namespace) for hour in (-3, -1)]
    for one in before:
        one["event"]["id"] = f"{one['event']['id']}-{namespace}"
    output = ElasticOutput.from_target(elastic_url)
    output.write(before)
    assert output.close(RunSummary()).delivered == 2
    urllib.request.urlopen(
        urllib.request.Request(f"{elastic_url}/logs-netad.anomaly-{namespace}/_refresh", method="POST")
    ).close()
    found = earlier_anomalies([f"elastic:{elastic_url}"], [event(0)], START_NS)
    own = [one for one in found if one["data_stream"]["namespace"] == namespace]
    assert [one["event"]["id"] for one in own] == [before[1]["event"]["id"]]


class Collected(ParquetOutput):
    """A store that also keeps what it is given."""

    def write(self, events):
        given = list(events)
        self.events = [*getattr(self, "events", []), *given]
        super().write(given)


def incidents(config, office, target, tmp_path):
    output = Collected(str(tmp_path / target.partition(":")[2]))
    ingest(config, Reading(config, [str(office)]), [(target, output)])
    found = [one for one in output.events if one["data_stream"]["dataset"] == "netad.anomaly"]
    return {(one["source"]["ip"], one["event"]["start"]): one["netad"]["incident"] for one in found}


def test_an_incident_goes_on_over_two_runs_into_one_store(office, scanner, tmp_path, monkeypatch):
    """Two runs of an hour each join what one run of both joins."""
    monkeypatch.chdir(tmp_path)
    whole = incidents(Config(observer="x", window="30m", budget=0.5), office, "parquet:whole", tmp_path)
    assert max(one["windows"] for one in whole.values()) > 1
    starts = sorted({start for _, start in whole})
    middle = starts[len(starts) // 2]
    parts = {}
    for options in ({"until": middle}, {"since": middle}):
        config = Config(observer="x", window="30m", budget=0.5, **options)
        parts |= incidents(config, office, "parquet:parts", tmp_path)
    joined = [key for key in parts if key in whole and key[1] >= middle and parts[key]["windows"] > 1]
    assert any(parts[key]["start"] < middle for key in joined)
