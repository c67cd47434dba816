"""The flows behind anomalies: which whole flows belong to a flagged source and window, and what they sum up to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import format_addresses, parse_address
from netad.detectors.anomaly import Anomaly, Evidence
from netad.ingest.flows import FlowBatch
from netad.outputs.events import Origin, flow_ids

SAMPLE = 20
_TRANSPORTS = {6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 132: "sctp"}


class FlaggedWindows:
    """Finds the flows of flagged (source, window) pairs in a batch."""

    def __init__(self, anomalies: Iterable[Anomaly]) -> None:
        rows = [(*parse_address(a.source), a.window_start_ns, a.window_end_ns) for a in anomalies]
        self._table = pd.DataFrame(
            {
                "orig_hi": np.array([row[0] for row in rows], dtype=np.uint64),
                "orig_lo": np.array([row[1] for row in rows], dtype=np.uint64),
                "start": np.array([row[2] for row in rows], dtype=np.int64),
                "end": np.array([row[3] for row in rows], dtype=np.int64),
                "anomaly": np.arange(len(rows)),
            }
        )

    def match(self, batch: FlowBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (flow, anomaly) index pairs: originator is the source, and the flow was alive in the window."""
        candidates = np.flatnonzero(np.isin(batch["orig_lo"], self._table["orig_lo"].to_numpy()))
        flows = pd.DataFrame({name: batch[name][candidates] for name in ("orig_hi", "orig_lo", "first_ns", "last_ns")})
        pairs = flows.assign(flow=candidates).merge(self._table, on=["orig_hi", "orig_lo"])
        pairs = pairs[(pairs["first_ns"] < pairs["end"]) & (pairs["last_ns"] >= pairs["start"])]
        pairs = pairs.sort_values(["flow", "anomaly"], kind="stable")
        return pairs["flow"].to_numpy(np.int64), pairs["anomaly"].to_numpy(np.int64)


@dataclass
class _Gathered:
    """What was seen of one anomaly's flows so far; the counters are bounded by what the source really did."""

    count: int = 0
    peers: pd.Series = field(default_factory=lambda: pd.Series(dtype=np.int64))
    ports: pd.Series = field(default_factory=lambda: pd.Series(dtype=np.int64))
    protocols: set[int] = field(default_factory=set)
    sample: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, batch: FlowBatch, origin: Origin) -> None:
        self.count += len(batch)
        names = pd.Series(format_addresses(batch["resp_hi"], batch["resp_lo"]))
        self.peers = self.peers.add(names.value_counts(), fill_value=0)
        with_ports = np.isin(batch["protocol"], (6, 17, 132))
        self.ports = self.ports.add(pd.Series(batch["resp_port"][with_ports]).value_counts(), fill_value=0)
        self.protocols.update(np.unique(batch["protocol"]).tolist())
        size = batch["orig_ip_bytes"] + batch["resp_ip_bytes"]
        largest = np.lexsort((batch["first_ns"], -size))[:SAMPLE]
        chosen = batch.select(largest)
        self.sample += zip(
            (-size[largest]).tolist(), chosen["first_ns"].tolist(), flow_ids(chosen, origin), strict=True
        )
        self.sample = sorted(self.sample)[:SAMPLE]

    def evidence(self) -> Evidence:
        return Evidence(
            flow_count=self.count,
            flow_ids=tuple(identity for _, _, identity in self.sample),
            peers=tuple(_most(self.peers)),
            peer_count=len(self.peers),
            ports=tuple(_most(self.ports)),
            transports=tuple(sorted(_TRANSPORTS.get(number, str(number)) for number in self.protocols)),
        )


def _most(counts: "pd.Series[float]") -> list[Any]:
    """Return the most frequent keys, ties in order of the key, so that the result is the same however flows came."""
    ordered = counts.sort_index().sort_values(ascending=False, kind="stable")
    return ordered.index[:SAMPLE].tolist()


def gather(anomalies: list[Anomaly], batches: Iterable[FlowBatch], origin: Origin) -> list[Anomaly]:
    """Return the anomalies with the evidence of the flows in `batches` (whole flows)."""
    if not anomalies:
        return []
    flagged = FlaggedWindows(anomalies)
    gathered = [_Gathered() for _ in anomalies]
    for batch in batches:
        flows, owners = flagged.match(batch)
        for owner in np.unique(owners).tolist():
            gathered[owner].add(batch.select(flows[owners == owner]), origin)
    return [replace(anomaly, evidence=found.evidence()) for anomaly, found in zip(anomalies, gathered, strict=True)]


def flows_behind(anomalies: list[Anomaly], batches: Iterable[FlowBatch]) -> Iterator[FlowBatch]:
    """Yield the flows behind any of the anomalies, each once, in order."""
    if not anomalies:
        return
    flagged = FlaggedWindows(anomalies)
    for batch in batches:
        flows, _ = flagged.match(batch)
        if len(flows):
            yield batch.select(np.unique(flows))
