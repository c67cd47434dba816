"""Sets of hashes that stay small: sorted and cut to as many bits as a bound on wrong answers needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netad.profiles.digest import UInt64
from netad.profiles.groups import Mask, run_starts

MOST_BITS = 40
# Below this a set of a few thousand items would answer at random.
LEAST_BITS = 12
# Sets up to this size stay in the processor's cache, where the order of searches does not matter.
_NEAR = 1 << 14


@dataclass(frozen=True)
class ItemSet:
    """A set of 64-bit hashes of which the highest `bits` are kept, distinct and ascending, shape (n,).

    An item that is in the set is always found. One that is not is taken for a member with the probability
    `false_positive_rate`, n / 2^bits: 1e-5 for ten million items of 40 bits.
    """

    bits: int
    heads: UInt64

    @classmethod
    def of(cls, items: UInt64, bits: int = MOST_BITS) -> "ItemSet":
        """Return the set of hashes, shape (n,), in any order and with repetitions."""
        return cls(bits, _distinct(np.sort(items >> np.uint64(64 - bits))))

    def __len__(self) -> int:
        return len(self.heads)

    @property
    def false_positive_rate(self) -> float:
        """The probability that an item that is not in the set is taken for a member."""
        return float(len(self.heads)) / float(1 << self.bits)

    def holds(self, items: UInt64) -> Mask:
        """Tell which hashes are in the set, shape (n,)."""
        if not len(self.heads):
            return np.zeros(len(items), dtype=bool)
        heads = items >> np.uint64(64 - self.bits)
        if len(self.heads) <= _NEAR:
            return self._at(heads)
        # In order, so that neighbouring searches touch neighbouring memory.
        order = np.argsort(heads)
        found = np.empty(len(items), dtype=bool)
        found[order] = self._at(heads[order])
        return found

    def _at(self, heads: UInt64) -> Mask:
        places = np.minimum(np.searchsorted(self.heads, heads), len(self.heads) - 1)
        return np.asarray(self.heads[places] == heads)

    def cut(self, bits: int) -> "ItemSet":
        """Return the set with at most so many bits of each hash."""
        if bits >= self.bits:
            return self
        return ItemSet(bits, _distinct(self.heads >> np.uint64(self.bits - bits)))

    def union(self, other: "ItemSet") -> "ItemSet":
        """Return the set of what either holds, with as many bits as the shorter one has."""
        bits = min(self.bits, other.bits)
        both = np.concatenate((self.cut(bits).heads, other.cut(bits).heads))
        # Two ascending runs: the stable sort merges them.
        return ItemSet(bits, _distinct(np.sort(both, kind="stable")))

    def sound(self) -> bool:
        """Tell whether what was read from a file is a set."""
        heads = self.heads
        ascending = bool(np.all(heads[1:] > heads[:-1]))
        return (
            LEAST_BITS <= self.bits <= MOST_BITS and ascending and (not len(heads) or int(heads[-1]) >> self.bits == 0)
        )


def _distinct(ordered: UInt64) -> UInt64:
    """Return the distinct ones of ascending numbers. np.unique would hash them: a hundred times slower for millions."""
    return ordered[run_starts(ordered)]


def bits_within(sizes: Sequence[int], most_bytes: int) -> list[int]:
    """Return how many bits the hashes of sets of these sizes may have, so that all sets fit into so many bytes.

    Sorted hashes are kept as differences: n hashes of b bits cost about b - log2(n) + 2.7 bits each (the differences
    are exponentially distributed; every 32 are packed as wide as the widest). Large sets give up bits until all fit,
    each down to the same false positive rate; small ones, which would gain nothing, keep all of theirs.
    """
    large = [size > most_bytes // 500 for size in sizes]
    for quarters in range(4 * MOST_BITS, 3, -1):
        bits = [_bits(size, quarters / 4) if one else MOST_BITS for size, one in zip(sizes, large, strict=True)]
        need = sum(size * (one - np.log2(size) + 2.7) / 8 for size, one in zip(sizes, bits, strict=True) if size)
        if need <= most_bytes:
            break
    return bits


def _bits(size: int, spare: float) -> int:
    return min(max(int(np.log2(max(size, 1)) + spare), LEAST_BITS), MOST_BITS)
