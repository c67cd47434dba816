"""FlowBatch: bidirectional flow records as NumPy columns, the form in which traffic leaves `ingest`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]

# Bits of the column `part`. A flow inside one window is both; a flow cut at window edges is one WHOLE record and a
# SLICE for every window it sent packets in. Log readers write both bits: such a flow counts where it ended.
WHOLE, SLICE = 1, 2

# Zeek's conn_state, in the order of the codes in the column `conn_state`
# (https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html).
CONN_STATES = ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
FAILED_STATES = ("S0", "REJ", "RSTOS0", "RSTRH", "SH")

# Encapsulations that are taken off, outermost first where several are nested; codes in the column `tunnel`.
TUNNELS = ("", "gre", "ip-in-ip", "vxlan", "geneve", "gtp-u", "erspan")

TCP_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg")
NO_WINDOW = -1


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a FlowBatch."""

    name: str
    dtype: str
    unit: str
    meaning: str


def _direction(prefix: str, who: str) -> list[ColumnSpec]:
    specs = [
        ColumnSpec(f"{prefix}_packets", "int64", "packets", f"IP packets {who} sent"),
        ColumnSpec(f"{prefix}_ip_bytes", "int64", "bytes", f"IP bytes {who} sent, headers included"),
        ColumnSpec(f"{prefix}_payload_bytes", "int64", "bytes", f"transport payload bytes {who} sent"),
        ColumnSpec(f"{prefix}_length_min", "int32", "bytes", f"shortest IP packet {who} sent, 0 without packets"),
        ColumnSpec(f"{prefix}_length_max", "int32", "bytes", f"longest IP packet {who} sent"),
        ColumnSpec(f"{prefix}_length_mean", "float64", "bytes", f"mean IP packet length {who} sent"),
        ColumnSpec(f"{prefix}_length_std", "float64", "bytes", "its population standard deviation"),
        ColumnSpec(f"{prefix}_gap_mean_ns", "float64", "ns", f"mean time between packets {who} sent, 0 below two"),
        ColumnSpec(f"{prefix}_gap_std_ns", "float64", "ns", "its population standard deviation"),
        ColumnSpec(f"{prefix}_ttl_min", "uint8", "hops", f"lowest TTL or hop limit {who} sent, 0 without packets"),
        ColumnSpec(f"{prefix}_ttl_max", "uint8", "hops", f"highest TTL or hop limit {who} sent"),
        ColumnSpec(f"{prefix}_tcp_flags", "uint8", "bits", f"all TCP flags {who} set, OR-ed"),
        ColumnSpec(f"{prefix}_window", "int32", "bytes", f"first TCP window {who} announced, unscaled; -1: none"),
    ]
    specs += [ColumnSpec(f"{prefix}_{flag}", "int32", "packets", f"packets {who} sent with {flag.upper()}")
              for flag in TCP_FLAGS]  # fmt: skip
    return specs


FLOW_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec("first_ns", "int64", "ns", "time of the first packet, since the epoch, UTC"),
    ColumnSpec("last_ns", "int64", "ns", "time of the last packet"),
    ColumnSpec("orig_hi", "uint64", "", "originator address, high half (netad.core.addresses)"),
    ColumnSpec("orig_lo", "uint64", "", "originator address, low half"),
    ColumnSpec("resp_hi", "uint64", "", "responder address, high half"),
    ColumnSpec("resp_lo", "uint64", "", "responder address, low half"),
    ColumnSpec("orig_port", "uint16", "", "originator port; ICMP: message type, as in Zeek"),
    ColumnSpec("resp_port", "uint16", "", "responder port; ICMP: code, or the type of the answer, as in Zeek"),
    ColumnSpec("protocol", "uint8", "", "IP protocol (IANA number)"),
    ColumnSpec("tunnel", "uint8", "", "index into TUNNELS: what the flow's first packet was carried in"),
    ColumnSpec("vlan", "uint16", "", "VLAN identifier of the outermost tag, 0 without one"),
    *_direction("orig", "the originator"),
    *_direction("resp", "the responder"),
    ColumnSpec("conn_state", "uint8", "", "index into CONN_STATES"),
    ColumnSpec("history", "S24", "", "Zeek's history, cut at 24 letters"),
    ColumnSpec("input", "int32", "", "index into FlowBatch.inputs: where the flow's first packet came from"),
    ColumnSpec("part", "uint8", "bits", "WHOLE, SLICE or both"),
)

# Of captures, whose flows are cut: by it a slice says which flow it is of. Without it `first_ns` says the same.
OPENED = ColumnSpec("opened_ns", "int64", "ns", "time of the first packet, as far as was known, of the record's flow")

# What some logs say beyond a capture's columns. Text columns hold str, "" where there is none, never None.
LOG_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec("service", "object", "", "application protocol as the log names it"),
    ColumnSpec("orig_frame_bytes", "int64", "bytes", "bytes of link-layer frames the originator sent"),
    ColumnSpec("resp_frame_bytes", "int64", "bytes", "bytes of link-layer frames the responder sent"),
    ColumnSpec("label", "object", "", "what a labelled data set says of the flow; only when it is asked for"),
)
DTYPES: Mapping[str, np.dtype[Any]] = {spec.name: np.dtype(spec.dtype) for spec in FLOW_COLUMNS}
LOG_DTYPES: Mapping[str, np.dtype[Any]] = {spec.name: np.dtype(spec.dtype) for spec in LOG_COLUMNS}


class Columnar:
    """Columns of equal length n, each of shape (n,): what every kind of batch is. A missing column is absent."""

    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns


@dataclass(frozen=True)
class FlowBatch(Columnar):
    """Flow records as columns of equal length n, each of shape (n,) with the dtype of `FLOW_COLUMNS`.

    Those of captures have OPENED too. A column that the input does not carry is absent, never zero. `inputs` names the
    inputs the column `input` points to.
    """

    columns: Mapping[str, Column]
    inputs: tuple[str, ...] = field(default=())

    def select(self, rows: Column) -> "FlowBatch":
        """Return the records that a boolean mask or an index array names."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows  # to take is twice as fast as to index
        return FlowBatch({name: column.take(places) for name, column in self.columns.items()}, self.inputs)

    def whole(self) -> "FlowBatch":
        """Return the whole flows: what is counted, stored and shipped as flows; the batch itself if all are."""
        rows = (self["part"] & WHOLE) != 0
        return self if rows.all() else self.select(rows)

    def slices(self) -> "FlowBatch":
        """Return the records that profiles are built from; each counts in the window that holds its `last_ns`."""
        rows = (self["part"] & SLICE) != 0
        return self if rows.all() else self.select(rows)

    @property
    def opened_ns(self) -> Column:
        """When the flow began that each record is of, shape (n,): of a slice that is before the slice does."""
        return self[OPENED.name] if OPENED.name in self else self["first_ns"]

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]], inputs: tuple[str, ...] = ()) -> "FlowBatch":
        """Build a batch from one mapping a flow, each with every column (the slow way: reference and tests)."""
        rows = list(records)
        specs = (*FLOW_COLUMNS, OPENED) if rows and all(OPENED.name in row for row in rows) else FLOW_COLUMNS
        columns = {spec.name: np.array([row[spec.name] for row in rows], dtype=spec.dtype) for spec in specs}
        return cls(columns, inputs)

    @classmethod
    def concat(cls, batches: Iterable["FlowBatch"]) -> "FlowBatch":
        """Join batches; only columns that all of them carry are kept, and OPENED if one of them does."""
        parts = [batch for batch in batches if len(batch)]
        if any(OPENED.name in part for part in parts):
            parts = [cls({**part.columns, OPENED.name: part.opened_ns}, part.inputs) for part in parts]
        if not parts:
            return cls.from_records(())
        names = [name for name in parts[0].columns if all(name in part for part in parts)]
        inputs: list[str] = []
        columns: dict[str, list[Column]] = {name: [] for name in names}
        for part in parts:
            for name in names:
                columns[name].append(part[name])
            if "input" in names and part.inputs != tuple(inputs):
                positions = {}
                for path in part.inputs:
                    if path not in inputs:
                        inputs.append(path)
                    positions[path] = inputs.index(path)
                lookup = np.array([positions[path] for path in part.inputs], dtype=np.int32)
                if len(lookup):
                    columns["input"][-1] = lookup[part["input"]]
        return cls({name: np.concatenate(values) for name, values in columns.items()}, tuple(inputs))
