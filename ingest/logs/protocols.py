"""Names of protocols, conn_states and DNS codes as logs write them, and the numbers that stand for them."""

from typing import Final

from netad.ingest.flows import CONN_STATES
from netad.ingest.logs.columns import Codes

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
# What a protocol without a known name counts as: the number IANA keeps reserved.
UNKNOWN_PROTOCOL: Final = 255
OTH: Final = CONN_STATES.index("OTH")

# Names of IANA's registry as Zeek, Suricata, Argus and nfdump write them, in lower case.
PROTOCOL_NUMBERS: Final = {
    "icmp": 1, "igmp": 2, "ggp": 3, "ipip": 4, "ip-encap": 4, "ipv4": 4, "st": 5, "tcp": 6, "cbt": 7, "egp": 8,
    "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36,
    "ddp": 37, "ipv6": 41, "sdrp": 42, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47,
    "esp": 50, "ah": 51, "skip": 57, "icmp6": 58, "icmpv6": 58, "ipv6-icmp": 58, "ipv6-no": 59, "ipv6-nonxt": 59,
    "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89, "etherip": 97, "pim": 103, "ipcomp": 108, "vrrp": 112,
    "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility": 135, "udplite": 136, "udp-lite": 136,
    "mpls-in-ip": 137,
}  # fmt: skip
# Suricata writes a number of three digits where it has no name.
_NUMBERS: Final = {f"{number:03}": number for number in range(256)} | {str(number): number for number in range(256)}

PROTOCOLS: Final = Codes({**_NUMBERS, **PROTOCOL_NUMBERS}, UNKNOWN_PROTOCOL)
STATES: Final = Codes({name: code for code, name in enumerate(CONN_STATES)}, OTH)
