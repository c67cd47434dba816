"""Settings of a scan: those of every run, and what is read, kept and told from run to run, all in one YAML file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netad.config import Config, config_of, settings_of_file
from netad.core.errors import ConfigError
from netad.core.problems import did_you_mean
from netad.core.sizes import parse_size
from netad.core.timing import SECOND_NS, parse_duration

# Where the settings are looked for when none are named.
PLACES = ("netad.yaml", "/etc/netad/netad.yaml")
# Outputs that are followed by a path.
_ON_DISK = ("ndjson", "parquet", "report")


@dataclass(frozen=True, slots=True)
class Budgets:
    """What one run may take. What it does not get to waits for the next.

    Attributes:
        wall_clock: seconds after which no other input is begun; None for no end.
        memory: bytes of resident memory beyond which no other input is begun; None for no bound.
    """

    wall_clock: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Pings:
    """Addresses (http, https) that are told of a run, as healthchecks.io and its like want it; None for nobody."""

    start: str | None = None
    success: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """A scan's settings, all checked.

    Attributes:
        file: the file they are from.
        run: what every run has (netad.config): model, outputs, rules, and so on.
        inputs: files, folders and patterns to look for captures and logs in.
        state: the folder in which it is kept what was read, and what is still open.
        include_current: whether the newest file of a rotated set is read too.
        settle_ns: how long a capture has not been written to before it is read.
        metrics: the file for Prometheus' node_exporter, None for none.
    """

    file: Path
    run: Config
    inputs: tuple[str, ...]
    state: Path
    include_current: bool = False
    settle_ns: int = 30 * SECOND_NS
    budgets: Budgets = Budgets()
    pings: Pings = Pings()
    metrics: Path | None = None


def find_settings(named: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file of settings: the one named, that of NETAD_CONFIG, or the first of `PLACES` that is there.

    Raises:
        ConfigError: there is none.
    """
    chosen = named or environment.get("NETAD_CONFIG")
    if chosen:
        return Path(chosen)
    for place in PLACES:
        if Path(place).exists():
            return Path(place)
    raise ConfigError(f"no settings to scan by: name a file, or let 'netad init' write one ({' or '.join(PLACES)})")


def load_scan(path: Path, flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> ScanConfig:
    """Return the settings of a scan from a file, with what the environment and the flags say over them.

    Paths in the file are taken from the file's own folder, since a timer starts netad anywhere.

    Raises:
        ConfigError: the file cannot be read, or all that is wrong in it, one line each.
    """
    values = settings_of_file(path, _PARSERS)
    own = {name: values.pop(name) for name in _PARSERS if name in values}
    if "outputs" in own:
        if "to" in values:
            raise ConfigError(f"{path}: outputs and to are the same: leave one of them out")
        values["to"] = own.pop("outputs")
    budgets = own.pop("budgets", {})
    if "spool" in budgets:
        values["spool_limit"] = budgets.pop("spool")
    run = config_of(values, flags, environment)
    folder = path.resolve().parent
    run = replace(
        run,
        model=_beside(folder, run.model),
        rules=tuple(one if one.startswith("builtin:") else str(_beside(folder, one)) for one in run.rules),
        to=tuple(_target_beside(folder, target) for target in run.to),
        enrich=run.enrich.beside(folder),
    )
    _check(path, own, run)
    own["inputs"] = tuple(_beside(folder, one) for one in own["inputs"])
    own["state"] = folder / own["state"]
    if "metrics" in own:
        own["metrics"] = folder / own["metrics"]
    if "settle" in own:
        own["settle_ns"] = own.pop("settle")
    return ScanConfig(path, run, budgets=Budgets(**budgets), pings=Pings(**own.pop("pings", {})), **own)


def _check(path: Path, own: Mapping[str, Any], run: Config) -> None:
    """Refuse settings that a scan cannot work by.

    Raises:
        ConfigError: something is missing or makes no sense.
    """
    for name, what in (("inputs", "the files, folders or patterns to read"), ("state", "a folder of its own")):
        if name not in own:
            raise ConfigError(f"{path}: {name} is missing: {what}")
    if run.model is None:
        raise ConfigError(f"{path}: model is missing: a scan judges by a model (netad train), for what runs have read "
                          "by chance is no baseline")  # fmt: skip
    if run.window == "capture":
        raise ConfigError(f"{path}: window: a scan never knows where the capture ends; give a duration such as 1h")


def _beside(folder: Path, name: str | None) -> Any:  # noqa: ANN401 - what it was given: a name, or None
    return None if name is None else os.path.normpath(folder / name)


def _target_beside(folder: Path, target: str) -> str:
    """Return an output with its file or folder, if it is one of those that have one, in the settings' folder."""
    name, _, where = target.partition(":")
    return f"{name}:{_beside(folder, where)}" if name in _ON_DISK and where not in ("", "-") else target


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the YAML file held
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{value!r} is not a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    texts = tuple(map(_text, value)) if isinstance(value, list) else (_text(value),)
    if not texts:
        raise ConfigError("at least one is needed")
    return texts


def _path(value: Any) -> Path:  # noqa: ANN401
    return Path(_text(value))


def _flag(value: Any) -> bool:  # noqa: ANN401
    known = {"true": True, "yes": True, "false": False, "no": False}
    if str(value).lower() not in known:
        raise ConfigError(f"{value!r} is neither true nor false")
    return known[str(value).lower()]


def _settle(value: Any) -> int:  # noqa: ANN401
    return 0 if _text(value) in ("0", "0s") else parse_duration(_text(value))


def _block(parsers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a parser of YAML, like the others here
    def parse(value: Any) -> dict[str, Any]:  # noqa: ANN401
        if not isinstance(value, dict):
            raise ConfigError(f"a mapping of {', '.join(parsers)}")
        unknown = [name for name in value if name not in parsers]
        if unknown:
            hint = did_you_mean(unknown[0], parsers)
            raise ConfigError(f"unknown key {unknown[0]!r}{hint} (there are: {', '.join(parsers)})")
        return {name: parsers[name](item) for name, item in value.items()}

    return parse


def _seconds(value: Any) -> float:  # noqa: ANN401
    return parse_duration(_text(value)) / SECOND_NS


def _size(value: Any) -> int:  # noqa: ANN401
    return parse_size(_text(value))


def _size_text(value: Any) -> str:  # noqa: ANN401
    parse_size(_text(value))
    return _text(value)


def _url(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not text.startswith(("http://", "https://")):
        raise ConfigError(f"{text!r} is no address that begins with http:// or https://")
    return text


_PARSERS = MappingProxyType({
    "inputs": _texts,
    "state": _path,
    "outputs": _texts,
    "include_current": _flag,
    "settle": _settle,
    "budgets": _block({"wall_clock": _seconds, "memory": _size, "spool": _size_text}),
    "pings": _block({one.name: _url for one in fields(Pings)}),
    "metrics": _path,
})  # fmt: skip
