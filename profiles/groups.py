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
from netad.ingest.flows import CONN_STATES, FAILED_STATES, Column
from netad.profiles.digest import mix
from netad.profiles.in_order import InOrder

Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]

# Link-local addresses belong to the site whatever networks it names; so do multicast and broadcast destinations.
LINK_LOCAL = Networks.parse(("169.254.0.0/16", "fe80::/10"))
MANY = Networks.parse(("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"))

# TCP, UDP, DCCP, SCTP, UDP-Lite.
_PORTED = np.zeros(256, dtype=bool)
_PORTED[[6, 17, 33, 132, 136]] = True
_ICMP = np.zeros(256, dtype=bool)
_ICMP[[1, 58]] = True
_FAILED = np.zeros(256, dtype=bool)
_FAILED[[CONN_STATES.index(state) for state in FAILED_STATES]] = True

PORT_COLUMNS = ("protocol", "resp_port")
STATE_COLUMNS = ("protocol", "conn_state")
GROUP_KEYS = ("slot", "window", "orig_hi", "orig_lo")
# Sums of c log2 c are kept in steps of 2^-20: such sums are exact in float64, so their order does not matter.
# Things so few that a table of all pairs has at most so many entries a slice are counted without sorting.
_FEW = 8
_STEPS = float(1 << 20)
_V4_NETWORK, _V6_NETWORK = np.uint64(0xFFFFFFFFFFFFFF00), np.uint64(0xFFFFFFFFFFFF0000)
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


def distinct_pairs(group: Codes, code: Codes, width: int) -> tuple[Codes, Codes, Codes]:
    """Return group, code and number of occurrences of each distinct pair, in order; codes are below `width`."""
    keys = np.sort(group * width + code)
    starts = run_starts(keys)
    return keys[starts] // width, keys[starts] % width, np.diff(starts, append=len(keys))


def run_starts(ordered: NDArray[Any]) -> NDArray[np.intp]:
    """Return where each run of equal values begins, shape (runs,)."""
    if not len(ordered):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


@dataclass(frozen=True)
class Contacts:
    """How often each group met each distinct thing (a destination, a port): one entry a pair, in order, shape (r,).

    Attributes:
        group: the group.
        code: the thing.
        count: slices of the group that met it.
        failed: slices among them that failed.
        groups: how many groups there are.
    """

    group: Codes
    code: Codes
    count: Codes
    failed: Codes
    groups: int

    def gather(self, code_of: Codes) -> "Contacts":
        """Return the contacts with coarser things: `code_of` holds the new code of each old one."""
        return self.renamed(code_of[self.code])

    def renamed(self, code: Codes) -> "Contacts":
        """Return the contacts with another code for each pair, shape (r,); pairs that become equal are one."""
        width = int(code.max()) + 1 if len(code) else 1
        keys = self.group * width + code
        if not len(keys):
            return self
        order = np.argsort(keys)
        ordered = keys.take(order)
        starts = run_starts(ordered)
        count, failed = (np.add.reduceat(values.take(order), starts) for values in (self.count, self.failed))
        return Contacts(ordered[starts] // width, ordered[starts] % width, count, failed, self.groups)

    def select(self, which: Mask) -> "Contacts":
        """Return the pairs that a mask of shape (r,) names."""
        return Contacts(self.group[which], self.code[which], self.count[which], self.failed[which], self.groups)

    def unique(self) -> Float64:
        """Return how many distinct things each group met, shape (g,)."""
        return np.bincount(self.group, minlength=self.groups).astype(np.float64)

    def total(self) -> Float64:
        """Return how many slices of each group met one of the things, shape (g,)."""
        # Sums of whole numbers in float64 are exact.
        return np.bincount(self.group, weights=self.count, minlength=self.groups).astype(np.float64)

    def top_share(self) -> Float64:
        """Return the share of the most frequent thing, shape (g,); 0 for a group that met none."""
        top = np.zeros(self.groups)
        np.maximum.at(top, self.group, self.count.astype(np.float64))
        return ratio(top, self.total(), 0.0)

    def entropy(self) -> Float64:
        """Return Shannon's entropy over its greatest value, H / log2 n with n distinct things; 0 for one or none."""
        count = self.count.astype(np.float64)
        steps = np.rint(count * np.log2(count) * _STEPS)
        total = self.total()
        inner = ratio(np.bincount(self.group, weights=steps, minlength=self.groups) / _STEPS, total, 0.0)
        bits = np.log2(np.maximum(total, 1.0)) - inner
        return np.clip(ratio(bits, np.log2(np.maximum(self.unique(), 1.0)), 0.0), 0.0, 1.0)


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

    columns: InOrder
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
        which: Mask | None = None,
    ) -> "Groups":
        """Sort slices into groups of equal `GROUP_KEYS`, n >= 1.

        `columns` holds FlowBatch columns, `slot` and `window` (int64) and `carries` (an index into `carried`), each of
        shape (n,); what a slice's input does not carry is zero there. `measured` names the columns that features read,
        `which` the slices that are meant.
        """
        meant = columns if which is None else InOrder(columns, np.flatnonzero(which))
        # Hardly anything is ever late: then slots are windows.
        keys = GROUP_KEYS[1:] if np.array_equal(meant["slot"], meant["window"]) else GROUP_KEYS
        codes, size = dense_codes(*(meant[key] for key in keys))
        order = _canonical_order(meant, codes, size, measured)
        index = codes.take(order)
        rows = order if which is None else np.flatnonzero(which)[order]
        return cls(InOrder(columns, rows), run_starts(index), index, inside, carried)

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
        # Mostly all are named, and choosing costs more than looking.
        if which is None or which.all():
            return np.maximum.reduceat(floats, self.starts)
        greatest = np.maximum.reduceat(np.where(which, floats, -np.inf), self.starts)
        return np.where(np.isneginf(greatest), np.nan, greatest)

    def contacts(self, codes: Column, which: Mask | None = None) -> Contacts:
        """Count for each group how often each code (shape (n,), not negative) occurs where the mask says so."""
        groups, failed = self.index, self.failed
        if which is not None:
            groups, codes, failed = groups[which], codes[which], failed[which]
        width = int(codes.max()) + 1 if len(codes) else 1
        # The last bit says whether the slice failed: one sort counts both.
        keys = groups * width
        keys += codes
        keys <<= 1
        keys |= failed
        if len(self) * width * 2 <= _FEW * len(keys):
            return self._counted(np.bincount(keys, minlength=len(self) * width * 2).reshape(-1, 2), width)
        keys.sort()
        pairs = keys >> 1
        starts = run_starts(pairs)
        count = np.diff(starts, append=len(keys))
        bad = np.add.reduceat(keys & 1, starts) if len(starts) else count
        return Contacts(pairs[starts] // width, pairs[starts] % width, count, bad, len(self))

    def _met(self, things: Codes, columns: tuple[str, ...]) -> Contacts:
        """Count things that are few but have wide codes, where the input carries the columns they are made of."""
        if int(things.max()) < 1 << 16:
            distinct = np.flatnonzero(np.bincount(things))
            table = np.zeros(1 << 16, dtype=np.int64)
            table[distinct] = np.arange(len(distinct))
            codes = table[things]
        else:
            codes, distinct = pd.factorize(things)
        met = self.contacts(codes.astype(np.int64, copy=False), self.carrying(*columns))
        return met.renamed(distinct[met.code])

    def _counted(self, table: NDArray[np.int64], width: int) -> Contacts:
        """Return the contacts that a table of (slices that went well, that failed) for every pair holds."""
        pairs = np.flatnonzero(table[:, 0] + table[:, 1])
        well, failed = table[pairs].T
        return Contacts(pairs // width, pairs % width, well + failed, failed, len(self))

    @cached_property
    def met_destinations(self) -> Contacts:
        """What destinations each group met; codes are those of `destinations`."""
        return self.contacts(self.destinations)

    @cached_property
    def destination_example(self) -> NDArray[np.intp]:
        """For each code of `destinations` a slice that went there, shape (codes,)."""
        example = np.zeros(int(self.destinations.max()) + 1, dtype=np.intp)
        example[self.destinations] = np.arange(len(self.destinations))
        return example

    @cached_property
    def met_networks(self) -> Contacts:
        """What networks (/24, /48 of IPv6) each group met; a code is that of a destination in it."""
        high, low = self["resp_hi"][self.destination_example], self["resp_lo"][self.destination_example]
        codes, size = dense_codes(*network_of(high, low))
        example = np.zeros(size, dtype=np.int64)
        example[codes] = np.arange(len(codes))
        return self.met_destinations.gather(example[codes])

    @cached_property
    def met_ports(self) -> Contacts:
        """What each group met as code protocol << 16 | port; the port is ICMP's type, 0 for what has neither."""
        protocol, port = self["protocol"], self["resp_port"] * self.ported
        icmp = np.flatnonzero(_ICMP[protocol])
        if "orig_port" in self.columns:
            port[icmp] = self["orig_port"][icmp]
        return self._met(protocol.astype(np.int64) << 16 | port, PORT_COLUMNS)

    @cached_property
    def met_port_numbers(self) -> Contacts:
        """What port numbers each group met, of all protocols that have ports."""
        met = self.met_ports.select(np.asarray(_PORTED[self.met_ports.code >> 16]))
        return met.renamed(met.code & 0xFFFF)

    @cached_property
    def met_states(self) -> Contacts:
        """What each group met as code protocol << 8 | index into CONN_STATES; slices without a state left out."""
        return self._met(self["protocol"].astype(np.int64) << 8 | self["conn_state"], STATE_COLUMNS)

    @cached_property
    def failed(self) -> Mask:
        """Which slices failed (netad.ingest.flows.FAILED_STATES), shape (n,); none whose input tells no state."""
        carrying = self.carrying("conn_state")
        if "conn_state" not in self.columns:
            return np.zeros(len(self.index), dtype=bool)
        failed = np.asarray(_FAILED[self["conn_state"]])
        return failed if carrying is None else failed & carrying

    def carrying(self, *names: str) -> Mask | None:
        """Tell which slices come from inputs that carry all these columns, shape (n,); None for all slices."""
        carries = np.array([carried.issuperset(names) for carried in self.carried])
        return None if carries.all() else carries[self["carries"]]

    @cached_property
    def inside_destination(self) -> Mask:
        """Tell which codes of `destinations` belong to the site itself, shape (codes,)."""
        high, low = self["resp_hi"][self.destination_example], self["resp_lo"][self.destination_example]
        return is_inside(self.inside, high, low) | MANY.contains(high, low)

    def counts(self, codes: Column, width: int) -> Float64:
        """Count how often each code below `width` (few) occurs in each group, shape (g, width)."""
        found = np.bincount(self.index * width + codes, minlength=len(self) * width)
        return found.reshape(len(self), width).astype(np.float64)

    def median(self, values: NDArray[np.int64]) -> Float64:
        """Return the median of whole numbers from 0 to 2^40 (greater ones count as that) in each group, shape (g,)."""
        # Group and value in one number: sorting plain integers is many times faster than sorting by two keys.
        ordered = np.sort(self.index << 40 | np.clip(values, 0, (1 << 40) - 1)) & ((1 << 40) - 1)
        count = np.diff(self.starts, append=len(self.index))
        return np.asarray((ordered[self.starts + (count - 1) // 2] + ordered[self.starts + count // 2]) / 2)

    def lacking(self, needs: tuple[str, ...]) -> Mask:
        """Tell which groups hold a slice whose input lacks one of the columns, shape (g,)."""
        lacks = np.array([not carried.issuperset(needs) for carried in self.carried])
        if not lacks.any():
            return np.zeros(len(self), dtype=bool)
        return np.logical_or.reduceat(lacks[self["carries"]], self.starts)


def network_of(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the networks that hold addresses as their first addresses, (high, low): /24, or /48 of IPv6."""
    v4 = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    return np.where(v4, high, high & _V6_NETWORK), np.where(v4, low & _V4_NETWORK, np.uint64(0))


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
    ranked = keys.take(order)
    tied = np.flatnonzero(ranked[1:] == ranked[:-1])
    if len(tied):
        places = np.unique(np.concatenate((tied, tied + 1)))
        rows = order[places]
        names = sorted(measured - {*GROUP_KEYS, "resp_hi", "resp_lo", "first_ns", "last_ns"})
        values = [columns[name][rows] if name in columns else None for name in names]
        values.append(columns["last_ns"][rows] - first[rows])
        order[places] = rows[np.lexsort((mix(values, len(rows), _TIE_SEED), ranked[places]))]
    return order
