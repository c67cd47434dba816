"""OpenSearch's client and its errors; what both servers have in common runs against the real Elasticsearch."""

import contextlib
import hashlib
import ssl
import sys

import pytest

from netad.core.errors import ConfigError, MissingExtraError
from netad.outputs.elastic.bulk import request_lines
from netad.outputs.elastic.cluster import TroubleError
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.opensearch.cluster import PREFIX, OpenSearchCluster
from tests.elastic_server import TLS, Answer, proxying


@pytest.fixture
def cluster():
    """A function that returns the cluster at a URL, with variables by the ends of their names."""
    with contextlib.ExitStack() as stack:

        def make(url, **variables):
            environment = {f"{PREFIX}{name}": text for name, text in variables.items()}
            config = ElasticConfig.from_target(url, environment, prefix=PREFIX)
            return stack.enter_context(contextlib.closing(OpenSearchCluster(config)))

        yield make


def trouble(cluster):
    with pytest.raises(TroubleError) as caught:
        cluster.create([b"{}\n{}\n"])
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (Answer(429), "busy", "answered 429"),
        (Answer(503), "away", "answered 503"),
        (Answer(cut=True), "away", "cannot be reached"),
        (Answer(413), "large", "answered 413"),
        (
            Answer(403, {"error": {"type": "security_exception", "reason": "no"}}),
            "unreadable",
            "security_exception: no",
        ),
        (Answer(401), "fatal", "set NETAD_OPENSEARCH_USERNAME and NETAD_OPENSEARCH_PASSWORD"),
        (Answer(500, {"error": "boom"}), "fatal", "answered 500 (boom)"),
    ],
)
def test_kinds_of_trouble(serve, cluster, answer, kind, sentence):
    """The client's errors become the same kinds of trouble as Elasticsearch's, each in one sentence."""
    caught = trouble(cluster(serve(lambda _: answer).url))
    assert caught.kind == kind
    assert sentence in caught.why.message


def test_nothing_listens(cluster, dead_url):
    """A refused connection is one that may come back."""
    caught = trouble(cluster(dead_url))
    assert (caught.kind, "Connection refused" in caught.why.message) == ("away", True)


def test_passwords_are_sent_and_not_shown(serve, cluster):
    """The server gets user and password; an answer that repeats the password does not get it onto the screen."""
    server = serve(lambda _: Answer(400, {"error": {"type": "x", "reason": "hunter2"}}))
    caught = trouble(cluster(server.url, USERNAME="me", PASSWORD="hunter2"))
    assert server.asked[0].headers["authorization"] == "Basic bWU6aHVudGVyMg=="
    assert "hunter2" not in caught.why.message


def test_tls_by_authority_or_fingerprint_through_a_proxy(serve, cluster):
    """Trust works as for Elasticsearch, and so does a proxy; an unknown certificate is refused."""
    server = serve(lambda _: Answer(200, {"items": []}), tls=True)
    pem = (TLS / "certificate.pem").read_text()
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    with proxying() as proxy:
        assert cluster(server.url, CA_FILE=str(TLS / "certificate.pem"), PROXY=proxy.url).create([b"{}\n"]) == {
            "items": []
        }
        assert len(proxy.asked) == 1
    assert cluster(server.url, FINGERPRINT=fingerprint).create([b"{}\n"]) == {"items": []}
    for wrong in ({"CA_FILE": str(TLS / "other.pem")}, {"FINGERPRINT": "ab" * 32}, {}):
        caught = trouble(cluster(server.url, **wrong))
        assert (caught.kind, "no trusted TLS connection" in caught.why.message) == ("fatal", True)


def test_what_opensearch_does_not_know(cluster, monkeypatch):
    """API keys are Elasticsearch's; without its client the extra is named."""
    with pytest.raises(ConfigError, match="OpenSearch knows no API keys"):
        cluster("http://a", API_KEY="key")
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'netad\[opensearch\]'"):
        cluster("http://a")


@pytest.mark.elastic
def test_the_calls_of_both_servers(cluster, elastic_url, make_events, namespace):
    """Templates, creating, refreshing and finding ids, through OpenSearch's client against a real server."""
    made = cluster(elastic_url)
    stream = f"logs-netad.flow-{namespace}"
    made.ensure_templates()
    assert made.ensure_templates() == []
    made.refresh(stream)
    assert made.known_ids(stream, ["x"]) == set()
    events = make_events(2)
    lines = [request_lines(events[0], "2026-01-12T09:00:00.000Z", made.action)]
    assert [item["create"]["status"] for item in made.create(lines)["items"]] == [201]
    made.refresh(stream)
    ids = [event["event"]["id"] for event in events]
    assert made.known_ids(stream, ids) == {ids[0]}
    assert [item["create"]["status"] for item in made.create(lines)["items"]] == [409]
