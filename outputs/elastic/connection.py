"""Where Elasticsearch is, who netad is to it, and its errors as sentences an operator can act on."""

import base64
import contextlib
import ipaddress
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from netad.core.errors import ConfigError, OutputError
from netad.outputs.elastic.proxy import node_class
from netad.outputs.network import cause
from netad.outputs.variables import Trust, Variables
from netad.outputs.wording import printable

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

DEFAULT_URL = "http://localhost:9200"
PREFIX = "NETAD_ELASTIC_"
SECRETS = ("API_KEY", "PASSWORD", "UPDATE_API_KEY")
# CERT_FILE and KEY_FILE: who we are, where the server asks for a certificate.
VARIABLES = ("URL", "CLOUD_ID", "USERNAME", "CA_FILE", "CERT_FILE", "KEY_FILE", "FINGERPRINT", "PROXY",
             *(f"{name}{end}" for name in SECRETS for end in ("", "_FILE", "_KEYRING")))  # fmt: skip
# What a URL without a port means: Elasticsearch's own port, and the web's where a proxy or cloud speaks TLS.
PORTS = {"http": 9200, "https": 443}
MAX_REASON = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ElasticConfig:
    """Where to send, as whom, and whom to trust. Secrets come from the environment or files and are never shown.

    `urls` have scheme, host and port; `fingerprint` is the SHA-256 of the server's certificate or its CA in hex and
    stands instead of a chain of trust; `trust` names the files of certificates; `proxy` is the URL of an HTTP proxy;
    `timeout_s` is the longest wait for one answer, in seconds; `prefix` is that of the variables, for messages.
    """

    urls: tuple[str, ...] = (DEFAULT_URL,)
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    trust: Trust = field(default_factory=Trust)
    fingerprint: str | None = None
    proxy: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    prefix: str = PREFIX

    @property
    def target(self) -> str:
        """The URLs as one text, for messages and to tell targets apart."""
        return ", ".join(self.urls)

    @property
    def secrets(self) -> list[str]:
        """What must not be shown, whoever repeats it."""
        proxy = urlsplit(self.proxy or "").password
        return [secret for secret in (self.api_key, self.password, proxy) if secret]

    @property
    def is_local(self) -> bool:
        """Whether everything stays on this machine."""
        return all(_is_loopback(url) for url in self.urls)

    @property
    def speaks_tls(self) -> bool:
        """Whether every URL is https."""
        return all(url.startswith("https:") for url in self.urls)

    @classmethod
    def from_target(
        cls, target: str | None, environment: Mapping[str, str] = os.environ, *, prefix: str = PREFIX
    ) -> "ElasticConfig":
        """Return what `--to elastic[:URL]` (`target` is the URL, or several with commas) and NETAD_ELASTIC_… say.

        Raises:
            ConfigError: a URL or variable is wrong; no secret is repeated in the message.
        """
        given = Variables.read(prefix, VARIABLES, environment)
        api_key, password, username = given.secret("API_KEY"), given.secret("PASSWORD"), given.given.get("USERNAME")
        if api_key and (username or password):
            raise ConfigError(f"{prefix}API_KEY and {prefix}USERNAME are both set; one of them is enough")
        if bool(username) != bool(password):
            raise ConfigError(f"{prefix}USERNAME and {prefix}PASSWORD go together, and only one of them is set")
        return cls(
            urls=_urls(target, given),
            api_key=api_key,
            username=username,
            password=password,
            trust=given.tls(),
            fingerprint=_fingerprint(given),
            proxy=_proxy(given),
            prefix=prefix,
        )

    @classmethod
    def for_changes(cls, target: str | None, environment: Mapping[str, str] = os.environ) -> "ElasticConfig":
        """Return the same for those who change stored events: with NETAD_ELASTIC_UPDATE_API_KEY where it is set.

        Raises:
            ConfigError: as `from_target`.
        """
        config = cls.from_target(target, environment)
        api_key = Variables.read(PREFIX, VARIABLES, environment).secret("UPDATE_API_KEY")
        return replace(config, api_key=api_key, username=None, password=None) if api_key else config


def connect(config: ElasticConfig) -> "Elasticsearch":
    """Return a client. It asks nothing yet; a failed request is tried on each of several nodes, and not again."""
    from elasticsearch import Elasticsearch, OrjsonSerializer

    options: dict[str, Any] = {}
    if config.api_key:
        identity, colon, key = config.api_key.partition(":")
        options["api_key"] = (identity, key) if colon else config.api_key
    elif config.username and config.password:
        options["basic_auth"] = (config.username, config.password)
    if config.speaks_tls:
        # A context of ours: the client's own forgets who we are where a fingerprint stands for the chain of trust.
        options["ssl_context"] = config.trust.context()
        if config.fingerprint:
            options["ssl_assert_fingerprint"] = config.fingerprint
    options["node_class"] = node_class(config.trust.ca_file is not None, config.proxy)
    warn_of_plain_text(config)
    return Elasticsearch(
        list(config.urls),
        request_timeout=config.timeout_s,
        max_retries=len(config.urls) - 1,
        retry_on_status=(),
        retry_on_timeout=False,
        http_compress=not config.is_local,
        serializer=OrjsonSerializer(),
        **options,
    )


def warn_of_plain_text(config: ElasticConfig) -> None:
    """Say so when credentials leave this machine unencrypted."""
    if (config.api_key or config.username) and not config.is_local and not config.speaks_tls:
        log.warning("the credentials go to %s unencrypted: https would protect them", config.target)


@contextlib.contextmanager
def translated(config: ElasticConfig) -> Iterator[None]:
    """Turn what the client raises inside into an OutputError with one sentence."""
    from elasticsearch import ApiError, TransportError

    try:
        yield
    except (ApiError, TransportError) as error:
        raise explain(error, config) from error


def explain(error: Exception, config: ElasticConfig) -> OutputError:
    """Return what a failed request means for the operator."""
    import elasticsearch

    target = config.target
    if isinstance(error, elasticsearch.ApiError):
        return OutputError(_answer(error, config))
    if isinstance(error, elasticsearch.ConnectionTimeout):
        return OutputError(f"{target} did not answer within {config.timeout_s:g} s")
    if isinstance(error, elasticsearch.SSLError):
        trust = f"{config.prefix}CA_FILE or {config.prefix}FINGERPRINT name whom to trust"
        return OutputError(f"no trusted TLS connection to {target} ({cause(error)}): {trust}")
    if isinstance(error, elasticsearch.ConnectionError):
        return OutputError(f"{target} cannot be reached ({cause(error)})")
    return OutputError(f"{target} does not answer like an Elasticsearch ({cause(error)})")


def reason_of(error: object) -> str:
    """Return an error object of Elasticsearch's as `type: reason`, safe for a terminal, 300 characters at most."""
    if isinstance(error, dict):
        parts = [error.get("type"), error.get("reason")]
        cause = error.get("caused_by")
        if isinstance(cause, dict):
            parts.append(cause.get("reason"))
        error = ": ".join(part for part in parts if isinstance(part, str))
    text = printable(" ".join(str(error).split()), "utf-8")
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"


def _answer(error: Any, config: ElasticConfig) -> str:  # noqa: ANN401 - elasticsearch is imported only when used
    from elasticsearch import UnsupportedProductError

    target, status = config.target, error.status_code
    body = error.body.get("error", "") if isinstance(error.body, dict) else ""
    if isinstance(error, UnsupportedProductError):
        return f"{target} does not answer like an Elasticsearch"
    if status == 400 and isinstance(body, dict) and body.get("type") == "media_type_header_exception":
        return f"{target} is older than the installed client {version('elasticsearch')}: pip install 'elasticsearch<9'"
    if status == 401 and not (config.api_key or config.username):
        return f"{target} wants credentials: set {config.prefix}API_KEY"
    reason = reason_of(body) or "no reason given"
    for secret in config.secrets:
        reason = reason.replace(secret, "***")
    if status == 401:
        return f"{target} does not accept the credentials (401, {reason})"
    if status == 403:
        return f"{target} does not allow this (403, {reason})"
    return f"{target} answered {status} ({reason})"


def _urls(target: str | None, given: Variables) -> tuple[str, ...]:
    cloud = given.given.get("CLOUD_ID")
    if cloud and not target:
        if "URL" in given.given:
            raise ConfigError(f"{given.prefix}CLOUD_ID and {given.prefix}URL are both set; one of them is enough")
        return (_cloud_url(cloud, given.prefix),)
    texts = (target or given.given.get("URL") or DEFAULT_URL).split(",")
    return tuple(_checked_url(text.strip(), given.prefix) for text in texts)


def _cloud_url(text: str, prefix: str) -> str:
    """Return the URL that a cloud id names: `name:` and base64 of `host[:port]$id of Elasticsearch$id of Kibana`."""
    try:
        host, cluster = base64.b64decode(text.rpartition(":")[2], validate=True).decode("ascii").split("$")[:2]
    except ValueError as error:
        raise ConfigError(
            f"{prefix}CLOUD_ID is not one, such as name:ZXhhbXBsZSQ…, as the cloud's console shows"
        ) from error
    name, _, port = host.partition(":")
    return _checked_url(f"https://{cluster.partition(':')[0]}.{name}:{port or PORTS['https']}", prefix)


def _proxy(given: Variables) -> str | None:
    text = given.given.get("PROXY")
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        good = False
    if not good or not text.isprintable():
        raise ConfigError(f"{given.prefix}PROXY is not the URL of an HTTP proxy, such as http://proxy.example:3128")
    return text


def _fingerprint(given: Variables) -> str | None:
    text = given.given.get("FINGERPRINT")
    if text is None:
        return None
    plain = text.replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ConfigError(f"{given.prefix}FINGERPRINT is not a SHA-256 fingerprint (64 hex digits)")
    return plain


def _checked_url(text: str, prefix: str) -> str:
    """Return the URL with scheme, host and port, or say what is wrong with it without repeating a password."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise ConfigError("the URL of Elasticsearch is not one, such as https://elastic.example:9200") from error
    if "@" in parts.netloc:
        raise ConfigError(
            f"the URL of Elasticsearch holds credentials, which ps and logs would show: set {prefix}API_KEY, or "
            f"{prefix}USERNAME and {prefix}PASSWORD, instead"
        )
    if not _is_plain(parts, text):
        shown = reason_of(text.partition("?")[0])
        raise ConfigError(f"{shown!r} is not the URL of an Elasticsearch, such as https://elastic.example:9200")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{port or PORTS[parts.scheme]}{parts.path.rstrip('/')}"


def _is_plain(parts: SplitResult, text: str) -> bool:
    extra = parts.query or parts.fragment
    return parts.scheme in PORTS and bool(parts.hostname) and not extra and text.isprintable() and " " not in text


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
