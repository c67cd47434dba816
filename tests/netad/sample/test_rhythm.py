from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS, iso
from netad.sample.rhythm import HOUR_NS, Presence, Span, arrivals, every, heavy, random_stream, working_day

DAY = Presence(9 * 3600, 17 * 3600, 12 * 3600, 3600, (1.0,) * 24)


def clock(span, hour):
    return span.start_ns + int((hour - 8) * HOUR_NS)


@given(st.integers(1, 500))
def test_days_are_working_days_in_order(day):
    """Every day starts at 08:00 UTC on a weekday, and later days are later."""
    start = datetime.fromtimestamp(working_day(day, 8).start_ns / SECOND_NS, UTC)
    assert (start.hour, start.weekday() < 5) == (8, True)
    assert working_day(day + 1, 8).start_ns > working_day(day, 8).start_ns


def test_first_day_and_the_monday_after():
    """Day 1 is 2026-03-02, day 6 the next Monday."""
    assert iso(working_day(1, 8).start_ns) == "2026-03-02T08:00:00.000Z"
    assert iso(working_day(6, 8).start_ns).startswith("2026-03-09")
    assert working_day(1, 1.5).length_ns == 1.5 * HOUR_NS


def test_streams_depend_on_their_parts_alone():
    """Same parts, same numbers, on every machine: the first ones are written down here."""
    stream = random_stream(7, 1, "pc-anna")
    assert [stream.getrandbits(32) for _ in range(2)] == [563_653_317, 833_520_600]
    assert random_stream(7, 1, "pc-anna").random() != random_stream(7, 2, "pc-anna").random()


@pytest.mark.parametrize(("hour", "level"), [(8.5, 0.0), (10.5, 1.2), (12.5, 0.18), (14.5, 1.1), (17.5, 0.0)])
def test_presence_knows_morning_lunch_and_evening(hour, level):
    """Nobody before arrival and after leaving, little at lunch."""
    assert DAY.level(clock(working_day(1, 8), hour)) == pytest.approx(level)


def test_machines_are_on_a_little_longer_than_people():
    """They start before and stop after."""
    span = working_day(1, 8)
    assert [DAY.there(clock(span, hour)) for hour in (8, 8.99, 12, 17.01, 18)] == [0, 1, 1, 1, 0]


@given(st.integers(0, 1000), st.floats(0.1, 100))
def test_arrivals_ascend_within_the_span(seed, rate):
    """Times are inside, in order, each once."""
    span = Span(0, HOUR_NS)
    times = list(arrivals(random_stream(seed), span, rate))
    assert times == sorted(set(times))
    assert all(span.start_ns <= time < span.end_ns for time in times)


def test_arrivals_follow_rate_and_level():
    """About rate times level an hour come, none where the level is 0 or the rate is."""
    span = Span(0, 100 * HOUR_NS)
    times = list(arrivals(random_stream(1), span, 10, lambda time: 2.0 if time < 50 * HOUR_NS else 0.0))
    assert 850 < len(times) < 1150
    assert times[-1] < 50 * HOUR_NS
    assert not list(arrivals(random_stream(1), span, 0))


@given(st.integers(0, 100), st.floats(0, 0.5))
def test_every_keeps_its_interval(seed, jitter):
    """Neighbouring times are an interval apart, give or take the jitter."""
    times = list(every(random_stream(seed), Span(0, HOUR_NS), 60, jitter))
    gaps = [(later - earlier) / (60 * SECOND_NS) for earlier, later in pairwise(times)]
    assert all(1 - jitter - 1e-6 <= gap <= 1 + jitter + 1e-6 for gap in gaps)
    assert len(times) > 30


def test_every_skips_where_the_level_is_zero():
    """A machine that is off asks nothing."""
    assert not list(every(random_stream(1), Span(0, HOUR_NS), 60, 0.1, lambda _time: 0.0))


@given(st.integers(0, 1000), st.floats(1, 1e5), st.floats(0, 3))
def test_heavy_sizes_are_bounded(seed, median, sigma):
    """At least 1, at most the ceiling."""
    assert 1 <= heavy(random_stream(seed), median, sigma, 5000) <= 5000
