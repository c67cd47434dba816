"""What the doctor says of an OpenSearch."""

import pytest

from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.opensearch.cluster import PREFIX
from netad.outputs.opensearch.doctor import check_opensearch
from tests.elastic_server import Answer


def examined(url):
    config = ElasticConfig.from_target(url, {}, prefix=PREFIX)
    return {check.what: (check.state, check.told) for check in check_opensearch(config)}


def test_a_cluster_that_refuses(serve, dead_url):
    """A refusal is told in words; where nothing listens nothing is asked."""
    assert list(examined(dead_url)) == ["DNS", "TCP"]
    state, told = examined(serve(lambda _: Answer(401)).url)["answer"]
    assert (state, "NETAD_OPENSEARCH_USERNAME" in told) == ("FAILED", True)


def test_a_user_who_may_not_search(serve):
    """Missing templates and a search that is refused are notes: a run does without."""
    found = examined(serve(lambda asked: Answer(403 if asked.call == "_search" else 404, {})).url)
    assert found["templates"][0] == "note"
    assert "netad-base" in found["templates"][1]
    assert found["known events"][0] == "note"


@pytest.mark.elastic
def test_what_a_real_server_answers(elastic_url):
    """The calls are those of both servers."""
    assert examined(elastic_url)["known events"][0] == "ok"
