"""Places and autonomous systems of addresses, from MaxMind databases on disk."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from netad.core.errors import ConfigError, MissingExtraError
from netad.outputs.origin import storable

_LONGEST = 1024


class GeoDatabases:
    """What one or several databases (City, Country, ASN) say of addresses."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Open them.

        Raises:
            ConfigError: one of them cannot be read, or is no such database.
            MissingExtraError: what reads them is not installed.
        """
        self._readers: list[tuple[str, Any]] = []
        for path in paths:
            self._readers.append((path, _opened(path)))
        self.find = lru_cache(maxsize=65_536)(self._find)

    def _find(self, address: str) -> Mapping[str, Any]:
        """Return `geo` and `as` (ECS) of an address, as far as the databases know them.

        Raises:
            ConfigError: a database is damaged.
        """
        found: dict[str, Any] = {}
        for path, reader in self._readers:
            try:
                record = reader.get(address)
            except ValueError:  # an IPv6 address in a database of IPv4
                continue
            except Exception as error:  # maxminddb's own error, and whatever damaged bytes make of its decoder
                raise ConfigError(f"the GeoIP database {path} is damaged: fetch it again") from error
            if isinstance(record, dict):
                for name, values in (("geo", _geo(record)), ("as", _as(record))):
                    if values:
                        found[name] = found.get(name, {}) | values
        return found


def _opened(path: str) -> Any:  # noqa: ANN401 - a reader of maxminddb
    try:
        import maxminddb
    except ImportError as error:
        raise MissingExtraError("--geoip-db needs the extra: pip install 'netad[geoip]'") from error
    try:
        return maxminddb.open_database(path)
    except OSError as error:
        raise ConfigError(f"the GeoIP database {path} cannot be read: {error.strerror or error}") from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise ConfigError(f"{path} is no MaxMind database (.mmdb)") from error


def _geo(record: Mapping[str, Any]) -> dict[str, Any]:
    regions = record.get("subdivisions")
    region = regions[0] if isinstance(regions, list) and regions else {}
    country = _text(record, "country", "iso_code")
    fields = {
        "continent_code": _text(record, "continent", "code"),
        "country_iso_code": country,
        "country_name": _text(record, "country", "names", "en"),
        "region_iso_code": f"{country}-{code}" if (code := _text(region, "iso_code")) and country else "",
        "city_name": _text(record, "city", "names", "en"),
        "location": _location(record.get("location")),
    }
    return {name: text for name, text in fields.items() if text}


def _as(record: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    number = record.get("autonomous_system_number")
    if isinstance(number, int) and 0 <= number < 1 << 32:
        fields["number"] = number
    if name := _text(record, "autonomous_system_organization"):
        fields["organization"] = {"name": name}
    return fields


def _text(record: Any, *path: str) -> str:  # noqa: ANN401 - whatever a database holds
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return storable(record)[:_LONGEST] if isinstance(record, str) else ""


def _location(record: object) -> str:
    """Return `latitude,longitude`, as Elasticsearch takes a point; empty where it is none."""
    if not isinstance(record, dict):
        return ""
    latitude, longitude = record.get("latitude"), record.get("longitude")
    if not (isinstance(latitude, float | int) and isinstance(longitude, float | int)):
        return ""
    return f"{latitude},{longitude}" if abs(latitude) <= 90 and abs(longitude) <= 180 else ""
