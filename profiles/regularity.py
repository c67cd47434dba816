"""How much like a clock a source speaks to one destination and port: what beacons do."""

import numpy as np
from numpy.typing import NDArray

from netad.core.timing import SECOND_NS
from netad.profiles.groups import Codes, Float64, Groups, dense_codes, ratio, run_starts

# A beacon has at least so many flows, and as many gaps between them less one.
LEAST_FLOWS = 4
# The score counts in full from this span on.
FULL_SPAN_NS = 1800 * SECOND_NS
# Quartiles closer to each other than this say nothing about skew.
LEAST_SPREAD_NS = 10 * SECOND_NS


def regularity(groups: Groups) -> Float64:
    """Return how regular the most regular (destination, port) of each group is, 0..1, shape (g,); 0 without any.

    The mean of 1 - |Bowley's skewness| and 1 - median absolute deviation / median of the gaps between starts, as in
    RITA v5 (activecm/rita, analysis/beacons.go), times the share of 30 minutes that the flows span. Gaps of no length
    do not count; at least three others are needed.
    """
    rows, pair = _repeated(groups)
    best = np.zeros(len(groups))
    if not len(rows):
        return best
    first = groups["first_ns"][rows]
    gaps = np.diff(first)
    inner = (pair[1:] == pair[:-1]) & (gaps > 0)
    starts = run_starts(pair)
    ends = np.append(starts[1:], len(pair)) - 1
    span = np.minimum((first[ends] - first[starts]) / FULL_SPAN_NS, 1.0)
    group = groups.index[rows[starts]]
    number = np.bincount(pair[1:][inner], minlength=len(starts))
    enough = number >= LEAST_FLOWS - 1
    score = _clockwork(gaps[inner], pair[1:][inner], number) * span
    np.maximum.at(best, group[enough], score[enough])
    return best


def _repeated(groups: Groups) -> tuple[NDArray[np.intp], Codes]:
    """Return the slices of each (group, destination, port) with enough, in order of pair and time, and their pairs."""
    ports = groups["protocol"].astype(np.int64) << 16 | groups["resp_port"]
    codes, width = dense_codes(ports)
    keys = groups.index * (int(groups.destinations.max()) + 1) + groups.destinations
    if len(groups) * (int(groups.destinations.max()) + 1) * width >= 1 << 62:
        keys, _ = dense_codes(keys)
    keys = keys * width + codes
    order = np.argsort(keys)
    starts = run_starts(keys[order])
    each = np.diff(starts, append=len(order))
    many = each >= LEAST_FLOWS
    rows = order[np.repeat(many, each)]
    pair = np.repeat(np.arange(np.count_nonzero(many)), each[many])
    # Slices of a group are in order of time, so their places are too.
    packed = np.sort(pair * len(order) + rows)
    return packed % max(len(order), 1), pair


def _clockwork(gaps: Codes, pair: Codes, number: Codes) -> Float64:
    """Return the score of the gaps of each pair, shape (pairs,), not weighed by their span."""
    low, middle, high = _quantiles(gaps, pair, number, (0.25, 0.5, 0.75))
    width = high - low
    flat = (width < LEAST_SPREAD_NS) | (middle == low) | (middle == high)
    skew = np.where(flat, 0.0, ratio(high + low - 2 * middle, np.where(flat, 1.0, width), 0.0))
    away = np.abs(gaps - np.rint(middle[pair])).astype(np.int64)
    (spread,) = _quantiles(away, pair, number, (0.5,))
    steady = np.where(middle < SECOND_NS, 1.0, np.maximum(ratio(middle - spread, middle, 0.0), 0.0))
    return (1 - np.abs(skew) + steady) / 2


def _quantiles(values: Codes, pair: Codes, number: Codes, shares: tuple[float, ...]) -> list[Float64]:
    """Return quantiles of the values of each pair, interpolated between neighbours, each of shape (pairs,)."""
    if not len(values):
        return [np.zeros(len(number)) for _ in shares]
    # Pair and value in one number, the value cut to what fits: sorting plain integers is many times faster.
    room = 62 - len(number).bit_length()
    cut = max(int(values.max()).bit_length() - room, 0)
    ordered = np.sort(pair << room | values >> cut) & ((1 << room) - 1)
    start = np.cumsum(number) - number
    result = []
    for share in shares:
        place = share * np.maximum(number - 1, 0)
        below = np.floor(place).astype(np.int64)
        left = ordered[np.minimum(start + below, len(ordered) - 1)]
        right = ordered[np.minimum(start + np.minimum(below + 1, np.maximum(number - 1, 0)), len(ordered) - 1)]
        result.append((left + (place - below) * (right - left)) * float(1 << cut))
    return result
