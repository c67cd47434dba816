"""Argus' flows as ra writes them in CSV (binetflow), commas or tabs between."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import CONN_STATES, SLICE, WHOLE, Column
from netad.ingest.logs.columns import PORT_MAX, Codes, Reading, log_text
from netad.ingest.logs.csv_lines import CsvLines
from netad.ingest.logs.eve import turn_round
from netad.ingest.logs.icmp import ports_of_messages
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.parser import Ledger, ParserOptions, Part
from netad.ingest.logs.protocols import ICMP, ICMP6, OTH, PROTOCOL_NUMBERS, TCP, UDP, UNKNOWN_PROTOCOL
from netad.ingest.logs.states import ACK, FIN, PSH, RST, SYN, URG, conn_states

Numbers = NDArray[np.int64]

_HEADERS: Final[Mapping[str, str]] = {
    "starttime": "start", "lasttime": "last", "dur": "duration", "proto": "protocol", "srcaddr": "source",
    "sport": "source port", "dir": "direction", "dstaddr": "destination", "dport": "destination port",
    "state": "state", "totpkts": "packets", "totbytes": "bytes", "srcbytes": "source bytes",
    "srcpkts": "source packets", "label": "label", "svlan": "vlan",
}  # fmt: skip
_NEEDED: Final = ("start", "protocol", "source", "destination")
_STATE_WIDTH: Final = 24
_VLAN_MAX: Final = 4095

_PROTOCOLS: Final = Codes({**PROTOCOL_NUMBERS, "rtp": UDP, "rtcp": UDP, "udt": UDP}, UNKNOWN_PROTOCOL)
# Directions that say that the destination began.
_TURNED: Final = Codes({"<-": 1, "<?": 1, "<|": 1, "<o": 1}, 0)
# States in one word, of TCP and UDP.
_UNSAID: Final = -1
_WORDS: Final = Codes(
    {name: code for code, name in enumerate(CONN_STATES)}
    | {"REQ": 0, "INT": 0, "ACC": 1, "EST": 1, "CON": 1, "CLO": 2, "FIN": 2},
    _UNSAID,
)
_UDP_WORDS: Final = Codes({"CON": CONN_STATES.index("SF"), "INT": 0, "REQ": 0}, OTH)
_FLAGS: Final = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG}


class Binetflow:
    """Parses one file. Bytes are those of frames; packets of each side are known only with a SrcPkts column.

    Times are taken as UTC: Argus writes those of the place without saying so.
    """

    tells_the_end = False
    heading = Heading.FIRST
    by_start = True

    def __init__(self, ledger: Ledger, options: ParserOptions) -> None:
        self._ledger, self._labels = ledger, options.labels
        self._lines = CsvLines(ledger, _HEADERS, _NEEDED)

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield the flows of a chunk's lines."""
        for fields in self._lines.fields(chunk):
            reading = self._ip_only(Reading(fields))
            if len(reading):
                yield Part(None, self._ledger.fit(reading, _flows(reading, labels=self._labels)))

    def finish(self) -> Iterator[Part]:
        """Yield nothing: every line is said at once."""
        return iter(())

    def _ip_only(self, reading: Reading) -> Reading:
        """Return the rows about IP; Argus reports ARP, LLC and itself too."""
        other = np.flatnonzero(reading.codes("protocol", _PROTOCOLS, fold=True) == UNKNOWN_PROTOCOL)
        if not len(other):
            return reading
        trial = Reading(reading.fields, reading.rows[other])
        names = trial.codes("protocol", _LINK_LAYER, fold=True) == 1
        for name in ("source", "destination"):
            trial.addresses(name)
        without = other[names | (trial.faults != 0)]
        self._ledger.skip("not_ip", len(without))
        kept = np.ones(len(reading), dtype=bool)
        kept[without] = False
        return Reading(reading.fields, reading.rows[kept])


_LINK_LAYER: Final = Codes(dict.fromkeys(("arp", "rarp", "llc", "man", "ether", "lldp", "loop", "stp", "cdp"), 1), 0)


def _flows(reading: Reading, *, labels: bool) -> dict[str, Column]:
    first = reading.times("start")
    orig_high, orig_low = reading.addresses("source")
    resp_high, resp_low = reading.addresses("destination")
    protocol = reading.codes("protocol", _PROTOCOLS, fold=True)
    ports = [reading.counts(name, PORT_MAX) for name in ("source port", "destination port")]
    message = (protocol == ICMP) | (protocol == ICMP6)
    # Argus writes the type in the low byte of the source port and the code in the high one.
    icmp = ports_of_messages(protocol, ports[0] & 0xFF, ports[0] >> 8)
    total, sent = reading.counts("bytes"), reading.counts("source bytes")
    orig_flags, resp_flags, flagged = _flags(reading)
    columns: dict[str, Column] = {
        "first_ns": first,
        "last_ns": first + reading.durations("duration"),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": np.where(message, icmp[0], ports[0]).astype(np.uint16),
        "resp_port": np.where(message, icmp[1], ports[1]).astype(np.uint16),
        "protocol": protocol.astype(np.uint8),
        "orig_frame_bytes": sent,
        "resp_frame_bytes": np.maximum(total - sent, 0),
        "orig_tcp_flags": orig_flags.astype(np.uint8),
        "resp_tcp_flags": resp_flags.astype(np.uint8),
    }
    if "source packets" in reading:
        packets = reading.counts("source packets")
        columns["orig_packets"] = packets
        columns["resp_packets"] = np.maximum(reading.counts("packets") - packets, 0)
    if "vlan" in reading:
        columns["vlan"] = reading.counts("vlan", _VLAN_MAX).astype(np.uint16)
    columns = turn_round(columns, (reading.codes("direction", _TURNED) == 1) & ~message)
    columns["conn_state"] = _states(reading, protocol, columns, flagged)
    if labels and "label" in reading:
        columns["label"] = reading.texts("label", log_text)
    columns["part"] = np.full(len(reading), WHOLE | SLICE, np.uint8)
    return columns


def _flags(reading: Reading) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Return the TCP flags of source and destination (FSPA_FSRA), and which rows say them."""
    distinct, inverse = np.unique(reading.short("state", _STATE_WIDTH), return_inverse=True)
    pairs = [state.decode("latin-1").strip().partition("_") for state in distinct.tolist()]
    table = np.array([[_bits(left), _bits(right), bool(mark)] for left, mark, right in pairs], dtype=np.int64)
    table = table.reshape(-1, 3)[inverse]
    return table[:, 0] * table[:, 2], table[:, 1] * table[:, 2], table[:, 2] == 1


def _bits(letters: str) -> int:
    bits = 0
    for letter in letters:
        bits |= _FLAGS.get(letter, 0)
    return bits


def _states(
    reading: Reading, protocol: Numbers, columns: Mapping[str, Column], flagged: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return conn_state: by TCP flags where the state says them, else by its word."""
    orig, resp = columns["orig_tcp_flags"].astype(np.int64), columns["resp_tcp_flags"].astype(np.int64)
    by_flags = conn_states(protocol, orig != 0, resp != 0, orig, resp)
    words = reading.codes("state", _WORDS)
    words[words == _UNSAID] = OTH
    by_word = np.where(protocol == TCP, words, np.where(protocol == UDP, reading.codes("state", _UDP_WORDS), OTH))
    return np.where(flagged & (protocol == TCP), by_flags, by_word).astype(np.uint8)
