"""Connections: what names them, what must not be shown, and what goes wrong in words."""

import base64
import contextlib
import hashlib
import ssl
import sys
import traceback

import pytest
from keyring.errors import KeyringError

from netad.core.errors import ConfigError, MissingExtraError, OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect, reason_of, translated
from tests.elastic_server import TLS, Answer


def sha256(pem):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def answer_of(config, call=lambda client: client.cluster.health()):
    with contextlib.closing(connect(config)) as client, translated(config):
        return call(client)


@pytest.mark.parametrize(
    ("target", "environment", "urls"),
    [
        (None, {}, ("http://localhost:9200",)),
        (None, {"NETAD_ELASTIC_URL": "https://es.example"}, ("https://es.example:443",)),
        ("http://es.example", {"NETAD_ELASTIC_URL": "https://other.example"}, ("http://es.example:9200",)),
        ("es.example:9201/path/", {}, ("http://es.example:9201/path",)),
        ("https://[2001:db8::1]:9200", {}, ("https://[2001:db8::1]:9200",)),
        ("http://a:1, http://b:2", {}, ("http://a:1", "http://b:2")),
    ],
)
def test_urls(target, environment, urls):
    """The target names the URL, else the environment, else localhost; a missing port has a meaning."""
    assert ElasticConfig.from_target(target, environment).urls == urls


@pytest.mark.parametrize(
    "target", ["ftp://es.example", "http://", "http://es:notaport", "http://es/?q=1", "http://e s", "http://es\x1b[2J"]
)
def test_a_url_that_is_none(target):
    """What is no http or https URL of a server is refused."""
    with pytest.raises(ConfigError, match=r"is not the URL of an Elasticsearch|is not one, such as"):
        ElasticConfig.from_target(target, {})


def test_a_password_in_the_url_is_refused_and_not_repeated():
    """A URL with credentials is refused, since ps shows it, with a sentence that does not show them again."""
    with pytest.raises(ConfigError, match="ps and logs would show") as caught:
        ElasticConfig.from_target("https://elastic:hunter2@es.example:9200", {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"API_KEY": "k", "USERNAME": "u", "PASSWORD": "hunter2"}, "both set"),
        ({"PASSWORD": "hunter2"}, "go together"),
        ({"USERNAME": "hunter2"}, "go together"),
        ({"API_KEY": "hunter2\x07x"}, "characters that cannot be part of one"),
        ({"API_KEY": "hunter2", "API_KEY_FILE": "/nowhere"}, "both set"),
        ({"API_KEY_FILE": "/nowhere/key"}, "cannot read /nowhere/key"),
        ({"CA_FILE": "/nowhere/ca.pem"}, "there is no file /nowhere/ca.pem"),
        ({"FINGERPRINT": "12:34"}, "64 hex digits"),
        ({"PASWORD": "hunter2"}, "unknown environment variable NETAD_ELASTIC_PASWORD"),
    ],
)
def test_wrong_variables(variables, sentence):
    """Variables that are unknown, contradict each other or make no sense are errors that keep the secret."""
    environment = {f"NETAD_ELASTIC_{name}": text for name, text in variables.items()}
    with pytest.raises(ConfigError, match=sentence) as caught:
        ElasticConfig.from_target(None, environment)
    assert "hunter2" not in str(caught.value)


def test_secrets_from_files_stay_out_of_sight(tmp_path):
    """A key may lie in a file, its end of line is no part of it, and no representation shows it."""
    (tmp_path / "key").write_text("c2VjcmV0\n")
    config = ElasticConfig.from_target(None, {"NETAD_ELASTIC_API_KEY_FILE": str(tmp_path / "key")})
    assert config.api_key == "c2VjcmV0"
    assert "c2VjcmV0" not in repr(config)
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        ElasticConfig.from_target(None, {"NETAD_ELASTIC_API_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"API_KEY": "ZW5jb2RlZA=="}, "ApiKey ZW5jb2RlZA=="),
        ({"API_KEY": "id:key"}, "ApiKey aWQ6a2V5"),
        ({"USERNAME": "u", "PASSWORD": "p"}, "Basic dTpw"),
        ({}, None),
    ],
)
def test_credentials_are_sent(serve, variables, header):
    """API keys, encoded or as `id:key`, and passwords reach the server as Elasticsearch expects them."""
    server = serve(lambda _: Answer())
    environment = {f"NETAD_ELASTIC_{name}": text for name, text in variables.items()}
    answer_of(ElasticConfig.from_target(server.url, environment))
    assert server.asked[0].headers.get("authorization") == header


def test_tls_needs_trust(serve):
    """An unknown certificate is refused with the names of the settings that would help; nothing is sent."""
    server = serve(lambda _: Answer(), tls=True)
    with pytest.raises(OutputError, match=r"no trusted TLS connection .*NETAD_ELASTIC_CA_FILE"):
        answer_of(ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_API_KEY": "hunter2"}))
    assert server.asked == []


@pytest.mark.elastic
def test_tls_in_front_of_a_real_server(serve, elastic_url):
    """With the authority's file, or the certificate's fingerprint, the real server answers through TLS."""
    server = serve(lambda _: None, upstream=elastic_url, tls=True)
    certificate = (TLS / "certificate.pem").read_text()
    for variable, trusted in (("CA_FILE", str(TLS / "certificate.pem")), ("FINGERPRINT", sha256(certificate))):
        config = ElasticConfig.from_target(server.url, {f"NETAD_ELASTIC_{variable}": trusted})
        assert answer_of(config)["status"] in ("green", "yellow")
    wrong = ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_FINGERPRINT": "ab" * 32})
    with pytest.raises(OutputError, match="no trusted TLS connection"):
        answer_of(wrong)


@pytest.mark.parametrize(
    ("served", "trusted", "reason"),
    [("certificate.pem", "other.pem", "self-signed certificate"), ("expired.pem", "expired.pem", "has expired")],
)
def test_certificates_that_do_not_hold(serve, served, trusted, reason):
    """A certificate of another authority, or one that has expired, is refused in TLS's words; nothing is sent."""
    server = serve(lambda _: Answer(), tls=True, certificate=served)
    config = ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_CA_FILE": str(TLS / trusted)})
    with pytest.raises(OutputError, match=f"no trusted TLS connection to .*{reason}"):
        answer_of(config)
    assert server.asked == []


def test_an_authority_of_our_own_is_the_only_one():
    """With a file of authorities the public ones are trusted no more."""
    environment = {"NETAD_ELASTIC_CA_FILE": str(TLS / "other.pem")}
    config = ElasticConfig.from_target("https://es.example", environment)
    with contextlib.closing(connect(config)) as client:
        (node,) = client.transport.node_pool.all()
        assert node.pool.ca_certs is None
        assert len(node.pool.conn_kw["ssl_context"].get_ca_certs()) == 1


@pytest.mark.parametrize("trust", ["CA_FILE", "FINGERPRINT"])
def test_who_we_are_by_certificate(serve, trust):
    """A server that asks for a certificate gets ours, whichever way the server itself is trusted."""
    server = serve(lambda _: Answer(200, {"status": "green"}), tls=True, clients="other.pem")
    pem = TLS / "certificate.pem"
    named = {"CA_FILE": str(pem), "FINGERPRINT": sha256(pem.read_text())}
    environment = {f"NETAD_ELASTIC_{trust}": named[trust]}
    with pytest.raises(OutputError):
        answer_of(ElasticConfig.from_target(server.url, environment))
    environment |= {"NETAD_ELASTIC_CERT_FILE": str(TLS / "other.pem"), "NETAD_ELASTIC_KEY_FILE": str(TLS / "key.pem")}
    assert answer_of(ElasticConfig.from_target(server.url, environment))["status"] == "green"


def test_a_cloud_id_is_a_url():
    """What Elastic's console shows names the cluster; with a URL beside it, or when it is none, it is an error."""
    text = base64.b64encode(b"eu-west-1.aws.example$0123abcd$4567ef").decode()
    environment = {"NETAD_ELASTIC_CLOUD_ID": f"office:{text}"}
    assert ElasticConfig.from_target(None, environment).urls == ("https://0123abcd.eu-west-1.aws.example:443",)
    assert ElasticConfig.from_target("http://a:1", environment).urls == ("http://a:1",)
    with pytest.raises(ConfigError, match="CLOUD_ID and NETAD_ELASTIC_URL are both set"):
        ElasticConfig.from_target(None, environment | {"NETAD_ELASTIC_URL": "http://a:1"})
    for wrong in ("office:nonsense!", base64.b64encode(b"x").decode(), base64.b64encode(b"a b$c").decode()):
        with pytest.raises(ConfigError, match=r"CLOUD_ID is not one|is not the URL"):
            ElasticConfig.from_target(None, {"NETAD_ELASTIC_CLOUD_ID": wrong})


@pytest.mark.parametrize(("tail", "accept"), [("secret", "k1"), (None, "k2")])
def test_secrets_from_the_keyring(monkeypatch, tail, accept):
    """A key may lie in the keyring, under a service and a user; an empty place is an error that names it."""
    monkeypatch.setattr(
        "keyring.get_password", lambda service, user: tail if (service, user) == ("netad/es", accept) else None
    )
    environment = {"NETAD_ELASTIC_API_KEY_KEYRING": "netad/es/k1"}
    if tail:
        config = ElasticConfig.from_target(None, environment)
        assert config.api_key == "secret"
    else:
        with pytest.raises(ConfigError, match="the keyring holds nothing for k1 of netad/es"):
            ElasticConfig.from_target(None, environment)


def test_a_keyring_that_cannot_be_read(monkeypatch):
    """Where no keyring answers, or none is installed, one sentence says so and not what the back end said."""
    environment = {"NETAD_ELASTIC_API_KEY_KEYRING": "netad/es"}

    def locked(service, user):
        raise KeyringError("hunter2")

    monkeypatch.setattr("keyring.get_password", locked)
    with pytest.raises(ConfigError, match=r"the keyring cannot be read \(KeyringError\)") as caught:
        ElasticConfig.from_target(None, environment)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ConfigError, match="is not SERVICE/USER"):
        ElasticConfig.from_target(None, {"NETAD_ELASTIC_API_KEY_KEYRING": "netad"})
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'netad\[keyring\]'"):
        ElasticConfig.from_target(None, environment)


def test_a_file_without_certificates(tmp_path):
    """An authority's file that holds none is a configuration error."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"ca\.pem holds no usable certificates"):
        ElasticConfig.from_target("https://es.example", {"NETAD_ELASTIC_CA_FILE": str(tmp_path / "ca.pem")})


def test_nothing_listens(dead_url):
    """A refused connection is told in the operating system's words."""
    with pytest.raises(OutputError, match=r"^http://127.0.0.1:1 cannot be reached \(Connection refused\)$"):
        answer_of(ElasticConfig.from_target(dead_url, {}))


def test_a_name_that_is_none():
    """A host name without an address is told as such."""
    with pytest.raises(OutputError, match="cannot be reached"):
        answer_of(ElasticConfig.from_target("http://netad.invalid:9200", {}))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Answer(401), "wants credentials: set NETAD_ELASTIC_API_KEY"),
        (Answer(403, {"error": {"type": "security_exception", "reason": "no"}}), r"\(403, security_exception: no\)"),
        (Answer(400, {"error": {"type": "media_type_header_exception"}}), "pip install 'elasticsearch<9'"),
        (Answer(500, {"error": "boom\x1b[2J"}), r"answered 500 \(boom\\x1b\[2J\)"),
        (Answer(200, headers={}), "does not answer like an Elasticsearch"),
        (Answer(302, headers={"Location": "http://login.example"}), "answered 302"),
        (Answer(cut=True), r"cannot be reached \(.*without response"),
    ],
)
def test_answers_that_are_errors(serve, given, sentence):
    """Every refusal becomes one sentence with what to do, and no control character of the server's gets through."""
    server = serve(lambda _: given)
    with pytest.raises(OutputError, match=sentence) as caught:
        answer_of(ElasticConfig.from_target(server.url, {}))
    assert str(caught.value).isprintable()


def test_a_server_that_repeats_the_secret(serve):
    """A key that comes back in an error is blotted out."""
    server = serve(lambda _: Answer(401, {"error": {"type": "x", "reason": "bad key hunter2"}}))
    with pytest.raises(OutputError, match="does not accept the credentials") as caught:
        answer_of(ElasticConfig.from_target(server.url, {"NETAD_ELASTIC_API_KEY": "hunter2"}))
    assert "hunter2" not in str(caught.value)


def test_reasons_are_bounded():
    """A reason of a megabyte is cut, and causes are told."""
    assert len(reason_of("x" * 1_000_000)) < 400
    assert reason_of({"type": "t", "reason": "r", "caused_by": {"reason": "c"}}) == "t: r: c"


def test_changes_have_a_key_of_their_own(tmp_path):
    """Where it is set it goes before every other credential; it is never shown; shipping does not use it."""
    (tmp_path / "key").write_text("stronger\n")
    given = {"NETAD_ELASTIC_USERNAME": "u", "NETAD_ELASTIC_PASSWORD": "p"}
    for name, value in (("", "stronger"), ("_FILE", str(tmp_path / "key"))):
        environment = {**given, f"NETAD_ELASTIC_UPDATE_API_KEY{name}": value}
        config = ElasticConfig.for_changes(None, environment)
        assert (config.api_key, config.username, config.password) == ("stronger", None, None)
        assert "stronger" not in repr(config)
        assert ElasticConfig.from_target(None, environment).api_key is None
    assert ElasticConfig.for_changes(None, given) == ElasticConfig.from_target(None, given)
