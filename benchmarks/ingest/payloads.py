"""The payloads that application detectors look at: DNS, a TLS handshake, HTTP, NTP; everything else is random bytes."""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.ingest.specs import Kind
from benchmarks.ingest.traffic import CLIENT_HELLO_BYTES, HTTP_REQUEST_BYTES, Flows, Packets

MAX_TEMPLATE: Final = 640
_POOL_BYTES: Final = 1 << 20
_NAME: Final = b"www.example.com"
_FIRST_DATA: Final = 3  # position of a TCP flow's first packet with data


class Template(IntEnum):
    """What a payload starts with. TLS_RECORD and TLS_SERVER are followed by an application data record's header."""

    NONE, DNS_QUERY, NTP_REQUEST, NTP_RESPONSE, TLS_CLIENT, TLS_SERVER, TLS_RECORD, HTTP_REQUEST, HTTP_RESPONSE = range(
        9
    )
    DNS_RESPONSE = 9  # with 1 answer; 10 to 13: with 2 to 5 answers


class Payloads(NamedTuple):
    """Random bytes to fill payloads with, `templates` (uint8[n, MAX_TEMPLATE]) to lay over them, and their lengths."""

    pool: npt.NDArray[np.uint8]
    templates: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]


def payloads(seed: int) -> Payloads:
    """Return the payloads of a capture."""
    rng = np.random.default_rng(seed + 1)
    by_template = {
        Template.NONE: b"",
        Template.DNS_QUERY: _dns(0),
        Template.NTP_REQUEST: b"\x23",
        Template.NTP_RESPONSE: b"\x24",
        Template.TLS_CLIENT: _client_hello(rng),
        Template.TLS_SERVER: _server_hello(rng),
        Template.TLS_RECORD: b"",
        Template.HTTP_REQUEST: _http_request(),
        Template.HTTP_RESPONSE: b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n",
    }
    texts = [by_template[Template(index)] for index in range(Template.DNS_RESPONSE)]
    texts += [_dns(answers) for answers in range(1, 6)]
    templates = np.zeros((len(texts), MAX_TEMPLATE), np.uint8)
    for row, text in zip(templates, texts, strict=True):
        row[: len(text)] = np.frombuffer(text, np.uint8)
    pool = np.frombuffer(rng.bytes(_POOL_BYTES), np.uint8).copy()
    return Payloads(pool, templates, np.array([len(text) for text in texts]))


def templates_of(flows: Flows, packets: Packets) -> npt.NDArray[np.uint8]:
    """Return each packet's template."""
    kind, backward, position = flows.kind[packets.flow], packets.backward, packets.position
    template = np.zeros(kind.size, np.uint8)
    answers = np.maximum((packets.payload - len(_dns(0))) // 16, 1)
    dns = kind == Kind.DNS
    template[dns] = np.where(backward, Template.DNS_RESPONSE + answers - 1, Template.DNS_QUERY)[dns]
    ntp = kind == Kind.NTP
    template[ntp] = np.where(backward, Template.NTP_RESPONSE, Template.NTP_REQUEST)[ntp]
    first, second, data = position == _FIRST_DATA, position == _FIRST_DATA + 1, packets.payload > 0
    tls = (kind == Kind.TLS) & data
    template[tls] = np.where(first, Template.TLS_CLIENT, np.where(second, Template.TLS_SERVER, Template.TLS_RECORD))[
        tls
    ]
    http = (kind == Kind.HTTP) & data
    template[http & first] = Template.HTTP_REQUEST
    template[http & second] = Template.HTTP_RESPONSE
    return template


def _dns(answers: int) -> bytes:
    """Return a query (no answers) or a response, with transaction id 0; the host name's six letters come at byte 13."""
    header = struct.pack(">HHHHHH", 0, 0x8180 if answers else 0x0100, 1, answers, 0, 0)
    question = b"\x06aaaaaa\x07example\x03com\0" + struct.pack(">HH", 1, 1)
    records = [struct.pack(">HHHIHI", 0xC00C, 1, 1, 300, 4, (93 << 24) + number) for number in range(answers)]
    return header + question + b"".join(records)


def _http_request() -> bytes:
    start = (
        b"GET /index.html HTTP/1.1\r\nHost: " + _NAME + b"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nX-Pad: "
    )
    return start.ljust(HTTP_REQUEST_BYTES - 4, b"a") + b"\r\n\r\n"


def _client_hello(rng: np.random.Generator) -> bytes:
    """Return a TLS 1.3 client hello with a server name, padded to its usual 517 bytes (RFC 8446, RFC 7685)."""
    name = struct.pack(">HHHBH", 0, len(_NAME) + 5, len(_NAME) + 3, 0, len(_NAME)) + _NAME
    versions = struct.pack(">HHBHH", 0x2B, 5, 4, 0x0304, 0x0303)
    groups = struct.pack(">HHHH", 0x0A, 4, 2, 0x1D)
    suites = struct.pack(">H5H", 10, 0x1301, 0x1302, 0xC02F, 0xC030, 0x009C)
    head = struct.pack(">H", 0x0303) + rng.bytes(32) + b"\x20" + rng.bytes(32) + suites + b"\x01\0"
    extensions = name + versions + groups
    padding = CLIENT_HELLO_BYTES - 9 - len(head) - 2 - len(extensions) - 4
    extensions += struct.pack(">HH", 0x15, padding) + bytes(padding)
    return _handshake(1, head + struct.pack(">H", len(extensions)) + extensions, 0x0301)


def _server_hello(rng: np.random.Generator) -> bytes:
    body = struct.pack(">H", 0x0303) + rng.bytes(32) + b"\x20" + rng.bytes(32)
    return _handshake(2, body + struct.pack(">HBHHHH", 0x1301, 0, 6, 0x2B, 2, 0x0304), 0x0303)


def _handshake(kind: int, body: bytes, version: int) -> bytes:
    """Return a TLS record that holds one handshake message."""
    return struct.pack(">BHHBBH", 22, version, len(body) + 4, kind, 0, len(body)) + body
