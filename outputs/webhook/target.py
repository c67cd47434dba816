"""Where a web hook is and what it gets: `--to webhook:URL[#OPTION=VALUE&…]`; what follows `#` is for netad alone."""

import hashlib
import ipaddress
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from netad.core.errors import ConfigError
from netad.outputs.selection import SWITCHES, Selection
from netad.outputs.variables import TRUST, Trust, Variables
from netad.outputs.webhook.signature import key_of
from netad.outputs.webhook.template import Template

PREFIX = "NETAD_WEBHOOK_"
EXAMPLE = "https://hooks.example/netad"
SECRETS = ("URL", "SECRET", "AUTHORIZATION")
VARIABLES = (*(f"{name}{end}" for name in SECRETS for end in ("", "_FILE", "_KEYRING")), *TRUST)
PORTS = {"http": 80, "https": 443}
BODIES = {"array": "application/json", "lines": "application/x-ndjson"}
MOST_BATCH = 1000
OPTIONS = ("template", "batch", "body", *SWITCHES)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where to post, what, and who we are. The URL counts as a secret: those of chat services hold one.

    `batch` is how many events go into one request, `body` how they stand in it (`array`: alone, or as an array if there
    may be several; `lines`: one JSON text a line); `connect_s` and `answer_s` are the longest waits, in seconds.
    """

    url: str = field(repr=False)
    template: Template | None = None
    batch: int = 1
    body: str = "array"
    key: bytes | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    selection: Selection = field(default_factory=Selection)
    trust: Trust = field(default_factory=Trust)
    connect_s: float = 10.0
    answer_s: float = 30.0

    @property
    def place(self) -> str:
        """The web hook as messages name it: without path and query, which may hold a secret."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port not in (None, PORTS[parts.scheme]) else ""
        return f"{parts.scheme}://{host}{port}" + ("/…" if parts.path.strip("/") or parts.query else "")

    @property
    def target(self) -> str:
        """What is spooled for the web hook waits under this: its place, and a digest that tells two paths apart."""
        return f"webhook:{self.place}#{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may not be repeated in any message."""
        parts = urlsplit(self.url)
        return tuple(text for text in (self.authorization, parts.path.strip("/"), parts.query) if text)

    @classmethod
    def from_target(cls, target: str | None, environment: Mapping[str, str] = os.environ) -> "WebhookConfig":
        """Return what `--to webhook[:URL][#OPTIONS]` (`target` is what follows the colon) and NETAD_WEBHOOK_… say.

        Raises:
            ConfigError: the URL, an option, the template or a variable is wrong; no secret is repeated in the message.
        """
        variables = Variables.read(PREFIX, VARIABLES, environment)
        written, _, fragment = (target or "").partition("#")
        text = written or variables.secret("URL")
        if not text:
            raise ConfigError(f"a web hook needs its URL: {PREFIX}URL, {PREFIX}URL_FILE, or --to webhook:{EXAMPLE}")
        url = _checked(text)
        options = _options(fragment)
        secret = variables.secret("SECRET")
        authorization = variables.secret("AUTHORIZATION")
        if authorization and url.scheme == "http" and not _is_loopback(url.hostname or ""):
            log.warning("%sAUTHORIZATION goes to %s unencrypted: https would protect it", PREFIX, url.hostname)
        return cls(
            url.geturl(),
            template=Template.load(options["template"]) if "template" in options else None,
            batch=_batch(options.get("batch", "1")),
            body=_body(options.get("body", "array")),
            key=key_of(secret) if secret else None,
            authorization=authorization,
            selection=Selection.from_options(options),
            trust=variables.tls() if url.scheme == "https" else Trust(),
        )


def _checked(text: str) -> SplitResult:
    """Return the parts of a URL that can be one; what is wrong with it is said without repeating it."""
    wrong = f"the URL of the web hook is not one such as {EXAMPLE}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigError(wrong) from error
    if parts.scheme not in PORTS:
        raise ConfigError(f"{wrong}: it must begin with https:// or http://")
    if "@" in parts.netloc:
        raise ConfigError(f"the URL of the web hook holds credentials: set {PREFIX}AUTHORIZATION instead")
    if (
        not parts.hostname
        or port == 0
        or not text.isprintable()
        or not text.isascii()
        or set(text) & set(' "<>\\^`{|}')
    ):
        raise ConfigError(wrong)
    return parts


def _options(fragment: str) -> dict[str, str]:
    try:
        strict = bool(fragment)
        options = dict(parse_qsl(fragment, keep_blank_values=True, strict_parsing=strict, max_num_fields=20))
    except ValueError as error:
        raise ConfigError("the options of a web hook are written #batch=50&template=FILE") from error
    for name in options:
        if name not in OPTIONS:
            raise ConfigError(f"a web hook has no option {name!r}; there are: {', '.join(OPTIONS)}")
    return options


def _batch(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MOST_BATCH:
        raise ConfigError(f"batch={text!r} is not a number from 1 to {MOST_BATCH:,}")
    return int(text)


def _body(text: str) -> str:
    if text not in BODIES:
        raise ConfigError(f"body={text!r} is none of {', '.join(BODIES)}")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
