"""What flow records say in the fields that rules for flows name: distinct values, and the rows that have them."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import is_v4
from netad.ingest.community_id import ICMP, ICMP6, SCTP, TCP, UDP
from netad.ingest.flows import CONN_STATES, TUNNELS, Column, FlowBatch
from netad.rules.rule import Value

Mask: TypeAlias = NDArray[np.bool_]
# The protocols that flow events name (netad.outputs.flow_event); rules ask for others by network.iana_number.
TRANSPORTS = {ICMP: "icmp", 2: "igmp", TCP: "tcp", UDP: "udp", 47: "gre", 50: "esp", ICMP6: "ipv6-icmp", SCTP: "sctp"}
_WITH_PORTS = (TCP, UDP, SCTP)
# Fields that are one column or the sum of two.
_COLUMNS = {
    "network.iana_number": ("protocol",),
    "source.port": ("orig_port",),
    "destination.port": ("resp_port",),
    "source.bytes": ("orig_ip_bytes",),
    "destination.bytes": ("resp_ip_bytes",),
    "network.bytes": ("orig_ip_bytes", "resp_ip_bytes"),
    "source.packets": ("orig_packets",),
    "destination.packets": ("resp_packets",),
    "network.packets": ("orig_packets", "resp_packets"),
    "network.vlan.id": ("vlan",),
}
_NAMES: dict[str, tuple[str, dict[int, str]]] = {
    "network.transport": ("protocol", TRANSPORTS),
    "netad.flow.state": ("conn_state", dict(enumerate(CONN_STATES))),
    "netad.flow.tunnel": ("tunnel", {code: name for code, name in enumerate(TUNNELS) if name}),
}
_ENDS = {"source.ip": ("orig_hi", "orig_lo"), "destination.ip": ("resp_hi", "resp_lo")}


class FlowColumns:
    """A batch of n flows as rules see it: each field once as its distinct values, whoever asks for it."""

    def __init__(self, batch: FlowBatch, constants: dict[str, str]) -> None:
        self._batch, self._constants = batch, constants
        self._found: dict[str, tuple[list[Value], NDArray[np.intp]]] = {}

    def distinct(self, path: str) -> tuple[list[Value], NDArray[np.intp]]:
        """Return the distinct values of a field, and for each flow which of them it has, shape (n,); -1: none."""
        if path not in self._found:
            self._found[path] = self._read(path)
        return self._found[path]

    def _read(self, name: str) -> tuple[list[Value], NDArray[np.intp]]:
        batch = self._batch
        if name in self._constants:
            return [self._constants[name]], np.zeros(len(batch), dtype=np.intp)
        if name in _ENDS:
            return _addresses(*(batch[column] for column in _ENDS[name]))
        if name in _NAMES and _NAMES[name][0] in batch:
            column, names = _NAMES[name]
            codes, places = np.unique(batch[column], return_inverse=True)
            return _without_gaps([names.get(code) for code in codes.tolist()], places)
        if name == "network.protocol" and "service" in batch:
            return _texts(batch["service"])
        return self._read_number(name)

    def _read_number(self, name: str) -> tuple[list[Value], NDArray[np.intp]]:
        batch = self._batch
        if name == "event.duration" and "first_ns" in batch:
            return _numbers(np.maximum(batch["last_ns"] - batch["first_ns"], 0))
        columns = _COLUMNS.get(name, ())
        if not columns or any(column not in batch for column in columns):
            return [], np.full(len(batch), -1, dtype=np.intp)
        values, places = _numbers(np.sum([batch[column].astype(np.int64) for column in columns], axis=0))
        if name.endswith(".port"):
            places = np.where(np.isin(batch["protocol"], _WITH_PORTS), places, -1)
        if name == "network.vlan.id":
            places = np.where(batch["vlan"] != 0, places, -1)
        return values, places


def _numbers(column: Column) -> tuple[list[Value], NDArray[np.intp]]:
    values, places = np.unique(column, return_inverse=True)
    return values.tolist(), places


def _texts(column: Column) -> tuple[list[Value], NDArray[np.intp]]:
    values, places = np.unique(column.astype(str), return_inverse=True)
    return _without_gaps([value or None for value in values.tolist()], places)


def _without_gaps(values: list[str | None], places: NDArray[np.intp]) -> tuple[list[Value], NDArray[np.intp]]:
    """Return the values without those that are none, to which no flow points any more."""
    kept = [value for value in values if value is not None]
    moved = np.array([-1 if value is None else kept.index(value) for value in values] or [-1], dtype=np.intp)
    return list(kept), moved[places]


def _addresses(high: Column, low: Column) -> tuple[list[Value], NDArray[np.intp]]:
    """Return distinct addresses in the form of `netad.rules.networks.Address`."""
    pairs = np.empty(len(high), dtype=[("high", np.uint64), ("low", np.uint64)])
    pairs["high"], pairs["low"] = high, low
    values, places = np.unique(pairs, return_inverse=True)
    return [(4, w & 0xFFFFFFFF) if is_v4(h, w) else (6, h << 64 | w) for h, w in values.tolist()], places
