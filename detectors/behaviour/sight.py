"""What behaviours look at: the slices and facts of one window, with what most of them need worked out once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks, format_address
from netad.detectors.behaviour.base import LEAST_STRENGTH, MOST_STRENGTH, Finding, Technique, Traces
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import CONN_STATES, DTYPES, FAILED_STATES, Column
from netad.profiles.batch import ProfileBatch
from netad.profiles.digest import mix
from netad.profiles.groups import MANY, Mask, is_inside
from netad.profiles.row_facts import RowFacts

Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
# Echo, timestamp, information and mask requests.
REQUESTS, ECHO6 = (8, 13, 15, 17), 128
TRANSPORTS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp"}

_SEED = 0xA4093822299F31D0
_FAILED = np.zeros(256, dtype=bool)
_FAILED[[CONN_STATES.index(state) for state in FAILED_STATES]] = True


def keyed(*columns: Column) -> UInt64:
    """Return a well-mixed number for each row of columns, shape (n,): what stands for the row in a memory."""
    return mix(columns, len(columns[0]), _SEED)


def network(high: UInt64, low: UInt64) -> UInt64:
    """Return what stands for the /24 (IPv6: /48) of each address, shape (n,)."""
    v4 = (high == 0) & (low >> np.uint64(32) == np.uint64(0xFFFF))
    return np.asarray(np.where(v4, low >> np.uint64(8), high >> np.uint64(16)))


@dataclass(frozen=True)
class Sight:
    """The slices of one window, sorted by source and start, and the facts of its sources.

    Attributes:
        columns: columns of the slices (netad.ingest.flows), each of shape (n,); zeros where an input lacks one, and
            `sight[name]` is zeros where all do.
        row: for each slice the row of the batch's frame that it belongs to, ascending.
        lacks: for each column that some input lacks, which slices lack it.
        frame: the batch's frame.
        facts: for each kind the facts of this window's rows, sorted by row and time, and these rows.
        inside: the networks that count as inside.
    """

    columns: Mapping[str, Column]
    row: Int64
    lacks: Mapping[str, Mask]
    frame: pd.DataFrame
    facts: Mapping[FactKind, RowFacts]
    inside: Networks

    @classmethod
    def of(cls, batch: ProfileBatch, inside: Networks) -> "Iterator[Sight]":
        """Yield the windows of a batch, one after the other.

        Raises:
            ValueError: the batch was joined or selected from others, and its slices are gone.
        """
        groups = batch.groups
        if groups is None:
            raise ValueError("behaviours need the slices behind the profiles")
        starts = batch.frame["window_start_ns"].to_numpy()
        edges = [0, *(np.flatnonzero(starts[1:] != starts[:-1]) + 1).tolist(), len(starts)]
        names = {name for carried in groups.carried for name in carried} & set(groups.columns)
        for first, last in pairwise(edges):
            low, high = np.searchsorted(groups.index, (first, last)).tolist()
            columns = {name: column[low:high] for name, column in groups.columns.items()}
            lacks = {}
            for name in sorted(names):
                lacking = np.array([name not in carried for carried in groups.carried])[columns["carries"]]
                if lacking.any():
                    lacks[name] = lacking
            facts = {kind: _between(rows, first, last) for kind, rows in batch.facts.items()}
            yield cls(columns, groups.index[low:high], lacks, batch.frame, facts, inside)

    def __getitem__(self, name: str) -> Column:
        column = self.columns.get(name)
        return np.zeros(len(self), DTYPES[name]) if column is None else column

    def __len__(self) -> int:
        return len(self.row)

    def carries(self, *names: str) -> Mask:
        """Tell which slices come from an input that carries all of these columns, shape (n,)."""
        carried = np.ones(len(self), dtype=bool)
        for name in names:
            if name not in self.columns:
                return np.zeros(len(self), dtype=bool)
            if name in self.lacks:
                carried &= ~self.lacks[name]
        return carried

    @property
    def start_ns(self) -> int:
        """The start of the window."""
        return int(self.frame["window_start_ns"].to_numpy()[int(self.row[0])])

    @property
    def end_ns(self) -> int:
        """The end of the window."""
        return int(self.frame["window_end_ns"].to_numpy()[int(self.row[0])])

    @cached_property
    def from_inside(self) -> Mask:
        """Which slices an inside host opened, shape (n,)."""
        return np.asarray(self.frame["inside"].to_numpy()[self.row])

    @cached_property
    def source(self) -> UInt64:
        """What stands for the source of each slice, shape (n,)."""
        rows = np.arange(int(self.row[0]), int(self.row[-1]) + 1)
        keys = keyed(self.frame["source_hi"].to_numpy()[rows], self.frame["source_lo"].to_numpy()[rows])
        return np.asarray(keys[self.row - self.row[0]])

    @cached_property
    def target(self) -> UInt64:
        """What stands for the destination of each slice, shape (n,)."""
        return keyed(self["resp_hi"], self["resp_lo"])

    @cached_property
    def to_inside(self) -> Mask:
        """Which slices went to an inside host, shape (n,)."""
        return is_inside(self.inside, self["resp_hi"], self["resp_lo"])

    @cached_property
    def to_one(self) -> Mask:
        """Which slices went to a single host: not to a multicast or broadcast address, nor to the source itself."""
        low = self["resp_lo"]
        # The last address of a private /24 is its broadcast address nearly everywhere.
        subnet = self.to_inside & (self["resp_hi"] == 0) & (low & np.uint64(0xFF) == 0xFF)
        own = (self["resp_hi"] == self["orig_hi"]) & (low == self["orig_lo"])
        return np.asarray(~MANY.contains(self["resp_hi"], low) & ~subnet & ~own)

    @cached_property
    def answered(self) -> Mask:
        """Which slices hold packets of the responder, shape (n,)."""
        return np.asarray(self["resp_packets"] > 0) & self.carries("resp_packets")

    @cached_property
    def refused(self) -> Mask:
        """Which slices are attempts that nobody accepted, shape (n,).

        TCP: one of `FAILED_STATES` and no payload (one-sided captures of real connections hold payload); UDP and ICMP
        echo: no answer. What the input does not tell is no failure.
        """
        silent = self.carries("resp_packets") & (self["resp_packets"] == 0)
        protocol = self["protocol"]
        failed = _FAILED[self["conn_state"]] & self.carries("conn_state") if "conn_state" in self.columns else silent
        if "conn_state" in self.lacks:
            failed |= self.lacks["conn_state"] & silent
        tcp = (protocol == TCP) & failed & (self["orig_payload_bytes"] == 0) & (self["resp_payload_bytes"] == 0)
        return np.asarray(tcp | (silent & ((protocol == UDP) | self.echo)))

    @cached_property
    def echo(self) -> Mask:
        """Which slices are ICMP echo requests or their kin, shape (n,)."""
        protocol, kind = self["protocol"], self["orig_port"]
        return np.asarray(((protocol == ICMP) & np.isin(kind, REQUESTS)) | ((protocol == ICMP6) & (kind == ECHO6)))

    @cached_property
    def port(self) -> NDArray[np.uint16]:
        """The responder's port of each slice, 0 for protocols without, shape (n,)."""
        ported = (self["protocol"] == TCP) | (self["protocol"] == UDP)
        return np.asarray(np.where(ported, self["resp_port"], 0).astype(np.uint16))

    def fact(self, kind: FactKind) -> tuple[NDArray[np.int32], FactBatch] | None:
        """Return the facts of a kind and their rows; None where there are none."""
        rows = self.facts.get(kind)
        return (rows.row, rows.facts) if rows is not None and len(rows) else None

    def finding(
        self,
        behaviour: str,
        technique: Technique,
        row: int,
        strength: float,
        sentence: str,
        traces: Traces,
        parameters: Mapping[str, object],
    ) -> list[Finding]:
        """Return the finding for a row, its strength cut at `MOST_STRENGTH`; none when it is too weak."""
        if strength < LEAST_STRENGTH:
            return []
        at = self.frame.iloc[row]
        return [
            Finding(
                behaviour=behaviour,
                technique=technique,
                source=str(at["source"]),
                inside=bool(at["inside"]),
                row=row,
                window_start_ns=int(at["window_start_ns"]),
                window_end_ns=int(at["window_end_ns"]),
                strength=round(min(float(strength), MOST_STRENGTH), 6),
                sentence=sentence,
                traces=traces,
                parameters=parameters,
            )
        ]


def _between(rows: RowFacts, first: int, last: int) -> RowFacts:
    low, high = np.searchsorted(rows.row, (first, last)).tolist()
    part = FactBatch(rows.facts.kind, {name: column[low:high] for name, column in rows.facts.columns.items()})
    return RowFacts(rows.row[low:high], part, {name: lacking[low:high] for name, lacking in rows.lacking.items()})


def addresses(high: Column, low: Column, limit: int) -> tuple[str, ...]:
    """Return the first distinct addresses in text form, in order, at most `limit`."""
    seen: dict[tuple[int, int], None] = {}
    for pair in zip(high.tolist(), low.tolist(), strict=True):
        seen.setdefault(pair)
        if len(seen) == limit:
            break
    return tuple(format_address(*pair) for pair in seen)


def transports(protocols: Column) -> tuple[str, ...]:
    """Return the names of the protocols that occur."""
    return tuple(sorted({TRANSPORTS.get(number, str(number)) for number in np.unique(protocols).tolist()}))


def spell(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 host`, `1,200 hosts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[object], limit: int = 3) -> str:
    """Return some items for a sentence, and how many more there are."""
    shown = ", ".join(str(item) for item in items[:limit])
    return shown + (f" and {len(items) - limit:,} more" if len(items) > limit else "")


def lasting(duration_ns: float) -> str:
    """Return a time span for a sentence, in the unit that suits it: `40 s`, `25 min`, `7.5 h`."""
    seconds = duration_ns / 1e9
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.3g} h"
