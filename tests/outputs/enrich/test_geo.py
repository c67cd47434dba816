import pytest

from netad.core.errors import ConfigError, MissingExtraError
from netad.outputs.enrich.geo import GeoDatabases


def test_places_and_systems_are_found_in_whatever_database_has_them(geo_files):
    """IPv4 and IPv6; an address that no database has is nowhere."""
    found = GeoDatabases(geo_files).find("198.51.100.7")
    assert found == {
        "geo": {"continent_code": "EU", "country_iso_code": "DE", "country_name": "Germany", "region_iso_code": "DE-HE",
                "city_name": "Kassel", "location": "51.25,9.5"},
        "as": {"number": 64500, "organization": {"name": "Example Net"}},
    }  # fmt: skip
    assert GeoDatabases(geo_files).find("2001:db8::1") == found
    assert GeoDatabases(geo_files[1:]).find("198.51.100.7") == {"as": found["as"]}
    assert GeoDatabases(geo_files).find("203.0.113.9") == {}
    assert GeoDatabases(()).find("198.51.100.7") == {}


def test_a_database_may_hold_anything(tmp_path):
    """What has another form than expected is left out."""
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet

    writer = MMDBWriter(ip_version=4, database_type="odd", float_type="f64")
    odd = {"country": "DE", "subdivisions": "none", "location": {"latitude": 912.5, "longitude": 1.5},
           "autonomous_system_number": "64500"}  # fmt: skip
    writer.insert_network(IPSet(["198.51.100.0/24"]), odd)
    writer.to_db_file(str(tmp_path / "odd.mmdb"))
    databases = GeoDatabases([str(tmp_path / "odd.mmdb")])
    assert databases.find("198.51.100.7") == {}
    assert databases.find("2001:db8::1") == {}  # IPv6 in a database of IPv4


def test_what_is_no_database_is_refused(tmp_path):
    """Missing, or another file."""
    (tmp_path / "x.mmdb").write_bytes(b"no database")
    with pytest.raises(ConfigError, match="is no MaxMind database"):
        GeoDatabases([str(tmp_path / "x.mmdb")])
    with pytest.raises(ConfigError, match="cannot be read"):
        GeoDatabases([str(tmp_path / "none.mmdb")])


def test_damage_is_named_when_it_is_met(geo_files):
    """Never a traceback, wherever the damage is."""
    from pathlib import Path

    content = bytearray(Path(geo_files[0]).read_bytes())
    end = content.rindex(b"\xab\xcd\xefMaxMind.com")
    for place in range(0, end, 7):
        content[place] ^= 0xFF
    Path(geo_files[0]).write_bytes(content)
    with pytest.raises(ConfigError, match=r"is damaged: fetch it again|is no MaxMind database"):
        GeoDatabases(geo_files[:1]).find("198.51.100.7")


def test_without_the_reader_the_extra_is_named(monkeypatch):
    """The message says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "maxminddb", None)
    with pytest.raises(MissingExtraError, match=r"netad\[geoip\]"):
        GeoDatabases(["x.mmdb"])
