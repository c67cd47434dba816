"""Features of what kinds of service a source uses: protocols, well-known ports, services that a log names."""

from collections.abc import Mapping

import numpy as np

from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, Mask
from netad.profiles.registry import Feature

WEB_PORTS, ADMIN_PORTS = (80, 443), (22, 23, 135, 139, 445, 2323, 3389, 5900, 5985, 5986)


def _among(*ports: int) -> Mask:
    table = np.zeros(1 << 16, dtype=bool)
    table[list(ports)] = True
    return table


# 1 TCP, 2 UDP, 3 ICMP, 0 all others.
_CLASSES = np.zeros(256, dtype=np.int64)
_CLASSES[[6, 17, 1, 58]] = 1, 2, 3, 3
_WEB, _ADMIN = _among(*WEB_PORTS), _among(*ADMIN_PORTS)
_LOW = _among(*range(1, 1024)) & ~_WEB & ~_among(53)


def _protocols(groups: Groups) -> Mapping[str, Float64]:
    other, tcp, udp, icmp = groups.counts(_CLASSES[groups["protocol"]], 4).T / groups.count
    return {"tcp_share": tcp, "udp_share": udp, "icmp_share": icmp, "other_protocol_share": other}


def _ports(groups: Groups) -> Mapping[str, Float64]:
    met = groups.met_port_numbers

    def share(table: Mask) -> Float64:
        return met.select(table[met.code]).total() / groups.count

    return {
        "dns_flow_share": share(_among(53)),
        "web_share": share(_WEB),
        "low_port_share": share(_LOW),
        "admin_port_share": share(_ADMIN),
    }


def _named(groups: Groups) -> Mapping[str, Float64]:
    return {"named_service_share": groups.share(groups["service"] != 0)}


FAMILIES = (
    Family(
        "services",
        ("protocol",),
        (
            Feature("tcp_share", "TCP share", "share", "share of the flows that are TCP", "none", "both"),
            Feature("udp_share", "UDP share", "share", "share of the flows that are UDP", "none", "both"),
            Feature("icmp_share", "ICMP share", "share", "share of the flows that are ICMP", "none", "high"),
            Feature("other_protocol_share", "other protocol share", "share",
                    "share of the flows that are neither TCP, UDP nor ICMP", "none", "high"),
        ),
        _protocols,
    ),
    Family(
        "services",
        ("protocol", "resp_port"),
        (
            Feature("dns_flow_share", "DNS flow share", "share", "share of the flows to port 53", "none", "both"),
            Feature("web_share", "web share", "share", "share of the flows to ports 80 and 443", "none", "both"),
            Feature("low_port_share", "low port share", "share",
                    "share of the flows to other ports below 1024 than 53, 80 and 443", "none", "high"),
            Feature("admin_port_share", "admin port share", "share",
                    f"share of the flows to ports of remote access ({', '.join(map(str, ADMIN_PORTS))})",
                    "none", "high"),
        ),
        _ports,
    ),
    Family(
        "services",
        ("service",),
        (
            Feature("named_service_share", "named service share", "share",
                    "share of the flows whose service the log names", "none", "low"),
        ),
        _named,
    ),
)  # fmt: skip
