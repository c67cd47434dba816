"""Events read back from Elasticsearch and changed there: rollovers, others at the same time, keys that may not."""

import copy
import json
import urllib.request

import orjson
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.core.identity import content_id
from netad.core.timing import SECOND_NS, iso
from netad.outputs.elastic import stored as module
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.stored import ElasticStored
from netad.outputs.elastic.templates import ensure_templates
from netad.outputs.origin import stamped
from netad.outputs.stored import Replaced, open_stored
from tests.elastic_server import Answer

START_NS = 1_768_111_200_000_000_000
NOW = "2026-01-12T09:00:00.000Z"


@pytest.fixture
def make(anomaly_events, namespace):
    """A maker of that many anomalies, a minute each."""

    def events(count):
        made = []
        for number in range(count):
            event = copy.deepcopy(anomaly_events[0])
            time_ns = START_NS + number * 60 * SECOND_NS
            event["@timestamp"] = iso(time_ns)
            event["event"]["id"] = content_id(time_ns, namespace, number)
            made.append(stamped(event, NOW))
        return made

    return events


@pytest.fixture
def ship(client, namespace):
    """A function that puts events into the test's own stream and makes them visible."""
    stream = f"logs-netad.anomaly-{namespace}"

    def put(events):
        ensure_templates(client)
        for event in events:
            client.create(index=stream, id=event["event"]["id"], document=event)
        client.indices.refresh(index=stream)

    return put


def roll_over(url, namespace):
    path = f"{url}/logs-netad.anomaly-{namespace}/_rollover"
    with urllib.request.urlopen(urllib.request.Request(path, method="POST"), timeout=60) as answer:
        assert json.load(answer)["rolled_over"]


def ids(events):
    return [event["event"]["id"] for event in events]


def changed(event, **fields):
    return {**event, "message": f"changed: {event['message']}", **fields}


@pytest.fixture
def mine(namespace):
    """What a store holds of the test's own namespace."""
    return lambda store: [one for one in store.events() if one["data_stream"]["namespace"] == namespace]


def test_the_target_names_the_cluster(monkeypatch):
    """`--store elastic:URL`, or the URL of the environment; nothing is asked yet."""
    monkeypatch.setenv("NETAD_ELASTIC_URL", "http://127.0.0.1:9")
    assert open_stored("elastic").where == "elastic:http://127.0.0.1:9"
    assert open_stored("elastic:http://127.0.0.1:8").where == "elastic:http://127.0.0.1:8"
    with pytest.raises(ConfigError, match="none of 'common'"):
        list(open_stored("elastic").events("common"))


@pytest.mark.elastic
def test_after_a_rollover_old_events_are_found_and_changed(config, ship, make, mine, client, elastic_url, namespace):
    """Each is written where it lies: in the old backing index or in the new one, and none is added."""
    events = make(6)
    ship(events[:3])
    roll_over(elastic_url, namespace)
    ship(events[3:])
    store = ElasticStored(config)
    assert ids(mine(store)) == ids(events)
    assert store.find(ids(events)[0])["@timestamp"] == events[0]["@timestamp"]
    assert store.replace(map(changed, events)) == Replaced(changed=6)
    client.indices.refresh(index=f"logs-netad.anomaly-{namespace}")
    assert mine(store) == [changed(event) for event in events]
    hits = client.search(index=f"logs-netad.anomaly-{namespace}", size=20).body["hits"]["hits"]
    assert len(hits) == 6
    assert len({hit["_index"] for hit in hits}) == 2


@pytest.mark.elastic
def test_an_id_in_two_backing_indices_changes_in_both(config, ship, make, mine, elastic_url, namespace, client):
    """A key that may not read brings known events in again after a rollover; one verdict must not leave the other."""
    (event,) = make(1)
    ship([event])
    roll_over(elastic_url, namespace)
    ship([event])
    store = ElasticStored(config)
    assert store.replace([changed(event)]) == Replaced(changed=1)
    client.indices.refresh(index=f"logs-netad.anomaly-{namespace}")
    assert mine(store) == [changed(event)] * 2


@pytest.mark.elastic
def test_reading_and_changing_go_in_pages(config, ship, make, mine, client, namespace, monkeypatch):
    """More events than fit a page: all come once and in order, and all changes arrive."""
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(module, "TOGETHER", 3)
    events = make(10)
    ship(events[::-1])
    store = ElasticStored(config)
    assert ids(mine(store)) == ids(events)
    assert store.replace(changed(event) for event in mine(store)) == Replaced(changed=10)
    client.indices.refresh(index=f"logs-netad.anomaly-{namespace}")
    assert mine(store) == [changed(event) for event in events]


@pytest.mark.elastic
def test_what_was_written_a_moment_ago_counts_without_a_refresh(config, ship, make):
    """Marked and cleared at once: the second change sees the first."""
    (event,) = make(1)
    ship([event])
    store = ElasticStored(config)
    assert store.replace([changed(event)]) == Replaced(changed=1)
    assert store.replace([event]) == Replaced(changed=1)
    assert store.find(ids([event])[0]) == event


def interfering(url, other, times):
    """A script that lets somebody else change an event before each of the first bulk requests."""
    store, left = ElasticStored(ElasticConfig.from_target(url, {})), [times]

    def script(asked):
        if asked.call == "_bulk" and left[0] > 0:
            left[0] -= 1
            assert store.replace([other(left[0])], fields=("tags",)) == Replaced(changed=1)

    return script


@pytest.mark.elastic
@pytest.mark.parametrize(("times", "counts"), [(2, Replaced(changed=1)), (9, Replaced(conflicts=1))])
def test_what_others_change_meanwhile_is_kept(serve, ship, make, elastic_url, config, times, counts):
    """Read and merged again, five times at most; whoever changes another field does not undo ours, nor we theirs."""
    (event,) = make(1)
    ship([event])
    server = serve(interfering(elastic_url, lambda left: {**event, "tags": [str(left)]}, times), upstream=elastic_url)
    verdict = copy.deepcopy(event)
    verdict["netad"]["verdict"] = {"label": "true_positive"}
    store = ElasticStored(ElasticConfig.from_target(server.url, {}))
    assert store.replace([verdict], fields=("netad.verdict",)) == counts
    assert len(server.calls("_bulk")) == min(times + 1, module.ATTEMPTS)
    found = ElasticStored(config).find(ids([event])[0])
    assert found["tags"] == [str(max(times - module.ATTEMPTS, 0))]
    assert ("verdict" in found["netad"]) == bool(counts.changed)


@pytest.mark.elastic
def test_an_event_that_expires_meanwhile_is_missing(serve, ship, make, elastic_url, client, namespace):
    """Retention may take it between looking and writing."""
    (event,) = make(1)
    ship([event])

    def script(asked):
        if asked.call == "_bulk":
            for hit in client.search(index=f"logs-netad.anomaly-{namespace}").body["hits"]["hits"]:
                client.delete(index=hit["_index"], id=hit["_id"])

    server = serve(script, upstream=elastic_url)
    store = ElasticStored(ElasticConfig.from_target(server.url, {}))
    assert store.replace([changed(event)]) == Replaced(missing=1)


def answering(event, bulk):
    """A cluster that holds one event, and answers bulk requests with this."""
    place = {"_index": ".ds-x", "_id": event["event"]["id"], "_source": event, "_seq_no": 3, "_primary_term": 1}
    answers = {"_search": {"hits": {"hits": [place]}}, "_mget": {"docs": [{**place, "found": True}]}, "_bulk": bulk}
    return lambda asked: Answer(200, answers[asked.call])


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(403, "NETAD_ELASTIC_UPDATE_API_KEY"), (400, "refused a changed event"), (429, "refused a changed event")],
)
def test_a_refused_change_ends_in_a_sentence(serve, anomaly_events, status, sentence):
    """A key that may not write, a document that does not fit, a cluster that is too busy."""
    item = {"index": {"status": status, "error": {"type": "some_exception", "reason": "because"}}}
    server = serve(answering(anomaly_events[0], {"items": [item]}))
    with pytest.raises(OutputError, match=sentence) as caught:
        ElasticStored(ElasticConfig.from_target(server.url, {})).replace([changed(anomaly_events[0])])
    assert "because" in str(caught.value)


@pytest.mark.parametrize("call", ["_search", "_mget", "_bulk"])
def test_an_answer_of_something_else_is_told(serve, anomaly_events, call):
    """A proxy's page with status 200 is no Elasticsearch."""
    usual = answering(anomaly_events[0], {})
    server = serve(lambda asked: Answer(200, {"hits": 1}) if asked.call == call else usual(asked))
    with pytest.raises(OutputError, match="does not answer like an Elasticsearch"):
        ElasticStored(ElasticConfig.from_target(server.url, {})).replace([changed(anomaly_events[0])])


def test_changes_name_the_backing_index_and_what_was_read(serve, anomaly_events):
    """Without the sequence number somebody else's change would be lost; streams take no `index`."""
    server = serve(answering(anomaly_events[0], {"items": [{"index": {"status": 200}}]}))
    store = ElasticStored(ElasticConfig.from_target(server.url, {}))
    assert store.replace([changed(anomaly_events[0])]) == Replaced(changed=1)
    action = orjson.loads(server.calls("_bulk")[0].body.splitlines()[0])
    assert action == {"index": {"_index": ".ds-x", "_id": ids(anomaly_events)[0], "if_seq_no": 3, "if_primary_term": 1}}


def test_a_dead_server_is_told(dead_url):
    """By reading, finding and changing."""
    store = ElasticStored(ElasticConfig.from_target(dead_url, {}))
    for use in (lambda: list(store.events()), lambda: store.find(content_id(1, "x"))):
        with pytest.raises(OutputError, match="cannot be reached"):
            use()
