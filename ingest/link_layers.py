"""Link layers: from a captured frame to where its IP header starts.

Headers are unpacked with the layouts dpkt declares (`__hdr__`), one layer at a time: dpkt's own objects parse every
layer above at once and fall back to raw bytes without a word, which loses what a snapped or hostile frame still says.
"""

from struct import Struct
from typing import Final

from dpkt import ethernet, llc, sll, sll2

from netad.ingest import layers
from netad.ingest.layers import FIRST_ETHERTYPE, LINK, NOT_IP, TRUNCATED, VLAN_TAGS, Reader, Step
from netad.ingest.mpls import behind_mpls
from netad.ingest.ppp import behind_cisco_hdlc, behind_hdlc, behind_ppp, behind_ppp_with_direction, behind_pppoe
from netad.ingest.wifi import (
    behind_avs,
    behind_padded_wifi,
    behind_ppi,
    behind_prism,
    behind_radiotap,
    behind_wifi,
)

# https://www.tcpdump.org/linktypes.html; 12 and 14 are what raw IP is called by BSD systems.
NULL, ETHERNET, LOOP, LINUX_SLL, LINUX_SLL2 = 0, 1, 108, 113, 276
PPP, PPP_HDLC, PPP_ETHERNET, CISCO_HDLC, PPP_PPPD, PPP_WITH_DIRECTION = 9, 50, 51, 104, 166, 204
WIFI, PRISM, RADIOTAP, AVS, PPI = 105, 119, 127, 163, 192
RAW_IP: Final = frozenset((12, 14, 101, 228, 229))

_ETHERNET: Final = Struct(ethernet.Ethernet.__hdr_fmt__)
_SLL: Final = Struct(sll.SLL.__hdr_fmt__)
_SLL2: Final = Struct(sll2.SLL2.__hdr_fmt__)
_LLC: Final = Struct(llc.LLC.__hdr_fmt__)
_TAG: Final = Struct(ethernet.VLANtag8021Q.__hdr_fmt__)
_VN_TAG_BYTES: Final = 6
_FAMILY_BYTES: Final = 4
_SNAP: Final = (0xAA, 0xAA, 0x03)
_SNAP_BYTES: Final = 8

_IP_ETHERTYPES: Final = (layers.IP4.to_bytes(2, "big"), layers.IP6.to_bytes(2, "big"))
_IP_TYPES: Final = frozenset((layers.IP4, layers.IP6, *(LINK + link_type for link_type in RAW_IP)))
# Address families of BSD's and Linux's AF_INET and AF_INET6: https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html
_IP_FAMILIES: Final = frozenset((2, 10, 24, 28, 30))
# ARPHRD types of cooked captures whose protocol field holds no Ethernet type: 802.11 in its forms, netlink.
_NOT_ETHERTYPED: Final = frozenset((801, 802, 803, 824))
# Ethernet, 8 tags and IP.
_MAX_LAYERS: Final = 10


def find_ip(data: bytes, link_type: int) -> tuple[int, int] | str:
    """Return the offset of the IP header and the identifier of the outermost VLAN tag (0 without one).

    A frame without IP gives its kind instead: `arp`, `mpls` (labels before what cannot be told), `not_ip`,
    `truncated_link_header`, `unknown_link_type`, or one of netad.ingest.wifi.
    """
    if link_type == ETHERNET and data[12:14] in _IP_ETHERTYPES:
        return _ETHERNET.size, 0
    return find_ip_behind(data, LINK + link_type, 0)


def find_ip_behind(data: bytes, what: int, offset: int) -> tuple[int, int] | str:
    """Return what `find_ip` does, from `offset` on, where what `what` names (netad.ingest.layers) begins."""
    vlan = -1
    for _ in range(_MAX_LAYERS):
        if what in _IP_TYPES:
            return offset, max(vlan, 0)
        if what in VLAN_TAGS:
            if len(data) < offset + _TAG.size:
                return TRUNCATED
            control, what = _TAG.unpack_from(data, offset)
            vlan = control & 0xFFF if vlan < 0 else vlan
            offset += _TAG.size
            continue
        step = _step(data, what, offset)
        if isinstance(step, str):
            return step
        what, offset = step
    return NOT_IP


def _step(data: bytes, what: int, offset: int) -> Step:
    reader = _READERS.get(what)
    if reader is not None:
        return reader(data, offset)
    if what >= LINK:
        return "unknown_link_type"
    if what < FIRST_ETHERTYPE:
        return _behind_llc(data, offset)
    return "arp" if what == layers.ARP else NOT_IP


def _behind_ethernet(data: bytes, at: int) -> Step:
    if len(data) < at + _ETHERNET.size:
        return TRUNCATED
    return int.from_bytes(data[at + 12 : at + 14], "big"), at + _ETHERNET.size


def _behind_sll(data: bytes, at: int) -> Step:
    if len(data) < at + _SLL.size:
        return TRUNCATED
    _, hardware, _, _, ethertype = _SLL.unpack_from(data, at)
    return NOT_IP if hardware in _NOT_ETHERTYPED else (ethertype, at + _SLL.size)


def _behind_sll2(data: bytes, at: int) -> Step:
    if len(data) < at + _SLL2.size:
        return TRUNCATED
    ethertype, _, _, hardware = _SLL2.unpack_from(data, at)[:4]
    return NOT_IP if hardware in _NOT_ETHERTYPED else (ethertype, at + _SLL2.size)


def _behind_family(data: bytes, at: int) -> Step:
    """Look behind the 4-byte address family, which is in the byte order of whoever captured (LOOP: big-endian)."""
    family = data[at : at + _FAMILY_BYTES]
    if len(family) < _FAMILY_BYTES:
        return TRUNCATED
    known = int.from_bytes(family, "big") in _IP_FAMILIES or int.from_bytes(family, "little") in _IP_FAMILIES
    return (layers.RAW_PACKET, at + _FAMILY_BYTES) if known else NOT_IP


def _behind_llc(data: bytes, at: int) -> Step:
    """Read an LLC/SNAP header (IEEE 802.2) that holds an Ethernet type."""
    if len(data) < at + _SNAP_BYTES:
        return NOT_IP if len(data) >= at + _LLC.size else TRUNCATED
    if _LLC.unpack_from(data, at) != _SNAP or data[at + 3 : at + 6] != b"\0\0\0":
        return NOT_IP
    ethertype = int.from_bytes(data[at + 6 : at + 8], "big")
    return NOT_IP if ethertype < FIRST_ETHERTYPE else (ethertype, at + _SNAP_BYTES)


def _behind_vn_tag(data: bytes, at: int) -> Step:
    """Skip a VN-Tag (IEEE 802.1BR's forerunner): 4 octets and an Ethernet type."""
    if len(data) < at + _VN_TAG_BYTES:
        return TRUNCATED
    return int.from_bytes(data[at + 4 : at + 6], "big"), at + _VN_TAG_BYTES


_READERS: Final[dict[int, Reader]] = {
    LINK + NULL: _behind_family,
    LINK + LOOP: _behind_family,
    LINK + ETHERNET: _behind_ethernet,
    LINK + LINUX_SLL: _behind_sll,
    LINK + LINUX_SLL2: _behind_sll2,
    LINK + PPP: behind_ppp,
    LINK + PPP_HDLC: behind_hdlc,
    LINK + PPP_ETHERNET: behind_pppoe,
    LINK + CISCO_HDLC: behind_cisco_hdlc,
    LINK + PPP_PPPD: behind_ppp_with_direction,
    LINK + PPP_WITH_DIRECTION: behind_ppp_with_direction,
    LINK + WIFI: behind_wifi,
    LINK + PRISM: behind_prism,
    LINK + RADIOTAP: behind_radiotap,
    LINK + AVS: behind_avs,
    LINK + PPI: behind_ppi,
    layers.PADDED_WIFI_FRAME: behind_padded_wifi,
    layers.BRIDGED: _behind_ethernet,
    layers.PPP_ETHERTYPE: behind_ppp,
    layers.PPPOE: behind_pppoe,
    layers.VN_TAG: _behind_vn_tag,
    **dict.fromkeys(layers.MPLS, behind_mpls),
}
