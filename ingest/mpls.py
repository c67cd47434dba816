"""MPLS label stacks: they do not say what they carry, so it is told by its first octets."""

from typing import Final

from netad.ingest.layers import ARP, ETHERNET_FRAME, IP4, IP6, MPLS, PPPOE, TRUNCATED, VLAN_TAGS, Step

_ENTRY_BYTES: Final = 4
_MAX_LABELS: Final = 16
_BOTTOM: Final = 0x01
_CONTROL_WORD_BYTES: Final = 4
_ETHERNET_BYTES: Final = 14
_LEAST_IP4_WORDS: Final = 5
_PLAIN_TYPES: Final = VLAN_TAGS | MPLS | {ARP, PPPOE}


def behind_mpls(data: bytes, at: int) -> Step:
    """Walk the labels (RFC 3032) to an IP packet (RFC 4928: its version comes first) or an Ethernet frame.

    An Ethernet pseudowire (RFC 4448), with or without control word, is taken for one where its Ethernet type is well
    known and what follows fits it.
    """
    for _ in range(_MAX_LABELS):
        if len(data) < at + _ENTRY_BYTES:
            return TRUNCATED
        is_bottom = data[at + 2] & _BOTTOM
        at += _ENTRY_BYTES
        if is_bottom:
            break
    else:
        return "mpls"
    if len(data) <= at:
        return TRUNCATED
    if _is_ip(data, at):
        return (IP4 if data[at] >> 4 == 4 else IP6), at
    if data[at] >> 4 == 0 and _is_ethernet(data, at + _CONTROL_WORD_BYTES):
        return ETHERNET_FRAME, at + _CONTROL_WORD_BYTES
    return (ETHERNET_FRAME, at) if _is_ethernet(data, at) else "mpls"


def _is_ip(data: bytes, at: int) -> bool:
    version, words = data[at] >> 4, data[at] & 0x0F
    return version == 6 or (version == 4 and words >= _LEAST_IP4_WORDS)


def _is_ethernet(data: bytes, at: int) -> bool:
    content = at + _ETHERNET_BYTES
    if len(data) <= content:
        return False
    ethertype = int.from_bytes(data[content - 2 : content], "big")
    if ethertype in (IP4, IP6):
        return _is_ip(data, content) and (data[content] >> 4 == 4) == (ethertype == IP4)
    return ethertype in _PLAIN_TYPES
