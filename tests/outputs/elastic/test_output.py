"""The output as a run uses it: every event is delivered, known, kept for later, or named as refused or lost."""

import gzip
from concurrent.futures import Future

import orjson
import pytest

from netad.core.errors import ConfigError, SpoolError
from netad.outputs.base import OUTPUTS, Commits, Output, RunSummary
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.spool import Spool
from tests.elastic_server import Answer

REFUSED = Answer(403, {"error": {"type": "security_exception", "reason": "unauthorized"}})


@pytest.fixture
def output(make_spool, make_ledger, pauses):
    """A function that returns the output of one run to a URL; all runs share one spool folder."""

    def make(url, spool=None, **options):
        config = ElasticConfig.from_target(url, {})
        spool = spool or make_spool(config.target)
        return ElasticOutput(ElasticCluster(config), spool, make_ledger(), retry=pauses.policy(), **options)

    return make


@pytest.fixture
def run(output):
    """A function that delivers events in one run, and returns what became of them."""

    def deliver(url, *batches, **options):
        made = output(url, **options)
        for events in batches:
            made.write(iter(events))
        return made.close(RunSummary())

    return deliver


def told(delivery):
    return delivery.delivered, delivery.duplicates, delivery.spooled, delivery.dead, delivery.drained


def files(tmp_path, place):
    return sorted((tmp_path / "spool" / place).glob("*.gz"))


def test_it_is_the_output_elastic(monkeypatch, tmp_path):
    """The registry's `elastic` takes a URL from the environment, and tells a wrong one also when no event came."""
    monkeypatch.setenv("NETAD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("NETAD_ELASTIC_URL", "http://127.0.0.1:9")
    made = OUTPUTS.load("elastic").from_target(None)
    assert isinstance(made, Output)
    delivery = made.close(RunSummary())
    assert told(delivery) == (0, 0, 0, 0, 0)
    assert delivery.where == "http://127.0.0.1:9"
    assert ["cannot be reached" in problem for problem in delivery.problems] == [True]
    with pytest.raises(ConfigError):
        ElasticOutput.from_target("http://u:p@es.example")


@pytest.mark.elastic
def test_two_runs_add_nothing_twice(run, elastic_url, anomaly_events, events_of_flows, elastic_count):
    """A run on a server without templates of netad delivers everything; a second one finds it all there."""
    batches = (anomaly_events, events_of_flows)
    total = len(anomaly_events) + len(events_of_flows)
    first = run(elastic_url, *batches)
    assert (told(first), first.problems) == ((total, 0, 0, 0, 0), [])
    second = run(elastic_url, *batches)
    assert (told(second), second.problems) == ((0, total, 0, 0, 0), [])
    assert elastic_count("anomaly") == len(anomaly_events)
    assert elastic_count("flow") == len(events_of_flows)


@pytest.mark.elastic
def test_many_events_go_in_chunks(run, serve, make_events, elastic_url, elastic_count):
    """Events of several writes are sent together, no more at once than a chunk's number and bytes allow."""
    server = serve(lambda _: None, upstream=elastic_url)
    events = make_events(25)
    size = 2 * len(orjson.dumps(events[0]))
    assert told(run(server.url, events[:7], [], events[7:], chunk_events=10)) == (25, 0, 0, 0, 0)
    assert sorted(len(asked.ids) for asked in server.calls("_bulk")) == [5, 10, 10]
    assert told(run(server.url, make_events(26)[25:] * 5, request_bytes=2 * size)) == (1, 4, 0, 0, 0)
    assert elastic_count("flow") == 26
    assert max(len(asked.body) for asked in server.calls("_bulk")[3:]) <= 2 * size


@pytest.mark.elastic
def test_the_time_of_sending_is_stamped(run, client, elastic_url, anomaly_events, namespace, elastic_count):
    """`event.ingested` is the time of sending, so that rules which look back a few minutes see old captures too."""
    run(elastic_url, anomaly_events[:1], clock=lambda: "2026-01-12T09:00:00.000Z")
    assert elastic_count("anomaly") == 1
    (hit,) = client.search(index=f"logs-netad.anomaly-{namespace}")["hits"]["hits"]
    assert hit["_source"]["event"]["ingested"] == "2026-01-12T09:00:00.000Z"
    assert hit["_id"] == anomaly_events[0]["event"]["id"]


@pytest.mark.elastic
def test_a_refused_event_is_kept_with_its_reason(run, elastic_url, make_events, tmp_path, elastic_count):
    """A mapping conflict costs its event only, which lies in the dead letters beside the reason."""
    events = make_events(4)
    for event in events[1:3]:
        event["source"]["ip"] = f"no address {event['event']['id']}"
    delivery = run(elastic_url, events)
    assert told(delivery) == (2, 0, 0, 2, 0)
    (problem,) = delivery.problems
    assert "refused 2 events, kept in" in problem
    assert "source.ip" in problem
    (path,) = files(tmp_path, "dead")
    lines = [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()[1:]]
    assert [line["event"] for line in lines] == events[1:3]
    assert all("document_parsing_exception" in line["reason"] for line in lines)
    assert elastic_count("flow") == 2


@pytest.mark.elastic
def test_what_could_not_be_sent_is_sent_by_the_next_run(
    run, serve, elastic_url, make_events, pauses, tmp_path, elastic_count
):
    """A server that is away costs nothing: events wait in the spool, the next run sends them, and counts are exact."""
    away = [True]
    server = serve(lambda _: Answer(cut=True) if away[0] else None, upstream=elastic_url)
    events = make_events(30)
    delivery = run(server.url, events[:20], chunk_events=8)
    assert told(delivery) == (0, 0, 20, 0, 0)
    (problem,) = delivery.problems
    assert problem.startswith(
        f"20 events wait in {tmp_path / 'spool' / 'pending'} for the next run: {server.url} cannot"
    )
    assert told(run(server.url, events[5:25])) == (0, 0, 20, 0, 0)
    assert len(files(tmp_path, "pending")) == 2
    away[0] = False
    delivery = run(server.url, events[20:])
    assert (told(delivery), delivery.problems) == ((5, 5, 0, 0, 40), [])
    assert files(tmp_path, "pending") == []
    assert elastic_count("flow") == 30
    assert pauses.slept == []


@pytest.mark.elastic
def test_a_run_without_events_sends_what_waits(run, serve, elastic_url, make_events, dead_url, tmp_path, elastic_count):
    """The spool is emptied even when nothing new was found; what waits for another server goes on waiting."""
    run(dead_url, make_events(3))
    away = [True]
    server = serve(lambda _: Answer(cut=True) if away[0] else None, upstream=elastic_url)
    run(server.url, make_events(2))
    still = run(server.url)
    assert told(still) == (0, 0, 0, 0, 0)
    assert "earlier runs still wait in the spool" in still.problems[0]
    away[0] = False
    assert told(run(server.url)) == (0, 0, 0, 0, 2)
    assert elastic_count("flow") == 2
    assert len(files(tmp_path, "pending")) == 1


@pytest.mark.elastic
def test_a_server_that_goes_away_in_the_middle(run, serve, elastic_url, make_events, tmp_path, elastic_count):
    """What was acknowledged counts, the rest waits, and nothing is asked of a server that has gone."""
    left = [2]

    def script(asked):
        if asked.call == "_bulk":
            left[0] -= 1
        return Answer(cut=True) if left[0] < 0 else None

    server = serve(script, upstream=elastic_url)
    assert told(run(server.url, make_events(50), chunk_events=10)) == (20, 0, 30, 0, 0)
    left[0] = 1000
    assert told(run(server.url, make_events(50), chunk_events=10)) == (0, 50, 0, 0, 30)
    assert elastic_count("flow") == 50


@pytest.mark.elastic
def test_a_spool_that_cannot_be_emptied_stays(run, serve, elastic_url, make_events, tmp_path, elastic_count):
    """A spool file leaves only when all of it was dealt with; new events join those that wait."""
    answers = [Answer(cut=True)]
    server = serve(lambda _: answers[0], upstream=elastic_url)
    run(server.url, make_events(4))
    answers[0] = None
    server.script = lambda asked: REFUSED if asked.call == "_bulk" else None
    delivery = run(server.url, make_events(6)[4:])
    assert told(delivery) == (0, 0, 2, 0, 0)
    assert "does not allow this (403" in delivery.problems[0]
    assert len(files(tmp_path, "pending")) == 2
    server.script = lambda _: None
    assert told(run(server.url)) == (0, 0, 0, 0, 6)
    assert elastic_count("flow") == 6


@pytest.mark.elastic
def test_a_spooled_event_may_be_refused_later(run, serve, elastic_url, make_events, tmp_path, elastic_count):
    """An event that is refused when its turn comes moves from the waiting ones to the dead ones."""
    events = make_events(3)
    events[0]["source"]["ip"] = "no address"
    server = serve(lambda _: Answer(cut=True), upstream=elastic_url)
    run(server.url, events)
    server.script = lambda _: None
    delivery = run(server.url)
    assert told(delivery) == (0, 0, 0, 1, 2)
    assert files(tmp_path, "pending") == []
    assert len(files(tmp_path, "dead")) == 1
    assert elastic_count("flow") == 2


@pytest.mark.elastic
def test_a_damaged_spool_file_stops_nothing(run, elastic_url, make_events, make_spool, tmp_path, elastic_count):
    """A damaged file is named and moved away; new events are sent all the same."""
    pending = tmp_path / "spool" / "pending"
    pending.mkdir(parents=True)
    (pending / "1-1.ndjson.gz").write_bytes(b"\x1f\x8b nothing")
    delivery = run(elastic_url, make_events(2))
    assert told(delivery) == (2, 0, 0, 0, 0)
    assert "is damaged" in delivery.problems[0]
    assert [path.name for path in files(tmp_path, "dead")] == ["damaged-1-1.ndjson.gz"]
    assert elastic_count("flow") == 2


@pytest.mark.parametrize("answer", [REFUSED, Answer(401, {}), Answer(429, {}), Answer(200, [1]), Answer(200, {}, {})])
def test_a_server_that_refuses(run, serve, make_events, answer, tmp_path):
    """Whatever the refusal, every event is safe, one sentence says why, and the server is left alone soon."""
    server = serve(lambda _: answer)
    delivery = run(server.url, make_events(30), chunk_events=5)
    assert told(delivery) == (0, 0, 30, 0, 0)
    (problem,) = delivery.problems
    assert "30 events wait in" in problem
    assert len(server.asked) < 10


def test_missing_templates_keep_the_events(run, serve, make_events):
    """Templates that this key may not create: the events wait, and the sentence names what to run."""

    def script(asked):
        kind = "component" if "component" in asked.path else "index"
        return REFUSED if asked.method == "PUT" else Answer(200, {f"{kind}_templates": []})

    delivery = run(serve(script).url, make_events(2))
    assert told(delivery) == (0, 0, 2, 0, 0)
    assert "`netad setup elastic`" in delivery.problems[0]


def test_a_commit_makes_safe_what_was_written(output, dead_url, make_events, tmp_path):
    """What cannot be sent is in the spool when it returns, more may be written; what can be kept nowhere is told."""
    made = output(dead_url)
    assert isinstance(made, Commits)
    made.write(make_events(3))
    made.commit()
    assert len(files(tmp_path, "pending")) == 1
    made.write(make_events(5)[3:])
    made.commit()
    assert len(files(tmp_path, "pending")) == 2
    assert told(made.close(RunSummary())) == (0, 0, 5, 0, 0)
    made = output(dead_url, spool=Spool(tmp_path / "spool", dead_url, folder_bytes=1))
    made.write(make_events(2))
    with pytest.raises(SpoolError, match="is full"):
        made.commit()
    assert made.close(RunSummary()).lost == 2


def test_no_place_at_all(output, dead_url, make_events, tmp_path):
    """When events can neither be sent nor kept the run is told at once, and the count says how many are lost."""
    (tmp_path / "spool").write_text("a file where the folder should be")
    made = output(dead_url, chunk_events=4)
    with pytest.raises(SpoolError, match="cannot be kept"):
        made.write(make_events(10))
    delivery = made.close(RunSummary())
    assert told(delivery) == (0, 0, 0, 4, 0)
    assert delivery.problems == ["4 events could neither be sent nor kept"]


def test_no_place_at_the_end(output, dead_url, make_events, tmp_path):
    """The same when it only turns out at the end of the run."""
    (tmp_path / "spool").write_text("a file where the folder should be")
    made = output(dead_url)
    made.write(make_events(3))
    delivery = made.close(RunSummary())
    assert (told(delivery), delivery.lost) == ((0, 0, 0, 3, 0), 3)
    assert "cannot be kept" in delivery.problems[0]
    assert delivery.problems[-1] == "3 events could neither be sent nor kept"


def test_a_spool_that_fills_up(output, dead_url, make_events, make_spool):
    """What fitted into the spool is counted as kept, the rest as lost."""
    made = output(dead_url, spool=make_spool(dead_url, folder_bytes=1000, file_events=2), chunk_events=10)
    with pytest.raises(SpoolError, match="is full"):
        made.write(make_events(20))
    delivery = made.close(RunSummary())
    assert 0 < delivery.spooled < 10
    assert delivery.spooled + delivery.dead == 10
    assert delivery.problems[-1] == f"{delivery.dead} events could neither be sent nor kept"


def test_an_interrupt_loses_nothing(output, serve, make_events, monkeypatch):
    """Interrupted while a chunk is on its way, closing the output sends what is left and accounts for all of it."""

    def script(asked):
        if asked.call != "_bulk":
            return Answer(200, {"component_templates": [], "index_templates": []})
        return Answer(200, {"items": [{"create": {"status": 201}}] * len(asked.ids)})

    server = serve(script)
    made = output(server.url, chunk_events=4)
    result, interrupts = Future.result, [KeyboardInterrupt()]

    def interrupted(self, timeout=None):
        if interrupts:
            raise interrupts.pop()
        return result(self, timeout)

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.write(make_events(16))
    delivery = made.close(RunSummary())
    ids = [identity for asked in server.calls("_bulk") for identity in asked.ids]
    # Three chunks were on their way, and the fourth waited for its turn when the interrupt came.
    assert told(delivery) == (16, 0, 0, 0, 0)
    assert sorted(ids) == sorted(event["event"]["id"] for event in make_events(16))


def test_many_different_reasons_are_summed_up(run, serve, make_events):
    """Reasons that differ by numbers or quoted values are one; the sentences stay few."""

    def script(asked):
        if asked.call != "_bulk":
            return Answer(200, {"component_templates": [], "index_templates": []})
        kinds = ["a" * (1 + min(n, 40)) for n in range(len(asked.ids))]
        errors = [{"type": kind, "reason": f"{n} '{n}'s {kind}'"} for n, kind in enumerate(kinds)]
        return Answer(200, {"items": [{"create": {"status": 400, "error": error}} for error in errors]})

    delivery = run(serve(script).url, make_events(60))
    assert told(delivery) == (0, 0, 0, 60, 0)
    assert len(delivery.problems) == 5
    assert "refused 40 events" in delivery.problems[0]
    assert delivery.problems[0].endswith("other reasons")
