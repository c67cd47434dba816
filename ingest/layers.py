"""Names for what a layer below IP carries, and what every reader of such a layer returns.

A layer names its content by a number: an Ethernet type, or a link type of captures plus LINK. Numbers below
FIRST_ETHERTYPE are lengths (IEEE 802.3), and mean an LLC header.
"""

from collections.abc import Callable
from typing import Final

# What the content is and the offset where it begins, or the kind under which the record is counted.
Step = tuple[int, int] | str
Reader = Callable[[bytes, int], Step]

TRUNCATED: Final = "truncated_link_header"
NOT_IP: Final = "not_ip"

FIRST_ETHERTYPE: Final = 0x600
IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806
VLAN_TAGS: Final = frozenset((0x8100, 0x88A8, 0x9100, 0x9200))
MPLS: Final = frozenset((0x8847, 0x8848))
PPPOE, PPP_ETHERTYPE, VN_TAG, BRIDGED = 0x8864, 0x880B, 0x8926, 0x6558

LINK: Final = 0x10000
ETHERNET_FRAME, PPP_FRAME, RAW_PACKET, WIFI_FRAME = LINK + 1, LINK + 9, LINK + 101, LINK + 105
# As some drivers hand it over: padding between the header and the content, which begins at a multiple of 4 octets.
PADDED_WIFI_FRAME: Final = -1
LLC_HEADER: Final = 0
