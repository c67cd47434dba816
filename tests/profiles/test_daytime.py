from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.profiles.daytime import is_night
from netad.profiles.windows import WindowAggregator

SECOND = 1_000_000_000
ZONES = [UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe"),
         timezone(timedelta(hours=5, minutes=45))]  # fmt: skip


@given(st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=20), st.sampled_from(ZONES))
def test_the_hour_is_that_of_the_zone(seconds, zone):
    """Night is when the zone's own clock says so, daylight saving time and half hours included."""
    hours = [datetime.fromtimestamp(one, zone).hour for one in seconds]
    assert is_night(np.array(seconds) * SECOND, zone).tolist() == [hour >= 22 or hour < 6 for hour in hours]


@pytest.mark.parametrize("month", [3, 10])
def test_the_clock_change_itself(month):
    """Every quarter of an hour of the days around a change of clocks."""
    zone = ZoneInfo("Europe/Berlin")
    start = int(datetime(2024, month, 26 if month == 10 else 30, tzinfo=UTC).timestamp())
    seconds = np.arange(start, start + 3 * 86_400, 900)
    expected = [datetime.fromtimestamp(one, zone).hour for one in seconds.tolist()]
    assert is_night(seconds * SECOND, zone).tolist() == [hour >= 22 or hour < 6 for hour in expected]


def test_times_at_the_end_of_time():
    """The least and greatest times have an hour too."""
    times = np.array([-(2**63), 2**63 - 1])
    assert is_night(times, UTC).shape == is_night(times, ZONES[1]).shape == (2,)


def test_the_zone_of_the_aggregator_counts(flow, make_batch, inside):
    """The same flows are at night in one zone and by day in another."""
    # START is 22:13 UTC.
    shares = []
    for zone in (UTC, timezone(timedelta(hours=8))):
        windows = WindowAggregator(None, inside, zone=zone)
        windows.add(make_batch([flow(), flow(start=8 * 3600)]))
        (closed,) = windows.finish()
        shares.append(closed.frame["night_share"].iloc[0])
    assert shares == [0.5, 0]
