"""Link layers: from a captured frame to where its IP header starts.

Headers are unpacked with the layouts dpkt declares (`__hdr__`), one layer at a time: dpkt's own objects parse every
layer above at once and fall back to raw bytes without a word, which loses what a snapped or hostile frame still says.
"""

from struct import Struct
from typing import Final

from dpkt import ethernet, llc, sll, sll2

# https://www.tcpdump.org/linktypes.html; 12 and 14 are what raw IP is called by BSD systems.
NULL, ETHERNET, LOOP, LINUX_SLL, LINUX_SLL2 = 0, 1, 108, 113, 276
RAW_IP: Final = frozenset((12, 14, 101, 228, 229))

# Per link type: its header, which field of it is the Ethernet type, and which the ARPHRD type.
_ETHERTYPED: Final = {
    ETHERNET: (Struct(ethernet.Ethernet.__hdr_fmt__), 2, None),
    LINUX_SLL: (Struct(sll.SLL.__hdr_fmt__), 4, 1),
    LINUX_SLL2: (Struct(sll2.SLL2.__hdr_fmt__), 0, 3),
}
_LLC: Final = Struct(llc.LLC.__hdr_fmt__)
_TAG: Final = Struct(ethernet.VLANtag8021Q.__hdr_fmt__)
_FAMILY_BYTES: Final = 4
_SNAP: Final = (0xAA, 0xAA, 0x03)
_SNAP_BYTES: Final = 8
# Below this the field after the addresses is a length (IEEE 802.3) and an LLC header follows.
_FIRST_ETHERTYPE: Final = 0x600

_IP_TYPES: Final = frozenset((ethernet.ETH_TYPE_IP, ethernet.ETH_TYPE_IP6))
_TAG_TYPES: Final = frozenset(
    (ethernet.ETH_TYPE_8021Q, ethernet.ETH_TYPE_8021AD, ethernet.ETH_TYPE_QINQ1, ethernet.ETH_TYPE_QINQ2)
)
_KINDS: Final = {
    ethernet.ETH_TYPE_ARP: "arp",
    ethernet.ETH_TYPE_MPLS: "mpls",
    ethernet.ETH_TYPE_MPLS_MCAST: "mpls",
    ethernet.ETH_TYPE_PPPoE: "pppoe",
}
# Address families of BSD's and Linux's AF_INET and AF_INET6: https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html
_IP_FAMILIES: Final = frozenset((2, 10, 24, 28, 30))
# ARPHRD types of cooked captures whose protocol field holds no Ethernet type: 802.11 in its forms, netlink.
_NOT_ETHERTYPED: Final = frozenset((801, 802, 803, 824))
_MAX_TAGS: Final = 8


def find_ip(data: bytes, link_type: int) -> tuple[int, int] | str:
    """Return the offset of the IP header and the identifier of the outermost VLAN tag (0 without one).

    A frame without IP gives its kind instead: `arp`, `mpls`, `pppoe`, `not_ip`, `truncated_link_header` or
    `unknown_link_type`.
    """
    if link_type in RAW_IP:
        return 0, 0
    if link_type in (NULL, LOOP):
        return _behind_family(data)
    if link_type not in _ETHERTYPED:
        return "unknown_link_type"
    layout, ethertype_at, hardware_at = _ETHERTYPED[link_type]
    if len(data) < layout.size:
        return "truncated_link_header"
    fields = layout.unpack_from(data)
    if hardware_at is not None and fields[hardware_at] in _NOT_ETHERTYPED:
        return "not_ip"
    return _behind_type(data, fields[ethertype_at], layout.size)


def _behind_family(data: bytes) -> tuple[int, int] | str:
    """Look behind the 4-byte address family, which is in the byte order of whoever captured (LOOP: big-endian)."""
    if len(data) < _FAMILY_BYTES:
        return "truncated_link_header"
    family = data[:_FAMILY_BYTES]
    known = int.from_bytes(family, "big") in _IP_FAMILIES or int.from_bytes(family, "little") in _IP_FAMILIES
    return (_FAMILY_BYTES, 0) if known else "not_ip"


def _behind_type(data: bytes, ethertype: int, offset: int) -> tuple[int, int] | str:
    """Walk VLAN tags and an LLC/SNAP header from `offset`, where what `ethertype` names begins."""
    vlan, tags = 0, 0
    while ethertype in _TAG_TYPES and tags < _MAX_TAGS:
        if len(data) < offset + _TAG.size:
            return "truncated_link_header"
        control, ethertype = _TAG.unpack_from(data, offset)
        vlan = vlan if tags else control & 0xFFF
        tags += 1
        offset += _TAG.size
    if ethertype < _FIRST_ETHERTYPE:
        if len(data) < offset + _SNAP_BYTES:
            return "not_ip" if len(data) >= offset + _LLC.size else "truncated_link_header"
        if _LLC.unpack_from(data, offset) != _SNAP or data[offset + 3 : offset + 6] != b"\0\0\0":
            return "not_ip"
        ethertype = int.from_bytes(data[offset + 6 : offset + 8], "big")
        offset += _SNAP_BYTES
    return (offset, vlan) if ethertype in _IP_TYPES else _KINDS.get(ethertype, "not_ip")
