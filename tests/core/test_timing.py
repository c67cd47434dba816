from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.core.timing import format_duration, iso, now_iso, parse_duration, parse_time


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("1.5h", 5400),
                                               ("7d", 604_800), ("2W", 1_209_600)])  # fmt: skip
def test_durations_people_type(text, seconds):
    """Durations are read in the units people use."""
    assert parse_duration(text) == seconds * 1_000_000_000


@pytest.mark.parametrize("text", ["", "h", "1", "1 h", "-1h", "0s", "1y", "1h foo", "9" * 30 + "w"])
def test_what_is_no_duration_is_refused(text):
    """Anything else is one sentence, not a guess."""
    with pytest.raises(ConfigError, match="duration"):
        parse_duration(text)


@given(st.integers(0, 4_000_000_000_000_000_000))
def test_iso_times_survive_the_round_trip_to_the_microsecond(time_ns):
    """What iso() writes parse_time() reads; ISO in Python carries microseconds."""
    assert parse_time(iso(time_ns // 1000 * 1000)) == time_ns // 1000 * 1000


@pytest.mark.parametrize(("text", "expected"), [
    ("1970-01-01T00:00:01Z", 10**9), ("1970-01-01T01:00:01+01:00", 10**9), ("1970-01-02", 86_400 * 10**9),
    ("1.000000001", 1_000_000_001), ("19700102", 86_400 * 10**9), ("1772524800", 1_772_524_800 * 10**9),
])  # fmt: skip
def test_times_people_type(text, expected):
    """ISO 8601 with or without zone (then UTC) and epoch seconds are read exactly."""
    assert parse_time(text) == expected


def test_what_is_no_time_is_refused():
    """A wrong time is one sentence."""
    with pytest.raises(ConfigError, match="is not a time"):
        parse_time("yesterday")


@pytest.mark.parametrize(("ns", "text"), [(0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.000000001Z"),
                                          (1500, "1970-01-01T00:00:00.000001500Z"),
                                          (2000, "1970-01-01T00:00:00.000002Z"),
                                          (1 << 62, "2116-02-20T23:53:38.427387904Z"),
                                          (-1, "1969-12-31T23:59:59.999999999Z")])  # fmt: skip
def test_iso_has_as_many_digits_as_needed(ns, text):
    """Fractions have 3, 6 or 9 digits; times before 1970 and far away are no crash."""
    assert iso(ns) == text


@pytest.mark.parametrize("text", ["1h", "5m", "1h30m", "1d", "90ms"])
def test_durations_are_said_as_they_are_typed(text):
    """format_duration is the inverse of parse_duration for plain durations."""
    assert format_duration(parse_duration(text)) == text


def test_the_wall_clock_is_utc():
    """now_iso is ISO 8601 in UTC."""
    assert abs((datetime.fromisoformat(now_iso()) - datetime.now(UTC)).total_seconds()) < 60


def test_times_of_events_come_back_to_the_nanosecond():
    """What `iso` writes is read as what it was."""
    for time_ns in (0, 1, 999_999_999, 1_769_846_400_123_456_789, 1_769_846_400_000_000_001):
        assert parse_time(iso(time_ns)) == time_ns
    assert parse_time("2026-01-31T09:00:00,1234567899+01:00") == 1_769_846_400_123_456_789
