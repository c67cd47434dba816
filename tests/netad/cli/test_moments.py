"""Moments on the command line."""

import pytest

from netad.cli.moments import begin, end, moment, now_ns, period
from netad.core.errors import ConfigError
from netad.core.timing import parse_time

NOW = parse_time("2026-03-02T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1d", "2026-03-01T12:00:00Z"),
        ("1h30m", "2026-03-02T10:30:00Z"),
        ("2026-02-01", "2026-02-01"),
        ("4000w", "1970-01-01"),
    ],
)
def test_a_duration_is_that_long_ago_and_a_time_is_itself(text, expected):
    """Never before the epoch."""
    assert begin(text, NOW) == end(text, NOW) == parse_time(expected)


def test_all_and_nothing_are_no_bounds():
    """The whole past, and until whenever."""
    assert begin("all", NOW) is None
    assert end(None, NOW) is None


def test_what_is_neither_is_told_with_its_option():
    """In one sentence."""
    with pytest.raises(ConfigError, match="--since: 'x' is neither a duration such as 30d, nor a time, nor 'all'"):
        begin("x", NOW)
    with pytest.raises(ConfigError, match="--until: 'all' is neither a duration such as 30d, nor a time"):
        end("all", NOW)
    with pytest.raises(ConfigError, match="--at"):
        moment("--at", "", NOW, "a time")


def test_settings_get_times():
    """They know no durations; what was not given stays so."""
    assert period({"since": None, "until": "2026-02-01", "other": 1}) == {
        "since": None,
        "until": "2026-02-01T00:00:00.000Z",
    }
    assert abs(parse_time(period({"since": "1d", "until": None})["since"]) - (now_ns() - 86_400 * 10**9)) < 60 * 10**9
