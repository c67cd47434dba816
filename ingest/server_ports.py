"""Ports that servers listen on, by which the responder is guessed where no handshake shows it.

The ports are those of Zeek's `likely_server_ports`, as its base scripts fill it; so is the rule.
"""

from typing import Final

from netad.ingest.decode import ACK, SYN, TCP, UDP, Packet

TCP_PORTS: Final = frozenset((
    21, 2811,  # FTP
    22, 25, 587, 53, 79, 88, 110, 135, 139, 143,
    80, 81, 631, 1080, 3128, 8000, 8080, 8888,  # HTTP, SOCKS
    389, 3268, 445, 502,
    443, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223,  # TLS
    1434, 3306, 5432, 6379,
    1883, 3389, 5060, 5222, 5269, 6666, 6667, 6668, 6669, 20000,
))  # fmt: skip
# DNS and its relatives over UDP: NetBIOS names, mDNS, LLMNR.
DNS_PORTS: Final = frozenset((53, 137, 5353, 5355))
UDP_PORTS: Final = DNS_PORTS | frozenset((
    67, 69, 88, 123, 161, 162, 389, 443, 514, 1812, 3389, 5060, 20000,
    2123, 2152, 3544, 4789, 5072, 6081,  # tunnels
))  # fmt: skip
BROADCAST: Final = (0, 0xFFFF_FFFF_FFFF)


def comes_from_responder(packet: Packet) -> bool:
    """Tell whether a flow's first packet was more likely sent by its responder.

    TCP that starts with a SYN shows its originator; otherwise, and for UDP, a sender on a server's port is the
    responder when the other port is none. If both are, the lower port is the server's, except for a TCP SYN-ACK (a
    stealth scan sends those from anywhere) and UDP.
    """
    if packet.dst == BROADCAST:
        return False
    if packet.protocol == UDP:
        return packet.src_port in UDP_PORTS and packet.dst_port not in UDP_PORTS
    flags = packet.tcp_flags
    if packet.protocol != TCP or flags is None or (flags & SYN and not flags & ACK):
        return False
    if packet.src_port not in TCP_PORTS:
        return False
    if packet.dst_port in TCP_PORTS:
        return not flags & SYN and packet.src_port < packet.dst_port
    return True
