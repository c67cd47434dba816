"""Community ID v1: one identifier for both directions of a flow, the same in every tool that has it.

Specification: https://github.com/corelight/community-id-spec.

The convention for ICMP is Zeek's conn.log: `orig_port` is the type of the originator's first message, `resp_port` the
type that answers it where there is one (echo, router and neighbour solicitation, ...), else the message's code. As the
counterpart follows from the type alone, a code in `resp_port` of a two-way type gives the same identifier.
"""

import base64
import binascii
import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import is_v4, pack_address
from netad.ingest.flows import FlowBatch
from netad.ingest.icmp_ports import icmp_ports, is_one_way

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132

_ICMP = frozenset((ICMP, ICMP6))
_WITH_PORTS = _ICMP | {TCP, UDP, SCTP}
_COLUMNS = ("protocol", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port")
# What is hashed, in network byte order (the specification's "pseudo code"); without ports its last four bytes are not.
_TAIL = [("protocol", "u1"), ("zero", "u1"), ("first_port", ">u2"), ("second_port", ">u2")]
_V4_ROW = np.dtype([("seed", ">u2"), ("first", ">u4"), ("second", ">u4"), *_TAIL])
_V6_ROW = np.dtype([("seed", ">u2"), ("first_hi", ">u8"), ("first", ">u8"), ("second_hi", ">u8"), ("second", ">u8"),
                    *_TAIL])  # fmt: skip


class CanonicalTuple(NamedTuple):
    """The endpoints of a flow in the order that Community ID hashes them, the same for both directions.

    Ports are 0 for protocols without ports; for ICMP they hold type and counterpart type or code. One-way ICMP messages
    keep their direction.
    """

    protocol: int
    first_hi: int
    first_lo: int
    second_hi: int
    second_lo: int
    first_port: int
    second_port: int


def icmp_counterpart(protocol: int, message_type: int) -> int | None:
    """Return the ICMP or ICMPv6 type that answers `message_type`, None for one-way types and other protocols."""
    if protocol not in _ICMP or is_one_way(protocol, message_type):
        return None
    return icmp_ports(protocol, message_type, 0)[1]


def canonical_tuple(
    protocol: int, orig_hi: int, orig_lo: int, resp_hi: int, resp_lo: int, orig_port: int, resp_port: int
) -> CanonicalTuple:
    """Return the ordered endpoints of one flow: the numerically smaller address and port first."""
    one_way = False
    if protocol in _ICMP:
        one_way = is_one_way(protocol, orig_port)
        orig_port, resp_port = icmp_ports(protocol, orig_port, resp_port)
    elif protocol not in _WITH_PORTS:
        orig_port = resp_port = 0
    if one_way or (orig_hi, orig_lo, orig_port) <= (resp_hi, resp_lo, resp_port):
        return CanonicalTuple(protocol, orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port)
    return CanonicalTuple(protocol, resp_hi, resp_lo, orig_hi, orig_lo, resp_port, orig_port)


def community_id(
    protocol: int,
    orig_hi: int,
    orig_lo: int,
    resp_hi: int,
    resp_lo: int,
    orig_port: int,
    resp_port: int,
    seed: int = 0,
) -> str:
    """Return the Community ID of one flow, from plain ints; `seed` is 0 to 65535 and the same across a site's tools.

    An address in ::ffff:0:0/96 is taken as IPv4, since the columns hold IPv4 that way; against a peer that is none, it
    is hashed with 16 bytes.
    """
    return _rendered(canonical_tuple(protocol, orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port), seed)


def community_ids(batch: FlowBatch, seed: int = 0) -> NDArray[np.object_]:
    """Return the Community ID of every flow, shape (n,) of str.

    Raises:
        KeyError: the batch lacks an address, port or protocol column.
    """
    return community_id_bytes(batch, seed).astype("U30").astype(object)


def community_id_bytes(batch: FlowBatch, seed: int = 0) -> NDArray[np.bytes_]:
    """Return the Community ID of every flow as ASCII, shape (n,) of S30: everything but the hash is done by column.

    Raises:
        KeyError: the batch lacks an address, port or protocol column.
    """
    protocol, *ends = canonical_columns(batch)
    first_hi, first_lo, second_hi, second_lo, first_port, second_port = ends
    v4 = (first_hi == 0) & (first_lo >> 32 == 0xFFFF) & (second_hi == 0) & (second_lo >> 32 == 0xFFFF)
    ports = np.isin(protocol, tuple(_WITH_PORTS))
    digests = np.zeros((len(batch), 21), dtype=np.uint8)
    for short, has_ports in ((True, True), (True, False), (False, True), (False, False)):
        rows = np.flatnonzero((v4 == short) & (ports == has_ports))
        if len(rows) == 0:
            continue
        hashed = np.zeros(len(rows), dtype=_V4_ROW if short else _V6_ROW)
        hashed["seed"], hashed["protocol"] = seed, protocol[rows]
        for name, half in (("first", first_lo), ("second", second_lo)):
            hashed[name] = half[rows] & 0xFFFFFFFF if short else half[rows]
        if not short:
            hashed["first_hi"], hashed["second_hi"] = first_hi[rows], second_hi[rows]
        hashed["first_port"], hashed["second_port"] = first_port[rows], second_port[rows]
        digests[rows, :20] = _sha1(hashed, hashed.itemsize if has_ports else hashed.itemsize - 4)
    return _base64(digests)


def _sha1(rows: NDArray[np.void], length: int) -> NDArray[np.uint8]:
    """Return the SHA-1 of the first `length` bytes of every row, shape (n, 20)."""
    data, size = memoryview(rows.tobytes()), rows.itemsize
    sha1 = hashlib.sha1
    digests = [sha1(data[at : at + length], usedforsecurity=False).digest() for at in range(0, len(data), size)]
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 20)


def _base64(digests: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Return digests of 20 bytes, with one of zero behind each, as `1:` and base64 with its padding."""
    text = np.empty((len(digests), 30), dtype=np.uint8)
    text[:, :2] = np.frombuffer(b"1:", dtype=np.uint8)
    encoded = binascii.b2a_base64(digests.tobytes(), newline=False)
    text[:, 2:] = np.frombuffer(encoded, dtype=np.uint8).reshape(-1, 28)
    text[:, 29] = ord("=")
    return text.reshape(-1).view("S30")


def canonical_columns(batch: FlowBatch) -> tuple[NDArray[np.integer], ...]:
    """Return the fields of `CanonicalTuple` of every flow as columns, each of shape (n,).

    Raises:
        KeyError: the batch lacks an address, port or protocol column.
    """
    protocol, orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port = (batch[name] for name in _COLUMNS)
    with_ports = np.isin(protocol, tuple(_WITH_PORTS))
    orig_port, resp_port = np.where(with_ports, orig_port, 0), np.where(with_ports, resp_port, 0)
    one_way = np.zeros(len(batch), dtype=bool)
    for number in _ICMP:
        rows = np.flatnonzero(protocol == number)
        kinds, inverse = np.unique(orig_port[rows], return_inverse=True)
        answers = np.array([icmp_counterpart(number, int(kind)) or 0 for kind in kinds], dtype=resp_port.dtype)
        single = np.array([is_one_way(number, int(kind)) for kind in kinds], dtype=bool)
        one_way[rows] = single[inverse]
        resp_port[rows] = np.where(single[inverse], resp_port[rows], answers[inverse])
    high, low = (orig_hi == resp_hi), (orig_lo == resp_lo)
    ordered = (orig_hi < resp_hi) | (high & (orig_lo < resp_lo)) | (high & low & (orig_port <= resp_port)) | one_way
    return (
        protocol,
        np.where(ordered, orig_hi, resp_hi),
        np.where(ordered, orig_lo, resp_lo),
        np.where(ordered, resp_hi, orig_hi),
        np.where(ordered, resp_lo, orig_lo),
        np.where(ordered, orig_port, resp_port),
        np.where(ordered, resp_port, orig_port),
    )


def _rendered(flow: CanonicalTuple, seed: int) -> str:
    hashed = seed.to_bytes(2, "big")
    if is_v4(flow.first_hi, flow.first_lo) and is_v4(flow.second_hi, flow.second_lo):
        hashed += pack_address(flow.first_hi, flow.first_lo) + pack_address(flow.second_hi, flow.second_lo)
    else:
        hashed += b"".join(half.to_bytes(8, "big") for half in flow[1:5])
    hashed += bytes((flow.protocol, 0))
    if flow.protocol in _WITH_PORTS:
        hashed += flow.first_port.to_bytes(2, "big") + flow.second_port.to_bytes(2, "big")
    digest = hashlib.sha1(hashed, usedforsecurity=False).digest()
    return "1:" + base64.b64encode(digest).decode("ascii")
