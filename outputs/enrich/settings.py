"""Settings of enrichment: what is known of hosts, and whether addresses leave as they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netad.core.errors import ConfigError
from netad.core.problems import did_you_mean, shown

if TYPE_CHECKING:
    from netad.outputs.enrich.disguise import Disguise

ANONYMIZE, MASK = "anonymize", "mask"
HIDE_CHOICES = ("none", ANONYMIZE, MASK)
_FILES = ("inventory", "geoip", "threat_lists")


@dataclass(frozen=True, slots=True)
class EnrichConfig:
    """Where what is known comes from; nothing is ever looked up in a network.

    Attributes:
        inventory: files (CSV, YAML) that say which hosts there are.
        geoip: MaxMind databases of places and autonomous systems.
        threat_lists: files of addresses, networks, domains and fingerprints that are known to be bad.
        names: whether addresses get the names that DNS answers in the input gave them.
        hide: what becomes of addresses and names of inside hosts in all that leaves: `none` for nothing, `anonymize`
            or `mask` (netad.outputs.enrich.disguise).
    """

    inventory: tuple[str, ...] = ()
    geoip: tuple[str, ...] = ()
    threat_lists: tuple[str, ...] = ()
    names: bool = True
    hide: str = "none"

    def over(self, flags: Mapping[str, Any]) -> "EnrichConfig":
        """Return these settings with what the command line gave over them; None and () mean not given."""
        given = {name: flags[name] for name in (*_FILES, "hide") if flags.get(name)}
        return replace(self, **given)

    def beside(self, folder: Path) -> "EnrichConfig":
        """Return these settings with the files taken from `folder`, where they are no absolute paths."""
        placed: dict[str, Any] = {name: tuple(str(folder / one) for one in getattr(self, name)) for name in _FILES}
        return replace(self, **placed)


def parse_enrich(value: Any) -> EnrichConfig:  # noqa: ANN401 - whatever a YAML file held
    """Return the settings that the block `enrich` of a configuration file gives.

    Raises:
        ConfigError: it is no such block.
    """
    if not isinstance(value, dict):
        raise ConfigError("enrich is a block of settings, such as {inventory: [hosts.csv], names: true}")
    known = (*_FILES, "names", "hide")
    given: dict[str, Any] = {}
    for key, item in value.items():
        if key not in known:
            raise ConfigError(f"unknown key {shown(str(key))}{did_you_mean(str(key), known)}")
        given[key] = _PARSERS.get(key, _files)(key, item)
    return EnrichConfig(**given)


def disguise_of(settings: EnrichConfig, inside_names: Iterable[str] = ()) -> "Disguise | None":
    """Return what hides addresses as the settings say, None where nothing is hidden; only then is much loaded for it.

    Raises:
        ConfigError: there is no key to anonymise by, or it is none.
        MissingExtraError: the cipher is not installed.
    """
    if settings.hide == "none":
        return None
    from netad.outputs.enrich.disguise import Disguise, anonymize_key

    return Disguise(anonymize_key() if settings.hide == ANONYMIZE else None, inside_names)


def _files(key: str, value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) and one for one in listed):
        raise ConfigError(f"{key} is a file, or a list of files")
    return tuple(listed)


def _truth(key: str, value: object) -> bool:
    text = str(value).lower()
    if text not in ("true", "false", "yes", "no"):
        raise ConfigError(f"{key}: {shown(str(value))} is neither true nor false")
    return text in ("true", "yes")


def _hide(key: str, value: object) -> str:
    if value not in HIDE_CHOICES:
        raise ConfigError(f"{key}: {shown(str(value))} is none of {', '.join(HIDE_CHOICES)}")
    return str(value)


_PARSERS: Mapping[str, Any] = {"names": _truth, "hide": _hide}
