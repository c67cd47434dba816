"""Tests of netad.ingest.logs.values."""

import ipaddress
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import format_address, parse_address
from netad.ingest.logs.columns import Reading
from netad.ingest.logs.spans import ABSENT, COMPOSITE, TEXT, Fields
from netad.ingest.logs.values import MAX_TIME, text_hash

BAD = object()


def reading(texts, kind=TEXT):
    """Return a reading of one column, "x"; None is an absent field."""
    raws = [b"" if text is None else text if isinstance(text, bytes) else text.encode() for text in texts]
    ends = np.cumsum([len(raw) for raw in raws], dtype=np.int32).reshape(-1, 1)
    starts = ends - np.array([[len(raw)] for raw in raws], dtype=np.int32)
    kinds = np.array([[ABSENT if text is None else kind] for text in texts], dtype=np.uint8)
    return Reading(Fields(b"".join(raws), ("x",), starts, ends, kinds, np.arange(len(raws))))


def read(method, texts, *more, kind=TEXT):
    """Return what a method makes of fields, BAD where it finds a fault."""
    one = reading(texts, kind)
    values = getattr(one, method)("x", *more)
    return [BAD if fault else value for value, fault in zip(values.tolist(), one.faults.tolist(), strict=True)]


TIMES = {
    "1664462456.755299": 1_664_462_456_755_299_000,
    "1664462456.755299123": 1_664_462_456_755_299_123,
    "1664462456": 1_664_462_456_000_000_000,
    " 1.5 ": 1_500_000_000,
    "0.0000000005": 1,
    "0.0000000004": 0,
    "1e-6": 1000,
    "1.7E+9": 1_700_000_000_000_000_000,
    "0": 0,
    "1664462456755": 1_664_462_456_755_000_000,
    "1664462456755.299": 1_664_462_456_755_299_000,
    "2018-03-09T22:49:16.520001+0200": 1_520_628_556_520_001_000,
    "2018-03-09T20:49:16.520001Z": 1_520_628_556_520_001_000,
    "2018-03-09T15:19:16.520001-05:30": 1_520_628_556_520_001_000,
    "2018/03/09 20:49:16.520001": 1_520_628_556_520_001_000,
    "2018-03-09 20:49:16": 1_520_628_556_000_000_000,
    "2018-03-09T20:49:16.123456789999Z": 1_520_628_556_123_456_789,
    "1970-01-01T00:00:00Z": 0,
    "2000-02-29T12:00:00Z": 951_825_600_000_000_000,
}


@pytest.mark.parametrize(("text", "value"), TIMES.items())
def test_times(text, value):
    """Seconds, milliseconds and ISO 8601 are read to the nanosecond."""
    assert read("times", [text]) == [value]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "-",
        "-1.5",
        "nan",
        "inf",
        "x",
        "1.2.3",
        "1e",
        "1e9999",
        "1e-",
        "99999999999999999999",
        "1e30",
        "4611686019",
        "1969-12-31T23:59:59Z",
        "2018-13-09T20:49:16Z",
        "2018-00-09T20:49:16Z",
        "2018-03-32T20:49:16Z",
        "2018-03-09X20:49:16",
        "2018-03-09T24:49:16Z",
        "2018-03-09T20:60:16Z",
        "2018-03-09T20:49:61Z",
        "2018-03-09T20:49:16+99:00",
        "2500-01-01T00:00:00Z",
        "2018-03-09T20:49:16 +1",
        "2018-03/09T20:49:16",
        "2018-03-0aT20:49:16",
        "1970-01-01T00:00:00+0200",
        b"\xff\xfe",
        "1970-01-01",
    ],
)
def test_what_is_no_time_is_a_fault(text):
    """Missing, negative, beyond the year 2116, or something else."""
    assert read("times", [text, "7"]) == [BAD, 7_000_000_000]


@given(st.integers(0, MAX_TIME))
def test_every_nanosecond_is_read_as_written(time_ns):
    """Decimal text goes through no float."""
    text = f"{time_ns // 10**9}.{time_ns % 10**9:09}"
    assert read("times", [text]) == [time_ns]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2116, 1, 1)))  # noqa: DTZ001
def test_every_date_is_read_as_written(date):
    """Leap years, ends of months and all."""
    exact = Decimal(int(date.replace(tzinfo=UTC, microsecond=0).timestamp())) * 10**9 + date.microsecond * 1000
    assert read("times", [date.isoformat(timespec="microseconds")]) == [int(exact)]


def test_durations():
    """Absent ones and those below 0 are 0; floats as Zeek writes them in JSON are rounded to the nanosecond."""
    texts = [None, "-0.5", "1.5", "0.012166976928710938", "3.0", "x", "1e-7"]
    assert read("durations", texts) == [0, 0, 1_500_000_000, 12_166_977, 3_000_000_000, BAD, 100]


def test_counts():
    """Numbers up to a limit, in hex too; absent ones are 0; a fraction must be one of zeros."""
    texts = [None, "0", " 17", "0x0303", "12.0", "65535", "65536", "-1", "1.5", "", "1e3", "0x", "0xg", "9" * 30]
    expected = [0, 0, 17, 0x303, 12, 65535, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD]
    assert read("counts", texts, 65535) == expected
    assert read("counts", ["9223372036854775807", "0x" + "f" * 16], (1 << 63) - 1) == [BAD, BAD]
    assert read("counts", ["9223372036854775799"], (1 << 63) - 1) == [9223372036854775799]


def test_the_first_number_of_a_list_counts():
    """Suricata writes VLAN identifiers so."""
    assert read("counts", ["[61,7]", "[ 5 ]", "[]", '["x"]'], 4095, kind=COMPOSITE) == [61, 5, 0, BAD]


def addresses(texts):
    one = reading(texts)
    high, low = one.addresses("x")
    return [BAD if fault else format_address(int(h), int(w)) for h, w, fault in zip(high, low, one.faults, strict=True)]


@given(st.ip_addresses())
def test_every_address_is_read(address):
    """As Python's own reader reads it, in short and in long form."""
    high, low = reading([str(address), address.exploded]).addresses("x")
    expected = parse_address(str(address))
    assert [(int(h), int(w)) for h, w in zip(high, low, strict=True)] == [expected, expected]


@given(st.text("0123456789abcdef:.%", max_size=24))
def test_what_is_no_address_is_a_fault(text):
    """As for Python's own reader, which takes zones too."""
    try:
        expected = format_address(*parse_address(text))
    except ValueError:
        expected = BAD
    if text.partition("%")[0] and "%" in text and expected is not BAD and ":" not in text:
        expected = BAD  # only IPv6 has zones
    assert addresses([text]) == [expected]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("fe80::1%eth0", "fe80::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("64:ff9b::192.0.2.1", None),
        ("::", "::"),
        ("1::", "1::"),
        (":1", BAD),
        ("1:", BAD),
        ("1::2::3", BAD),
        (":::", BAD),
        ("1:2:3:4:5:6:7:8:9", BAD),
        ("12345::", BAD),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("01.2.3.4", BAD),
        ("256.1.1.1", BAD),
        (None, BAD),
    ],
)
def test_addresses(text, address):
    """Zones and blanks are left out; the corners of RFC 4291."""
    assert addresses([text]) == [str(ipaddress.ip_address(text)) if address is None else address]


def test_hashes():
    """Equal for equal texts, blanks around them or not, in one case if asked for; 0 for an absent one."""
    one = reading(["tcp", " tcp ", "TCP", None])
    assert one.hashes("x").tolist() == [text_hash("tcp"), text_hash("tcp"), text_hash("TCP"), 0]
    assert one.hashes("x", fold=True).tolist() == [text_hash("tcp")] * 3 + [0]


def test_short_texts():
    """Cut at the width of the column."""
    assert reading(["ShAdDaFf", "x" * 30, None, ""]).short("x", 24).tolist() == [b"ShAdDaFf", b"x" * 24, b"", b""]
