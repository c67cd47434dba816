"""PPP and its framings: HDLC, Cisco HDLC, PPPoE sessions, and pseudo-headers with a direction."""

from struct import Struct
from typing import Final

from dpkt import pppoe

from netad.ingest.layers import IP4, IP6, NOT_IP, TRUNCATED, Step

_HDLC: Final = b"\xff\x03"
_UI: Final = 0x03
_CISCO_ADDRESSES: Final = frozenset((0x0F, 0x8F))
_CISCO_BYTES: Final = 4
_PPPOE: Final = Struct(pppoe.PPPoE.__hdr_fmt__)
_VERSION_AND_TYPE, _SESSION = 0x11, 0
# https://www.iana.org/assignments/ppp-numbers; MPLS label stacks are RFC 3032.
_PROTOCOLS: Final = {0x0021: IP4, 0x0057: IP6, 0x0281: 0x8847, 0x0283: 0x8848}


def behind_ppp(data: bytes, at: int) -> Step:
    """Read a PPP header (RFC 1661), whose address and control octets (RFC 1662) may be left out."""
    if data.startswith(_HDLC, at):
        at += len(_HDLC)
    # The lowest bit marks the last octet of the protocol field, which may be one octet long (RFC 1661, 6.5).
    size = 1 if len(data) > at and data[at] & 1 else 2
    if len(data) < at + size:
        return TRUNCATED
    protocol = _PROTOCOLS.get(int.from_bytes(data[at : at + size], "big"))
    return NOT_IP if protocol is None else (protocol, at + size)


def behind_ppp_with_direction(data: bytes, at: int) -> Step:
    """Skip an octet that says who sent it; some captures have it in place of HDLC's address octet."""
    following = at + 1
    return behind_ppp(data, following + (len(data) > following and data[following] == _UI))


def behind_hdlc(data: bytes, at: int) -> Step:
    """Tell PPP in HDLC from Cisco's HDLC by the address (RFC 1547, 4.3.1)."""
    if len(data) <= at:
        return TRUNCATED
    return behind_cisco_hdlc(data, at) if data[at] in _CISCO_ADDRESSES else behind_ppp(data, at)


def behind_cisco_hdlc(data: bytes, at: int) -> Step:
    """Read Cisco's header: address, control and an Ethernet type."""
    if len(data) < at + _CISCO_BYTES:
        return TRUNCATED
    return int.from_bytes(data[at + 2 : at + 4], "big"), at + _CISCO_BYTES


def behind_pppoe(data: bytes, at: int) -> Step:
    """Read the header of a PPPoE session (RFC 2516) and the PPP header behind it."""
    if len(data) < at + _PPPOE.size:
        return TRUNCATED
    version_and_type, code, _, _ = _PPPOE.unpack_from(data, at)
    if (version_and_type, code) != (_VERSION_AND_TYPE, _SESSION):
        return NOT_IP
    return behind_ppp(data, at + _PPPOE.size)
