"""Settings of a run: built-in defaults, then the configuration file, then NETAD_… variables, then flags."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netad.core.errors import ConfigError
from netad.core.sizes import parse_size
from netad.core.timing import SECOND_NS, parse_duration, parse_time
from netad.detectors.transformer.settings import DEVICES, OBJECTIVES, PRECISIONS
from netad.outputs.enrich.settings import EnrichConfig, parse_enrich

if TYPE_CHECKING:
    from datetime import tzinfo

    from netad.core.addresses import Networks
    from netad.core.yaml_nodes import Node

FLOW_CHOICES = ("none", "anomalous", "all")
PROFILE_CHOICES = FLOW_CHOICES
STRICT_CHOICES = ("none", "lengths", "checksums")  # netad.ingest.checksums.Strict
LOG_FORMATS = ("text", "json")
RULES_ERRORS = ("fail", "warn")
# What flags begin with that are about a part of the setting `enrich`.
ENRICH = "enrich_"
# Variables that begin with NETAD_ and are no settings of a run: connections, secrets, places, tests.
OTHER_VARIABLES = ("NETAD_CONFIG", "NETAD_CORPUS", "NETAD_SPOOL_DIR", "NETAD_STATE_DIR",
                   "NETAD_HYPOTHESIS")  # fmt: skip
OTHER_PREFIXES = ("NETAD_ANONYMIZE_", "NETAD_ELASTIC_", "NETAD_KIBANA_", "NETAD_OPENSEARCH_", "NETAD_SYSLOG_",
                  "NETAD_WEBHOOK_", "NETAD_TEST_")  # fmt: skip


def _private_networks() -> tuple[str, ...]:
    from netad.core.addresses import PRIVATE_NETWORKS

    return PRIVATE_NETWORKS


@dataclass(frozen=True, slots=True)
class Config:
    """One run's settings, all checked.

    `window` is a duration or `capture`; `budget` the accepted share of false alarms among normal profiles;
    `delivery_budget` bounds the time an output spends on trying again, `spool_limit` what may wait on disk;
    `max_ratio` bounds the bytes that each byte of a compressed input may give; `strict` leaves packets out that do not
    fit their frames, or have wrong checksums too; `time_zone` (IANA) says when it is night; hosts of one of
    `peer_networks` are each other's peers; `enrich` says what is known of hosts, and what is hidden of them
    (netad.outputs.enrich.settings);
    `kibana_url` is where Kibana answers, for `setup kibana` and links in events, `kibana_space` its space;
    `base_model`, `objective`, `device` and `precision` are about the detector huggingface
    (netad.detectors.transformer.settings);
    `rules_errors` says whether rules that do not load end the run, or only themselves;
    `store` is where commands about stored events look (`parquet:DIR`, `elastic:URL`);
    `model` a folder written by `netad train`, or None for a capture that is its own baseline.
    """

    window: str | None = None
    inside: tuple[str, ...] = field(default_factory=_private_networks)
    peer_networks: tuple[str, ...] = ()
    time_zone: str = "UTC"
    since: str | None = None
    until: str | None = None
    lateness: str = "10m"
    max_flows: int = 1_000_000
    max_ratio: int = 1000
    decap: bool = True
    strict: str = "none"
    detectors: tuple[str, ...] = ("fusion", "behaviour")
    base_model: str | None = None
    objective: str = "masked"
    device: str = "auto"
    precision: str = "auto"
    behaviours: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    model: str | None = None
    budget: float = 0.001
    seed: int = 0
    rules: tuple[str, ...] = ()
    rules_errors: str = "fail"
    to: tuple[str, ...] = ("console",)
    store: str | None = None
    flows: str = "anomalous"
    profiles: str = "none"
    delivery_budget: str = "5m"
    spool_limit: str = "1GiB"
    kibana_url: str | None = None
    kibana_space: str = "default"
    observer: str = field(default_factory=socket.gethostname)
    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    enrich: EnrichConfig = field(default_factory=EnrichConfig)
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
    def zone(self) -> "tzinfo":
        """The time zone in which it is night."""
        return _zone(self.time_zone)

    @property
    def delivery_budget_s(self) -> float:
        """How long an output tries again in one run, in seconds."""
        return parse_duration(self.delivery_budget) / SECOND_NS

    @property
    def spool_bytes(self) -> int:
        """How much may wait in the spool."""
        return parse_size(self.spool_limit)

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
        values.update(settings_of_file(Path(named)))
    return config_of(values, flags, environment)


def config_of(values: Mapping[str, Any], flags: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    """Return the settings that a file gave, with what the environment and the flags say over them.

    Raises:
        ConfigError: a value makes no sense.
    """
    enrich = {key.removeprefix(ENRICH): value for key, value in flags.items() if key.startswith(ENRICH)}
    others = {key: value for key, value in flags.items() if not key.startswith(ENRICH)}
    config = replace(Config(), **{**values, **_from_environment(environment), **_from_flags(others)})
    config = replace(config, enrich=config.enrich.over(enrich))
    since, until = config.since_ns, config.until_ns
    if since is not None and until is not None and since >= until:
        raise ConfigError("since must be before until")
    return config


def settings_of_file(path: Path, more: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})) -> dict[str, Any]:
    """Return the settings of a file in YAML by key; `more` are keys beside those of `Config`, with their parsers.

    Raises:
        ConfigError: the file cannot be read; or all that is wrong in it, one line each.
    """
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
    parsers = {**_PARSERS, **more}
    if isinstance(root, MappingNode):
        for key, node in root.entries:
            if key.text not in parsers:
                problems.add(key, f"unknown key {key.text!r}{did_you_mean(key.text, parsers)}")
                continue
            try:
                values[key.text] = parsers[key.text](_plain(node))
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
        key = name.removeprefix("NETAD_").lower()
        other = name in OTHER_VARIABLES or name.startswith(OTHER_PREFIXES)
        if not name.startswith("NETAD_") or (other and key not in _PARSERS):
            continue
        if key not in _PARSERS:
            import difflib

            near = difflib.get_close_matches(key, _PARSERS, n=1)
            hint = f"; did you mean 'NETAD_{near[0].upper()}'?" if near else ""
            raise ConfigError(f"unknown environment variable {name}{hint}")
        try:
            values[key] = _PARSERS[key](_split(key, text))
        except ConfigError as error:
            raise ConfigError(f"{name}: {error.message}") from error
    return values


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for key, value in flags.items():
        if value is None or value == ():
            continue
        try:
            values[key] = _PARSERS[key](list(value) if isinstance(value, tuple) else value)
        except ConfigError as error:
            flag = "model-type" if key == "detectors" else key.replace("_", "-")
            raise ConfigError(f"--{flag}: {error.message}") from error
    return values


def _split(key: str, text: str) -> Any:  # noqa: ANN401 - as YAML would have it
    if key == "labels":
        pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}
    if key in _LISTS:
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


def _detectors(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    names = _texts(value)
    if not names:
        raise ConfigError("at least one detector is needed")
    return names


def _behaviours(value: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """Blocks of parameters by behaviour; what a block may hold is for netad.detectors.behaviour to say."""
    if not isinstance(value, dict) or not all(isinstance(block, dict) for block in value.values()):
        raise ConfigError("behaviours are names with parameters, such as beacon: {least_connections: 12}")
    return value


def _networks(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    from netad.core.addresses import Networks

    text = _texts(value)
    if not Networks.parse(text).text:
        raise ConfigError("at least one network is needed")
    return text


def _peer_networks(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    from netad.core.addresses import Networks

    texts = _texts(value)
    Networks.parse(texts)
    return texts


def _zone(name: str) -> "tzinfo":
    from datetime import UTC
    from zoneinfo import ZoneInfo

    if name == "UTC":  # also where no time zones are installed
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of time zones
        raise ConfigError(f"{name!r} is not a time zone such as Europe/Berlin") from None


def _time_zone(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    _zone(text)
    return text


def _window(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if text != "capture" and parse_duration(text) < SECOND_NS:
        raise ConfigError("a window lasts at least 1s")
    return text


def _duration(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    parse_duration(text)
    return text


def _bytes(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    parse_size(text)
    return text


def _time(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not -(1 << 63) <= parse_time(text) < 1 << 63:
        raise ConfigError(f"{text!r} is further away than any packet")
    return text


def _one_of(*choices: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:  # noqa: ANN401
        text = _text(value)
        if text not in choices:
            raise ConfigError(f"{text!r} is none of {', '.join(choices)}")
        return text

    return parse


def _kibana_url(value: Any) -> str:  # noqa: ANN401
    from netad.outputs.elastic.kibana_connection import checked_kibana_url

    return checked_kibana_url(_text(value))


def _kibana_space(value: Any) -> str:  # noqa: ANN401
    from netad.outputs.elastic.kibana_connection import checked_space

    return checked_space(_text(value))


def _store(value: Any) -> str:  # noqa: ANN401
    from netad.outputs.stored import check_target

    return check_target(_text(value))


def _namespace(value: Any) -> str:  # noqa: ANN401
    """What Elasticsearch takes as the last part of a data stream's name."""
    text = _text(value)
    if text != text.lower() or set(text) & set('-\\/*?"<>| ,#:') or len(text.encode()) > 100:
        raise ConfigError(f'{text!r} must be lower case, short, and without spaces or any of -\\/*?"<>|,#:')
    return text


def _whole(value: Any) -> int:  # noqa: ANN401
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{value!r} is not a whole number") from None


def _at_least_one(value: Any) -> int:  # noqa: ANN401
    number = _whole(value)
    if number < 1:
        raise ConfigError(f"{number} is too few, 1 is the least")
    return number


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
    "window": _window,
    "inside": _networks,
    "peer_networks": _peer_networks,
    "time_zone": _time_zone,
    "since": _time,
    "until": _time,
    "lateness": _duration,
    "max_flows": _at_least_one,
    "max_ratio": _at_least_one,
    "decap": _flag,
    "strict": _one_of(*STRICT_CHOICES),
    "detectors": _detectors,
    "base_model": _text,
    "objective": _one_of(*OBJECTIVES),
    "device": _one_of(*DEVICES),
    "precision": _one_of(*PRECISIONS),
    "behaviours": _behaviours,
    "model": _text,
    "budget": parse_budget,
    "seed": _whole,
    "rules": _texts,
    "rules_errors": _one_of(*RULES_ERRORS),
    "to": _texts,
    "store": _store,
    "flows": _one_of(*FLOW_CHOICES),
    "profiles": _one_of(*PROFILE_CHOICES),
    "delivery_budget": _duration,
    "spool_limit": _bytes,
    "kibana_url": _kibana_url,
    "kibana_space": _kibana_space,
    "observer": _text,
    "namespace": _namespace,
    "labels": _labels,
    "tags": _texts,
    "enrich": parse_enrich,
    "quiet": _flag,
    "verbose": _whole,
    "log_file": _text,
    "log_format": _one_of(*LOG_FORMATS),
}
# What a variable holds with commas between.
_LISTS = frozenset({"inside", "peer_networks", "detectors", "rules", "to", "tags"})
assert set(_PARSERS) == {item.name for item in fields(Config)}  # noqa: S101 - a table beside its dataclass
