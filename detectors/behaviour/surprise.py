"""How rare something is, in decades: -log10 of a probability, for whole columns."""

from math import erfc, log10, sqrt

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def binomial_decades(successes: Float64, trials: Float64, chance: float) -> Float64:
    """Return -log10 of the Chernoff bound on P(at least so many successes of so many trials), shape (n,).

    H. Chernoff, "A measure of asymptotic efficiency for tests of a hypothesis based on the sum of observations" (1952):
    P <= exp(-n D(k/n || p)) for k/n > p, with the relative entropy D; 0 decades at or below the expected number.
    """
    trials = np.maximum(trials, 1.0)
    share = np.clip(successes / trials, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(share > 0, share * np.log(share / chance), 0.0)
        miss = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - chance)), 0.0)
    return np.where(share > chance, trials * (hit + miss) / np.log(10), 0.0)


def geometric_decades(count: Float64 | float, at_three: float) -> Float64:
    """Return -log10 of P(at least so many) if normal counts are geometric and `at_three` of them are three decades."""
    return np.asarray(3.0 * np.asarray(count, dtype=np.float64) / at_three)


def normal_decades(deviations: float) -> float:
    """Return -log10 of the upper tail of the standard normal distribution."""
    tail = 0.5 * erfc(deviations / sqrt(2))
    return -log10(tail) if tail > 0 else 300.0
