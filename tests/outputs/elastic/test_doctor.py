"""What the doctor says of a cluster: of a real one without security, and of scripted ones with every ailment."""

import pytest

from netad.outputs.elastic.bulk import request_lines
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.doctor import check_elastic
from netad.outputs.elastic.templates import ensure_templates, template_names
from tests.elastic_server import Answer

NOW = 1_768_111_200
REFUSED = Answer(403, {"error": {"type": "security_exception", "reason": "no"}})


def examined(url, **options):
    config = ElasticConfig.from_target(url, {"NETAD_ELASTIC_API_KEY": "hunter2"})
    checks = list(check_elastic(config, lambda: NOW, **options))
    assert "hunter2" not in repr(checks)
    return {check.what: (check.state, check.told) for check in checks}


@pytest.fixture
def secured(serve):
    """A function that returns the URL of a cluster with security where all is well, but for the given answers."""

    def make(**changed):
        names = [(kind, name) for kind, name in template_names()]
        stored = {
            kind: [{"name": name, f"{kind}_template": {"_meta": {"version": 99}}} for of, name in names if of == kind]
            for kind in ("component", "index")
        }
        privileges = dict.fromkeys(("auto_configure", "create_doc", "read", "maintenance"), True)
        answers = {
            "_authenticate": Answer(200, {"username": "netad", "api_key": {"name": "shipper"}}),
            "": Answer(200, {"version": {"number": "9.9.9"}}),
            "_has_privileges": Answer(200, {"index": {"logs-netad.*": privileges}}),
            "component": Answer(200, {"component_templates": stored["component"]}),
            "index": Answer(200, {"index_templates": stored["index"]}),
            "_search": Answer(200, {"took": 1}),
            "health": Answer(200, [{"epoch": str(NOW + 2)}]),
        } | changed

        def script(asked):
            kind = next((kind for kind in ("component", "index") if f"_{kind}_template" in asked.path), asked.call)
            answer = answers[kind]
            return answer() if callable(answer) else answer

        return serve(script).url

    return make


def test_a_cluster_where_all_is_well(secured):
    """Every step is ok, and says who we are and what we may."""
    found = examined(secured())
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["authentication"][1] == "we are the API key 'shipper'"
    assert found["version"][1].startswith("Elasticsearch 9.9.9, client ")
    assert found["clock"][1] == "2 s apart"


@pytest.mark.parametrize(
    ("changed", "what", "state", "words"),
    [
        ({"_authenticate": Answer(401, {})}, "authentication", "FAILED", "does not accept the credentials"),
        ({"_authenticate": Answer(400, {"error": {"type": "media_type_header_exception"}})}, "version", "FAILED",
         "pip install 'elasticsearch<9'"),
        ({"": Answer(200, {"version": {"number": "7.17.0"}})}, "version", "FAILED", "is older than client"),
        ({"": REFUSED}, "version", "note", "does not say"),
        ({"_has_privileges": Answer(200, {"index": {"logs-netad.*": {"auto_configure": True}}})},
         "privileges", "FAILED", "create_doc on logs-netad.* is missing"),
        ({"_has_privileges": Answer(200, {"index": {"logs-netad.*": {"auto_configure": True, "create_doc": True}}})},
         "privileges", "note", "read, maintenance on logs-netad.*"),
        ({"component": Answer(200, {"component_templates": []})}, "templates", "FAILED",
         "`netad setup elastic` puts them"),
        ({"component": REFUSED}, "templates", "note", "may not look"),
        ({"_search": REFUSED}, "known events", "note", "ledger only"),
        ({"health": Answer(200, [{"epoch": str(NOW - 3600)}])}, "clock", "FAILED", "3,600 s apart"),
        ({"health": REFUSED}, "clock", "note", "does not say what time"),
        ({"health": Answer(200, [], {"X-Elastic-Product": "Elasticsearch", "Date": "Sun, 11 Jan 2026 06:00:00 GMT"})},
         "clock", "ok", "0 s apart"),
    ],
)  # fmt: skip
def test_ailments(secured, changed, what, state, words):
    """Each of them is told in words beside the step where it shows."""
    found = examined(secured(**changed))
    assert found[what][0] == state
    assert words in found[what][1]


def test_a_way_that_ends_early(dead_url):
    """Where nothing listens nothing is asked."""
    assert list(examined(dead_url)) == ["DNS", "TCP"]


def test_what_is_wrong_with_the_way_shows_under_its_own_name(serve):
    """A fingerprint that is not the certificate's, http to a port that speaks TLS, something else that answers."""
    server = serve(lambda _: Answer(200, {}), tls=True)
    config = ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_FINGERPRINT": "ab" * 32})
    last = list(check_elastic(config))[-1]
    assert (last.what, last.state) == ("TLS", "FAILED")
    found = examined(server.url.replace("https", "http"))
    assert found["answer"][0] == "FAILED"
    assert found["answer"][1].endswith("does this port speak TLS? Then the URL begins with https")
    other = serve(lambda _: Answer(200, {}, {}))
    assert examined(other.url)["answer"] == ("FAILED", f"{other.url} does not answer like an Elasticsearch")


def test_duplicates_that_cannot_be_looked_for(secured):
    """A refusal in the middle of looking is a line as well."""
    asked = iter([Answer(200, {"took": 1}), REFUSED])
    server = secured(_search=lambda: next(asked))
    state, told = examined(server, duplicates_in="logs-netad.*")["duplicates"]
    assert (state, "does not allow this (403" in told) == ("FAILED", True)


@pytest.mark.elastic
def test_a_real_cluster_without_security(elastic_url, client, make_events, namespace):
    """Steps that the cluster does not know are notes; ids that are there twice are found when asked for."""
    ensure_templates(client)
    streams = f"logs-netad.*-{namespace}"
    found = examined(elastic_url, duplicates_in=streams)
    assert {what: found[what][0] for what in ("templates", "known events", "duplicates")} == {
        "templates": "ok", "known events": "ok", "duplicates": "ok",
    }  # fmt: skip
    assert found["authentication"][0] in ("note", "ok")
    (event,) = make_events(1)
    for _ in range(2):
        client.bulk(operations=[request_lines(event, "2026-01-12T09:00:00.000Z", ElasticCluster.action)], refresh=True)
        client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    state, told = examined(elastic_url, duplicates_in=streams)["duplicates"]
    assert state == "FAILED"
    assert told.startswith(f"{event['event']['id']} is in .ds-logs-netad.flow-{namespace}-")
    assert told.endswith("delete it from the newer one")
