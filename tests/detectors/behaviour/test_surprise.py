import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.detectors.behaviour.surprise import binomial_decades, geometric_decades, normal_decades


@given(st.integers(1, 60), st.data())
def test_the_binomial_bound_is_a_bound(trials, data):
    """Never more decades than the exact tail has, and none for what is expected."""
    successes, chance = data.draw(st.integers(0, trials)), data.draw(st.floats(0.05, 0.9))
    exact = sum(math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes, trials + 1))
    (decades,) = binomial_decades(np.array([float(successes)]), np.array([float(trials)]), chance)
    assert 0 <= decades <= -math.log10(exact) + 1e-9 or successes <= trials * chance
    assert decades == 0 or successes > trials * chance


def test_all_of_many_trials():
    """Ten of ten at a tenth are ten decades; of no trials nothing is said."""
    assert binomial_decades(np.array([10.0, 0.0]), np.array([10.0, 0.0]), 0.1) == pytest.approx([10, 0])


def test_geometric_counts():
    """So many are three decades, twice as many six."""
    assert geometric_decades(np.array([0.0, 12.0, 24.0]), 12).tolist() == [0, 3, 6]


def test_normal_tails():
    """Half at the mean, a thousandth at 3.09, and no end."""
    assert normal_decades(0.0) == pytest.approx(math.log10(2))
    assert normal_decades(3.0902) == pytest.approx(3, abs=1e-3)
    assert normal_decades(1e9) == 300.0
