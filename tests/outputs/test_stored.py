"""The contract of every place that keeps events, and what a change takes from a given event."""

import contextlib
import copy
from operator import itemgetter
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.core.timing import SECOND_NS, parse_time
from netad.outputs.base import RunSummary
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.elastic.stored import ElasticStored
from netad.outputs.elastic.templates import ensure_templates
from netad.outputs.events import Origin
from netad.outputs.origin import stamped
from netad.outputs.store.output import ParquetOutput
from netad.outputs.stored import KEPT, Replaced, merged, open_stored

NOW = "2026-01-12T09:00:00.000Z"
VERDICT = {"label": "false_positive", "comment": "backup", "by": "kim", "at": NOW}


@pytest.fixture
def origin(namespace):
    """A sensor whose events go to the test's own namespace."""
    return Origin("sensor-1", namespace, "run-1", "0.1.0", "agent-1")


def parquet(tmp_path, events):
    output = ParquetOutput(str(tmp_path / "store"), clock=lambda: NOW)
    output.write(events)
    output.close(RunSummary())
    return open_stored(f"parquet:{tmp_path / 'store'}")


def elastic(url, events):
    config = ElasticConfig.from_target(url, {})
    with contextlib.closing(connect(config)) as client:
        ensure_templates(client)
        for event in events:
            stream = f"logs-netad.anomaly-{event['data_stream']['namespace']}"
            client.create(index=stream, id=event["event"]["id"], document=stamped(event, NOW))
    return ElasticStored(config)


@pytest.fixture(params=["parquet", pytest.param("elastic", marks=pytest.mark.elastic)])
def place(request, namespace, anomaly_events):
    """A store that holds the synthetic anomalies, and how to read what the test's own namespace has of it now."""
    if request.param == "parquet":
        store = parquet(request.getfixturevalue("tmp_path"), anomaly_events)
    else:
        store = elastic(request.getfixturevalue("elastic_url"), anomaly_events)
        refresh = request.getfixturevalue("elastic_count")

    def read(**bounds):
        if request.param == "elastic":
            refresh("anomaly")
        return [event for event in store.events(**bounds) if event["data_stream"]["namespace"] == namespace]

    return SimpleNamespace(store=store, read=read, given=[stamped(event, NOW) for event in anomaly_events])


def ids(events):
    return [event["event"]["id"] for event in events]


def in_order(events):
    return sorted(events, key=lambda event: (parse_time(event["@timestamp"]), event["event"]["id"]))


def unstamped(events):
    """Without the time of sending, which a store may have set by another clock."""
    return [stamped(event, "") for event in events]


def judged(event):
    changed = copy.deepcopy(event)
    changed["event"]["kind"] = "event"
    changed["netad"]["suppression"] = {"suppressed": True, "rule_ids": ["known"]}
    return changed


def test_whole_events_come_by_time_then_id(place):
    """All that was given, in order, as it was sent."""
    assert unstamped(place.read()) == unstamped(in_order(place.given))
    assert list(place.store.events(since_ns=parse_time("2100-01-01"))) == []


def test_bounds_hold_the_first_moment_and_not_the_last(place):
    """[since, until), to the second here."""
    times = sorted({parse_time(event["@timestamp"]) for event in place.given})
    for low, high in ((times[0], times[-1]), (times[0] + SECOND_NS, times[-1] + SECOND_NS), (times[1], times[1])):
        wanted = [event for event in in_order(place.given) if low <= parse_time(event["@timestamp"]) < high]
        assert ids(place.read(since_ns=low, until_ns=high)) == ids(wanted)


def test_an_event_is_found_by_its_id(place):
    """Whatever day it lies in; an id that is none, or of nobody, finds nothing."""
    place.read()
    for event in place.given:
        found = place.store.find(event["event"]["id"])
        assert unstamped([found]) == unstamped([event])
    for other in ("", "*", "../x", "0" * 12 + "-" + "0" * 20, "f" * 12 + "-" + "f" * 20, ids(place.given)[0][:-1]):
        assert place.store.find(other) is None


def test_changes_are_written_counted_and_idempotent(place):
    """Changed, unchanged and missing; the time of sending stays; a second time nothing changes."""
    before = {event["event"]["id"]: event for event in place.read()}
    changed = [judged(before[identity]) for identity in ids(place.given)[:2]]
    stranger = copy.deepcopy(changed[0])
    stranger["event"]["id"] = "0" * 12 + "-" + "0" * 20
    stranger_day = {**stranger, "@timestamp": "1999-01-01T00:00:00.000Z"}
    same = before[ids(place.given)[2]]
    batch = [stamped(changed[0], "2030-01-01T00:00:00.000Z"), changed[1], same, stranger, stranger_day]
    assert place.store.replace(batch) == Replaced(changed=2, unchanged=1, missing=2)
    after = {event["event"]["id"]: event for event in place.read()}
    assert after == before | {event["event"]["id"]: event for event in changed}
    assert place.store.replace(changed) == Replaced(unchanged=2)
    assert place.store.replace([]) == Replaced()


def test_only_the_named_fields_change(place):
    """A verdict goes in beside what rules said in the meantime, and out again; rules leave verdicts alone."""
    first = place.read()[0]
    verdict = copy.deepcopy(first)
    verdict["netad"]["verdict"] = dict(VERDICT)
    assert place.store.replace([judged(first)]) == Replaced(changed=1)
    assert place.store.replace([verdict], fields=("netad.verdict",)) == Replaced(changed=1)
    found = place.read()[0]
    assert found["netad"]["verdict"] == VERDICT
    assert found["netad"]["suppression"]["suppressed"] is True
    assert place.store.replace([first]) == Replaced(changed=1)
    assert place.read()[0]["netad"]["verdict"] == VERDICT
    assert place.store.replace([first], fields=("netad.verdict",)) == Replaced(changed=1)
    assert place.read()[0] == first


def test_changing_while_reading(place):
    """What `events` yields may be written back at once, as it comes."""
    counts = place.store.replace(judged(event) for event in place.read())
    assert counts == Replaced(changed=len(place.given))
    assert {event["event"]["kind"] for event in place.read()} == {"event"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["event", "alert"]), st.text(max_size=3)), max_size=6))
def test_ids_and_numbers_never_change(place, changes):
    """Whatever is given, in whatever order, twice or unknown: the same events are there, and all are accounted for."""
    before = ids(place.read())
    events = []
    for index, kind, reason in changes:
        event = copy.deepcopy(place.given[index % len(place.given)])
        if index == len(place.given):
            event["event"]["id"] = "0" * 12 + "-" + "1" * 20
        event["event"] |= {"kind": kind, "reason": reason}
        events.append(event)
    counts = place.store.replace(events)
    assert counts.changed + counts.unchanged + counts.missing == len(events)
    assert counts.missing == sum(index == len(place.given) for index, *_ in changes)
    assert ids(place.read()) == before


@pytest.mark.parametrize("target", ["", "console", "parquets", "ndjson:x", "ELASTIC"])
def test_what_keeps_no_events_is_refused(target):
    """With a sentence that says what to write."""
    with pytest.raises(ConfigError, match=r"write parquet\[:DIR\] or elastic\[:URL\]"):
        open_stored(target)


def test_a_change_takes_all_but_what_is_kept(anomaly_events):
    """Identity, place and verdict stay as stored, in either direction; neither event is touched."""
    stored = stamped(anomaly_events[0], NOW)
    stored["netad"] = {**stored["netad"], "verdict": dict(VERDICT)}
    other = {"@timestamp": "x", "event": {"id": "y", "reason": "new"}, "message": "new", "netad": {"verdict": {}}}
    copies = copy.deepcopy((stored, other))
    result = merged(stored, other, None)
    assert (stored, other) == copies
    assert result == {
        "@timestamp": stored["@timestamp"],
        "data_stream": stored["data_stream"],
        "event": {"id": stored["event"]["id"], "ingested": NOW, "reason": "new"},
        "message": "new",
        "netad": {"verdict": VERDICT},
    }
    assert set(KEPT) == {"@timestamp", "event.id", "event.ingested", "data_stream", "netad.verdict"}


@pytest.mark.parametrize(("stored", "given", "wanted"), [
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
    ({"a": {"b": 1}, "z": 1}, {"z": 2}, {"z": 1}),
    ({"z": 1}, {"a": {"b": [1]}}, {"z": 1, "a": {"b": [1]}}),
    ({"a": "text"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"a": "text"}, {}, {"a": "text"}),
])  # fmt: skip
def test_named_fields_are_set_or_taken_away(stored, given, wanted):
    """A field that is not there any more goes, with the object it leaves empty."""
    assert merged(stored, given, ("a.b",)) == wanted


def test_order_is_that_of_the_contract():
    """A guard on this file's own idea of order: fractions of seconds count."""
    events = [
        {"@timestamp": text, "event": {"id": text}} for text in ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z")
    ]
    assert [*map(itemgetter("@timestamp"), in_order(events))] == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z"]
