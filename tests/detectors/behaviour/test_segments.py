import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.detectors.behaviour.segments import cusum, lengths, quantiles, runs

RUNS = st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=6), min_size=1, max_size=6)


def test_runs_and_their_lengths():
    """Where keys change."""
    starts, run = runs(np.array([4, 4, 7, 4]))
    assert (starts.tolist(), run.tolist(), lengths(starts, 4).tolist()) == ([0, 2, 3], [0, 0, 1, 2], [2, 1, 1])
    assert runs(np.empty(0))[0].tolist() == []


@given(RUNS)
def test_cumulative_sums_start_anew_below_zero(parts):
    """Page's recursion, run by run."""
    run = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    expected = []
    for part in parts:
        value = 0
        for step in part:
            value = max(value, 0) + step
            expected.append(value)
    assert cusum(np.array([step for part in parts for step in part]), run).tolist() == expected


def test_no_steps():
    """Nothing is the sum of nothing."""
    assert cusum(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


@given(RUNS)
def test_quantiles_are_those_of_numpy(parts):
    """Run by run."""
    values = np.array([value for part in parts for value in part], dtype=np.float64)
    starts, run = runs(np.repeat(np.arange(len(parts)), [len(part) for part in parts]))
    low, median = quantiles(values, run, starts, (0.25, 0.5))
    assert low == pytest.approx([np.quantile(part, 0.25) for part in parts])
    assert median == pytest.approx([np.median(part) for part in parts])
