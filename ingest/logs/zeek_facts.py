"""Zeek's dns, ssl, http, notice and weird logs to facts."""

import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import orjson

from netad.core.addresses import split_address
from netad.ingest.facts.batch import NO_RCODE, FactKind
from netad.ingest.flows import Column
from netad.ingest.logs.columns import PORT_MAX, Decode, Reading
from netad.ingest.logs.parser import Ledger, Part
from netad.ingest.logs.protocols import PROTOCOLS, TCP
from netad.ingest.logs.text import cut, host_name, lower_name

_ENDS: Final = ("ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")
DNS_FIELDS: Final = (*_ENDS, "query", "qtype", "rcode", "rtt", "answers")
SSL_FIELDS: Final = (*_ENDS, "server_name", "ja3", "ja4")
HTTP_FIELDS: Final = (*_ENDS, "host", "user_agent", "method")
NOTICE_FIELDS: Final = (*_ENDS, "note", "src", "dst", "p")
WEIRD_FIELDS: Final = (*_ENDS, "name")

_NETBIOS_NAMES: Final = 137
_RCODE_MAX: Final = 4095
_ANSWERS_MAX: Final = 256
# A list inside a field, as (text) -> its parts.
Split = Callable[[bytes], list[bytes]]


def ends(reading: Reading, *, protocol: int | None = None) -> dict[str, Column]:
    """Return the columns that facts of every kind have; logs without a `proto` are about one protocol."""
    orig_high, orig_low = reading.addresses("id.orig_h")
    resp_high, resp_low = reading.addresses("id.resp_h")
    codes = reading.codes("proto", PROTOCOLS, fold=True) if protocol is None else np.full(len(reading), protocol)
    return {
        "time_ns": reading.times("ts"),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": reading.counts("id.orig_p", PORT_MAX).astype(np.uint16),
        "resp_port": reading.counts("id.resp_p", PORT_MAX).astype(np.uint16),
        "protocol": codes.astype(np.uint8),
    }


def dns_parts(reading: Reading, ledger: Ledger, decode: Decode, split: Split) -> Iterator[Part]:
    """Yield look-ups of dns.log, and the addresses they were answered with; NetBIOS names (port 137) are left out."""
    columns = ends(reading)
    columns["query"] = lower_name(reading.texts("query", decode))
    columns["query_type"] = reading.counts("qtype", PORT_MAX).astype(np.uint16)
    rcode = reading.counts("rcode", _RCODE_MAX)
    rcode[~reading.has("rcode")] = NO_RCODE
    columns["rcode"] = rcode.astype(np.int16)
    there = reading.has("query") | reading.has("qtype")
    said = ledger.fit(
        reading,
        {**columns, "there": there, "rtt": reading.durations("rtt"), "answers": _objects(reading.raws("answers"))},
    )
    netbios = said["resp_port"] == _NETBIOS_NAMES
    ledger.skip("netbios_names", int(np.count_nonzero(netbios)))
    ledger.skip("dns_without_question", int(np.count_nonzero(~said["there"] & ~netbios)))
    used = said.pop("there") & ~netbios
    said = {name: column[used] for name, column in said.items()}
    rtt, answers = said.pop("rtt"), said.pop("answers")
    yield Part(FactKind.DNS, said)
    yield from answer_parts(said, said["time_ns"] + rtt, [split(text) for text in answers])


def answer_parts(said: dict[str, Column], times: Column, answers: list[list[bytes]]) -> Iterator[Part]:
    """Yield an ANSWER part with a row for each answer that is an address; `answers` are those of each look-up."""
    rows: list[int] = []
    halves: list[tuple[int, int]] = []
    for row, texts in enumerate(answers):
        for text in texts[:_ANSWERS_MAX]:
            if b"." in text or b":" in text:
                packed = _packed(text)
                if packed is not None:
                    halves.append(split_address(packed))
                    rows.append(row)
    if not rows:
        return
    index = np.array(rows)
    columns = {name: said[name][index] for name in (*_COMMON, "query")}
    columns["time_ns"] = times[index]
    columns["address_hi"] = np.array([high for high, _ in halves], dtype=np.uint64)
    columns["address_lo"] = np.array([low for _, low in halves], dtype=np.uint64)
    yield Part(FactKind.ANSWER, columns)


def _packed(text: bytes) -> bytes | None:
    """Return an address of the text form as 4 or 16 bytes, None if it is none."""
    try:
        return socket.inet_pton(socket.AF_INET6 if b":" in text else socket.AF_INET, text.decode())
    except (OSError, ValueError):
        return None


_COMMON: Final = ("time_ns", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol")


def ssl_parts(reading: Reading, ledger: Ledger, decode: Decode, _split: Split) -> Iterator[Part]:
    """Yield TLS greetings of ssl.log; JA3 and JA4 where the log has them."""
    columns = ends(reading, protocol=TCP)
    columns["server_name"] = lower_name(reading.texts("server_name", decode))
    for name in ("ja3", "ja4"):
        if name in reading:
            columns[name] = cut(reading.texts(name, decode))
    yield Part(FactKind.TLS, ledger.fit(reading, columns))


def http_parts(reading: Reading, ledger: Ledger, decode: Decode, _split: Split) -> Iterator[Part]:
    """Yield requests of http.log."""
    columns = ends(reading, protocol=TCP)
    columns["host"] = host_name(reading.texts("host", decode))
    columns["user_agent"] = cut(reading.texts("user_agent", decode))
    columns["method"] = cut(reading.texts("method", decode))
    yield Part(FactKind.HTTP, ledger.fit(reading, columns))


def notice_parts(reading: Reading, ledger: Ledger, decode: Decode, _split: Split) -> Iterator[Part]:
    """Yield notices about a host: the originator of their connection, else their `src`."""
    yield from _alerts(reading, ledger, decode, "note", "zeek-notice", ("src", "dst", "p"))


def weird_parts(reading: Reading, ledger: Ledger, decode: Decode, _split: Split) -> Iterator[Part]:
    """Yield weirds about a connection."""
    yield from _alerts(reading, ledger, decode, "name", "zeek-weird", ())


def _alerts(
    reading: Reading, ledger: Ledger, decode: Decode, signature: str, tool: str, instead: tuple[str, ...]
) -> Iterator[Part]:
    connected = reading.has("id.orig_h") & reading.has("id.resp_h")
    groups = [(connected, ("id.orig_h", "id.resp_h", "id.orig_p", "id.resp_p"))]
    if instead:
        source, other, port = instead
        groups.append((~connected & reading.has(source) & reading.has(other), (source, other, "", port)))
        groups.append((~connected & reading.has(source) & ~reading.has(other), (source, "", "", port)))
    used = np.zeros(len(reading), dtype=bool)
    for mask, names in groups:
        used |= mask
        if mask.any():
            part = Reading(reading.fields, reading.rows[mask])
            columns = _alert_ends(part, names)
            columns["signature"] = cut(part.texts(signature, decode))
            columns["severity"] = np.zeros(len(part), np.uint8)
            columns["tool"] = np.full(len(part), tool, dtype=object)
            yield Part(FactKind.ALERT, ledger.fit(part, columns))
    ledger.skip("alert_without_source", int(np.count_nonzero(~used)))


def _alert_ends(reading: Reading, names: tuple[str, str, str, str]) -> dict[str, Column]:
    source, other, orig_port, resp_port = names
    orig_high, orig_low = reading.addresses(source)
    nobody = np.zeros(len(reading), np.uint64)
    resp_high, resp_low = reading.addresses(other) if other else (nobody, nobody)
    return {
        "time_ns": reading.times("ts"),
        "orig_hi": orig_high,
        "orig_lo": orig_low,
        "resp_hi": resp_high,
        "resp_lo": resp_low,
        "orig_port": reading.counts(orig_port, PORT_MAX).astype(np.uint16),
        "resp_port": reading.counts(resp_port, PORT_MAX).astype(np.uint16),
        "protocol": reading.codes("proto", PROTOCOLS, fold=True).astype(np.uint8),
    }


def split_by(separator: bytes) -> Split:
    """Return what splits a field of TSV that holds a set or a vector."""
    return lambda text: text.split(separator, _ANSWERS_MAX) if text else []


def split_json_list(text: bytes) -> list[bytes]:
    """Return the texts of a JSON list."""
    if not text.startswith(b"["):
        return []
    try:
        return [item.encode() for item in orjson.loads(text) if isinstance(item, str)]
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return []


def _objects(items: list[Any]) -> Column:
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column
