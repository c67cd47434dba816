"""Requests through a real proxy: plain and TLS, with the proxy's own credentials, and the same trust in the server."""

import base64
import contextlib

import pytest

from netad.core.errors import ConfigError, OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect, translated
from tests.elastic_server import TLS, Answer, proxying


def health(config):
    with contextlib.closing(connect(config)) as client, translated(config):
        return client.cluster.health()["status"]


@pytest.mark.parametrize("tls", [False, True])
def test_through_a_proxy_that_asks_who_we_are(serve, tls):
    """The proxy gets its own user and password, the server its key, and neither the other's."""
    server = serve(lambda _: Answer(200, {"status": "green"}), tls=tls)
    wanted = "Basic " + base64.b64encode(b"me:p@ss").decode()
    with proxying(wanted) as proxy:
        environment = {"NETAD_ELASTIC_PROXY": proxy.url.replace("://", "://me:p%40ss@"), "NETAD_ELASTIC_API_KEY": "key"}
        if tls:
            environment["NETAD_ELASTIC_CA_FILE"] = str(TLS / "certificate.pem")
        config = ElasticConfig.from_target(server.url, environment)
        assert health(config) == "green"
        assert "p%40ss" not in repr(config)
        assert proxy.asked[0].startswith("CONNECT 127.0.0.1:" if tls else f"GET {server.url}/_cluster/health")
    assert server.asked[0].headers["authorization"] == "ApiKey key"
    assert "proxy-authorization" not in server.asked[0].headers


def test_a_server_behind_a_proxy_is_trusted_no_more_than_without(serve):
    """An unknown certificate is refused through a proxy too."""
    server = serve(lambda _: Answer(200, {"status": "green"}), tls=True)
    with proxying() as proxy:
        config = ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_PROXY": proxy.url})
        with pytest.raises(OutputError, match=r"certificate|trusted"):
            health(config)
    assert server.asked == []


def test_a_proxy_that_refuses(serve):
    """A proxy that wants other credentials is an error, and the password is not repeated."""
    server = serve(lambda _: Answer(), tls=True)
    with proxying("Basic other") as proxy:
        url = proxy.url.replace("://", "://me:hunter2@")
        with pytest.raises(OutputError, match="cannot be reached") as caught:
            health(ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_PROXY": url}))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["proxy:3128", "socks5://p:1", "http://hunter2@", "http://hunter2:x:y"])
def test_a_proxy_that_is_none(text):
    """What is no URL of an HTTP proxy is refused without repeating it."""
    with pytest.raises(ConfigError, match="is not the URL of an HTTP proxy") as caught:
        ElasticConfig.from_target(None, {"NETAD_ELASTIC_PROXY": text})
    assert "hunter2" not in str(caught.value)
