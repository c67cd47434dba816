"""Where Kibana is, in which of its spaces the dashboards go, and who netad is to it."""

import base64
import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from netad.core.errors import ConfigError
from netad.outputs.elastic.connection import PREFIX, ElasticConfig, connect, reason_of

if TYPE_CHECKING:
    from elastic_transport import BaseNode

DEFAULT_URL = "http://localhost:5601"
DEFAULT_SPACE = "default"
KIBANA_PREFIX = "NETAD_KIBANA_"
# Settings, which say where Kibana is; the other variables are of a connection, as Elasticsearch's.
SETTINGS = ("URL", "SPACE")
# One of a group stands instead of all of Elasticsearch's of that group.
_GROUPS = (
    ("USERNAME", *(f"{name}{end}" for name in ("API_KEY", "PASSWORD") for end in ("", "_FILE", "_KEYRING"))),
    ("CA_FILE", "CERT_FILE", "KEY_FILE", "FINGERPRINT"),
    ("PROXY",),
)
PORTS = {"http": 5601, "https": 443}


@dataclass(frozen=True, slots=True)
class KibanaConfig:
    """Where Kibana is, in which of its spaces the dashboards go, and who netad is to it."""

    connection: ElasticConfig
    space: str = DEFAULT_SPACE

    @property
    def url(self) -> str:
        """Kibana's URL with scheme, host and port."""
        return self.connection.urls[0]

    @property
    def in_space(self) -> str:
        """What stands before the path of a request that concerns the space."""
        return "" if self.space == DEFAULT_SPACE else f"/s/{self.space}"

    @classmethod
    def from_target(
        cls, url: str | None, space: str | None, environment: Mapping[str, str] = os.environ
    ) -> "KibanaConfig":
        """Return what the URL, the space and the variables say: NETAD_KIBANA_…, else Elasticsearch's NETAD_ELASTIC_….

        Raises:
            ConfigError: one of them is wrong; no secret is repeated in the message.
        """
        own = {
            name.removeprefix(KIBANA_PREFIX): text
            for name, text in environment.items()
            if name.startswith(KIBANA_PREFIX) and name.removeprefix(KIBANA_PREFIX) not in SETTINGS
        }
        known = [name for group in _GROUPS for name in group]
        for name in own:
            if name not in known:
                listed = f"{KIBANA_PREFIX}{', …'.join((*SETTINGS, *known))}"
                raise ConfigError(f"unknown environment variable {KIBANA_PREFIX}{name}; known are {listed}")
        taken = dict(own)
        for group in _GROUPS:
            if not own.keys() & set(group):
                taken |= {name: environment[f"{PREFIX}{name}"] for name in group if f"{PREFIX}{name}" in environment}
        prefix = KIBANA_PREFIX if own else PREFIX
        variables = {f"{prefix}{name}": text for name, text in taken.items()}
        connection = ElasticConfig.from_target(checked_kibana_url(url or DEFAULT_URL), variables, prefix=prefix)
        return cls(connection, checked_space(space or DEFAULT_SPACE))


def checked_kibana_url(text: str) -> str:
    """Return the URL with scheme, host, port and the path before `/app`, if any.

    Raises:
        ConfigError: it is none, or holds credentials.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"the URL of Kibana is not one, such as {DEFAULT_URL}") from error
    if "@" in parts.netloc:
        raise ConfigError(
            f"the URL of Kibana holds credentials, which ps and logs would show: set {KIBANA_PREFIX}API_KEY instead"
        )
    odd = parts.query or parts.fragment or not text.isprintable() or set(text) & set(" ,")
    if parts.scheme not in PORTS or not parts.hostname or odd:
        raise ConfigError(f"{reason_of(text.partition('?')[0])!r} is not the URL of a Kibana, such as {DEFAULT_URL}")
    if re.search(r"/s/[^/]+/?$", parts.path):
        raise ConfigError(
            "the URL of Kibana names a space: name it by --space, or kibana_space in the settings, instead"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or PORTS[parts.scheme]}{parts.path.rstrip('/')}"


def checked_space(text: str) -> str:
    """Return the id of a space.

    Raises:
        ConfigError: it cannot be one.
    """
    if not re.fullmatch(r"[a-z0-9_-]{1,100}", text):
        raise ConfigError(f"{reason_of(text)!r} is no id of a space: lower-case letters, digits, _ and - make one")
    return text


def connect_kibana(config: KibanaConfig) -> "BaseNode":
    """Return a connection as Elasticsearch's are made, but that nothing is compressed: Kibana need not take that."""
    with contextlib.closing(connect(config.connection)) as client:
        node = client.transport.node_pool.get()
        return type(node)(replace(node.config, http_compress=False))


def authorization(config: KibanaConfig) -> dict[str, str]:
    """Return the header that says who netad is; none without credentials."""
    connection = config.connection
    if connection.api_key:
        key = connection.api_key
        return {"authorization": f"ApiKey {base64.b64encode(key.encode()).decode() if ':' in key else key}"}
    if connection.username:
        both = f"{connection.username}:{connection.password}"
        return {"authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}
    return {}
