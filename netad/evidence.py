"""The flows behind anomalies: which belong to a flagged source and window, and what they sum up to.

What was said in them: netad.fact_evidence.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks, UInt64, format_addresses, parse_address
from netad.detectors.anomaly import Anomaly, Evidence
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import DTYPES, OPENED, Column, FlowBatch
from netad.outputs.events import Origin, directions, flow_directions, flow_ids

_Window = tuple[str, int, int]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

SAMPLE = 20
# What the size of a flow is told by: the first of these that the input carries.
_SIZES = ("ip_bytes", "frame_bytes", "payload_bytes", "packets")
_WITH_PORTS = (6, 17, 132)
_TAKEN = ("orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol", "vlan", "first_ns")
_TRANSPORTS = {6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 132: "sctp"}


def window_of(anomaly: Anomaly) -> _Window:
    """Return the anomaly's source and window."""
    return anomaly.source, anomaly.window_start_ns, anomaly.window_end_ns


class FlaggedWindows:
    """Finds the flows and facts of flagged (source, window) pairs in a batch."""

    def __init__(self, windows: Iterable[_Window]) -> None:
        """Look for these sources in these windows: (address, start, end), times in ns."""
        rows = [(*parse_address(source), start, end) for source, start, end in windows]
        self._table = pd.DataFrame(
            {
                "orig_hi": np.array([row[0] for row in rows], dtype=np.uint64),
                "orig_lo": np.array([row[1] for row in rows], dtype=np.uint64),
                "start": np.array([row[2] for row in rows], dtype=np.int64),
                "end": np.array([row[3] for row in rows], dtype=np.int64),
                "anomaly": np.arange(len(rows)),
            }
        )

    def match(self, slices: FlowBatch) -> Pairs:
        """Return (slice, anomaly) index pairs: originator is the source, and the slice counts in the window."""
        return self._pairs(slices["orig_hi"], slices["orig_lo"], slices["last_ns"], slices["last_ns"])

    def match_flows(self, batch: FlowBatch) -> Pairs:
        """Return (flow, anomaly) index pairs: originator is the source, and the flow was alive in the window."""
        return self._pairs(batch["orig_hi"], batch["orig_lo"], batch["first_ns"], batch["last_ns"])

    def match_facts(self, batch: FactBatch, end: str = "orig") -> Pairs:
        """Return (fact, anomaly) index pairs: the `orig` or `resp` end is the source, and it was said in the window."""
        return self._pairs(batch[f"{end}_hi"], batch[f"{end}_lo"], batch["time_ns"], batch["time_ns"])

    def _pairs(self, high: UInt64, low: UInt64, first: NDArray[np.int64], last: NDArray[np.int64]) -> Pairs:
        candidates = np.flatnonzero(np.isin(low, self._table["orig_lo"].to_numpy()))
        columns = {"orig_hi": high, "orig_lo": low, "first_ns": first, "last_ns": last}
        rows = pd.DataFrame({name: column[candidates] for name, column in columns.items()})
        pairs = rows.assign(row=candidates).merge(self._table, on=["orig_hi", "orig_lo"])
        pairs = pairs[(pairs["first_ns"] < pairs["end"]) & (pairs["last_ns"] >= pairs["start"])]
        pairs = pairs.sort_values(["row", "anomaly"], kind="stable")
        return pairs["row"].to_numpy(np.int64), pairs["anomaly"].to_numpy(np.int64)


def _finding_directions(anomaly: Anomaly, inside: Networks) -> Counter[str]:
    """Return which way the strongest behaviour went, by its peers; nothing where there is none."""
    peers = anomaly.findings[0].traces.peers if anomaly.findings else ()
    high, low = np.array([*map(parse_address, (anomaly.source, *peers))], dtype=np.uint64).T
    source, *there = inside.contains(high, low).tolist()
    return Counter(directions(np.full(len(there), source), np.array(there, dtype=bool)))


def _majority(counted: Counter[str]) -> str:
    """Return what is counted more often than all else together, empty if nothing is."""
    return next((direction for direction, count in counted.items() if 2 * count > counted.total()), "")


def gather(anomalies: list[Anomaly], batches: Iterable[FlowBatch], origin: Origin, inside: Networks) -> list[Anomaly]:
    """Return the anomalies with the evidence of the slices in `batches`: what the profiles were made of.

    A flow that goes on after the window is evidence with what it sent in the window. However the slices come, the
    evidence is the same.
    """
    if not anomalies:
        return []
    flagged = FlaggedWindows(map(window_of, anomalies))
    parts = []
    for records in batches:
        batch = records.slices()
        rows, owners = flagged.match(batch)
        if len(rows):
            parts.append(_behind(batch.select(rows), owners))
    if not parts:
        return anomalies
    behind = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    found = _Found.of(FlowBatch({name: column for name, column in behind.items() if name != "owner"}), behind["owner"],
                      len(anomalies), origin, inside)  # fmt: skip
    return [replace(anomaly, evidence=found.evidence(number, anomaly, inside))
            for number, anomaly in enumerate(anomalies)]  # fmt: skip


def _behind(slices: FlowBatch, owners: NDArray[np.int64]) -> dict[str, Column]:
    """Return the columns that evidence takes, zeros where the input does not carry one."""
    columns = {name: slices[name] if name in slices else np.zeros(len(slices), DTYPES[name]) for name in _TAKEN}
    return {**columns, OPENED.name: slices.opened_ns, "size": _size(slices), "owner": owners}


def _size(batch: FlowBatch) -> NDArray[np.int64]:
    """Return how large each flow is, for ranking, shape (n,); all alike where the input does not tell."""
    for name in _SIZES:
        if f"orig_{name}" in batch and f"resp_{name}" in batch:
            size: NDArray[np.int64] = batch[f"orig_{name}"] + batch[f"resp_{name}"]
            return size
    return np.zeros(len(batch), dtype=np.int64)


@dataclass(frozen=True)
class _Found:
    """What the slices behind anomalies sum up to, by the number of the anomaly.

    Attributes:
        counts: how many slices there are, shape (n,).
        flow_ids, peers, ports, transports: the largest or most frequent ones of each, at most `SAMPLE`.
        peer_counts: how many peers there are, shape (n,).
        directions: how many slices went which way.
    """

    counts: NDArray[np.int64]
    peer_counts: NDArray[np.int64]
    flow_ids: Mapping[int, list[str]]
    peers: Mapping[int, list[str]]
    ports: Mapping[int, list[int]]
    transports: Mapping[int, list[int]]
    directions: Mapping[int, Counter[str]]

    @classmethod
    def of(
        cls, slices: FlowBatch, owners: NDArray[np.int64], anomalies: int, origin: Origin, inside: Networks
    ) -> "_Found":
        """Sum slices up; `owners` names the anomaly of each, shape (n,)."""
        peers = pd.DataFrame({"owner": owners, "high": slices["resp_hi"], "low": slices["resp_lo"]})
        peers = peers.value_counts(sort=False).rename("count").reset_index()
        peers["key"] = format_addresses(peers["high"].to_numpy(), peers["low"].to_numpy())
        ports = pd.DataFrame({"owner": owners, "key": slices["resp_port"]})[np.isin(slices["protocol"], _WITH_PORTS)]
        protocols = pd.DataFrame({"owner": owners, "key": slices["protocol"]})
        ways = pd.DataFrame({"owner": owners, "key": flow_directions(slices, inside)})
        directions: dict[int, Counter[str]] = {}
        for owner, way, count in _counted(ways).itertuples(index=False, name=None):
            directions.setdefault(owner, Counter())[way] = count
        return cls(
            counts=np.bincount(owners, minlength=anomalies),
            peer_counts=np.bincount(peers["owner"], minlength=anomalies),
            flow_ids=_largest(slices, owners, origin),
            peers=_most(peers),
            ports=_most(_counted(ports)),
            transports=_most(_counted(protocols)),
            directions=directions,
        )

    def evidence(self, number: int, anomaly: Anomaly, inside: Networks) -> Evidence:
        """Return the evidence of an anomaly by its number."""
        way = _majority(_finding_directions(anomaly, inside)) or _majority(self.directions.get(number, Counter()))
        transports = self.transports.get(number, ())
        return Evidence(
            flow_count=int(self.counts[number]),
            flow_ids=tuple(dict.fromkeys(self.flow_ids.get(number, ()))),
            peers=tuple(self.peers.get(number, ())),
            peer_count=int(self.peer_counts[number]),
            ports=tuple(self.ports.get(number, ())),
            transports=tuple(sorted(_TRANSPORTS.get(protocol, str(protocol)) for protocol in transports)),
            direction=way,
        )


def _counted(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return how often each pair of owner and key is there."""
    return pairs.value_counts(sort=False).rename("count").reset_index()


def _most(counted: pd.DataFrame) -> dict[int, list[Any]]:
    """Return each owner's most frequent keys, ties in the order of the key, at most `SAMPLE`."""
    ordered = counted.sort_values(["owner", "count", "key"], ascending=[True, False, True], kind="stable")
    chosen = ordered.groupby("owner", sort=False).head(SAMPLE)
    found: dict[int, list[Any]] = {}
    for owner, key in zip(chosen["owner"].tolist(), chosen["key"].tolist(), strict=True):
        found.setdefault(owner, []).append(key)
    return found


def _largest(slices: FlowBatch, owners: NDArray[np.int64], origin: Origin) -> dict[int, list[str]]:
    """Return the ids of each owner's largest flows, the earlier first among those of a size, at most `SAMPLE`."""
    ties = (slices[name] for name in ("orig_port", "resp_port", "resp_lo", "resp_hi", "protocol"))
    order = np.lexsort((*ties, slices["first_ns"], -slices["size"], owners))
    sizes = np.bincount(owners)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = order[place < SAMPLE]
    found: dict[int, list[str]] = {}
    for owner, identity in zip(owners[chosen].tolist(), flow_ids(slices.select(chosen), origin), strict=True):
        found.setdefault(owner, []).append(identity)
    return found


def flows_behind(anomalies: list[Anomaly], batches: Iterable[FlowBatch]) -> Iterator[FlowBatch]:
    """Yield the whole flows behind any of the anomalies, each once, in order."""
    if not anomalies:
        return
    flagged = FlaggedWindows(map(window_of, anomalies))
    for records in batches:
        batch = records.whole()
        flows, _ = flagged.match_flows(batch)
        if len(flows):
            yield batch.select(np.unique(flows))
