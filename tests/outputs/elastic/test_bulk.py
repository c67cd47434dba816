"""Sending chunks: what becomes of each event when the cluster is busy, refuses, or goes away."""

import contextlib

import orjson
import pytest

from netad.core.errors import OutputError
from netad.outputs.elastic.bulk import BulkSender, request_lines
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.templates import ensure_templates
from tests.elastic_server import Answer

INGESTED = "2026-01-12T09:00:00.000Z"


@pytest.fixture
def sender(pauses, make_ledger):
    """A function that returns a sender to a URL, on a clock that only moves when someone sleeps."""
    with contextlib.ExitStack() as stack:

        def make(url, **options):
            cluster = stack.enter_context(contextlib.closing(ElasticCluster(ElasticConfig.from_target(url, {}))))
            return BulkSender(cluster, pauses.policy(**options), make_ledger())

        yield make


def told(outcome):
    return outcome.delivered, outcome.duplicates, len(outcome.refused), len(outcome.unsent)


def results(asked, *statuses, error=None):
    """A bulk answer with these statuses in turn."""
    items = [{"create": {"status": statuses[n % len(statuses)], "error": error}} for n in range(len(asked.ids))]
    return Answer(200, {"items": items})


def bulk_only(answer):
    """A script that answers bulk requests, and finds no ids."""
    return lambda asked: answer(asked) if asked.call == "_bulk" else Answer(200, {})


def test_an_item_is_stamped_and_the_event_is_not(make_events):
    """The time of sending goes into what is sent; the event may be shared with other outputs and stays as it is."""
    (event,) = make_events(1)
    action, source = map(orjson.loads, request_lines(event, INGESTED, ElasticCluster.action).splitlines())
    place = event["data_stream"]
    assert action["create"]["_index"] == f"logs-netad.flow-{place['namespace']}"
    assert action["create"]["_id"] == event["event"]["id"]
    assert source["event"].pop("ingested") == INGESTED
    assert source == event


@pytest.mark.elastic
def test_the_same_events_twice(sender, make_events, client, elastic_url, elastic_count):
    """The second time every event is a duplicate, whether its id can be searched already or not."""
    ensure_templates(client)
    assert told(sender(elastic_url).send(make_events(20))) == (20, 0, 0, 0)
    assert told(sender(elastic_url).send(make_events(20))) == (0, 20, 0, 0)
    assert elastic_count("flow") == 20
    assert told(sender(elastic_url).send(make_events(21))) == (1, 20, 0, 0)


@pytest.mark.elastic
def test_an_id_twice_in_one_chunk(sender, make_events, client, elastic_url, elastic_count):
    """One of two equal events goes in, the other is a duplicate."""
    ensure_templates(client)
    assert told(sender(elastic_url).send(make_events(1) * 2)) == (1, 1, 0, 0)
    assert elastic_count("flow") == 1


def test_an_event_that_is_under_way_is_not_sent_by_another_chunk(serve, sender, make_events):
    """Two chunks with the same event at once would both find it unknown; afterwards the cluster is asked again."""
    others, inner = [make_events(4)], []

    def script(asked):
        if asked.call == "_bulk" and others:
            inner.append(told(careful.send(others.pop())))
        return results(asked, 201) if asked.call == "_bulk" else Answer(200, {})

    server = serve(script)
    careful = sender(server.url)
    assert told(careful.send(make_events(3))) == (3, 0, 0, 0)
    assert inner == [(1, 3, 0, 0)]
    assert told(careful.send(make_events(4))) == (4, 0, 0, 0)


@pytest.mark.elastic
def test_known_ids_survive_a_rollover(sender, make_events, client, elastic_url, namespace, elastic_count):
    """After a rollover the newest index knows no ids, and still nothing goes in again."""
    ensure_templates(client)
    sender(elastic_url).send(make_events(5))
    client.indices.refresh(index=f"logs-netad.flow-{namespace}")
    client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    assert told(sender(elastic_url).send(make_events(6))) == (1, 5, 0, 0)
    assert elastic_count("flow") == 6


@pytest.mark.elastic
def test_a_moment_ago_is_known_after_a_rollover(sender, make_events, client, elastic_url, namespace, elastic_count):
    """What another run delivered just before a rollover, not yet seen by searches, does not go in again."""
    ensure_templates(client)
    sender(elastic_url).send(make_events(5))
    client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    assert told(sender(elastic_url).send(make_events(5))) == (0, 5, 0, 0)
    assert elastic_count("flow") == 5


@pytest.mark.elastic
def test_an_answer_that_got_lost_before_a_rollover(
    serve, sender, make_events, client, elastic_url, namespace, elastic_count
):
    """Events that arrived although the connection broke are asked for again before they are sent again."""
    ensure_templates(client)
    lost = []

    def script(asked):
        if asked.call == "_bulk" and not lost:
            lost.append(server.pass_on(asked))
            client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
            return Answer(cut=True)
        return None

    server = serve(script, upstream=elastic_url)
    assert told(sender(server.url).send(make_events(3))) == (0, 3, 0, 0)
    assert elastic_count("flow") == 3


@pytest.mark.elastic
def test_a_key_that_may_not_read(serve, sender, make_events, client, elastic_url, namespace, elastic_count, caplog):
    """Without the right to search, this machine's ledger knows what was delivered, also after a rollover."""
    ensure_templates(client)
    server = serve(lambda asked: Answer(403, {}) if asked.call == "_search" else None, upstream=elastic_url)
    careful = sender(server.url)
    assert told(careful.send(make_events(5))) == (5, 0, 0, 0)
    assert told(careful.send(make_events(6))) == (1, 5, 0, 0)
    assert len(server.calls("_search")) == 1
    assert [record.message.partition(" does not")[0] for record in caplog.records] == [server.url]
    assert "exact for what this machine delivered only" in caplog.text
    client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    assert told(sender(server.url).send(make_events(8))) == (2, 6, 0, 0)
    assert elastic_count("flow") == 8


def test_a_ledger_that_cannot_be_used(serve, sender, make_events, make_ledger, tmp_path, caplog):
    """Where neither the cluster nor the ledger knows, events go out all the same, with one warning."""
    make_ledger().path.mkdir()
    server = serve(lambda asked: results(asked, 201) if asked.call == "_bulk" else Answer(403, {}))
    careful = sender(server.url)
    assert [told(careful.send(make_events(2))) for _ in range(2)] == [(2, 0, 0, 0)] * 2
    assert sum("may be delivered twice after a rollover" in record.message for record in caplog.records) == 1


def test_templates_of_a_busy_cluster(serve, sender, pauses):
    """A cluster that is busy when a run starts is asked again; one that is away is not waited for."""
    busy = [Answer(429), Answer(429)]
    server = serve(lambda _: busy.pop() if busy else Answer(200, {"component_templates": [], "index_templates": []}))
    assert len(sender(server.url).prepare()) > 0
    assert pauses.slept == [1.0, 2.0]
    with pytest.raises(OutputError, match="cannot be reached"):
        sender(serve(lambda _: Answer(cut=True)).url).prepare()
    assert pauses.slept == [1.0, 2.0]


@pytest.mark.elastic
def test_a_read_only_index(sender, make_events, client, elastic_url, namespace, elastic_count):
    """An index that takes no writes is named as such, and the events stay unsent."""
    ensure_templates(client)
    stream = f"logs-netad.flow-{namespace}"
    sender(elastic_url).send(make_events(2))
    client.indices.put_settings(index=stream, settings={"index.blocks.write": True})
    outcome = sender(elastic_url).send(make_events(5))
    assert told(outcome) == (0, 2, 0, 3)
    assert "its index is read-only" in outcome.failure.message
    client.indices.put_settings(index=stream, settings={"index.blocks.write": None})
    assert told(sender(elastic_url).send(make_events(5))) == (3, 2, 0, 0)


@pytest.mark.elastic
def test_a_field_of_the_wrong_type_is_refused(sender, make_events, client, elastic_url, elastic_count):
    """An event that does not fit the mapping is refused with the server's reason; the others go in."""
    ensure_templates(client)
    events = make_events(3)
    events[1]["source"]["ip"] = "not an address"
    outcome = sender(elastic_url).send(events)
    assert told(outcome) == (2, 0, 1, 0)
    ((event, reason),) = outcome.refused
    assert event is events[1]
    assert "document_parsing_exception" in reason
    assert "source.ip" in reason
    assert elastic_count("flow") == 2


@pytest.mark.elastic
def test_no_template_no_index(sender, make_events, elastic_url, namespace, client):
    """Where no template makes a data stream, no plain index is made; the events are kept and set-up is named."""
    events = make_events(2)
    for event in events:
        event["data_stream"] |= {"type": "nosuch"}
    outcome = sender(elastic_url).send(events)
    assert told(outcome) == (0, 0, 0, 2)
    assert "netad setup elastic" in outcome.failure.message
    assert not client.indices.exists(index=f"nosuch-netad.flow-{namespace}")


@pytest.mark.elastic
def test_a_storm_that_passes(serve, sender, make_events, client, elastic_url, elastic_count, pauses):
    """Busy answers, to requests or to items, and cut connections are tried again; each event goes in once."""
    ensure_templates(client)
    storm = [Answer(429, {}), Answer(cut=True), lambda asked: results(asked, 503), None]

    def script(asked):
        if asked.call != "_bulk":
            return None
        answer = storm.pop(0)
        return answer(asked) if callable(answer) else answer

    server = serve(script, upstream=elastic_url)
    assert told(sender(server.url).send(make_events(7))) == (7, 0, 0, 0)
    assert elastic_count("flow") == 7
    assert pauses.slept == [1.0, 2.0, 4.0]


@pytest.mark.elastic
def test_an_answer_that_got_lost(serve, sender, make_events, client, elastic_url, elastic_count):
    """When the connection breaks after the events went in, trying again makes no second copy."""
    ensure_templates(client)
    lost = []

    def script(asked):
        if asked.call == "_bulk" and not lost:
            lost.append(server.pass_on(asked))
            return Answer(cut=True)
        return None

    server = serve(script, upstream=elastic_url)
    assert told(sender(server.url).send(make_events(3))) == (0, 3, 0, 0)
    assert elastic_count("flow") == 3


@pytest.mark.elastic
def test_too_much_for_one_request(serve, sender, make_events, client, elastic_url, elastic_count):
    """A request that is too large is halved until it fits; an event too large by itself is refused."""
    ensure_templates(client)
    giant = make_events(10)[6]["event"]["id"]

    def script(asked):
        return Answer(413, {}) if asked.call == "_bulk" and (len(asked.ids) > 3 or giant in asked.ids) else None

    server = serve(script, upstream=elastic_url)
    outcome = sender(server.url).send(make_events(10))
    assert told(outcome) == (9, 0, 1, 0)
    assert outcome.refused[0][0]["event"]["id"] == giant
    assert elastic_count("flow") == 9
    assert len(server.calls("_search")) == 1


def test_only_what_was_refused_is_sent_again(serve, sender, make_events):
    """Items that are busy are sent again without those that went in; when it never ends they stay unsent."""
    server = serve(bulk_only(lambda asked: results(asked, 201, 429, 409, 400, error={"type": "t", "reason": "r"})))
    outcome = sender(server.url).send(make_events(8))
    assert [len(asked.ids) for asked in server.calls("_bulk")] == [8, 2, 1]
    assert told(outcome) == (4, 2, 2, 0)
    busy = serve(bulk_only(lambda asked: results(asked, *([201] * 7), 429)))
    outcome = sender(busy.url).send(make_events(8))
    assert [len(asked.ids) for asked in busy.calls("_bulk")] == [8, 1]
    assert told(outcome) == (8, 0, 0, 0)


def test_a_storm_that_does_not_pass(serve, sender, make_events, pauses):
    """After the retries the events stay unsent, and since none went in, nothing further is to be sent."""
    server = serve(bulk_only(lambda asked: results(asked, 429, error={"type": "t", "reason": "queue full"})))
    outcome = sender(server.url).send(make_events(4))
    assert told(outcome) == (0, 0, 0, 4)
    assert outcome.failure.message == f"{server.url} answered 429 (t: queue full)"
    assert len(server.calls("_bulk")) == 4
    assert pauses.slept == [1.0, 2.0, 4.0]


def test_the_budget_of_a_run(serve, sender, make_events, pauses):
    """Trying again takes no more than its budget over a whole run, however many chunks there are."""
    flaky = iter([429, 201, 429, 201, 429, 201, 429, 201])
    server = serve(bulk_only(lambda asked: results(asked, next(flaky))))
    careful = sender(server.url, budget_s=2.5)
    assert [told(careful.send(make_events(1))) for _ in range(3)] == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1)]
    assert pauses.slept == [1.0, 1.0]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(401, {"error": {"type": "security_exception", "reason": "no"}}), "wants credentials"),
        (Answer(403, {"error": {"type": "security_exception", "reason": "no"}}), "does not allow this"),
        (Answer(400, {"error": {"type": "media_type_header_exception", "reason": "v9"}}), "'elasticsearch<9'"),
        (Answer(500, {"error": "boom"}), "answered 500"),
        (Answer(200, {"items": []}), "does not answer like an Elasticsearch"),
        (Answer(200, {"items": "x"}), "does not answer like an Elasticsearch"),
        (Answer(200, []), "does not answer like an Elasticsearch"),
        (Answer(200, {}, {}), "does not answer like an Elasticsearch"),
    ],
)
def test_refusals_end_the_sending(serve, sender, make_events, pauses, answer, sentence):
    """What every further request would meet as well is not tried again: all events stay unsent, with the reason."""
    server = serve(bulk_only(lambda _: answer))
    outcome = sender(server.url).send(make_events(3))
    assert told(outcome) == (0, 0, 0, 3)
    assert sentence in outcome.failure.message
    assert {reason for _, reason in outcome.unsent} == {outcome.failure.message}
    assert len(server.calls("_bulk")) == 1
    assert pauses.slept == []


def test_a_stream_this_key_may_not_write(serve, sender, make_events):
    """Items refused for want of a right stay unsent and end the sending, those before them count."""
    refusal = {"type": "security_exception", "reason": "unauthorized"}
    server = serve(bulk_only(lambda asked: results(asked, 201, 403, error=refusal)))
    outcome = sender(server.url).send(make_events(4))
    assert told(outcome) == (2, 0, 0, 2)
    assert "does not let this key write to logs-netad.flow-" in outcome.failure.message


def test_the_failure_store_is_no_success(serve, sender, make_events):
    """An event that Elasticsearch put into its failure store was refused, although the status says created."""
    answer = {"items": [{"create": {"status": 201, "failure_store": "used"}}, {"create": {"status": 201}}]}
    outcome = sender(serve(bulk_only(lambda _: Answer(200, answer))).url).send(make_events(2))
    assert told(outcome) == (1, 0, 1, 0)
    assert outcome.refused[0][1] == "it went to the failure store"


def test_answers_that_are_none(serve, sender, make_events):
    """Items without a status are neither delivered nor lost."""
    server = serve(bulk_only(lambda _: Answer(200, {"items": [{}, {"create": 1}, 7, {"create": {"status": "x"}}]})))
    outcome = sender(server.url, retries=0).send(make_events(4))
    assert told(outcome) == (0, 0, 0, 4)


def test_nothing_listens(sender, make_events, dead_url, pauses):
    """An unreachable server is tried again, then everything stays unsent."""
    outcome = sender(dead_url).send(make_events(3))
    assert told(outcome) == (0, 0, 0, 3)
    assert "cannot be reached" in outcome.failure.message
    assert len(pauses.slept) == 3
