"""Zeek's conn.log, TSV or JSON, to FlowBatch columns."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import UInt64
from netad.ingest.flows import SLICE, WHOLE, Column
from netad.ingest.logs.columns import PORT_MAX, Decode, Reading
from netad.ingest.logs.protocols import ICMP, ICMP6, PROTOCOLS, STATES, UNKNOWN_PROTOCOL

HISTORY_WIDTH: Final = 24
_V4_HIGH_LOW: Final = np.uint64(0xFFFF)

# Fields of conn.log that become columns.
CONN_FIELDS: Final = (
    "ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "vlan",
    "ip_proto",
)  # fmt: skip
# Where a log has one of these, its flows have the column.
_COUNTS: Final = {
    "orig_pkts": "orig_packets",
    "orig_ip_bytes": "orig_ip_bytes",
    "orig_bytes": "orig_payload_bytes",
    "resp_pkts": "resp_packets",
    "resp_ip_bytes": "resp_ip_bytes",
    "resp_bytes": "resp_payload_bytes",
}
_VLAN_MAX: Final = 4095


def conn_columns(reading: Reading, decode: Decode, *, labels: bool = False) -> dict[str, Column]:
    """Return the flow columns of rows of conn.log; rows that are not to be used have a fault in `reading`.

    Zeek writes no byte count for a flow in which it saw none: that is 0. `part` is WHOLE and SLICE.
    """
    first = reading.times("ts")
    orig_high, orig_low = reading.addresses("id.orig_h")
    resp_high, resp_low = reading.addresses("id.resp_h")
    protocol = reading.codes("proto", PROTOCOLS, fold=True)
    if "ip_proto" in reading:  # Zeek 7.1 and later: the number where it has no name
        numbered = (protocol == UNKNOWN_PROTOCOL) & reading.has("ip_proto")
        protocol = np.where(numbered, reading.counts("ip_proto", UNKNOWN_PROTOCOL), protocol)
    protocol[(protocol == ICMP) & is_v6(orig_high, orig_low)] = ICMP6
    columns: dict[str, Column] = {
        "first_ns": first,
        "last_ns": first + reading.durations("duration"),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": reading.counts("id.orig_p", PORT_MAX).astype(np.uint16),
        "resp_port": reading.counts("id.resp_p", PORT_MAX).astype(np.uint16),
        "protocol": protocol.astype(np.uint8),
    }
    columns |= {column: reading.counts(name) for name, column in _COUNTS.items() if name in reading}
    if "vlan" in reading:
        columns["vlan"] = reading.counts("vlan", _VLAN_MAX).astype(np.uint16)
    if "conn_state" in reading:
        columns["conn_state"] = reading.codes("conn_state", STATES).astype(np.uint8)
    if "history" in reading:
        columns["history"] = reading.short("history", HISTORY_WIDTH)
    if "service" in reading:
        columns["service"] = reading.texts("service", decode)
    if labels and "label" in reading:
        columns["label"] = reading.texts("label", decode)
    columns["part"] = np.full(len(reading), WHOLE | SLICE, np.uint8)
    return columns


def is_v6(high: UInt64, low: UInt64) -> NDArray[np.bool_]:
    """Tell which addresses are no IPv4 ones, shape (n,)."""
    others: NDArray[np.bool_] = (high != 0) | (low >> np.uint64(32) != _V4_HIGH_LOW)
    return others
