"""ICMP in place of ports, as Zeek logs it: the message type, and the type of the answer or else the code.

With types as ports, a request and its answer make the same pair of ends and so one flow. Messages without an answer
are flows of one direction.
"""

from typing import Final

from dpkt import icmp, icmp6, ip


def _both_ways(*pairs: tuple[int, int]) -> dict[int, int]:
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


# Requests and answers of RFC 792, 950, 1256; RFC 4443, 4861, 2710, 4620, 6275.
_ANSWERS: Final = {
    ip.IP_PROTO_ICMP: _both_ways(
        (icmp.ICMP_ECHO, icmp.ICMP_ECHOREPLY),
        (icmp.ICMP_TSTAMP, icmp.ICMP_TSTAMPREPLY),
        (icmp.ICMP_INFO, icmp.ICMP_INFOREPLY),
        (icmp.ICMP_RTRSOLICIT, icmp.ICMP_RTRADVERT),
        (icmp.ICMP_MASK, icmp.ICMP_MASKREPLY),
    ),
    ip.IP_PROTO_ICMP6: _both_ways(
        (icmp6.ICMP6_ECHO_REQUEST, icmp6.ICMP6_ECHO_REPLY),
        (icmp6.ND_ROUTER_SOLICIT, icmp6.ND_ROUTER_ADVERT),
        (icmp6.ND_NEIGHBOR_SOLICIT, icmp6.ND_NEIGHBOR_ADVERT),
        (icmp6.MLD_LISTENER_QUERY, icmp6.MLD_LISTENER_REPORT),
        (139, 140),
        (144, 145),
    ),
}


def icmp_ports(protocol: int, kind: int, code: int) -> tuple[int, int]:
    """Return the ports of an ICMP or ICMPv6 message: its type, and its answer's type or, without one, its code."""
    return kind, _ANSWERS[protocol].get(kind, code)


def is_one_way(protocol: int, kind: int) -> bool:
    """Tell whether `kind` is an ICMP or ICMPv6 message that nothing answers; False for other protocols."""
    return protocol in _ANSWERS and kind not in _ANSWERS[protocol]
