"""Mixing columns into one 64-bit number a row, and an order-free digest of a set of rows.

For telling sets of flows apart, not for security: whoever can write the input can also make two sets collide.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import Column

UInt64 = NDArray[np.uint64]

# What makes a slice the one it is. A column that the input does not carry counts as zero.
DIGEST_COLUMNS = (
    "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol", "vlan", "first_ns", "last_ns",
    "orig_packets", "resp_packets",
)  # fmt: skip

_LANES = (0x243F6A8885A308D3, 0x13198A2E03707344)
_GOLDEN, _FIRST, _SECOND = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def mix(columns: Iterable[Column | None], rows: int, seed: int) -> UInt64:
    """Return one well-mixed number a row, shape (rows,); the columns count in their order, None as zeros.

    Each column goes through a round of splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014).
    """
    state = np.full(rows, seed, dtype=np.uint64)
    for column in columns:
        if column is not None:
            state ^= _words(column)
        state += _GOLDEN
        state ^= state >> np.uint64(30)
        state *= _FIRST
        state ^= state >> np.uint64(27)
        state *= _SECOND
        state ^= state >> np.uint64(31)
    return state


def _words(column: Column) -> UInt64:
    if column.dtype == np.float64:
        return np.ascontiguousarray(column).view(np.uint64)
    return column.astype(np.uint64)


def set_digests(columns: Mapping[str, Column], starts: NDArray[Any]) -> list[str]:
    """Return a digest of 32 hexadecimal digits for every run of slices that begins at one of `starts`, shape (g,).

    Two lanes of row hashes, summed modulo 2^64: neither the order of the slices nor the batches they came in matter.
    """
    rows = len(columns["last_ns"])
    if not len(starts):
        return []
    lanes = [
        np.add.reduceat(mix((columns.get(name) for name in DIGEST_COLUMNS), rows, seed), starts) for seed in _LANES
    ]
    return [f"{first:016x}{second:016x}" for first, second in zip(lanes[0].tolist(), lanes[1].tolist(), strict=True)]
