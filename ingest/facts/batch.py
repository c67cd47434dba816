"""FactBatch: what was said in flows, as columns: DNS look-ups, TLS and HTTP greetings, alerts of other tools.

Facts travel beside flows (netad.ingest.flows) and are told by source and time, not by a flow's identity: logs do not
share one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from netad.ingest.flows import Column, Columnar, ColumnSpec

NO_RCODE = -1


class FactKind(IntEnum):
    """What a FactBatch holds."""

    DNS, ANSWER, TLS, HTTP, ALERT = range(5)


_COMMON = (
    ColumnSpec("time_ns", "int64", "ns", "when it was said, since the epoch, UTC"),
    ColumnSpec("orig_hi", "uint64", "", "who asked: originator address, high half (netad.core.addresses)"),
    ColumnSpec("orig_lo", "uint64", "", "originator address, low half"),
    ColumnSpec("resp_hi", "uint64", "", "who was asked: responder address, high half"),
    ColumnSpec("resp_lo", "uint64", "", "responder address, low half"),
    ColumnSpec("orig_port", "uint16", "", "originator port"),
    ColumnSpec("resp_port", "uint16", "", "responder port"),
    ColumnSpec("protocol", "uint8", "", "IP protocol (IANA number)"),
)

# Text columns have the dtype object and hold str, "" where there is none, never None.
FACT_COLUMNS: Mapping[FactKind, tuple[ColumnSpec, ...]] = {
    FactKind.DNS: (
        *_COMMON,
        ColumnSpec("query", "object", "", "the name asked for, lower case, without the last dot"),
        ColumnSpec("query_type", "uint16", "", "QTYPE (IANA number), 0 where it is not known"),
        ColumnSpec("rcode", "int16", "", "RCODE of the answer, -1 where none was seen"),
        ColumnSpec("query_bytes", "int32", "bytes", "payload of the question's packet, -1 where it is not known"),
        ColumnSpec("answer_bytes", "int32", "bytes", "payload of the answer's packet, -1 where it is not known"),
    ),
    FactKind.ANSWER: (
        *_COMMON,
        ColumnSpec("query", "object", "", "the name that was asked for"),
        ColumnSpec("address_hi", "uint64", "", "an address the answer gave, high half; one row an address"),
        ColumnSpec("address_lo", "uint64", "", "its low half"),
    ),
    FactKind.TLS: (
        *_COMMON,
        ColumnSpec("server_name", "object", "", "SNI, lower case"),
        ColumnSpec("ja3", "object", "", "JA3 of the ClientHello: 32 hex digits of an MD5"),
        ColumnSpec("ja4", "object", "", "JA4 of the ClientHello"),
    ),
    FactKind.HTTP: (
        *_COMMON,
        ColumnSpec("host", "object", "", "Host header, lower case, without the port"),
        ColumnSpec("user_agent", "object", "", "User-Agent header"),
        ColumnSpec("method", "object", "", "request method"),
    ),
    FactKind.ALERT: (
        *_COMMON,
        ColumnSpec("signature", "object", "", "Suricata's alert.signature, Zeek's notice type or weird name"),
        ColumnSpec("severity", "uint8", "", "Suricata's severity, 1 the highest; 0 where the tool has none"),
        ColumnSpec("tool", "object", "", "suricata, zeek-notice or zeek-weird"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class FactBatch(Columnar):
    """Facts of one kind as columns of equal length n, each of shape (n,) with the dtype of `FACT_COLUMNS[kind]`.

    A column that the input does not carry is absent, never empty text for every row.
    """

    kind: FactKind
    columns: Mapping[str, Column]
    inputs: tuple[str, ...] = field(default=())

    def select(self, rows: Column) -> "FactBatch":
        """Return the facts that a boolean mask or an index array names."""
        return FactBatch(self.kind, {name: column[rows] for name, column in self.columns.items()}, self.inputs)

    @classmethod
    def from_rows(
        cls,
        kind: FactKind,
        rows: Sequence[Mapping[str, Any]],
        without: Iterable[str] = (),
        inputs: tuple[str, ...] = (),
    ) -> "FactBatch":
        """Build a batch from one mapping a fact; `without` names the columns that the input does not carry."""
        left_out = frozenset(without)
        columns = {}
        for spec in FACT_COLUMNS[kind]:
            if spec.name not in left_out:
                column = np.empty(len(rows), dtype=spec.dtype)
                column[:] = [row[spec.name] for row in rows]
                columns[spec.name] = column
        return cls(kind, columns, inputs)
