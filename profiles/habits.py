"""How often each host uses what it uses (ports, connection states), and how surprising a use is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from netad.profiles.digest import UInt64, mix
from netad.profiles.groups import Float64, run_starts

Int64 = NDArray[np.int64]

# Added to every share: what nobody ever used surprises by 9.2.
LEAST_SHARE = 1e-4
# So many flows of the baseline are put beside a host's own, which are few at first.
BASELINE_FLOWS = 10.0
# A host keeps its most used items; a scanner in the training data would keep 65,536 ports.
MOST_ITEMS_A_HOST = 256
_SEED = 0xC0AC29B7C97C50DD


@dataclass(frozen=True)
class Habits:
    """How many flows each host spent on each item: one entry a pair, sorted by host and item, shape (n,)."""

    host: UInt64
    item: UInt64
    count: Int64

    @classmethod
    def of(cls, host: UInt64, item: UInt64, count: Int64) -> "Habits":
        """Gather counts, shape (n,), in any order and with repetitions."""
        order = np.lexsort((item, host))
        host, item, count = host[order], item[order], count[order]
        starts = first_of_runs_of_pairs(host, item)
        if not len(starts):
            return cls(host, item, count)
        return cls(host[starts], item[starts], np.add.reduceat(count, starts))._bounded()

    def merge(self, other: "Habits") -> "Habits":
        """Return the habits of both together."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("host", "item", "count"))
        return Habits.of(*(np.concatenate(pair) for pair in pairs))

    def surprise(self, item: UInt64) -> Float64:
        """Return how surprising a flow to each item is, shape (n,): -ln(share + `LEAST_SHARE`), at least 0.

        The share is the mean over hosts of the host's own share, so that one busy host does not say what is normal.
        """
        return _surprise(self._share_of(item))

    def own_surprise(self, host: UInt64, item: UInt64) -> Float64:
        """Return how surprising a flow to each item is for each host, shape (n,).

        -ln(p + `LEAST_SHARE`), at least 0, with p = (c + m s) / (C + m): the host's flows c to the item of all C, with
        m = `BASELINE_FLOWS` at the shares s of the baseline (a Dirichlet prior; D. MacKay, L. Bauman Peto, "A
        hierarchical Dirichlet language model", 1995). A host without habits is as surprising as the baseline.
        """
        keys, counts = self._pairs
        count = _lookup(keys, counts, _pair_keys(host, item))
        total = _lookup(self._hosts, self._totals, host)
        share = (count + BASELINE_FLOWS * self._share_of(item)) / (total + BASELINE_FLOWS)
        return _surprise(share)

    def pooled(self, hosts: UInt64, groups: UInt64) -> "Habits":
        """Return the habits of groups: `groups` says where each of the sorted `hosts` belongs, shape (h,)."""
        return Habits.of(groups[np.searchsorted(hosts, self.host)], self.item, self.count)

    def _share_of(self, item: UInt64) -> Float64:
        items, shares = self._shares
        return _lookup(items, shares, item)

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        return run_starts(self.host)

    @cached_property
    def _hosts(self) -> UInt64:
        return self.host[self._starts]

    @cached_property
    def _totals(self) -> Float64:
        if not len(self.host):
            return np.empty(0)
        return np.add.reduceat(self.count, self._starts).astype(np.float64)

    @cached_property
    def _shares(self) -> tuple[UInt64, Float64]:
        """Return the items, sorted, and the mean over hosts of their shares."""
        each = np.diff(self._starts, append=len(self.host))
        own = self.count / np.repeat(self._totals, each)
        items, code = np.unique(self.item, return_inverse=True)
        return items, np.bincount(code, weights=own, minlength=len(items)) / max(len(self._hosts), 1)

    @cached_property
    def _pairs(self) -> tuple[UInt64, Float64]:
        keys = _pair_keys(self.host, self.item)
        order = np.argsort(keys)
        return keys[order], self.count[order].astype(np.float64)

    def _bounded(self) -> "Habits":
        """Keep the most used items of each host."""
        starts = run_starts(self.host)
        if not len(starts) or np.diff(starts, append=len(self.host)).max() <= MOST_ITEMS_A_HOST:
            return self
        order = np.lexsort((self.item, -self.count, self.host))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
        kept = np.sort(order[rank < MOST_ITEMS_A_HOST])
        return Habits(self.host[kept], self.item[kept], self.count[kept])


def first_of_runs_of_pairs(first: UInt64, second: UInt64) -> NDArray[np.intp]:
    """Return where each run of equal pairs begins, shape (runs,)."""
    if not len(first):
        return np.empty(0, dtype=np.intp)
    changed = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return np.flatnonzero(np.concatenate(([True], changed)))


def _surprise(share: Float64) -> Float64:
    return np.asarray(-np.log(np.minimum(share + LEAST_SHARE, 1.0)))


def _pair_keys(host: UInt64, item: UInt64) -> UInt64:
    return mix((item, host), len(item), _SEED)


def _lookup(keys: UInt64, values: Float64, asked: UInt64) -> Float64:
    """Return the value of each key that was asked for, shape (n,); 0 for one that is not among the sorted `keys`."""
    if not len(keys):
        return np.zeros(len(asked))
    places = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[places] == asked, values[places], 0.0)
