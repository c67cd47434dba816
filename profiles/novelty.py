"""Knowledge: what the profiles of a baseline met, and how new what others meet is to it.

A profile is compared with the whole baseline (features `new_*`, `*_surprise_*`), and with the source's past (`own_*`).
A source that the baseline hardly knows is compared with its peers instead: the hosts of a configured network that holds
it, else of its /24 (/64 of IPv6), else with the whole baseline; `known_source` is False then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.profiles.batch import ProfileBatch
from netad.profiles.digest import UInt64, mix
from netad.profiles.groups import Float64, Mask, ratio
from netad.profiles.habits import Habits
from netad.profiles.item_set import ItemSet
from netad.profiles.meetings import MeetingKind, Meetings
from netad.profiles.novelty_features import NOVELTY
from netad.profiles.said import COLUMN

FOLDS = 4
# So many windows of a source make a past that it can be compared with.
LEAST_WINDOWS = 2


class Scope(IntEnum):
    """Whose meetings a set of items holds: everybody's, or pairs of an item with a group of hosts or a host."""

    ALL, PEERS, OWN = range(3)


# Pairs of destinations with groups of hosts would be as many again as those with hosts, and say little more than ALL.
SCOPES: Mapping[MeetingKind, tuple[Scope, ...]] = {
    MeetingKind.DESTINATION: (Scope.ALL, Scope.OWN),
    MeetingKind.NETWORK: (Scope.ALL, Scope.OWN),
    MeetingKind.PORT: (Scope.ALL, Scope.PEERS, Scope.OWN),
    MeetingKind.SERVICE: (Scope.ALL, Scope.PEERS, Scope.OWN),
    MeetingKind.DOMAIN: (Scope.ALL, Scope.PEERS, Scope.OWN),
    MeetingKind.TLS_CLIENT: (Scope.ALL,),
    MeetingKind.USER_AGENT: (Scope.ALL,),
}
HABITS = (MeetingKind.PORT, MeetingKind.STATE)

# A kind is told of in rows that have one of these features; the others are in every input.
_TOLD_BY: Mapping[MeetingKind, tuple[str, ...]] = {
    MeetingKind.PORT: ("unique_destination_ports",),
    MeetingKind.STATE: ("failed_share",),
    MeetingKind.SERVICE: ("named_service_share",),
    MeetingKind.DOMAIN: ("dns_queries", "tls_greetings", "http_requests"),
    MeetingKind.TLS_CLIENT: ("tls_greetings",),
    MeetingKind.USER_AGENT: ("http_requests",),
}
_HOST_SEED, _PEER_SEED, _PAIR_SEED, _FOLD_SEED = (
    0x29B7C97C50DD3F84,
    0xD5B5B54709179216,
    0xD5D98979FB1BD131,
    0x0D95748F728EB658,
)
_V6_PEERS, _V4_PEERS = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0xFFFFFFFFFFFFFF00)


@dataclass(frozen=True)
class Knowledge:
    """What the profiles of a baseline met.

    Attributes:
        hosts: hashes of the sources, ascending, shape (h,).
        peers: hash of each source's group of peers, shape (h,).
        windows: how many profiles each source had, shape (h,).
        sets: by kind and scope the items that were met; kinds that no input told of are absent.
        habits: by kind how often each source met each item.
        peer_networks: networks whose hosts are each other's peers.
    """

    hosts: UInt64
    peers: UInt64
    windows: NDArray[np.int64]
    sets: Mapping[tuple[MeetingKind, Scope], ItemSet] = field(default_factory=dict)
    habits: Mapping[MeetingKind, Habits] = field(default_factory=dict)
    peer_networks: tuple[str, ...] = ()

    @classmethod
    def learn(
        cls, batch: ProfileBatch, *, peer_networks: Sequence[str] = (), hosts: UInt64 | None = None
    ) -> "Knowledge":
        """Return what the profiles of a batch met; all of them count as normal.

        Args:
            batch: the profiles; only frame and meetings are looked at.
            peer_networks: networks in CIDR form whose hosts are each other's peers, several with spaces between
                where they are one group; the first that holds a source counts.
            hosts: who each row's source is, where its address alone does not tell, shape (n,).

        Raises:
            ConfigError: one of the networks is none.
        """
        network_of = _PeerGroups.parse(peer_networks)
        host = host_hash(batch.frame) if hosts is None else hosts
        peer = network_of.hash(batch.frame)
        distinct, first, windows = np.unique(host, return_index=True, return_counts=True)
        sets, habits = {}, {}
        for kind in {*SCOPES, *HABITS}:
            if not _told(batch.frame, kind).any():
                continue
            met = batch.meetings.of_kind(kind)
            for scope in SCOPES.get(kind, ()):
                whose = peer if scope is Scope.PEERS else host
                sets[kind, scope] = ItemSet.of(_keys(kind, scope, met, whose))
            if kind in HABITS:
                habits[kind] = Habits.of(host[met.row], met.item, met.count.astype(np.int64))
        return cls(distinct, peer[first], windows.astype(np.int64), sets, habits, network_of.text)

    def merge(self, other: "Knowledge") -> "Knowledge":
        """Return what both know; where a source's group of peers differs, that of `other` counts."""
        both = np.concatenate((other.hosts, self.hosts))
        hosts, first, inverse = np.unique(both, return_index=True, return_inverse=True)
        windows = np.zeros(len(hosts), dtype=np.int64)
        np.add.at(windows, inverse, np.concatenate((other.windows, self.windows)))
        sets, habits = dict(self.sets), dict(self.habits)
        for name, items in other.sets.items():
            sets[name] = sets[name].union(items) if name in sets else items
        for kind, table in other.habits.items():
            habits[kind] = habits[kind].merge(table) if kind in habits else table
        peers = np.concatenate((other.peers, self.peers))[first]
        return Knowledge(hosts, peers, windows, sets, habits, other.peer_networks)

    def measure(self, batch: ProfileBatch, *, hosts: UInt64 | None = None) -> pd.DataFrame:
        """Return a batch's frame with the features of novelty and `known_source` filled, and what was said as lines.

        `hosts` as in `learn`. Features of a kind that the row's input or the baseline does not tell of stay NaN; so do
        all where nothing is known.
        """
        host = host_hash(batch.frame) if hosts is None else hosts
        known = _lookup_windows(self.hosts, self.windows, host) >= LEAST_WINDOWS
        features = _Measuring(self, batch, host, known).features() if len(self.hosts) else {}
        columns = {name: batch.frame[name] for name in batch.frame.columns}
        said = {COLUMN: batch.said.lines(len(batch), self._met_by_anybody)} if len(batch.said) else {}
        return pd.DataFrame({**columns, **features, "known_source": known, **said})

    @classmethod
    def measure_training(
        cls,
        batch: ProfileBatch,
        *,
        prior: "Knowledge | None" = None,
        peer_networks: Sequence[str] = (),
        hosts: UInt64 | None = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return the frame of training profiles, each measured by what the others know (and `prior`).

        Cross-fitted: against itself nothing would ever be new. The profiles of each source are dealt to `FOLDS` folds,
        and each fold is measured by knowledge of the others.
        """
        host = host_hash(batch.frame) if hosts is None else hosts
        fold = folds_of(batch.frame, host, seed)
        parts = []
        for number in range(FOLDS):
            others, own = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            if not len(own):
                continue
            knowledge = cls.learn(batch.select(others), peer_networks=peer_networks, hosts=host[others])
            if prior is not None:
                knowledge = prior.merge(knowledge)
            parts.append(knowledge.measure(batch.select(own), hosts=host[own]).set_index(own))
        return pd.concat(parts).sort_index() if parts else batch.frame.copy()

    @property
    def false_positive_rate(self) -> float:
        """The greatest probability, over its sets, that something new is taken for known."""
        return max((items.false_positive_rate for items in self.sets.values()), default=0.0)

    @cached_property
    def _pooled(self) -> dict[MeetingKind, Habits]:
        return {kind: table.pooled(self.hosts, self.peers) for kind, table in self.habits.items()}

    def _met_by_anybody(self, kind: MeetingKind, items: UInt64) -> Mask | None:
        met = self.sets.get((kind, Scope.ALL))
        return None if met is None else met.holds(items)

    @cached_property
    def _groups(self) -> UInt64:
        return np.unique(self.peers)

    def save(self, folder: Path) -> None:
        """Write what is known into an existing folder: under 50 MB for ten million destinations.

        Raises:
            OSError: the folder cannot be written.
        """
        from netad.profiles.knowledge_files import save

        save(self, folder)

    @classmethod
    def load(cls, folder: Path) -> "Knowledge":
        """Return what was saved to a folder.

        Raises:
            ModelError: a file is missing or damaged.
        """
        from netad.profiles.knowledge_files import load

        return load(folder)


@dataclass(frozen=True)
class _PeerGroups:
    text: tuple[str, ...]
    networks: tuple[Networks, ...]

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "_PeerGroups":
        parsed = tuple(Networks.parse(text.split()) for text in texts)
        return cls(tuple(" ".join(one.text) for one in parsed), parsed)

    def hash(self, frame: pd.DataFrame) -> UInt64:
        """Return the group of peers of each row's source, shape (n,)."""
        high, low = frame["source_hi"].to_numpy(), frame["source_lo"].to_numpy()
        v4 = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
        result = mix((high & _V6_PEERS, np.where(v4, low & _V4_PEERS, 0)), len(frame), _PEER_SEED)
        for text, network in zip(reversed(self.text), reversed(self.networks), strict=True):
            named = text.encode()
            name = np.frombuffer(named.ljust(max(48, -(-len(named) // 8) * 8)), dtype="<u8")
            result[network.contains(high, low)] = mix(name.reshape(-1, 1), 1, _PEER_SEED)[0]
        return result


@dataclass(frozen=True)
class _Measuring:
    """One batch on its way to its features of novelty."""

    knowledge: Knowledge
    batch: ProfileBatch
    host: UInt64
    known: Mask

    def features(self) -> dict[str, Float64]:
        result = {feature.name: np.full(len(self.batch), np.nan) for feature in NOVELTY}
        for kind in {*SCOPES, *HABITS}:
            told = _told(self.batch.frame, kind)
            met = self.batch.meetings.of_kind(kind)
            values = self._new(kind, met) if (kind, Scope.ALL) in self.knowledge.sets else {}
            if kind in self.knowledge.habits:
                values |= self._surprise(kind, met)
            for name, column in values.items():
                result[name] = np.where(told, column, np.nan)
        return result

    def _new(self, kind: MeetingKind, met: Meetings) -> dict[str, Float64]:
        what = kind.name.lower()
        new = ~self.knowledge.sets[kind, Scope.ALL].holds(met.item)
        if SCOPES[kind] == (Scope.ALL,):
            return {f"new_{what}s": self._count(met, new)}
        own = self._own_new(kind, met, new)
        result = {
            f"new_{what}_share": self._share(met, new),
            f"new_{what}s": self._count(met, new),
            f"own_new_{what}_share": self._share(met, own),
            f"own_new_{what}s": self._count(met, own),
        }
        if kind is MeetingKind.DESTINATION and _told(self.batch.frame, MeetingKind.STATE).any():
            failed = self._count(met, new & (met.failed == met.count))
            result["failed_new_destinations"] = np.where(_told(self.batch.frame, MeetingKind.STATE), failed, np.nan)
        return result

    def _own_new(self, kind: MeetingKind, met: Meetings, new: Mask) -> Mask:
        """Tell what the source itself never met; of a source that is not known: its peers, or anybody."""
        sets = self.knowledge.sets
        # What is new to everybody is new to the source: only the others are looked up.
        known = np.flatnonzero(self.known[met.row] & ~new)
        result = new.copy()
        result[known] = ~sets[kind, Scope.OWN].holds(_keys(kind, Scope.OWN, met, self.host, known))
        if Scope.PEERS in SCOPES[kind]:
            peers = np.flatnonzero((~self.known & self._has_peers)[met.row] & ~new)
            result[peers] = ~sets[kind, Scope.PEERS].holds(_keys(kind, Scope.PEERS, met, self._peer, peers))
        return result

    def _surprise(self, kind: MeetingKind, met: Meetings) -> dict[str, Float64]:
        what = kind.name.lower()
        habits, pooled = self.knowledge.habits[kind], self.knowledge._pooled[kind]
        surprise = habits.surprise(met.item)
        own = np.empty(len(met))
        # Groups without habits fall back to the baseline by themselves.
        for table, whose, which in ((habits, self.host, self.known), (pooled, self._peer, ~self.known)):
            there = np.flatnonzero(which[met.row])
            own[there] = table.own_surprise(whose[met.row[there]], met.item[there])
        return {
            f"{what}_surprise_mean": self._mean(met, surprise),
            f"{what}_surprise_max": self._max(met, surprise),
            f"own_{what}_surprise_mean": self._mean(met, own),
            f"own_{what}_surprise_max": self._max(met, own),
        }

    @cached_property
    def _peer(self) -> UInt64:
        return _PeerGroups.parse(self.knowledge.peer_networks).hash(self.batch.frame)

    @cached_property
    def _has_peers(self) -> Mask:
        return np.isin(self._peer, self.knowledge._groups)

    def _sum(self, met: Meetings, weights: NDArray[Any]) -> Float64:
        return np.bincount(met.row, weights=weights, minlength=len(self.batch)).astype(np.float64)

    def _count(self, met: Meetings, which: Mask) -> Float64:
        return np.bincount(met.row[which], minlength=len(self.batch)).astype(np.float64)

    def _share(self, met: Meetings, which: Mask) -> Float64:
        return ratio(self._sum(met, met.count * which), self._sum(met, met.count), 0.0)

    def _mean(self, met: Meetings, values: Float64) -> Float64:
        return ratio(self._sum(met, met.count * values), self._sum(met, met.count), 0.0)

    def _max(self, met: Meetings, values: Float64) -> Float64:
        greatest = np.zeros(len(self.batch))
        np.maximum.at(greatest, met.row, values)
        return greatest


def host_hash(frame: pd.DataFrame) -> UInt64:
    """Return who the source of each row is, by its address alone, shape (n,)."""
    return mix((frame["source_hi"].to_numpy(), frame["source_lo"].to_numpy()), len(frame), _HOST_SEED)


def folds_of(frame: pd.DataFrame, host: UInt64, seed: int) -> NDArray[np.int64]:
    """Deal the rows of each source to `FOLDS` folds, shape (n,); the order of the rows does not matter."""
    start = frame["window_start_ns"].to_numpy()
    lot = mix((host, start), len(frame), _FOLD_SEED ^ seed & 0xFFFFFFFF)
    order = np.lexsort((lot, host))
    fold = np.empty(len(frame), dtype=np.int64)
    fold[order] = np.arange(len(frame)) % FOLDS
    return fold


def _told(frame: pd.DataFrame, kind: MeetingKind) -> Mask:
    """Tell which rows' input tells of a kind, shape (n,)."""
    names = _TOLD_BY.get(kind)
    if names is None:
        return np.ones(len(frame), dtype=bool)
    told = np.zeros(len(frame), dtype=bool)
    for name in names:
        told |= ~np.isnan(frame[name].to_numpy(np.float64))
    return told


def _keys(
    kind: MeetingKind, scope: Scope, met: Meetings, whose: UInt64, which: NDArray[np.intp] | None = None
) -> UInt64:
    """Return what a set of this scope holds of meetings, shape (m,); `which` are places among them.

    `whose` is the host, or the group of hosts, of each row.
    """
    item, row = (met.item, met.row) if which is None else (met.item[which], met.row[which])
    return item if scope is Scope.ALL else mix((item, whose[row]), len(item), _PAIR_SEED ^ int(kind))


def _lookup_windows(hosts: UInt64, windows: NDArray[np.int64], asked: UInt64) -> NDArray[np.int64]:
    if not len(hosts):
        return np.zeros(len(asked), dtype=np.int64)
    places = np.minimum(np.searchsorted(hosts, asked), len(hosts) - 1)
    return np.where(hosts[places] == asked, windows[places], 0)
