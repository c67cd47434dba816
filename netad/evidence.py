"""The flows behind anomalies: which belong to a flagged source and window, and what they sum up to.

What was said in them: netad.fact_evidence.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks, UInt64, format_addresses, parse_address
from netad.detectors.anomaly import Anomaly, Evidence
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import FlowBatch
from netad.outputs.events import Origin, directions, flow_directions, flow_ids

_Window = tuple[str, int, int]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

SAMPLE = 20
# What the size of a flow is told by: the first of these that the input carries.
_SIZES = ("ip_bytes", "frame_bytes", "payload_bytes", "packets")
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


@dataclass
class _Gathered:
    """What was seen of one anomaly's flows so far; the counters are bounded by what the source really did."""

    count: int = 0
    peers: pd.Series = field(default_factory=lambda: pd.Series(dtype=np.int64))
    ports: pd.Series = field(default_factory=lambda: pd.Series(dtype=np.int64))
    protocols: set[int] = field(default_factory=set)
    directions: Counter[str] = field(default_factory=Counter)
    sample: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, batch: FlowBatch, origin: Origin, inside: Networks) -> None:
        self.count += len(batch)
        self.directions.update(flow_directions(batch, inside))
        names = pd.Series(format_addresses(batch["resp_hi"], batch["resp_lo"]))
        self.peers = self.peers.add(names.value_counts(), fill_value=0)
        with_ports = np.isin(batch["protocol"], (6, 17, 132))
        self.ports = self.ports.add(pd.Series(batch["resp_port"][with_ports]).value_counts(), fill_value=0)
        self.protocols.update(np.unique(batch["protocol"]).tolist())
        size = _size(batch)
        largest = np.lexsort((batch["first_ns"], -size))[:SAMPLE]
        chosen = batch.select(largest)
        self.sample += zip(
            (-size[largest]).tolist(), chosen["first_ns"].tolist(), flow_ids(chosen, origin), strict=True
        )
        self.sample = sorted(self.sample)[:SAMPLE]

    def evidence(self, anomaly: Anomaly, inside: Networks) -> Evidence:
        return Evidence(
            flow_count=self.count,
            flow_ids=tuple(dict.fromkeys(identity for _, _, identity in self.sample)),
            peers=tuple(_most(self.peers)),
            peer_count=len(self.peers),
            ports=tuple(_most(self.ports)),
            transports=tuple(sorted(_TRANSPORTS.get(number, str(number)) for number in self.protocols)),
            direction=_majority(_finding_directions(anomaly, inside)) or _majority(self.directions),
        )


def _finding_directions(anomaly: Anomaly, inside: Networks) -> Counter[str]:
    """Return which way the strongest behaviour went, by its peers; nothing where there is none."""
    peers = anomaly.findings[0].traces.peers if anomaly.findings else ()
    high, low = np.array([*map(parse_address, (anomaly.source, *peers))], dtype=np.uint64).T
    source, *there = inside.contains(high, low).tolist()
    return Counter(directions(np.full(len(there), source), np.array(there, dtype=bool)))


def _majority(counted: Counter[str]) -> str:
    """Return what is counted more often than all else together, empty if nothing is."""
    return next((direction for direction, count in counted.items() if 2 * count > counted.total()), "")


def _size(batch: FlowBatch) -> NDArray[np.int64]:
    """Return how large each flow is, for ranking, shape (n,); all alike where the input does not tell."""
    for name in _SIZES:
        if f"orig_{name}" in batch and f"resp_{name}" in batch:
            size: NDArray[np.int64] = batch[f"orig_{name}"] + batch[f"resp_{name}"]
            return size
    return np.zeros(len(batch), dtype=np.int64)


def _most(counts: "pd.Series[float]") -> list[Any]:
    """Return the most frequent keys, ties in order of the key, so that the result is the same however flows came."""
    ordered = counts.sort_index().sort_values(ascending=False, kind="stable")
    return ordered.index[:SAMPLE].tolist()


def gather(anomalies: list[Anomaly], batches: Iterable[FlowBatch], origin: Origin, inside: Networks) -> list[Anomaly]:
    """Return the anomalies with the evidence of the slices in `batches`: what the profiles were made of.

    A flow that goes on after the window is evidence with what it sent in the window.
    """
    if not anomalies:
        return []
    flagged = FlaggedWindows(map(window_of, anomalies))
    gathered = [_Gathered() for _ in anomalies]
    for records in batches:
        batch = records.slices()
        flows, owners = flagged.match(batch)
        for owner in np.unique(owners).tolist():
            gathered[owner].add(batch.select(flows[owners == owner]), origin, inside)
    return [
        replace(anomaly, evidence=found.evidence(anomaly, inside))
        for anomaly, found in zip(anomalies, gathered, strict=True)
    ]


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
