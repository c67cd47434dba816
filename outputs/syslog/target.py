"""Where a syslog receiver is and how it wants its messages: `--to syslog:udp|tcp|tls://HOST[:PORT][?OPTION=VALUE&…]`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from netad.core.errors import ConfigError
from netad.outputs.selection import SWITCHES, Selection
from netad.outputs.variables import TRUST, Trust, Variables
from netad.outputs.wording import printable

PREFIX = "NETAD_SYSLOG_"
EXAMPLE = "syslog:tls://siem.example:6514"
# RFC 5426, RFC 6587 (what receivers use beside the port of rsh), RFC 5425.
PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
# What receivers SHOULD take: 2,048 octets over UDP (RFC 5426, 3.2), 8,192 over TLS (RFC 5425, 4.3.1).
MAX_BYTES = {"udp": 2048, "tcp": 8192, "tls": 8192}
LEAST_BYTES = 480  # what every receiver must take (RFC 5426)
MOST_BYTES = {"udp": 65_507, "tcp": 1 << 20, "tls": 1 << 20}
FORMATS = ("cef", "json")
FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "syslog": 5, "authpriv": 10} | {f"local{n}": 16 + n for n in range(8)}
OPTIONS = ("format", "facility", "max", *SWITCHES)


@dataclass(frozen=True, slots=True)
class SyslogConfig:
    """Where to send, over what, and as what.

    `max_bytes` is the longest message; `timeout_s` the longest wait for a connection or for room in one, in seconds.
    """

    transport: str
    host: str
    port: int
    format: str = "cef"
    facility: int = FACILITIES["local0"]
    max_bytes: int = MAX_BYTES["tcp"]
    selection: Selection = field(default_factory=Selection)
    trust: Trust = field(default_factory=Trust)
    timeout_s: float = 30.0

    @property
    def place(self) -> str:
        """The receiver as messages name it: `tls://siem.example:6514`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}://{host}:{self.port}"

    @property
    def target(self) -> str:
        """What is spooled for the receiver waits under this, whatever the options are."""
        return f"syslog:{self.place}"

    @classmethod
    def from_target(cls, target: str | None, environment: Mapping[str, str] = os.environ) -> "SyslogConfig":
        """Return what `--to syslog[:URL]` (`target` is the URL) and NETAD_SYSLOG_… say.

        Raises:
            ConfigError: the URL, one of its options or a variable is wrong.
        """
        variables = Variables.read(PREFIX, ("URL", *TRUST), environment)
        text = target or variables.given.get("URL")
        if not text:
            raise ConfigError(f"syslog needs to know where: --to {EXAMPLE}, or {PREFIX}URL")
        transport, host, port, options = _parts(text)
        return cls(
            transport,
            host,
            port,
            format=_choice("format", options.get("format", "cef"), FORMATS),
            facility=FACILITIES[_choice("facility", options.get("facility", "local0"), FACILITIES)],
            max_bytes=_most(options.get("max"), transport),
            selection=Selection.from_options(options),
            trust=variables.tls() if transport == "tls" else Trust(),
        )


def _parts(text: str) -> tuple[str, str, int, dict[str, str]]:
    """Return transport, host, port and options of a URL."""
    try:
        parts = urlsplit(text)
        port = parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=20)
    except ValueError as error:
        raise ConfigError(f"{printable(text, 'utf-8')!r} is not a place such as {EXAMPLE}") from error
    extra = parts.path.strip("/") or parts.fragment or "@" in parts.netloc or not text.isprintable() or " " in text
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or extra:
        raise ConfigError(f"{printable(text, 'utf-8')!r} is not a place such as {EXAMPLE} (udp, tcp or tls)")
    options = dict(pairs)
    for name in options:
        if name not in OPTIONS:
            raise ConfigError(f"syslog has no option {name!r}; there are: {', '.join(OPTIONS)}")
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme], options


def _choice(name: str, value: str, choices: Any) -> str:  # noqa: ANN401 - a sequence or mapping of names
    if value not in choices:
        raise ConfigError(f"{name}={value!r} is none of {', '.join(choices)}")
    return value


def _most(text: str | None, transport: str) -> int:
    if text is None:
        return MAX_BYTES[transport]
    most = MOST_BYTES[transport]
    if not text.isascii() or not text.isdigit() or len(text) > 8 or not LEAST_BYTES <= int(text) <= most:
        raise ConfigError(f"max={text!r} is not a number of bytes from {LEAST_BYTES} to {most:,} ({transport})")
    return int(text)
