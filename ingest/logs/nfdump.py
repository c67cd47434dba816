"""Flows of nfdump as CSV (`nfdump -o csv`), with the headers of version 1.6 and of 1.7."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import SLICE, WHOLE, Column
from netad.ingest.logs.columns import PORT_MAX, Reading
from netad.ingest.logs.csv_lines import CsvLines
from netad.ingest.logs.icmp import ports_of_messages
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.parser import Ledger, ParserOptions, Part
from netad.ingest.logs.protocols import ICMP, ICMP6, PROTOCOLS
from netad.ingest.logs.states import ACK, FIN, PSH, RST, SYN, URG

_HEADERS: Final[Mapping[str, str]] = {
    "ts": "start", "te": "end", "td": "duration", "sa": "source", "da": "destination", "sp": "source port",
    "dp": "destination port", "pr": "protocol", "flg": "flags", "ipkt": "packets", "ibyt": "bytes",
    "opkt": "packets back", "obyt": "bytes back", "svln": "vlan",
    "firstseen": "start", "lastseen": "end", "duration": "duration", "proto": "protocol", "srcaddr": "source",
    "srcport": "source port", "dstaddr": "destination", "dstport": "destination port", "flags": "flags",
    "tcpflags": "flags", "packets": "packets", "bytes": "bytes", "inpackets": "packets", "inbytes": "bytes",
    "outpackets": "packets back", "outbytes": "bytes back", "srcvlan": "vlan",
}  # fmt: skip
_NEEDED: Final = ("start", "source", "destination", "protocol")
_TRAILER: Final = b"Summary"
_VLAN_MAX: Final = 4095
_FLAGS_WIDTH: Final = 8
_FLAGS: Final = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG}


class Nfdump:
    """Parses one file. Bytes are IP bytes. Times are taken as UTC: nfdump writes those of the place without saying so.

    What an exporter counts is one direction: the source of a record is its originator, and what came back, and with
    what conn_state, is not known; but where some record of the first thousands has packets of both directions
    (`nfdump -B` joins them). Records of one direction are counted, for they make the answering side a source too.
    """

    tells_the_end = False
    heading = Heading.FIRST
    by_start = True

    def __init__(self, ledger: Ledger, options: ParserOptions) -> None:  # noqa: ARG002 - Parser's
        self._ledger = ledger
        self._lines = CsvLines(ledger, _HEADERS, _NEEDED, _TRAILER)
        self._both_ways: bool | None = None

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield the flows of a chunk's lines."""
        for fields in self._lines.fields(chunk):
            reading = Reading(fields)
            if self._both_ways is None:
                self._both_ways = bool(reading.counts("packets back").any())
            part = Part(None, self._ledger.fit(reading, _flows(reading, both_ways=self._both_ways)))
            if not self._both_ways:
                self._ledger.one_way(len(part))
            yield part

    def finish(self) -> Iterator[Part]:
        """Yield nothing: every line is said at once."""
        return iter(())


def _flows(reading: Reading, *, both_ways: bool) -> dict[str, Column]:
    first = reading.times("start")
    last = reading.times("end") if "end" in reading else first + reading.durations("duration")
    orig_high, orig_low = reading.addresses("source")
    resp_high, resp_low = reading.addresses("destination")
    protocol = reading.codes("protocol", PROTOCOLS, fold=True)
    orig_port, resp_port = _ports(reading, protocol)
    columns: dict[str, Column] = {
        "first_ns": first,
        "last_ns": np.maximum(first, last),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": orig_port.astype(np.uint16),
        "resp_port": resp_port.astype(np.uint16),
        "protocol": protocol.astype(np.uint8),
        "orig_packets": reading.counts("packets"),
        "orig_ip_bytes": reading.counts("bytes"),
        "part": np.full(len(reading), WHOLE | SLICE, np.uint8),
    }
    if both_ways:
        columns["resp_packets"] = reading.counts("packets back")
        columns["resp_ip_bytes"] = reading.counts("bytes back")
    if "flags" in reading:
        columns["orig_tcp_flags"] = _flags(reading)
    if "vlan" in reading:
        columns["vlan"] = reading.counts("vlan", _VLAN_MAX).astype(np.uint16)
    return columns


def _ports(reading: Reading, protocol: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both ports; of ICMP the type and its answer's or the code, from `type.code` or `type << 8 | code`."""
    message = np.flatnonzero((protocol == ICMP) | (protocol == ICMP6))
    ports = np.zeros((2, len(reading)), np.int64)
    rest = np.ones(len(reading), dtype=bool)
    rest[message] = False
    plain = Reading(reading.fields, reading.rows[rest])
    for at, name in enumerate(("source port", "destination port")):
        ports[at, rest] = plain.counts(name, PORT_MAX)
    reading.blame(rest, plain.faults)
    texts = Reading(reading.fields, reading.rows[message]).raws("destination port")
    kinds = np.array([_message(text) for text in texts], dtype=np.int64).reshape(-1, 2)
    ports[:, message] = ports_of_messages(protocol[message], kinds[:, 0], kinds[:, 1])
    return ports[0], ports[1]


def _message(text: bytes) -> tuple[int, int]:
    """Return type and code of an ICMP message, 0 where they cannot be read."""
    kind, point, code = text.strip().partition(b".")
    if not (kind.isdigit() and len(kind) <= 5 and (code.isdigit() or not point) and len(code) <= 3):
        return 0, 0
    return (int(kind) & 0xFF, int(code) & 0xFF) if point else (int(kind) >> 8 & 0xFF, int(kind) & 0xFF)


def _flags(reading: Reading) -> NDArray[np.uint8]:
    """Return the TCP flags of records, from letters (...AP.SF) or a number."""
    distinct, inverse = np.unique(reading.short("flags", _FLAGS_WIDTH), return_inverse=True)
    table = []
    for text in distinct.tolist():
        letters = text.decode("latin-1").strip()
        bits = int(letters) & 0x3F if letters.isdecimal() and letters.isascii() else 0
        for letter in letters:
            bits |= _FLAGS.get(letter, 0)
        table.append(bits)
    return np.array(table, dtype=np.uint8)[inverse]
