"""The decoding kernel: captured bytes of one record to a packet row, what netad.ingest.decode says, byte for byte.

It knows what nearly all packets are: IP over Ethernet, cooked captures, raw IP and null/loop, and in GRE or IP inside
those; and frames that hold no IP. Everything else (other link types, Ethernet types that carry IP in another header,
fragments, other tunnels) it hands over to that reference.
"""

from typing import Final

import numpy as np

from netad.ingest.checksums import BAD_CHECKSUM, BAD_IP_CHECKSUM, TOO_LONG
from netad.ingest.engine.checksums import fault, is_without_length
from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.octets import Bytes, Words, be16, be32, be64, u8
from netad.ingest.engine.packet_row import (
    P_ACK,
    P_DST_HI,
    P_DST_LO,
    P_DST_PORT,
    P_FLAGS,
    P_INNER,
    P_LENGTH,
    P_ONE_WAY,
    P_PAYLOAD,
    P_PROTOCOL,
    P_SEQ,
    P_SRC_HI,
    P_SRC_LO,
    P_SRC_PORT,
    P_TTL,
    P_TUNNEL,
    P_VLAN,
    P_WINDOW,
)
from netad.ingest.flows import TUNNELS
from netad.ingest.icmp_ports import icmp_ports, is_one_way
from netad.ingest.layers import NOT_IP, TRUNCATED

# What `decode` returns: PACKET, HANDOVER, or the position in KINDS of the kind the record is counted under.
HANDOVER: Final = -1
_TUNNEL = -2  # inside the kernel only
PACKET: Final = 0
KINDS: Final = (
    "",
    "arp",
    "truncated_ip_header",
    "bad_ip_header",
    "truncated_transport_header",
    "bad_transport_header",
    NOT_IP,
    TRUNCATED,
    TOO_LONG,
    BAD_IP_CHECKSUM,
    BAD_CHECKSUM,
)
_ARP, _TRUNCATED_IP, _BAD_IP, _TRUNCATED_TRANSPORT, _BAD_TRANSPORT, _NOT_IP, _TRUNCATED_LINK = range(1, 8)
_FAULTS = 7  # what netad.ingest.engine.checksums finds counts on from here

_NULL, _ETHERNET, _LOOP, _SLL, _SLL2 = 0, 1, 108, 113, 276
_IP4_TYPE, _IP6_TYPE, _ARP_TYPE = 0x0800, 0x86DD, 0x0806
_ICMP, _IP_IN_IP, _TCP, _UDP, _DCCP, _IP6_IN_IP, _GRE = 1, 4, 6, 17, 33, 41, 47
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AH, _DESTINATION = 0, 43, 44, 51, 60
_ICMP6, _SCTP, _UDPLITE = 58, 132, 136
_GTP_U, _VXLAN, _GENEVE = 2152, 4789, 6081
_MAX_LENGTH = 1 << 24
_MAX_TAGS = 4
_MAX_TUNNELS = 4
_GRE_TUNNEL, _IP_IN_IP_TUNNEL = TUNNELS.index("gre"), TUNNELS.index("ip-in-ip")
# A version other than 0, or source routes.
_GRE_UNUSUAL = 0x4007
_MAX_EXTENSIONS = 32
_V4_PREFIX = 0xFFFF << 32
_UNTAGGED = 0


def _answers() -> Words:
    """Return the answer's type to each ICMP (row 0) and ICMPv6 (row 1) message type, -1 where none is expected."""
    return np.array(
        [
            [-1 if is_one_way(protocol, kind) else icmp_ports(protocol, kind, 0)[1] for kind in range(256)]
            for protocol in (_ICMP, _ICMP6)
        ],
        np.int64,
    )


_ANSWERS: Final = _answers()


@compiled
def decode(
    block: Bytes, start: int, end: int, wire_length: int, link_type: int, decap: int, strict: int, p: Words
) -> int:
    """Fill `p` from the captured bytes block[start:end]; return PACKET, HANDOVER or a position in KINDS.

    `wire_length` is what the record says the frame had on the wire; with `decap` the packet is the one inside tunnels,
    and those that are not plain are handed over; `strict` is a netad.ingest.checksums.Strict. Of `p` the
    fields P_TIME and P_INPUT are left alone; its content means nothing unless PACKET is returned.
    """
    outcome, offset, vlan = _find_ip(block, start, end, link_type)
    if outcome != PACKET:
        return outcome
    p[P_VLAN] = vlan
    p[P_TUNNEL] = 0
    wire_end = start + wire_length
    for level in range(_MAX_TUNNELS + 1):
        outcome = _ip(block, offset, end, wire_end - offset, decap, p)
        if level > 0 and (outcome > PACKET or p[P_LENGTH] > wire_end - offset):
            return HANDOVER  # what is inside is none: the packet is the one around it
        if strict and outcome in (PACKET, _TUNNEL):
            wrong = fault(block, offset, end, wire_end - offset, strict)
            if wrong:
                return _FAULTS + wrong
            if is_without_length(block, offset):
                p[P_LENGTH] = 0
        if outcome != _TUNNEL:
            return outcome
        offset, tunnel = _behind_tunnel(block, end, p)
        if tunnel == 0:
            return HANDOVER
        if level == 0:
            p[P_TUNNEL] = tunnel
        wire_end = p[P_INNER] + p[P_PAYLOAD]
        end = min(end, wire_end)
    return HANDOVER


@compiled_apart
def _behind_tunnel(block: Bytes, end: int, p: Words) -> tuple[int, int]:
    """Return where what IP in IP or plain GRE carries begins, and which of the two it is; 0 for what is less plain."""
    at = p[P_INNER]
    if p[P_PROTOCOL] != _GRE:
        return at, _IP_IN_IP_TUNNEL
    if end < at + 4:
        return at, 0
    flags, kind = be16(block, at), be16(block, at + 2)
    if flags & _GRE_UNUSUAL or kind not in (_IP4_TYPE, _IP6_TYPE):
        return at, 0
    return at + 4 * (1 + (flags >> 15) + (flags >> 13 & 1) + (flags >> 12 & 1)), _GRE_TUNNEL


@compiled
def _ip(block: Bytes, offset: int, end: int, on_wire: int, decap: int, p: Words) -> int:
    """Read the packet that begins at `offset`: an outcome, or _TUNNEL with P_INNER and P_PAYLOAD set."""
    if end <= offset:
        return _TRUNCATED_IP
    version = u8(block, offset) >> 4
    if version == 4:
        return _ip4(block, offset, end, on_wire, decap, p)
    if version == 6:
        return _ip6(block, offset, end, on_wire, decap, p)
    return _BAD_IP


@compiled
def _find_ip(block: Bytes, start: int, end: int, link_type: int) -> tuple[int, int, int]:  # noqa: PLR0911 - one for each outcome
    """Return an outcome, where the IP header starts and the outermost VLAN tag."""
    if link_type == _ETHERNET:
        if end < start + 14:
            return _TRUNCATED_LINK, start, _UNTAGGED
        return _behind_type(block, be16(block, start + 12), start + 14, end)
    if link_type in (12, 14, 101, 228, 229):
        return PACKET, start, _UNTAGGED
    if link_type in (_NULL, _LOOP):
        if end < start + 4:
            return _TRUNCATED_LINK, start, _UNTAGGED
        family = be32(block, start)
        if family & 0xFFFFFF == 0:
            family >>= 24
        known = family in (2, 10, 24, 28, 30)
        return PACKET if known else _NOT_IP, start + 4, _UNTAGGED
    if link_type == _SLL:
        if end < start + 16:
            return _TRUNCATED_LINK, start, _UNTAGGED
        if not _is_ethertyped(be16(block, start + 2)):
            return _NOT_IP, start, _UNTAGGED
        return _behind_type(block, be16(block, start + 14), start + 16, end)
    if link_type == _SLL2:
        if end < start + 20:
            return _TRUNCATED_LINK, start, _UNTAGGED
        if not _is_ethertyped(be16(block, start + 8)):
            return _NOT_IP, start, _UNTAGGED
        return _behind_type(block, be16(block, start), start + 20, end)
    return HANDOVER, start, _UNTAGGED


@compiled
def _is_ethertyped(hardware: int) -> bool:
    """Tell whether a cooked capture of this ARPHRD type has an Ethernet type in its protocol field."""
    return not (801 <= hardware <= 803 or hardware == 824)


@compiled
def _behind_type(block: Bytes, ethertype: int, offset: int, end: int) -> tuple[int, int, int]:
    """Walk VLAN tags and a SNAP header from `offset`; return as `_find_ip` does."""
    vlan, tags = 0, 0
    while ethertype != _IP4_TYPE and tags < _MAX_TAGS:
        if ethertype not in (0x8100, 0x88A8, 0x9100, 0x9200):
            break
        if end < offset + 4:
            return _TRUNCATED_LINK, offset, vlan
        if tags == 0:
            vlan = be16(block, offset) & 0xFFF
        ethertype = be16(block, offset + 2)
        offset += 4
        tags += 1
    if ethertype < 0x600:
        # LLC; with a SNAP header for no organisation an Ethernet type comes after all.
        if end < offset + 8 or be32(block, offset) != 0xAAAA0300 or be16(block, offset + 4) != 0:
            return _TRUNCATED_LINK if end < offset + 3 else _NOT_IP, offset, vlan
        ethertype = be16(block, offset + 6)
        offset += 8
    if ethertype in (_IP4_TYPE, _IP6_TYPE):
        return PACKET, offset, vlan
    if ethertype == _ARP_TYPE:
        return _ARP, offset, vlan
    return HANDOVER if _may_carry_ip(ethertype) else _NOT_IP, offset, vlan


@compiled
def _may_carry_ip(ethertype: int) -> bool:
    """Tell whether the reference looks further behind this Ethernet type: tags, labels, PPP, VN-Tag, bridged frames."""
    return ethertype in (0x8100, 0x88A8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864, 0x880B, 0x8926, 0x6558)


@compiled
def _ip4(block: Bytes, offset: int, end: int, on_wire: int, decap: int, p: Words) -> int:
    if end < offset + 20:
        return _TRUNCATED_IP
    size = (u8(block, offset) & 15) * 4
    length = be16(block, offset + 2)
    if length == 0:
        length = on_wire  # segmentation offload
    if size < 20 or length < size or length > _MAX_LENGTH:
        return _BAD_IP
    if end < offset + size:
        return _TRUNCATED_IP
    if be16(block, offset + 6) & 0x3FFF:
        return HANDOVER
    p[P_SRC_HI] = 0
    p[P_SRC_LO] = _V4_PREFIX | be32(block, offset + 12)
    p[P_DST_HI] = 0
    p[P_DST_LO] = _V4_PREFIX | be32(block, offset + 16)
    p[P_TTL] = u8(block, offset + 8)
    p[P_LENGTH] = length
    there = min(end, offset + length)
    return _transport(block, u8(block, offset + 9), offset + size, there, length - size, decap, p)


@compiled
def _ip6(block: Bytes, offset: int, end: int, on_wire: int, decap: int, p: Words) -> int:  # noqa: PLR0911 - one for each outcome
    if end < offset + 40:
        return _TRUNCATED_IP
    payload = be16(block, offset + 4)
    length = 40 + payload if payload else on_wire
    if length < 40 or length > _MAX_LENGTH:
        return _BAD_IP
    following, start = u8(block, offset + 6), offset + 40
    extensions = 0
    while following in (_HOP_BY_HOP, _ROUTING, _DESTINATION, _AH, _FRAGMENT):
        if extensions == _MAX_EXTENSIONS:
            return _BAD_IP
        if following == _FRAGMENT:
            return HANDOVER
        if following == _AH:
            if end < start + 12:
                return _TRUNCATED_IP
            size = (u8(block, start + 1) + 2) * 4
        else:
            if end < start + 2:
                return _TRUNCATED_IP
            size = (u8(block, start + 1) + 1) * 8
        following = u8(block, start)
        start += size
        extensions += 1
    if extensions == _MAX_EXTENSIONS or start > offset + length:
        return _BAD_IP
    p[P_SRC_HI] = be64(block, offset + 8)
    p[P_SRC_LO] = be64(block, offset + 16)
    p[P_DST_HI] = be64(block, offset + 24)
    p[P_DST_LO] = be64(block, offset + 32)
    p[P_TTL] = u8(block, offset + 7)
    p[P_LENGTH] = length
    there = min(end, offset + length)
    return _transport(block, following, start, there, offset + length - start, decap, p)


@compiled
def _transport(block: Bytes, protocol: int, start: int, end: int, payload: int, decap: int, p: Words) -> int:  # noqa: PLR0911 - one for each outcome
    """Read the transport header in block[start:end]; the IP header leaves it `payload` bytes."""
    p[P_PROTOCOL] = protocol
    p[P_ONE_WAY] = 0
    p[P_FLAGS] = -1
    p[P_WINDOW] = -1
    p[P_SEQ] = -1
    p[P_ACK] = -1
    if protocol == _TCP:
        return _tcp(block, start, end, payload, p)
    if protocol in (_UDP, _UDPLITE, _ICMP, _ICMP6):
        size = 8
    elif protocol in (_SCTP, _DCCP):
        size = 12
    else:
        p[P_SRC_PORT] = 0
        p[P_DST_PORT] = 0
        p[P_PAYLOAD] = payload
        p[P_INNER] = start
        return _TUNNEL if decap and protocol in (_IP_IN_IP, _IP6_IN_IP, _GRE) else PACKET
    if payload < size:
        return _BAD_TRANSPORT
    if end < start + 4:
        return _TRUNCATED_TRANSPORT
    p[P_PAYLOAD] = payload - size
    p[P_INNER] = start + size
    if protocol in (_ICMP, _ICMP6):
        kind = u8(block, start)
        answer = _ANSWERS[0 if protocol == _ICMP else 1, kind]
        p[P_ONE_WAY] = 1 if answer < 0 else 0
        p[P_SRC_PORT] = kind
        p[P_DST_PORT] = u8(block, start + 1) if answer < 0 else answer
        return PACKET
    p[P_SRC_PORT] = be16(block, start)
    to_port = be16(block, start + 2)
    p[P_DST_PORT] = to_port
    if decap and protocol == _UDP and to_port in (_VXLAN, _GENEVE, _GTP_U):
        return HANDOVER
    return PACKET


@compiled
def _tcp(block: Bytes, start: int, end: int, payload: int, p: Words) -> int:
    here = end - start
    if payload < 20:
        return _BAD_TRANSPORT
    if here < 4:
        return _TRUNCATED_TRANSPORT
    p[P_SRC_PORT] = be16(block, start)
    p[P_DST_PORT] = be16(block, start + 2)
    size = 20
    if here >= 14:
        size = (u8(block, start + 12) >> 4) * 4
        if size < 20 or size > payload:
            return _BAD_TRANSPORT
        p[P_FLAGS] = u8(block, start + 13)
        p[P_SEQ] = be32(block, start + 4)
        p[P_ACK] = be32(block, start + 8)
        if here >= 16:
            p[P_WINDOW] = be16(block, start + 14)
    p[P_PAYLOAD] = payload - size
    p[P_INNER] = start + size
    return PACKET
