"""Encapsulations that IP and UDP carry: whether a packet is one, and where its content begins.

GRE (RFC 2784, 2890; version 1 of PPTP: RFC 2637), ERSPAN (draft-foschiano-erspan), IP in IP (RFC 2003, 4213), VXLAN
(RFC 7348), GENEVE (RFC 8926) and GTP-U (3GPP TS 29.281). Nothing here raises, whatever the bytes are.
"""

from struct import Struct
from typing import Final

from dpkt import gre, ip

from netad.ingest.flows import TUNNELS
from netad.ingest.layers import BRIDGED, FIRST_ETHERTYPE, IP4, IP6, PPP_ETHERTYPE, RAW_PACKET

# Index into TUNNELS, what the content is (netad.ingest.layers), and its offset.
Opening = tuple[int, int, int]

GRE, IP_IN_IP, VXLAN, GENEVE, GTP_U, ERSPAN = (TUNNELS.index(name) for name in TUNNELS[1:])

_UDP: Final = ip.IP_PROTO_UDP
_UDP_BYTES: Final = 8
VXLAN_PORT, GENEVE_PORT, GTP_U_PORT = 4789, 6081, 2152
TUNNEL_PROTOCOLS: Final = frozenset((ip.IP_PROTO_IPIP, ip.IP_PROTO_IP6, ip.IP_PROTO_GRE))
# All three name the destination; the source is a hash, or whatever.
TUNNEL_PORTS: Final = frozenset((VXLAN_PORT, GENEVE_PORT, GTP_U_PORT))

_GRE: Final = Struct(gre.GRE.__hdr_fmt__)
_GRE_WORD: Final = 4
_GRE_VERSION: Final = 0x07
_ERSPAN_II, _ERSPAN_III = 0x88BE, 0x22EB
_ERSPAN_II_BYTES, _ERSPAN_III_BYTES, _ERSPAN_PLATFORM_BYTES = 8, 12, 8
_ERSPAN_ETHERNET, _ERSPAN_IP = 0, 2

_VXLAN_BYTES, _VXLAN_HAS_ID = 8, 0x08
_GENEVE: Final = Struct(">BBHI")
_GENEVE_CONTROL: Final = 0x80
_GTP: Final = Struct(">BBHI")
_GTP_FIRST_OCTET, _GTP_FIXED_BITS = 0x30, 0xF0  # version 1, GTP and not GTP'
_GTP_HAS_MORE, _GTP_HAS_EXTENSIONS, _GTP_MORE_BYTES, _GTP_MAX_EXTENSIONS = 0x07, 0x04, 4, 8
_G_PDU: Final = 255


def is_tunnel(protocol: int, dst_port: int) -> bool:
    """Tell whether packets of that IP protocol, to that port, are worth a look with `open_tunnel`."""
    return (protocol == _UDP and dst_port in TUNNEL_PORTS) or protocol in TUNNEL_PROTOCOLS


def open_tunnel(data: bytes, protocol: int, dst_port: int, at: int) -> Opening | None:
    """Return what the packet with its transport header at `at` carries; None if it is no encapsulation known here."""
    if protocol == ip.IP_PROTO_GRE:
        return _gre(data, at)
    if protocol in (ip.IP_PROTO_IPIP, ip.IP_PROTO_IP6):
        return IP_IN_IP, IP4 if protocol == ip.IP_PROTO_IPIP else IP6, at
    if protocol != _UDP:
        return None
    at += _UDP_BYTES
    if dst_port == VXLAN_PORT:
        return _vxlan(data, at)
    if dst_port == GENEVE_PORT:
        return _geneve(data, at)
    return _gtp_u(data, at) if dst_port == GTP_U_PORT else None


def _gre(data: bytes, at: int) -> Opening | None:
    if len(data) < at + _GRE.size:
        return None
    flags, kind = _GRE.unpack_from(data, at)
    at += _GRE.size
    if flags & _GRE_VERSION == 1:
        at += _GRE_WORD * (1 + bool(flags & gre.GRE_SP) + bool(flags & gre.GRE_AP))
        return (GRE, PPP_ETHERTYPE, at) if kind == PPP_ETHERTYPE and flags & gre.GRE_KP else None
    # The source routes of RFC 1701 are out of use; types below are none of Ethernet's (0: a keep-alive).
    if flags & (_GRE_VERSION | gre.GRE_RP) or kind < FIRST_ETHERTYPE:
        return None
    at += _GRE_WORD * sum(bool(flags & option) for option in (gre.GRE_CP, gre.GRE_KP, gre.GRE_SP))
    if kind == _ERSPAN_III:
        return _erspan_iii(data, at)
    if kind == _ERSPAN_II:
        # Type I has neither sequence number nor header.
        return ERSPAN, BRIDGED, at + (_ERSPAN_II_BYTES if flags & gre.GRE_SP else 0)
    return GRE, kind, at


def _erspan_iii(data: bytes, at: int) -> Opening | None:
    """Read the header of type III: its last two octets say what was mirrored, and whether 8 more octets follow."""
    end = at + _ERSPAN_III_BYTES
    if len(data) < end:
        return None
    last = int.from_bytes(data[end - 2 : end], "big")
    mirrored = last >> 10 & 0x1F
    if last & 1:
        end += _ERSPAN_PLATFORM_BYTES
    if mirrored == _ERSPAN_ETHERNET:
        return ERSPAN, BRIDGED, end
    return (ERSPAN, RAW_PACKET, end) if mirrored == _ERSPAN_IP else None


def _vxlan(data: bytes, at: int) -> Opening | None:
    if len(data) < at + _VXLAN_BYTES or not data[at] & _VXLAN_HAS_ID:
        return None
    return VXLAN, BRIDGED, at + _VXLAN_BYTES


def _geneve(data: bytes, at: int) -> Opening | None:
    if len(data) < at + _GENEVE.size:
        return None
    version_and_length, flags, kind, _ = _GENEVE.unpack_from(data, at)
    if version_and_length >> 6 or flags & _GENEVE_CONTROL or kind < FIRST_ETHERTYPE:
        return None
    return GENEVE, kind, at + _GENEVE.size + (version_and_length & 0x3F) * 4


def _gtp_u(data: bytes, at: int) -> Opening | None:
    if len(data) < at + _GTP.size:
        return None
    first, message, _, _ = _GTP.unpack_from(data, at)
    if first & _GTP_FIXED_BITS != _GTP_FIRST_OCTET or message != _G_PDU:
        return None
    content: int | None = at + _GTP.size
    if first & _GTP_HAS_MORE:
        content = _behind_extensions(data, at + _GTP.size + _GTP_MORE_BYTES, bool(first & _GTP_HAS_EXTENSIONS))
    return None if content is None else (GTP_U, RAW_PACKET, content)


def _behind_extensions(data: bytes, at: int, extended: bool) -> int | None:
    """Skip extension headers: each begins with its length in 4 octets and ends with the type of the next, 0 for none.

    The type of the first one is the octet in front of it.
    """
    for _ in range(_GTP_MAX_EXTENSIONS):
        if len(data) <= at or not extended or not data[at - 1]:
            return at
        if not data[at]:
            return None
        at += data[at] * 4
    return None
