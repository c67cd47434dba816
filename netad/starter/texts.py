"""The files that `netad init` writes, made from templates, each value in the form that its file wants."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

SETTINGS: Final = "netad.yaml"
RULES: Final = "rules.yml"
TIMERS: Final = ("systemd", "cron", "none")

_COMMENT_AT: Final = 40
_TOLD_OF_OUTPUTS: Final = {
    "elastic": "NETAD_ELASTIC_URL and so on are in the environment",
    "opensearch": "NETAD_OPENSEARCH_URL and so on are in the environment",
    "parquet": "what netad history and netad rescore read",
}
_ON_DISK: Final = ("parquet", "ndjson", "report")
# What systemd makes writable for the unit itself.
_STATE_DIRECTORY: Final = Path("/var/lib/netad")
_HOMES: Final = (Path("/home"), Path("/root"))
# For how long the example of a rule is to hold.
_RULE_DAYS: Final = 180


@dataclass(frozen=True)
class Starter:
    """What a beginning consists of.

    Attributes:
        folder: where the files go, absolute; paths in them may be relative to it.
        inputs, outputs, model, state, rules, inside, metrics: settings of the scan (netad.scan.settings).
        netad: the program's path.
        user: who runs it.
        timer: one of TIMERS.
    """

    folder: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    model: str
    state: str
    netad: str
    user: str
    timer: str
    rules: tuple[str, ...] = (RULES,)
    inside: tuple[str, ...] = ()
    metrics: str | None = None

    @property
    def settings(self) -> Path:
        """The file of settings."""
        return self.folder / SETTINGS

    def writable(self) -> list[Path]:
        """Return the folders that the scan writes to, without those that a unit of systemd has anyhow."""
        places = [self.folder / self.state]
        for name, _, where in (one.partition(":") for one in self.outputs):
            if name in _ON_DISK and where not in ("", "-"):
                places.append(self.folder / where if name == "parquet" else (self.folder / where).parent)
        wanted = [self.folder if place.is_relative_to(self.folder) else place for place in places]
        wanted += [] if self.metrics is None else [(self.folder / self.metrics).parent]
        return [place for place in dict.fromkeys(wanted) if not place.is_relative_to(_STATE_DIRECTORY)]

    def is_at_home(self) -> bool:
        """Tell whether anything that a scan needs lies in somebody's home."""
        needed = [self.folder, Path(self.netad), self.folder / self.model, *self.writable()]
        needed += [self.folder / one for one in self.inputs]
        return any(place.is_relative_to(home) for place in needed for home in _HOMES)


def files_of(starter: Starter, today: date) -> dict[str, str]:
    """Return the files to write, text by name; the settings are the first of them."""
    timers = {"systemd": ("netad-scan.service", "netad-scan.timer"), "cron": ("netad.cron",)}
    values = {
        **vars(starter),
        "settings": starter.settings,
        "writable": starter.writable(),
        "at_home": starter.is_at_home(),
        "cache": (starter.folder / starter.state).with_name("numba"),
        "told_of_outputs": _TOLD_OF_OUTPUTS,
        "expires": (today + timedelta(days=_RULE_DAYS)).isoformat(),
    }
    return {name: _rendered(name, values) for name in (SETTINGS, RULES, *timers.get(starter.timer, ()))}


def _rendered(name: str, values: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("netad.starter", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - these are no web pages: each value goes through the filter of its format
    )
    environment.filters.update(beside=_beside, scalar=_scalar, unit=_unit, cron=_cron)
    return environment.get_template(f"{name}.j2").render(values)


def _beside(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_AT - 1}} # {comment}" if comment else line


def _scalar(value: str) -> str:
    """Return a text as YAML has it in a list."""
    import yaml

    dumped: str = yaml.safe_dump([value], width=1 << 16, allow_unicode=True)
    return dumped.removeprefix("- ").rstrip("\n")


def _unit(value: object) -> str:
    """Return a path as units of systemd have it: quoted where it has spaces, without specifiers."""
    text = str(value).replace("%", "%%").replace("\\", "\\\\")
    return f'"{text}"' if any(character.isspace() for character in text) else text


def _cron(value: object) -> str:
    """Return a path as a crontab has it, where a per cent sign ends a line."""
    return shlex.quote(str(value)).replace("%", r"\%")
