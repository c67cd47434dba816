"""Where Elasticsearch is, who netad is to it, and its errors as sentences an operator can act on."""

import contextlib
import ipaddress
import logging
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from netad.core.errors import ConfigError, OutputError
from netad.outputs.wording import printable

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

DEFAULT_URL = "http://localhost:9200"
PREFIX = "NETAD_ELASTIC_"
VARIABLES = ("URL", "API_KEY", "API_KEY_FILE", "USERNAME", "PASSWORD", "PASSWORD_FILE", "CA_FILE", "FINGERPRINT",
             "UPDATE_API_KEY", "UPDATE_API_KEY_FILE")  # fmt: skip
# What a URL without a port means: Elasticsearch's own port, and the web's where a proxy or cloud speaks TLS.
PORTS = {"http": 9200, "https": 443}
MAX_SECRET_BYTES = 8192
MAX_REASON = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ElasticConfig:
    """Where to send, as whom, and whom to trust. Secrets come from the environment or files and are never shown.

    `urls` have scheme, host and port; `fingerprint` is the SHA-256 of the server's certificate or its CA in hex and
    stands instead of a chain of trust; `timeout_s` is the longest wait for one answer, in seconds.
    """

    urls: tuple[str, ...] = (DEFAULT_URL,)
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    fingerprint: str | None = None
    timeout_s: float = 60.0

    @property
    def target(self) -> str:
        """The URLs as one text, for messages and to tell targets apart."""
        return ", ".join(self.urls)

    @classmethod
    def from_target(cls, target: str | None, environment: Mapping[str, str] = os.environ) -> "ElasticConfig":
        """Return what `--to elastic[:URL]` (`target` is the URL, or several with commas) and NETAD_ELASTIC_… say.

        Raises:
            ConfigError: a URL or variable is wrong; no secret is repeated in the message.
        """
        given = _variables(environment)
        texts = (target or given.get("URL") or DEFAULT_URL).split(",")
        api_key = _secret(given, "API_KEY")
        password = _secret(given, "PASSWORD")
        username = given.get("USERNAME")
        if api_key and (username or password):
            raise ConfigError(f"{PREFIX}API_KEY and {PREFIX}USERNAME are both set; one of them is enough")
        if bool(username) != bool(password):
            raise ConfigError(f"{PREFIX}USERNAME and {PREFIX}PASSWORD go together, and only one of them is set")
        return cls(
            urls=tuple(_checked_url(text.strip()) for text in texts),
            api_key=api_key,
            username=username,
            password=password,
            ca_file=_ca_file(given.get("CA_FILE")),
            fingerprint=_fingerprint(given.get("FINGERPRINT")),
        )

    @classmethod
    def for_changes(cls, target: str | None, environment: Mapping[str, str] = os.environ) -> "ElasticConfig":
        """Return the same for those who change stored events: with NETAD_ELASTIC_UPDATE_API_KEY where it is set.

        Raises:
            ConfigError: as `from_target`.
        """
        config = cls.from_target(target, environment)
        api_key = _secret(_variables(environment), "UPDATE_API_KEY")
        return replace(config, api_key=api_key, username=None, password=None) if api_key else config


def connect(config: ElasticConfig) -> "Elasticsearch":
    """Return a client. It asks nothing yet; a failed request is tried on each of several nodes, and not again."""
    from elasticsearch import Elasticsearch

    options: dict[str, Any] = {}
    if config.api_key:
        identity, colon, key = config.api_key.partition(":")
        options["api_key"] = (identity, key) if colon else config.api_key
    elif config.username and config.password:
        options["basic_auth"] = (config.username, config.password)
    if all(url.startswith("https:") for url in config.urls):
        if config.fingerprint:
            options["ssl_assert_fingerprint"] = config.fingerprint
        if config.ca_file:
            options["ca_certs"] = config.ca_file
    local = all(_is_loopback(url) for url in config.urls)
    if options.keys() & {"api_key", "basic_auth"} and not local and any(u.startswith("http:") for u in config.urls):
        log.warning("the credentials go to %s unencrypted: https would protect them", config.target)
    return Elasticsearch(
        list(config.urls),
        request_timeout=config.timeout_s,
        max_retries=len(config.urls) - 1,
        retry_on_status=(),
        retry_on_timeout=False,
        http_compress=not local,
        **options,
    )


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
        trust = f"{PREFIX}CA_FILE or {PREFIX}FINGERPRINT name whom to trust"
        return OutputError(f"no trusted TLS connection to {target} ({_cause(error)}): {trust}")
    if isinstance(error, elasticsearch.ConnectionError):
        return OutputError(f"{target} cannot be reached ({_cause(error)})")
    return OutputError(f"{target} does not answer like an Elasticsearch ({_cause(error)})")


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
        return f"{target} wants credentials: set {PREFIX}API_KEY"
    reason = reason_of(body) or "no reason given"
    for secret in (config.api_key, config.password):
        reason = reason.replace(secret, "***") if secret else reason
    if status == 401:
        return f"{target} does not accept the credentials (401, {reason})"
    if status == 403:
        return f"{target} does not allow this (403, {reason})"
    return f"{target} answered {status} ({reason})"


def _cause(error: BaseException) -> str:
    """Return the innermost reason: the operating system's or TLS's words rather than the names of classes."""
    found, inner = str(error), error.__cause__
    for _ in range(10):
        if inner is None:
            break
        # Of TLS errors `verify_message` says more than `strerror`.
        words = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or str(inner)
        found, inner = str(words), inner.__cause__ or inner.__context__
    return reason_of(found)


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    given = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        short = name.removeprefix(PREFIX)
        if short not in VARIABLES:
            raise ConfigError(f"unknown environment variable {name}; known are {PREFIX}{', …'.join(VARIABLES)}")
        if text.strip():
            given[short] = text.strip()
    return given


def _secret(given: Mapping[str, str], name: str) -> str | None:
    file = given.get(f"{name}_FILE")
    if file is None:
        secret = given.get(name)
    elif name in given:
        raise ConfigError(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set; one of them is enough")
    else:
        try:
            with Path(file).open("rb") as opened:
                secret = opened.read(MAX_SECRET_BYTES).decode().strip()
        except OSError as error:
            raise ConfigError(f"{PREFIX}{name}_FILE: cannot read {file} ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{PREFIX}{name}_FILE: {file} holds no text") from error
        if not secret:
            raise ConfigError(f"{PREFIX}{name}_FILE: {file} is empty")
    if secret and not secret.isprintable():
        raise ConfigError(f"{PREFIX}{name} holds characters that cannot be part of one")
    return secret


def _ca_file(path: str | None) -> str | None:
    if path is None:
        return None
    if not Path(path).is_file():
        raise ConfigError(f"{PREFIX}CA_FILE: there is no file {path}")
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigError(f"{PREFIX}CA_FILE: {path} holds no usable certificates") from error
    return path


def _fingerprint(text: str | None) -> str | None:
    if text is None:
        return None
    plain = text.replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ConfigError(f"{PREFIX}FINGERPRINT is not a SHA-256 fingerprint (64 hex digits)")
    return plain


def _checked_url(text: str) -> str:
    """Return the URL with scheme, host and port, or say what is wrong with it without repeating a password."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise ConfigError("the URL of Elasticsearch is not one, such as https://elastic.example:9200") from error
    if "@" in parts.netloc:
        raise ConfigError(
            f"the URL of Elasticsearch holds credentials, which ps and logs would show: set {PREFIX}API_KEY, or "
            f"{PREFIX}USERNAME and {PREFIX}PASSWORD, instead"
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
