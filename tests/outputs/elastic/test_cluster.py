"""The cluster as delivery sees it: which trouble each answer is, and ids that are found wherever they are."""

import contextlib

import pytest

from netad.outputs.elastic.bulk import request_lines
from netad.outputs.elastic.cluster import ElasticCluster, TroubleError, search_ids
from netad.outputs.elastic.connection import ElasticConfig
from tests.elastic_server import Answer


@pytest.fixture
def cluster():
    """A function that returns the cluster at a URL."""
    with contextlib.ExitStack() as stack:
        yield lambda url: stack.enter_context(contextlib.closing(ElasticCluster(ElasticConfig.from_target(url, {}))))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(Answer(429), "busy"), (Answer(503), "away"), (Answer(504), "away"), (Answer(cut=True), "away"),
     (Answer(413), "large"), (Answer(403), "unreadable"), (Answer(401), "fatal"), (Answer(500), "fatal"),
     (Answer(200, {}, {}), "fatal")],
)  # fmt: skip
def test_kinds_of_trouble(serve, cluster, answer, kind):
    """Busy passes, away may have arrived all the same, large is halved, the rest ends the sending."""
    with pytest.raises(TroubleError) as caught:
        cluster(serve(lambda _: answer).url).create([b"{}\n{}\n"])
    assert caught.value.kind == kind


def test_an_id_in_many_places_hides_no_other():
    """Where ids stand in several backing indices, the search is asked for all of its hits."""
    stored = ["a", "a", "a", "b", "c"]

    def search(body):
        return {"hits": {"hits": [{"_id": identity} for identity in stored[: body["size"]]]}}

    assert search_ids(search, ["a", "b", "c", "d"]) == {"a", "b", "c"}
    assert search_ids(lambda _: {}, ["a"]) == set()


@pytest.mark.elastic
def test_known_ids_of_a_real_stream(cluster, elastic_url, make_events, namespace):
    """Ids are found once they are refreshed, over a rollover, and a stream that is not there knows none."""
    made = cluster(elastic_url)
    stream = f"logs-netad.flow-{namespace}"
    assert made.known_ids(stream, ["x"]) == set()
    made.refresh(stream)
    made.ensure_templates()
    events = make_events(2)
    made.create([request_lines(events[0], "2026-01-12T09:00:00.000Z", made.action)])
    made.refresh(stream)
    ids = [event["event"]["id"] for event in events]
    assert made.known_ids(stream, ids) == {ids[0]}
