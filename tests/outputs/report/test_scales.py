"""Axes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import parse_time
from netad.outputs.report.scales import MOST_TICKS, Scale, number_ticks, time_ticks


def test_a_scale_maps_and_holds_the_ends():
    """In between linearly, also upside down; what is outside lies at the end; a scale of nothing is a point."""
    scale = Scale(0, 10, 100, 0)
    assert [scale(value) for value in (-5, 0, 5, 10, 99)] == [100, 100, 50, 0, 0]
    assert Scale(3, 3, 7, 9)(3) == 7


@pytest.mark.parametrize(("high", "ticks"), [(10, [0, 5, 10]), (47_000, [0, 20_000, 40_000]), (4, [0, 2, 4]),
                                             (0, [0]), (0.5, [0, 0.2, 0.4])])  # fmt: skip
def test_numbers_get_round_labels(high, ticks):
    """From 0 to the highest."""
    assert number_ticks(high) == pytest.approx(ticks)


@given(st.floats(1e-6, 1e18))
def test_there_are_always_some_and_never_too_many(high):
    """Whatever the highest value is, labels lie within the axis."""
    ticks = number_ticks(high)
    assert 2 <= len(ticks) <= 4
    assert ticks[0] == 0
    assert ticks[-1] <= high * 1.001


def test_times_get_round_labels():
    """Times of day within a day, dates where it is many, seconds where it is less than a minute."""
    start = parse_time("2026-01-11T06:10:00Z")
    assert [label for _, label in time_ticks(start, start + 3600 * 10**9)] == ["06:10", "06:20", "06:30", "06:40",
                                                                              "06:50", "07:00", "07:10"]  # fmt: skip
    assert next(label for _, label in time_ticks(start, start + 5 * 86_400 * 10**9)) == "01-12"
    assert [label for _, label in time_ticks(start, start + 9 * 10**9)] == ["06:10:00", "06:10:05"]


@given(st.integers(0, 2**61), st.integers(0, 2**61))
def test_times_lie_within_and_are_bounded(one, other):
    """Also for an axis of centuries, or of nothing."""
    start, end = sorted((one, other))
    ticks = time_ticks(start, end)
    assert len(ticks) <= MOST_TICKS
    assert all(start <= moment <= end for moment, _ in ticks)
