"""The way to a server: each step that fails says what to do, and no step follows it."""

import hashlib
import ssl
import time

import pytest

from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.reaching import check_way
from tests.elastic_server import TLS, Answer, proxying


def way(url, clock=time.time, **variables):
    environment = {f"NETAD_ELASTIC_{name}": text for name, text in variables.items()}
    config = ElasticConfig.from_target(url, environment)
    return [(check.what, check.state, check.told) for check in check_way(config.urls[0], config, clock)]


def test_a_name_without_an_address():
    """The first step names the host, and there is no second."""
    ((what, state, told),) = way("http://netad.invalid:9200")
    assert (what, state) == ("DNS", "FAILED")
    assert told.startswith("netad.invalid has no address")


def test_nothing_listens(dead_url):
    """A closed port is told apart from a wrong name."""
    (_, (what, state, told)) = way(dead_url)
    assert (what, state) == ("TCP", "FAILED")
    assert "nothing listens on port 1 of 127.0.0.1 (Connection refused)" in told


@pytest.mark.parametrize(
    ("served", "variables", "state", "words"),
    [
        ("certificate.pem", {"CA_FILE": "certificate.pem"}, "ok", "is trusted and ends in"),
        ("certificate.pem", {}, "FAILED", "set NETAD_ELASTIC_CA_FILE to its authority's certificate"),
        ("certificate.pem", {"CA_FILE": "other.pem"}, "FAILED", "the authority in NETAD_ELASTIC_CA_FILE is not"),
        ("expired.pem", {"CA_FILE": "expired.pem"}, "FAILED", "it has to be renewed there"),
        ("certificate.pem", {"FINGERPRINT": "certificate.pem"}, "ok", "has the fingerprint that was given"),
        ("certificate.pem", {"FINGERPRINT": "other.pem"}, "note", "the certificate's own fingerprint is"),
    ],
)
def test_certificates(serve, served, variables, state, words):
    """What is wrong with a certificate is told in words, with what to set or to renew."""
    server = serve(lambda _: Answer(), tls=True, certificate=served)
    given = {name: str(TLS / file) for name, file in variables.items()}
    if "FINGERPRINT" in given:
        pem = (TLS / variables["FINGERPRINT"]).read_text()
        given["FINGERPRINT"] = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    (*_, (what, found, told)) = way(server.url, **given)
    assert (what, found) == ("TLS", state)
    assert words in told


def test_a_certificate_that_soon_ends(serve):
    """A certificate in its last days is told before it fails."""
    server = serve(lambda _: Answer(), tls=True)
    end = ssl.cert_time_to_seconds("Jan  1 00:00:00 2120 GMT")
    (*_, (_, state, told)) = way(server.url, lambda: end - 3.5 * 86_400, CA_FILE=str(TLS / "certificate.pem"))
    assert (state, told) == ("note", "the certificate is trusted, and ends in 3 days: renew it")


def test_plain_http_on_a_tls_port(serve):
    """A server that speaks no TLS is told as that."""
    server = serve(lambda _: Answer())
    (*_, (what, state, told)) = way(server.url.replace("http:", "https:"))
    assert (what, state) == ("TLS", "FAILED")
    assert "is it http" in told


def test_the_way_to_a_proxy(serve):
    """Through a proxy the steps are those to the proxy."""
    with proxying() as proxy:
        steps = way("https://netad.invalid:9200", PROXY=proxy.url)
    assert [state for _, state, _ in steps] == ["ok", "ok", "note"]
    assert steps[0][2].startswith("the proxy 127.0.0.1 is")
