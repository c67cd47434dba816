"""Growing the trees of an isolation forest: those that scikit-learn grows, in a hundredth of its time."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LARGEST = (1 << 31) - 1
# Values of a node that differ by less count as equal.
_LEAST_SPAN = np.float32(1e-7)


def grow_trees(
    matrix: Float32, columns: NDArray[np.intp], count: int, sample: int, seed: int
) -> dict[str, NDArray[Any]]:
    """Grow trees over some columns of a matrix, shape (n, f), each from `sample` of its rows drawn by seed.

    Liu, Ting, Zhou, "Isolation forest" (ICDM 2008): a node is cut at a random place between the least and the greatest
    value of a random column, until rows are alone or the tree is log2 of the sample deep. Random numbers are drawn as
    scikit-learn's IsolationForest draws them (the stream of NumPy's RandomState does not change), so that its forest
    of the same seed is the same one.

    Returns:
        The nodes of all trees, one tree after the other, each level by level, so that brothers stand side by side:
        `feature` (a column of the matrix), `threshold`, `left` (a place in its tree; a leaf's is its own) and `path`
        of each node, and of each tree `depths` and `sizes`, its number of nodes.
    """
    part = np.take(matrix, columns, axis=1)
    rows, starts = _drawn(len(part), count, min(sample, len(part)), seed)
    deepest = int(np.ceil(np.log2(max(rows.shape[1], 2))))
    most = 2 * rows.shape[1] - 1
    feature, left = np.zeros((count, most), dtype=np.int32), np.zeros((count, most), dtype=np.int32)
    threshold, level = np.full((count, most), np.inf), np.zeros((count, most))
    held, sizes = np.zeros((count, most), dtype=np.int64), np.zeros(count, dtype=np.int64)
    _grow(part, rows, starts, deepest, feature, threshold, left, level, held, sizes)
    there = np.arange(most) < sizes[:, np.newaxis]
    cut, at = feature[there], threshold[there]
    leaf = np.isposinf(at)
    return {
        "feature": np.where(leaf, 0, columns[cut]).astype(np.int32),
        "threshold": _float32_below(at),
        "left": left[there],
        "path": np.where(leaf, level[there] + average_path(held[there].astype(np.float64)), 0.0),
        "depths": np.where(there, level, 0.0).max(axis=1).astype(np.int32),
        "sizes": sizes,
    }


def average_path(leaves: Float64) -> Float64:
    """Return the average path length of an unsuccessful search among n points, c(n) of the paper, shape of `leaves`."""
    several = np.maximum(leaves, 3.0)
    rest = 2.0 * (np.log(several - 1.0) + np.euler_gamma) - 2.0 * (several - 1.0) / several
    return np.where(leaves <= 1, 0.0, np.where(leaves <= 2, 1.0, rest))


def _drawn(rows: int, count: int, sample: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the rows of each tree, ascending, shape (count, sample), and what its random numbers begin with."""
    state = np.random.RandomState(seed)
    drawn = np.empty((count, sample), dtype=np.int64)
    starts = np.empty(count, dtype=np.uint32)
    for tree, own in enumerate(state.randint(_LARGEST, size=count).tolist()):
        # One generator seeded anew: making one takes ten times as long.
        state.seed(own)
        drawn[tree] = np.sort(state.permutation(rows)[:sample]) if sample < rows else np.arange(rows)
        state.seed(own)
        state.seed(state.randint(_LARGEST))
        starts[tree] = state.randint(0, _LARGEST)
    return drawn, starts


def _float32_below(values: Float64) -> Float32:
    """Return the largest float32 at or below each value: for float32 values it decides as the value itself does."""
    result = values.astype(np.float32)
    above = result.astype(np.float64) > values
    result[above] = np.nextafter(result[above], np.float32(-np.inf))
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def _random(state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the next of a row of 31-bit numbers (G. Marsaglia, "Xorshift RNGs", 2003); `state` has the shape (1,)."""
    x = state[0] if state[0] != np.uint32(0) else np.uint32(1)
    x = np.uint32(x ^ np.uint32(x << np.uint32(13)))
    x = np.uint32(x ^ np.uint32(x >> np.uint32(17)))
    x = np.uint32(x ^ np.uint32(x << np.uint32(5)))
    state[0] = x
    return np.int64(x & np.uint32(0x7FFFFFFF))


@njit(cache=True, nogil=True, error_model="numpy")
def _grow(matrix, rows, starts, deepest, feature, threshold, left, level, held, sizes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Grow a tree from each row of `rows`, into the same row of the arrays after it (see `grow_trees`)."""
    most = feature.shape[1]
    columns, constants = np.empty(matrix.shape[1], dtype=np.int64), np.empty(matrix.shape[1], dtype=np.int64)
    # First nodes are numbered as they are grown, a left branch before the right one.
    cut, at = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.float64)
    children, deep = np.empty((most, 2), dtype=np.int64), np.empty(most, dtype=np.int64)
    count, order = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    # Of a branch to grow: first and last row, depth, parent, side, columns known to be constant.
    waiting = np.empty((deepest + 2, 6), dtype=np.int64)
    state, values = np.empty(1, dtype=np.uint32), np.empty(rows.shape[1], dtype=np.float32)
    for tree in range(len(rows)):
        members = rows[tree].copy()
        state[0] = starts[tree]
        columns[:] = np.arange(matrix.shape[1])
        nodes, height = 0, 1
        waiting[0] = (0, rows.shape[1], 0, -1, 0, 0)
        while height > 0:
            height -= 1
            first, end, depth, parent, side, known = waiting[height]
            middle = end
            cut[nodes], at[nodes], children[nodes], deep[nodes], count[nodes] = 0, np.inf, -1, depth, end - first
            if depth < deepest and end - first > 1:
                found, chosen, place = _cut(matrix, members, values, first, end, columns, constants, known, state)
                if chosen >= 0:
                    middle = _parted(members, values, first, end, place)
                    cut[nodes], at[nodes] = chosen, place
                    waiting[height] = (middle, end, depth + 1, nodes, 1, found)
                    waiting[height + 1] = (first, middle, depth + 1, nodes, 0, found)
                    height += 2
            if parent >= 0:
                children[parent, side] = nodes
            nodes += 1
        sizes[tree] = nodes
        # Then they are put in order level by level.
        order[0], placed = 0, 1
        for number in range(nodes):
            node = order[number]
            level[tree, number], held[tree, number] = deep[node], count[node]
            left[tree, number] = number
            if children[node, 0] >= 0:
                feature[tree, number], threshold[tree, number], left[tree, number] = cut[node], at[node], placed
                order[placed], order[placed + 1] = children[node]
                placed += 2


@njit(cache=True, nogil=True, error_model="numpy")
def _cut(matrix, members, values, first, end, columns, constants, known, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Draw column and place of a node's cut; return how many columns are constant in it, both, or -1 without a cut.

    `values` holds the column's values of the node's members then. `columns` begins with the `known` constant ones.
    """
    drawn, fresh, last = 0, 0, len(columns)
    chosen, place = -1, np.float64(0)
    while last > known + fresh and chosen < 0:
        pick = drawn + _random(state) % (last - fresh - drawn)
        if pick < known:
            columns[drawn], columns[pick] = columns[pick], columns[drawn]
            drawn += 1
            continue
        pick += fresh
        column = columns[pick]
        least, greatest = np.float32(np.inf), np.float32(-np.inf)
        for number in range(first, end):
            value = matrix[members[number], column]
            values[number] = value
            least, greatest = min(least, value), max(greatest, value)
        if greatest <= np.float32(least + _LEAST_SPAN):
            columns[pick], columns[known + fresh] = columns[known + fresh], column
            fresh += 1
            continue
        last -= 1
        columns[last], columns[pick] = columns[pick], columns[last]
        low, high = np.float64(least), np.float64(greatest)
        place = (high - low) * np.float64(_random(state)) / np.float64(_LARGEST) + low
        if place == high:
            place = low
        chosen = column
    # Brothers and their branches draw from the constant columns in the order in which those were found.
    columns[:known] = constants[:known]
    constants[known : known + fresh] = columns[known : known + fresh]
    return known + fresh, chosen, place


@njit(cache=True, nogil=True, error_model="numpy")
def _parted(members, values, first, end, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Bring the members with values up to `place` before the others; return where these begin."""
    while first < end:
        if values[first] <= place:
            first += 1
        else:
            end -= 1
            values[first], values[end] = values[end], values[first]
            members[first], members[end] = members[end], members[first]
    return end
