"""What a packet must be for netad to take it when it is strict: within its frame, and with the checksums it claims.

Off by default, for captures taken on the sender hold packets whose checksums and lengths were left to the network card
(docs/decisions/0008-strict-reading.md). Nothing here raises, whatever the bytes are.
"""

from enum import IntEnum
from struct import Struct
from typing import Final

from dpkt import ip, tcp, udp
from dpkt.dpkt import in_cksum

TOO_LONG: Final = "length_beyond_frame"
BAD_IP_CHECKSUM: Final = "bad_ip_checksum"
BAD_CHECKSUM: Final = "bad_checksum"

# Where the source address begins; both addresses are side by side.
_IP4_ENDS: Final = slice(12, 20)
_IP6_ENDS: Final = slice(8, 40)
_IP4_PSEUDO: Final = Struct(">BBI")
_IP6_PSEUDO: Final = Struct(">II")
_ICMP_BYTES: Final = 8
_LEAST: Final = {
    ip.IP_PROTO_TCP: tcp.TCP.__hdr_len__,
    ip.IP_PROTO_UDP: udp.UDP.__hdr_len__,
    ip.IP_PROTO_ICMP: _ICMP_BYTES,
    ip.IP_PROTO_ICMP6: _ICMP_BYTES,
}
_UDP_LENGTH, _UDP_SUM = slice(4, 6), slice(6, 8)


class Strict(IntEnum):
    """What is asked of a packet: nothing more than to be decodable; to fit its frame; to have right checksums as well.

    The second is what `zeek -C` asks, the third what `zeek` does.
    """

    NONE = 0
    LENGTHS = 1
    CHECKSUMS = 2


def has_wrong_header(packet: bytes) -> bool:
    """Tell whether the IP packet that `packet` begins with is of version 4 and its header's checksum is wrong."""
    return packet[0] >> 4 == 4 and bool(in_cksum(packet[: (packet[0] & 15) * 4]))


def has_wrong_segment(packet: bytes, protocol: int, segment: bytes) -> bool:
    """Tell whether a TCP, UDP, ICMP or ICMPv6 message has a wrong checksum (RFC 1071, 8200).

    `packet` begins with the IP header whose addresses count, `segment` is all that lies behind the IP headers. Other
    protocols are not looked at. A UDP checksum of 0 stands for none, over IPv6 too (RFC 6935).
    """
    if len(segment) < _LEAST.get(protocol, len(segment) + 1):
        return False
    if protocol == ip.IP_PROTO_UDP:
        if segment[_UDP_SUM] == b"\0\0":
            return False
        length = int.from_bytes(segment[_UDP_LENGTH], "big")
        # The IP header may claim more than the datagram, which ends first.
        segment = segment[:length] if length >= _LEAST[protocol] else segment
    return bool(in_cksum(_pseudo_header(packet, protocol, len(segment)) + segment))


def _pseudo_header(packet: bytes, protocol: int, length: int) -> bytes:
    if protocol == ip.IP_PROTO_ICMP:
        return b""
    if packet[0] >> 4 == 6:
        return packet[_IP6_ENDS] + _IP6_PSEUDO.pack(length, protocol)
    # Its length has 16 bits, and more only where segmentation is left to the card.
    return packet[_IP4_ENDS] + _IP4_PSEUDO.pack(0, protocol, length)
