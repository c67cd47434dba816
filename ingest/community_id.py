"""Community ID v1: one identifier for both directions of a flow, the same in every tool that has it.

Specification: https://github.com/corelight/community-id-spec.

The convention for ICMP is Zeek's conn.log: `orig_port` is the type of the originator's first message, `resp_port` the
type that answers it where there is one (echo, router and neighbour solicitation, ...), else the message's code. As the
counterpart follows from the type alone, a code in `resp_port` of a two-way type gives the same identifier.
"""

import base64
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
    """Return the Community ID of every flow, shape (n,) of str; the same endpoints are hashed once.

    Raises:
        KeyError: the batch lacks an address, port or protocol column.
    """
    known: dict[tuple[int, ...], str] = {}
    ids = np.empty(len(batch), dtype=object)
    for row, key in enumerate(zip(*(batch[name].tolist() for name in _COLUMNS), strict=True)):
        found = known.get(key)
        if found is None:
            found = known[key] = _rendered(canonical_tuple(*key), seed)
        ids[row] = found
    return ids


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
