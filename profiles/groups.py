"""Slices grouped by source and window: brought into one canonical order, then reduced over all groups at once.

The order depends on what the slices hold and on nothing else, so sums of floats come out bit for bit the same however
the slices arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.ingest.flows import Column
from netad.profiles.digest import mix

Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]

# Link-local addresses belong to the site whatever networks it names; so do multicast and broadcast destinations.
LINK_LOCAL = Networks.parse(("169.254.0.0/16", "fe80::/10"))
MANY = Networks.parse(("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"))

# TCP, UDP, DCCP, SCTP, UDP-Lite.
_PORTED = np.zeros(256, dtype=bool)
_PORTED[[6, 17, 33, 132, 136]] = True

GROUP_KEYS = ("slot", "window", "orig_hi", "orig_lo")
# Sums of c log2 c are kept in steps of 2^-20: such sums are exact in float64, so their order does not matter.
_STEPS = float(1 << 20)
_TIE_SEED = 0x452821E638D01377


def dense_codes(*keys: Column) -> tuple[Codes, int]:
    """Return codes 0..n-1 of the distinct rows of several columns, ordered as the rows are, and their number n."""
    combined, size = np.zeros(len(keys[0]), dtype=np.int64), 1
    for key in keys:
        if not len(key) or key.min() == key.max():
            continue
        codes, distinct = pd.factorize(key, sort=True)
        if size > 1:
            codes, distinct = pd.factorize(combined * len(distinct) + codes, sort=True)
        combined, size = codes.astype(np.int64, copy=False), len(distinct)
    return combined, size


def ratio(part: Float64, whole: Float64, empty: float) -> Float64:
    """Return part / whole, shape (g,), and `empty` where the whole is nothing."""
    result = np.full(len(part), empty)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


@dataclass(frozen=True)
class Contacts:
    """How often each group met each distinct thing (a destination, a port): one entry a pair, shape (r,)."""

    group: Codes
    count: Codes
    groups: int

    def unique(self) -> Float64:
        """Return how many distinct things each group met, shape (g,)."""
        return np.bincount(self.group, minlength=self.groups).astype(np.float64)

    def top_share(self) -> Float64:
        """Return the share of the most frequent thing, shape (g,); 0 for a group that met none."""
        top = np.zeros(self.groups)
        np.maximum.at(top, self.group, self.count.astype(np.float64))
        return ratio(top, self._total(), 0.0)

    def entropy(self) -> Float64:
        """Return Shannon's entropy over its greatest value, H / log2 n with n distinct things; 0 for one or none."""
        count = self.count.astype(np.float64)
        steps = np.rint(count * np.log2(count) * _STEPS)
        total = self._total()
        inner = ratio(np.bincount(self.group, weights=steps, minlength=self.groups) / _STEPS, total, 0.0)
        bits = np.log2(np.maximum(total, 1.0)) - inner
        return np.clip(ratio(bits, np.log2(np.maximum(self.unique(), 1.0)), 0.0), 0.0, 1.0)

    def _total(self) -> Float64:
        return np.bincount(self.group, weights=self.count, minlength=self.groups).astype(np.float64)


@dataclass(frozen=True)
class Groups:
    """Slices sorted by group, and inside a group by start.

    Attributes:
        columns: FlowBatch columns of the slices, each of shape (n,), and `slot`, `window` and `carries` (see `build`).
        starts: where in the columns each group begins, shape (g,).
        index: the group of each slice, shape (n,).
        inside: the networks that count as inside.
        carried: for each value of the column `carries`, the columns that the input of such a slice carries.
    """

    columns: Mapping[str, Column]
    starts: NDArray[np.intp]
    index: Codes
    inside: Networks
    carried: tuple[frozenset[str], ...]

    @classmethod
    def build(
        cls,
        columns: Mapping[str, Column],
        inside: Networks,
        carried: tuple[frozenset[str], ...],
        measured: frozenset[str],
    ) -> "Groups":
        """Sort slices into groups of equal `GROUP_KEYS`, n >= 1.

        `columns` holds FlowBatch columns, `slot` and `window` (int64) and `carries` (an index into `carried`), each of
        shape (n,); what a slice's input does not carry is zero there. `measured` names the columns that features read.
        """
        codes, size = dense_codes(*(columns[key] for key in GROUP_KEYS))
        order = _canonical_order(columns, codes, size, measured)
        index = codes[order]
        starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
        return cls({name: column[order] for name, column in columns.items()}, starts, index, inside, carried)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    @cached_property
    def count(self) -> Float64:
        """Slices of each group, shape (g,)."""
        return np.diff(self.starts, append=len(self.index)).astype(np.float64)

    @cached_property
    def destinations(self) -> Codes:
        """A code for the destination of each slice, shape (n,)."""
        return dense_codes(self["resp_hi"], self["resp_lo"])[0]

    @cached_property
    def ported(self) -> Mask:
        """Which slices have ports, shape (n,). ICMP keeps type and code in the port columns."""
        return np.asarray(_PORTED[self["protocol"]])

    @cached_property
    def sent(self) -> Float64:
        """Packets sent by each group, shape (g,)."""
        return self.sum(self["orig_packets"])

    def sum(self, values: Column) -> Float64:
        """Return the sum over each group, shape (g,). Float64, so that counters of a hostile log cannot wrap."""
        # Cast first: a cast inside reduceat works in chunks, which would make the order of additions depend on where
        # in the table a group lies.
        return np.add.reduceat(values.astype(np.float64, copy=False), self.starts)

    def share(self, which: Mask) -> Float64:
        """Return the share of each group's slices that a mask of shape (n,) names, shape (g,)."""
        return self.sum(which) / self.count

    def min(self, values: Column, which: Mask | None = None) -> Float64:
        """Return the least value of each group among those that the mask names, shape (g,); NaN without any."""
        return -self.max(-values.astype(np.float64), which)

    def max(self, values: Column, which: Mask | None = None) -> Float64:
        """Return the greatest value of each group among those that the mask names, shape (g,); NaN without any."""
        floats = values.astype(np.float64, copy=False)
        if which is None:
            return np.maximum.reduceat(floats, self.starts)
        greatest = np.maximum.reduceat(np.where(which, floats, -np.inf), self.starts)
        return np.where(np.isneginf(greatest), np.nan, greatest)

    def contacts(self, codes: Column, which: Mask | None = None) -> Contacts:
        """Count for each group how often each code (shape (n,), not negative) occurs where the mask says so."""
        groups, codes = (self.index, codes) if which is None else (self.index[which], codes[which])
        width = int(codes.max()) + 1 if len(codes) else 1
        keys = np.sort(groups * width + codes.astype(np.int64, copy=False))
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else keys
        return Contacts(keys[starts] // width, np.diff(starts, append=len(keys)), len(self))

    def inside_destination(self) -> Mask:
        """Tell which slices went to the site itself, shape (n,)."""
        example = np.zeros(int(self.destinations.max()) + 1, dtype=np.intp)
        example[self.destinations] = np.arange(len(self.destinations))
        high, low = self["resp_hi"][example], self["resp_lo"][example]
        return (is_inside(self.inside, high, low) | MANY.contains(high, low))[self.destinations]

    def lacking(self, needs: tuple[str, ...]) -> Mask:
        """Tell which groups hold a slice whose input lacks one of the columns, shape (g,)."""
        lacks = np.array([not carried.issuperset(needs) for carried in self.carried])
        if not lacks.any():
            return np.zeros(len(self), dtype=bool)
        return np.logical_or.reduceat(lacks[self["carries"]], self.starts)


def is_inside(inside: Networks, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> Mask:
    """Tell which addresses are inside, shape (n,): those of the inside networks and all link-local ones."""
    return inside.contains(high, low) | LINK_LOCAL.contains(high, low)


def _canonical_order(columns: Mapping[str, Column], codes: Codes, size: int, measured: frozenset[str]) -> NDArray[Any]:
    """Sort by group and start; slices that start together by a hash of what features read of them.

    Neither addresses nor absolute time enter that hash: they must not reach a feature, not even its last bit.
    """
    first = columns["first_ns"]
    least, span = int(first.min()), int(first.max()) - int(first.min()) + 1
    if size * span < 1 << 63:
        keys = codes * span + (first - least)
        order = np.argsort(keys)
    else:
        # The pair does not fit into 64 bits: its rank does.
        keys, _ = dense_codes(codes, first)
        order = np.argsort(keys)
    ranked = keys[order]
    tied = np.flatnonzero(ranked[1:] == ranked[:-1])
    if len(tied):
        places = np.unique(np.concatenate((tied, tied + 1)))
        rows = order[places]
        names = sorted(measured - {*GROUP_KEYS, "resp_hi", "resp_lo", "first_ns", "last_ns"})
        values = [columns[name][rows] if name in columns else None for name in names]
        values.append(columns["last_ns"][rows] - first[rows])
        order[places] = rows[np.lexsort((mix(values, len(rows), _TIE_SEED), ranked[places]))]
    return order
