"""Settings of a run: built-in defaults, then the configuration file, then NETAD_… variables, then flags."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netad.core.errors import ConfigError
from netad.core.timing import parse_duration, parse_time

if TYPE_CHECKING:
    from netad.core.addresses import Networks
    from netad.core.yaml_nodes import Node

FLOW_CHOICES = ("none", "anomalous", "all")
LOG_FORMATS = ("text", "json")
# Variables that begin with NETAD_ and are no settings of a run: connections, secrets, places, tests.
OTHER_VARIABLES = ("NETAD_CONFIG", "NETAD_CORPUS", "NETAD_SPOOL_DIR", "NETAD_HYPOTHESIS")
OTHER_PREFIXES = ("NETAD_ELASTIC_", "NETAD_TEST_")


def _private_networks() -> tuple[str, ...]:
    from netad.core.addresses import PRIVATE_NETWORKS

    return PRIVATE_NETWORKS


@dataclass(frozen=True, slots=True)
class Config:
    """One run's settings, all checked.

    `window` is a duration or `capture`; `budget` the accepted share of false alarms among normal profiles;
    `model` a folder written by `netad train`, or None for a capture that is its own baseline.
    """

    window: str | None = None
    inside: tuple[str, ...] = field(default_factory=_private_networks)
    since: str | None = None
    until: str | None = None
    lateness: str = "10m"
    max_flows: int = 1_000_000
    detectors: tuple[str, ...] = ("isolation_forest",)
    model: str | None = None
    budget: float = 0.001
    seed: int = 0
    rules: tuple[str, ...] = ()
    to: tuple[str, ...] = ("console",)
    flows: str = "anomalous"
    observer: str = field(default_factory=socket.gethostname)
    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    quiet: bool = False
    verbose: int = 0
    log_file: str | None = None
    log_format: str = "text"

    @property
    def window_ns(self) -> int | None:
        """The window's length in ns; None for one window over the whole input."""
        text = self.window or DEFAULT_WINDOW
        return None if text == "capture" else parse_duration(text)

    @property
    def networks(self) -> "Networks":
        """The inside networks."""
        from netad.core.addresses import Networks

        return Networks.parse(self.inside)

    @property
    def since_ns(self) -> int | None:
        """The start of the time range, ns since the epoch."""
        return None if self.since is None else parse_time(self.since)

    @property
    def until_ns(self) -> int | None:
        """The end of the time range (excluded), ns since the epoch."""
        return None if self.until is None else parse_time(self.until)


DEFAULT_WINDOW = "1h"


def load_config(file: str | None, flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of a run. `flags` holds what the command line gave; None and () mean not given.

    Raises:
        ConfigError: a key is unknown, a value is of the wrong kind or makes no sense.
    """
    values: dict[str, Any] = {}
    named = file or environment.get("NETAD_CONFIG")
    if named:
        values.update(_from_file(Path(named)))
    values.update(_from_environment(environment))
    values.update({key: value for key, value in flags.items() if value is not None and value != ()})
    config = replace(Config(), **values)
    _check(config)
    return config


def _from_file(path: Path) -> dict[str, Any]:
    from netad.core.problems import Problems, did_you_mean
    from netad.core.yaml_nodes import Mapping as MappingNode
    from netad.core.yaml_nodes import read_document

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    problems = Problems(str(path))
    root = read_document(content, problems)
    values: dict[str, Any] = {}
    if isinstance(root, MappingNode):
        for key, node in root.entries:
            if key.text not in _PARSERS:
                problems.add(key, f"unknown key {key.text!r}{did_you_mean(key.text, _PARSERS)}")
                continue
            try:
                values[key.text] = _PARSERS[key.text](_plain(node))
            except ConfigError as error:
                problems.add(node, f"{key.text}: {error.message}")
    elif root is not None:
        problems.add(root, "settings are a mapping of keys to values, such as window: 1h")
    if problems:
        raise ConfigError("\n".join(problems.lines()))
    return values


def _plain(node: "Node") -> Any:  # noqa: ANN401 - text, or lists and mappings of it
    from netad.core.yaml_nodes import Items, Refused, Scalar
    from netad.core.yaml_nodes import Mapping as MappingNode

    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [_plain(item) for item in node.nodes]
    if isinstance(node, MappingNode):
        return {key.text: _plain(value) for key, value in node.entries}
    assert isinstance(node, Refused)  # noqa: S101 - the last kind of node
    return ""


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name, text in environment.items():
        if not name.startswith("NETAD_") or name in OTHER_VARIABLES or name.startswith(OTHER_PREFIXES):
            continue
        key = name.removeprefix("NETAD_").lower()
        if key not in _PARSERS:
            from netad.core.problems import did_you_mean

            raise ConfigError(f"unknown environment variable {name}{did_you_mean(key, _PARSERS)}")
        try:
            values[key] = _PARSERS[key](_split(key, text))
        except ConfigError as error:
            raise ConfigError(f"{name}: {error.message}") from error
    return values


def _split(key: str, text: str) -> Any:  # noqa: ANN401 - as YAML would have it
    if key == "labels":
        pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}
    if _PARSERS[key] is _texts:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the YAML file held
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ConfigError(f"{value!r} is not a text")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if isinstance(value, list):
        return tuple(_text(item) for item in value)
    return (_text(value),)


def _whole(value: Any) -> int:  # noqa: ANN401
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{value!r} is not a whole number") from None


def _flag(value: Any) -> bool:  # noqa: ANN401
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    text = str(value).lower()
    if text not in known:
        raise ConfigError(f"{value!r} is neither true nor false")
    return known[text]


def _labels(value: Any) -> dict[str, str]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise ConfigError("labels are names with values, such as site: hq")
    return {_text(key): _text(item) for key, item in value.items()}


def parse_budget(value: Any) -> float:  # noqa: ANN401
    """Return the share of normal profiles that may raise an alarm: `1/1000` or `0.001`, above 0, at most 0.5.

    Raises:
        ConfigError: it is no such share.
    """
    try:
        above, slash, below = str(value).partition("/")
        share = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        share = 0.0
    if not 0 < share <= 0.5:
        raise ConfigError(f"{value!r} is not a budget such as 1/1000")
    return share


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "window": _text,
    "inside": _texts,
    "since": _text,
    "until": _text,
    "lateness": _text,
    "max_flows": _whole,
    "detectors": _texts,
    "model": _text,
    "budget": parse_budget,
    "seed": _whole,
    "rules": _texts,
    "to": _texts,
    "flows": _text,
    "observer": _text,
    "namespace": _text,
    "labels": _labels,
    "tags": _texts,
    "quiet": _flag,
    "verbose": _whole,
    "log_file": _text,
    "log_format": _text,
}
assert set(_PARSERS) == {item.name for item in fields(Config)}  # noqa: S101 - a table beside its dataclass


def _check(config: Config) -> None:
    for name, value, choices in (("flows", config.flows, FLOW_CHOICES), ("log_format", config.log_format, LOG_FORMATS)):
        if value not in choices:
            raise ConfigError(f"{name}: {value!r} is none of {', '.join(choices)}")
    if config.max_flows < 1:
        raise ConfigError("max_flows: at least 1 flow must fit")
    if not config.detectors:
        raise ConfigError("detectors: at least one is needed")
    if (
        not config.namespace
        or config.namespace != config.namespace.lower()
        or set(config.namespace) & set('-\\/*?"<>| ,#:')
    ):
        raise ConfigError(
            f'namespace: {config.namespace!r} must be lower case, without spaces and any of -\\/*?"<>|,#:'
        )
    parse_duration(config.lateness)
    window_ns = config.window_ns
    if window_ns is not None and window_ns < parse_duration("1s"):
        raise ConfigError("window: at least 1s")
    if not config.networks.text:
        raise ConfigError("inside: at least one network is needed")
    since, until = config.since_ns, config.until_ns
    if since is not None and until is not None and since >= until:
        raise ConfigError("since must be before until")
