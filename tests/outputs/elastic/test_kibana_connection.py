"""Where Kibana is and who netad is to it."""

import pytest

from netad.core.errors import ConfigError
from netad.outputs.elastic.kibana_connection import (
    KibanaConfig,
    authorization,
    checked_kibana_url,
    checked_space,
    connect_kibana,
)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("kibana.example", "http://kibana.example:5601"),
        ("https://kibana.example", "https://kibana.example:443"),
        ("https://example.org/kibana/", "https://example.org:443/kibana"),
        ("http://[2001:db8::1]:5601", "http://[2001:db8::1]:5601"),
    ],
)
def test_urls(text, url):
    """A missing port is Kibana's, or that of the web with TLS; a path before the application stays."""
    assert checked_kibana_url(text) == url


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ftp://kibana.example", "is not the URL of a Kibana"),
        ("http://kibana.example:port", "is not one, such as"),
        ("http://a,http://b", "is not one, such as|is not the URL of a Kibana"),
        ("http://kibana.example/?q=1", "is not the URL of a Kibana"),
        ("http://elastic:hunter2@kibana.example", "NETAD_KIBANA_API_KEY instead"),
        ("http://kibana.example/s/soc", "name it by --space"),
    ],
)
def test_a_url_that_is_none(text, sentence):
    """What is no URL of a Kibana is one sentence, which repeats no password."""
    with pytest.raises(ConfigError, match=sentence) as caught:
        checked_kibana_url(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "SOC", "a/b", "a b", "../x", "x" * 101])
def test_a_space_that_is_none(text):
    """What Kibana takes for no id of a space is refused before it is part of a path."""
    with pytest.raises(ConfigError, match="is no id of a space"):
        checked_space(text)


def test_elasticsearchs_credentials_are_used_where_kibana_has_none():
    """One API key may serve both; where Elasticsearch is does not say where Kibana is."""
    environment = {"NETAD_ELASTIC_URL": "http://es.example", "NETAD_ELASTIC_API_KEY": "id:key"}
    config = KibanaConfig.from_target(None, None, environment)
    assert (config.url, config.space, config.in_space) == ("http://localhost:5601", "default", "")
    assert authorization(config) == {"authorization": "ApiKey aWQ6a2V5"}


def test_kibanas_own_credentials_win():
    """A key for Kibana stands instead of all of Elasticsearch's credentials, and leaves its trust alone."""
    environment = {"NETAD_ELASTIC_USERNAME": "u", "NETAD_ELASTIC_PASSWORD": "p", "NETAD_KIBANA_API_KEY": "encoded",
                   "NETAD_ELASTIC_FINGERPRINT": "ab" * 32}  # fmt: skip
    config = KibanaConfig.from_target("https://kibana.example", "soc", environment)
    assert authorization(config) == {"authorization": "ApiKey encoded"}
    assert config.in_space == "/s/soc"
    assert config.connection.fingerprint == "ab" * 32
    assert "encoded" not in repr(config)


def test_a_name_and_password_are_basic():
    """Without a key, name and password are sent as every web server knows them; without any, nothing."""
    environment = {"NETAD_KIBANA_USERNAME": "u", "NETAD_KIBANA_PASSWORD": "p"}
    assert authorization(KibanaConfig.from_target(None, None, environment)) == {"authorization": "Basic dTpw"}
    assert authorization(KibanaConfig.from_target(None, None, {})) == {}


def test_a_wrong_variable_is_named_as_it_was_set(tmp_path):
    """A file that is not there is told with the variable that named it."""
    environment = {"NETAD_KIBANA_API_KEY_FILE": str(tmp_path / "missing")}
    with pytest.raises(ConfigError, match="NETAD_KIBANA_API_KEY_FILE: cannot read"):
        KibanaConfig.from_target(None, None, environment)
    with pytest.raises(ConfigError, match="NETAD_ELASTIC_API_KEY_FILE: cannot read"):
        KibanaConfig.from_target(None, None, {"NETAD_ELASTIC_API_KEY_FILE": str(tmp_path / "missing")})


def test_an_unknown_variable_is_told():
    """A misspelt variable of Kibana's is an error; those that are settings are not for here."""
    with pytest.raises(
        ConfigError, match="unknown environment variable NETAD_KIBANA_APIKEY; known are NETAD_KIBANA_URL"
    ):
        KibanaConfig.from_target(None, None, {"NETAD_KIBANA_APIKEY": "hunter2"})
    KibanaConfig.from_target(None, None, {"NETAD_KIBANA_URL": "http://kibana.example", "NETAD_KIBANA_SPACE": "soc"})


def test_the_cloud_of_elasticsearch_is_no_matter():
    """Variables that say where Elasticsearch is, or with which key events change, do not reach Kibana."""
    environment = {
        "NETAD_ELASTIC_CLOUD_ID": "x:eA==",
        "NETAD_ELASTIC_UPDATE_API_KEY": "u",
        "NETAD_ELASTIC_API_KEY": "k",
    }
    config = KibanaConfig.from_target(None, None, environment)
    assert config.url == "http://localhost:5601"
    assert authorization(config) == {"authorization": "ApiKey k"}


def test_nothing_is_compressed():
    """Kibana need not take a compressed form, so none is sent to it."""
    node = connect_kibana(KibanaConfig.from_target("http://kibana.example", None, {}))
    assert node.config.http_compress is False
    assert node.base_url == "http://kibana.example:5601"
    node.close()
