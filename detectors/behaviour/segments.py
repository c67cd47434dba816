"""Statistics of many sorted runs at once: a run is a stretch of rows with the same key."""

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import Column

Float64 = NDArray[np.float64]
Places = NDArray[np.intp]

_BUCKETS = np.uint64((1 << 18) - 1)


def runs(keys: Column) -> tuple[Places, Places]:
    """Return where runs of equal keys begin, shape (g,), and the run of each row, shape (n,)."""
    changed = np.ones(len(keys), dtype=bool)
    changed[1:] = keys[1:] != keys[:-1]
    return np.flatnonzero(changed), np.cumsum(changed) - 1


def lengths(starts: Places, rows: int) -> Places:
    """Return how many rows each run has, shape (g,)."""
    return np.diff(starts, append=rows)


def frequent(keys: NDArray[np.uint64], which: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Tell which rows may have a key that at least `least` of the chosen rows have, shape (n,).

    Well-mixed keys are counted in buckets, which is far faster than sorting them: a few rows of rarer keys get
    through, none of a frequent one is lost.
    """
    bucket = (keys & _BUCKETS).astype(np.intp)
    return np.asarray(np.bincount(bucket[which], minlength=int(_BUCKETS) + 1)[bucket] >= least)


def cusum(steps: NDArray[np.int64], run: Places) -> NDArray[np.int64]:
    """Return, for every row, the sum of the steps of its run up to it, started anew whenever it falls below 0.

    This is E. Page's cumulative sum, "Continuous inspection schemes" (Biometrika 1954). In whole numbers, so that what
    other runs hold does not change the last bit.
    """
    if not len(steps):
        return steps
    # Every run is moved below all runs before it, so that one running minimum serves all of them.
    depth = 2 * int(np.abs(steps).sum()) + 1
    total = np.cumsum(steps) - run * depth
    return np.asarray(total - np.minimum.accumulate(total - steps))


def quantiles(values: Float64, run: Places, starts: Places, shares: tuple[float, ...]) -> list[Float64]:
    """Return quantiles of the values of each run, by linear interpolation, each of shape (g,)."""
    order = np.lexsort((values, run))
    ranked = values[order]
    last = lengths(starts, len(values)) - 1
    result = []
    for share in shares:
        place = last * share
        low = np.floor(place).astype(np.intp)
        high = np.minimum(low + 1, last)
        weight = place - low
        result.append(ranked[starts + low] * (1 - weight) + ranked[starts + high] * weight)
    return result
