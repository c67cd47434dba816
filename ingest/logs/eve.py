"""Suricata's EVE: lines of JSON of many kinds, of which flows, DNS, TLS, HTTP, alerts and anomalies are read."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import SLICE, WHOLE, Column
from netad.ingest.logs.columns import PORT_MAX, Codes, Reading
from netad.ingest.logs.eve_dns import EveDns
from netad.ingest.logs.icmp import ports_of_messages
from netad.ingest.logs.json_lines import JsonLines, json_text
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.parser import Ledger, ParserOptions, Part
from netad.ingest.logs.protocols import PROTOCOLS, TCP
from netad.ingest.logs.states import ACK, FIN, SYN, conn_states
from netad.ingest.logs.text import cut, host_name, lower_name
from netad.ingest.logs.values import text_hash

_NAMES: Final = (
    "timestamp", "event_type", "src_ip", "src_port", "dest_ip", "dest_port", "proto", "app_proto", "flow_id", "vlan",
    "icmp_type", "icmp_code", "direction", "dns",
    "flow.pkts_toserver", "flow.pkts_toclient", "flow.bytes_toserver", "flow.bytes_toclient", "flow.start", "flow.end",
    "flow.state", "flow.src_ip", "flow.dest_ip", "flow.src_port", "flow.dest_port",
    "tcp.tcp_flags_ts", "tcp.tcp_flags_tc", "tls.sni", "tls.ja3.hash", "tls.ja4",
    "http.hostname", "http.http_user_agent", "http.http_method",
    "alert.signature", "alert.severity", "anomaly.event", "anomaly.type",
)  # fmt: skip
_FLOW, _DNS, _TLS, _HTTP, _ALERT, _ANOMALY, _OTHER = range(7)
_EVENTS: Final = Codes(
    {"flow": _FLOW, "dns": _DNS, "tls": _TLS, "http": _HTTP, "alert": _ALERT, "anomaly": _ANOMALY}, _OTHER
)
_KINDS: Final = ("flow", "dns", "tls", "http", "alert", "anomaly")
_SEVERITY_MAX: Final = 255
_VLAN_MAX: Final = 4095
_BYTE_MAX: Final = 255

# What flow.state says of a TCP flow whose flags were not logged: flags of the originator, of a responder that answered.
_NEW, _ESTABLISHED, _CLOSED, _UNSAID = range(4)
_STATES: Final = Codes({"new": _NEW, "established": _ESTABLISHED, "closed": _CLOSED, "bypassed": _ESTABLISHED}, _UNSAID)
_OF_STATE: Final = np.array([[SYN, 0], [SYN | ACK, SYN | ACK], [SYN | ACK | FIN, SYN | ACK | FIN], [0, 0]])
_FAILED: Final = "failed"
_TO_CLIENT: Final = np.uint64(text_hash("to_client"))


class Eve:
    """Parses one EVE file. A flow's bytes are those of its frames; they become frame bytes, never IP bytes."""

    tells_the_end = True
    heading = Heading.NONE
    by_start = False

    def __init__(self, ledger: Ledger, options: ParserOptions) -> None:
        self._ledger, self._facts = ledger, options.facts
        self._lines = JsonLines(ledger, _NAMES)
        self._dns = EveDns(ledger)

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield what the lines of a chunk say."""
        for fields in self._lines.fields(chunk):
            reading = Reading(fields)
            events = reading.codes("event_type", _EVENTS)
            self._count_others(reading, events == _OTHER)
            for code in range(_OTHER):
                rows = np.flatnonzero(events == code)
                if len(rows) and (code == _FLOW or self._facts):
                    yield from self._parts(code, Reading(fields, rows))

    def finish(self) -> Iterator[Part]:
        """Yield the look-ups whose answers did not come."""
        yield from self._dns.finish()

    def _count_others(self, reading: Reading, others: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(others)
        if len(rows):
            rest = Reading(reading.fields, reading.rows[rows])
            names, counts = np.unique(rest.texts("event_type", json_text).astype(str), return_counts=True)
            for name, count in zip(names.tolist(), counts.tolist(), strict=True):
                self._ledger.skip(f"eve_{name}" if name else "eve_without_type", count)

    def _parts(self, code: int, reading: Reading) -> Iterator[Part]:
        if code == _FLOW:
            yield Part(None, self._ledger.fit(reading, _flows(reading)))
            return
        addressed = reading.has("src_ip") & reading.has("dest_ip")
        if not addressed.all():
            self._ledger.skip(f"eve_{_KINDS[code]}_without_addresses", int(np.count_nonzero(~addressed)))
            reading = Reading(reading.fields, reading.rows[addressed])
        if code == _DNS:
            yield from self._dns.take(reading, _ends(reading))
        elif code == _TLS:
            yield Part(FactKind.TLS, self._ledger.fit(reading, _tls(reading)))
        elif code == _HTTP:
            yield Part(FactKind.HTTP, self._ledger.fit(reading, _http(reading)))
        else:
            yield Part(FactKind.ALERT, self._ledger.fit(reading, _alerts(reading, anomaly=code == _ANOMALY)))


def _flows(reading: Reading) -> dict[str, Column]:
    said = reading.times("timestamp")
    first, last = (_time_or(reading, name, said) for name in ("flow.start", "flow.end"))
    orig_high, orig_low = reading.addresses("src_ip")
    resp_high, resp_low = reading.addresses("dest_ip")
    protocol = reading.codes("proto", PROTOCOLS, fold=True)
    kind, code = reading.counts("icmp_type", _BYTE_MAX), reading.counts("icmp_code", _BYTE_MAX)
    orig_icmp, resp_icmp = ports_of_messages(protocol, kind, code)
    packets, answers = reading.counts("flow.pkts_toserver"), reading.counts("flow.pkts_toclient")
    orig_flags, resp_flags = reading.hex_bytes("tcp.tcp_flags_ts"), reading.hex_bytes("tcp.tcp_flags_tc")
    unsaid = (protocol == TCP) & ~reading.has("tcp.tcp_flags_ts") & ~reading.has("tcp.tcp_flags_tc")
    by_state = _OF_STATE[np.where(unsaid, reading.codes("flow.state", _STATES), _UNSAID)]
    service = reading.texts("app_proto", json_text)
    service[service == _FAILED] = ""
    return {
        "first_ns": first,
        "last_ns": np.maximum(first, last),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": (reading.counts("src_port", PORT_MAX) | orig_icmp).astype(np.uint16),
        "resp_port": (reading.counts("dest_port", PORT_MAX) | resp_icmp).astype(np.uint16),
        "protocol": protocol.astype(np.uint8),
        "vlan": reading.counts("vlan", _VLAN_MAX).astype(np.uint16),
        "orig_packets": packets,
        "resp_packets": answers,
        "orig_frame_bytes": reading.counts("flow.bytes_toserver"),
        "resp_frame_bytes": reading.counts("flow.bytes_toclient"),
        "orig_tcp_flags": orig_flags.astype(np.uint8),
        "resp_tcp_flags": resp_flags.astype(np.uint8),
        "conn_state": conn_states(
            protocol, packets > 0, answers > 0, orig_flags | by_state[:, 0], resp_flags | by_state[:, 1] * (answers > 0)
        ),
        "service": service,
        "part": np.full(len(reading), WHOLE | SLICE, np.uint8),
    }


def _time_or(reading: Reading, name: str, otherwise: Column) -> Column:
    """Return times of an optional field."""
    there = reading.has(name)
    if there.all():
        return reading.times(name)
    times = otherwise.copy()
    some = Reading(reading.fields, reading.rows[there])
    times[there] = some.times(name)
    reading.blame(there, some.faults)
    return times


def _ends(reading: Reading) -> dict[str, Column]:
    """Return the columns that facts of every kind have, as the event says them."""
    orig_high, orig_low = reading.addresses("src_ip")
    resp_high, resp_low = reading.addresses("dest_ip")
    return {
        "time_ns": reading.times("timestamp"),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": reading.counts("src_port", PORT_MAX).astype(np.uint16),
        "resp_port": reading.counts("dest_port", PORT_MAX).astype(np.uint16),
        "protocol": reading.codes("proto", PROTOCOLS, fold=True).astype(np.uint8),
    }


def _tls(reading: Reading) -> dict[str, Column]:
    columns = _ends(reading)
    columns["server_name"] = lower_name(reading.texts("tls.sni", json_text))
    for name, field in (("ja3", "tls.ja3.hash"), ("ja4", "tls.ja4")):
        if reading.has(field).any():
            columns[name] = cut(reading.texts(field, json_text))
    return columns


def _http(reading: Reading) -> dict[str, Column]:
    columns = _ends(reading)
    columns["host"] = host_name(reading.texts("http.hostname", json_text))
    columns["user_agent"] = cut(reading.texts("http.http_user_agent", json_text))
    columns["method"] = cut(reading.texts("http.http_method", json_text))
    return columns


def _alerts(reading: Reading, *, anomaly: bool) -> dict[str, Column]:
    """Return alerts; their source is the originator of the flow, whichever side's packet raised them."""
    columns = _ends(reading)
    turned = reading.hashes("direction") == _TO_CLIENT
    both = reading.has("flow.src_ip") & reading.has("flow.dest_ip")
    if both.any():
        flows = Reading(reading.fields, reading.rows[both])
        orig_high, orig_low = flows.addresses("flow.src_ip")
        resp_high, resp_low = flows.addresses("flow.dest_ip")
        fine = flows.faults == 0
        # Of the same two ends, but the other way round.
        same = (orig_high == columns["resp_hi"][both]) & (orig_low == columns["resp_lo"][both])
        same &= (resp_high == columns["orig_hi"][both]) & (resp_low == columns["orig_lo"][both])
        turned[both] = np.where(fine, same, turned[both])
    columns = turn_round(columns, turned)
    if anomaly:
        signature = reading.texts("anomaly.event", json_text)
        unsaid = signature == ""
        signature[unsaid] = reading.texts("anomaly.type", json_text)[unsaid]
    else:
        signature = reading.texts("alert.signature", json_text)
    columns["signature"] = cut(signature)
    columns["severity"] = reading.counts("alert.severity", _SEVERITY_MAX).astype(np.uint8)
    columns["tool"] = np.full(len(reading), "suricata", dtype=object)
    return columns


def turn_round(columns: dict[str, Column], rows: NDArray[np.bool_]) -> dict[str, Column]:
    """Return the columns with originator and responder exchanged in some rows."""
    if not rows.any():
        return columns
    turned = dict(columns)
    for one, column in columns.items():
        other = one.replace("orig_", "resp_", 1)
        if one.startswith("orig_") and other in columns:
            turned[one] = np.where(rows, columns[other], column)
            turned[other] = np.where(rows, column, columns[other])
    return turned
