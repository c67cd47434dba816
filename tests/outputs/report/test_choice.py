"""Which stored events a report is about."""

import json
import urllib.request
from copy import deepcopy

import pytest

from netad.core.addresses import Networks
from netad.core.errors import InputError
from netad.core.timing import parse_time
from netad.outputs.base import RunSummary
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.report.choice import Choice, gather_events, gather_stored
from netad.outputs.report.commands import commands
from netad.outputs.store.output import ParquetOutput
from netad.outputs.stored import open_stored
from tests.kql import to_query


@pytest.fixture
def stored(tmp_path, anomaly_events, events_of_flows, events_of_profiles, events_of_runs):
    """A store with events of all kinds."""
    output = ParquetOutput(str(tmp_path / "store"))
    output.write([*anomaly_events, *events_of_profiles, *events_of_flows, *events_of_runs])
    output.close(RunSummary())
    return open_stored(f"parquet:{tmp_path / 'store'}")


def sources(chosen):
    return [record.address for record in chosen.gathering.records()]


def test_a_store_gives_anomalies_and_what_belongs_to_them(stored):
    """Their flows, the profiles in their time, the runs that made them; the words say how much that was."""
    chosen = gather_stored(stored, Choice())
    assert sources(chosen) == ["10.4.2.2", "203.0.113.77", "fd00::5"]
    assert {record.address: record.flows.count for record in chosen.gathering.records()}["10.4.2.2"] > 0
    assert chosen.read["anomaly"] == 4
    assert chosen.read["run"] == 1
    lines = dict(chosen.lines("parquet:store"))
    assert lines["Read"].startswith("4 anomalies, ")
    assert lines["Read"].endswith(", 1 run of parquet:store")
    assert lines["Found"] == "4 anomalies, from 2026-01-11 06:00:00 to 2026-01-12 06:00:00 UTC"


def test_a_file_of_events_gives_the_same_in_any_order(
    stored, anomaly_events, events_of_flows, events_of_profiles, events_of_runs
):
    """Anomalies are taken first wherever they stand, each once; events of other tools are passed over."""
    mixed = [*events_of_flows, *events_of_runs, *events_of_profiles, *reversed(anomaly_events)]
    mixed += [{"data_stream": {"dataset": "suricata.eve"}, "event": {"id": "s1"}}, *mixed]  # two runs into one file
    chosen, same = gather_events(mixed, Choice()), gather_stored(stored, Choice())
    assert sources(chosen) == sources(same)
    assert [one.flows.count for one in chosen.gathering.records()] == [
        one.flows.count for one in same.gathering.records()
    ]


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(since_ns=parse_time("2026-01-11T08:00:00Z")), ["fd00::5", "10.4.2.2"]),
        (Choice(until_ns=parse_time("2026-01-11T08:00:00Z")), ["10.4.2.2", "203.0.113.77"]),
        (Choice(sources=Networks.parse(["10.4.0.0/16", "fd00::5"])), ["10.4.2.2", "fd00::5"]),
        (Choice(least_severity=73), ["10.4.2.2", "fd00::5"]),
        (Choice(namespace="default"), ["10.4.2.2", "203.0.113.77", "fd00::5"]),
        (Choice(namespace="other"), []),
    ],
)
def test_anomalies_are_chosen(stored, anomaly_events, choice, found):
    """By time, source, severity and namespace, from a store as from a file."""
    assert sources(gather_stored(stored, choice)) == found
    assert sources(gather_events(anomaly_events, choice)) == found


def test_nothing_chosen_is_no_error(stored):
    """The words say that nothing was found, and what was looked at."""
    chosen = gather_stored(stored, Choice(namespace="other"))
    assert chosen.lines("here") == [("Read", "4 anomalies of here"), ("Found", "0 anomalies")]
    assert gather_events([], Choice()).lines("here")[0] == ("Read", "no events of here")


@pytest.mark.parametrize("event", [{}, {"data_stream": 7}, {"data_stream": {"dataset": "netad.anomaly"}},
                                   {"data_stream": {"dataset": "netad.anomaly"}, "@timestamp": "soon"}])  # fmt: skip
def test_what_is_no_event_of_ours_is_an_input_error(event):
    """One sentence, whatever is wrong with it."""
    with pytest.raises(InputError, match="is not as netad writes it"):
        gather_events([event], Choice())


def test_a_source_that_is_no_address_is_in_no_network(anomaly_events):
    """And is reported where nothing is asked for."""
    anomaly_events[0]["source"]["ip"] = "a host"
    assert sources(gather_events(anomaly_events[:1], Choice())) == ["a host"]
    assert sources(gather_events(anomaly_events[:1], Choice(sources=Networks.parse(["0.0.0.0/0"])))) == []


def test_suppressed_ones_are_counted(anomaly_events, suppress):
    """They are part of what was found."""
    suppress(anomaly_events[0])
    lines = dict(gather_events(anomaly_events, Choice()).lines("here"))
    assert lines["Found"].startswith("4 anomalies, 1 of them suppressed, from ")


def test_elasticsearch_gives_the_same_as_the_store(elastic_url, namespace, stored, anomaly_events, events_of_flows,
                                                   events_of_profiles, events_of_runs):  # fmt: skip
    """And the query of the page finds there the anomaly with its flows."""
    events = deepcopy([*anomaly_events, *events_of_profiles, *events_of_flows, *events_of_runs])
    for event in events:
        event["data_stream"]["namespace"] = namespace
    output = ElasticOutput.from_target(elastic_url)
    output.write(events)
    assert output.close(RunSummary()).delivered == len(events)
    refresh = urllib.request.Request(f"{elastic_url}/logs-netad.*-{namespace}/_refresh", method="POST")
    urllib.request.urlopen(refresh, timeout=60).close()
    chosen, same = (
        gather_stored(open_stored(f"elastic:{elastic_url}"), Choice(namespace=namespace)),
        gather_stored(stored, Choice()),
    )
    assert sources(chosen) == sources(same)
    assert [one.flows.count for one in chosen.gathering.records()] == [
        one.flows.count for one in same.gathering.records()
    ]
    worst = chosen.gathering.records()[0].worst
    (kql,) = (command.text for command in commands(worst) if command.name == "KQL")
    search = {"query": to_query(kql), "size": 100, "_source": ["event.id", "related.ip"]}
    request = urllib.request.Request(f"{elastic_url}/logs-netad.*-{namespace}/_search", json.dumps(search).encode(),
                                     {"Content-Type": "application/json"}, method="POST")  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        hits = [hit["_source"] for hit in json.load(answer)["hits"]["hits"]]
    assert worst["event"]["id"] in [hit["event"]["id"] for hit in hits]
    assert len(hits) > 1
    assert all("10.4.2.2" in hit["related"]["ip"] for hit in hits)
