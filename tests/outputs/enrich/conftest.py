"""A key to anonymise by, small databases of places, and answers of DNS."""

import numpy as np
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from netad.core.addresses import parse_address
from netad.ingest.facts.batch import FactBatch, FactKind


@pytest.fixture
def key() -> bytes:
    """The key of the example that comes with the reference implementation of Crypto-PAn."""
    return bytes.fromhex("1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202")


@pytest.fixture
def geo_files(tmp_path):
    """A database of places and one of autonomous systems."""
    place = {
        "continent": {"code": "EU"},
        "country": {"iso_code": "DE", "names": {"en": "Germany"}},
        "subdivisions": [{"iso_code": "HE"}],
        "city": {"names": {"en": "Kassel"}},
        "location": {"latitude": 51.25, "longitude": 9.5},
    }
    system = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}
    files = []
    for kind, record in (("City", place), ("ASN", system)):
        writer = MMDBWriter(ip_version=6, database_type=f"GeoLite2-{kind}", ipv4_compatible=True, float_type="f64")
        writer.insert_network(IPSet(["198.51.100.0/24", "2001:db8::/32"]), record)
        files.append(str(tmp_path / f"{kind}.mmdb"))
        writer.to_db_file(files[-1])
    return files


@pytest.fixture
def answers():
    """Makes facts of DNS answers from (who asked, name, address, time) rows."""

    def make(*rows):
        columns = {name: [] for name in ("orig_hi", "orig_lo", "address_hi", "address_lo")}
        for who, _, address, _ in rows:
            for name, value in zip(columns, (*parse_address(who), *parse_address(address)), strict=True):
                columns[name].append(value)
        made = {name: np.array(values, dtype=np.uint64) for name, values in columns.items()}
        made["query"] = np.array([name for _, name, _, _ in rows], dtype=object)
        made["time_ns"] = np.array([time_ns for _, _, _, time_ns in rows], dtype=np.int64)
        return FactBatch(FactKind.ANSWER, made)

    return make
