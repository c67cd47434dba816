"""Features of IP and TCP headers: TTL, flags, windows."""

from collections.abc import Mapping

import numpy as np

from netad.ingest.flows import NO_WINDOW, TCP_FLAGS
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, ratio
from netad.profiles.registry import Feature, Suspicious

# Scanners set SYN alone, or FIN, PSH and URG together; RST is what they send when somebody answers.
_SUSPICIOUS: dict[str, Suspicious] = {
    "fin": "high", "syn": "high", "rst": "high", "psh": "both", "ack": "low", "urg": "high"
}  # fmt: skip


def _ttl(groups: Groups) -> Mapping[str, Float64]:
    packets, low, high = groups["orig_packets"], groups["orig_ttl_min"], groups["orig_ttl_max"]
    sent = packets > 0
    least, greatest = groups.min(low, sent), groups.max(high, sent)
    # A flow knows its lowest and highest TTL only: their middle stands for all of its packets.
    middle = packets * (low.astype(np.float64) + high) / 2
    return {
        "ttl_min": least,
        "ttl_max": greatest,
        "ttl_mean": ratio(groups.sum(middle), groups.sent, np.nan),
        "ttl_spread": greatest - least,
    }


def _flags(groups: Groups) -> Mapping[str, Float64]:
    tcp = groups["protocol"] == 6
    packets = groups.sum(groups["orig_packets"] * tcp)
    result = {}
    for flag in TCP_FLAGS:
        count = groups.sum(groups[f"orig_{flag}"] * tcp)
        result[f"{flag}_packets"] = count
        result[f"{flag}_share"] = ratio(count, packets, 0.0)
    return result


def _windows(groups: Groups) -> Mapping[str, Float64]:
    window = groups["orig_window"]
    known = window != NO_WINDOW
    flows = groups.sum(known)
    return {
        "tcp_window_min": groups.min(window, known),
        "tcp_window_mean": ratio(groups.sum(window * known), flows, np.nan),
        "tcp_window_max": groups.max(window, known),
        "zero_window_share": ratio(groups.sum(window == 0), flows, np.nan),
    }


FAMILIES = (
    Family(
        "headers",
        ("orig_packets", "orig_ttl_min", "orig_ttl_max"),
        (
            Feature("ttl_min", "minimum TTL", "hops", "lowest TTL or hop limit the source sent", "none", "both"),
            Feature("ttl_max", "maximum TTL", "hops", "highest TTL or hop limit the source sent", "none", "both"),
            Feature("ttl_mean", "average TTL", "hops",
                    "mean TTL or hop limit, each packet of a flow counted with the middle of its range",
                    "none", "both"),
            Feature("ttl_spread", "TTL spread", "hops", "maximum TTL less minimum TTL", "log", "high"),
        ),
        _ttl,
    ),
    Family(
        "headers",
        ("protocol", "orig_packets", *(f"orig_{flag}" for flag in TCP_FLAGS)),
        tuple(
            feature
            for flag in TCP_FLAGS
            for feature in (
                Feature(f"{flag}_packets", f"{flag.upper()} packets", "packets",
                        f"TCP packets the source sent with {flag.upper()}", "log",
                        "both" if flag == "ack" else _SUSPICIOUS[flag]),
                Feature(f"{flag}_share", f"{flag.upper()} share", "share",
                        f"share of the TCP packets sent that have {flag.upper()}; 0 without TCP",
                        "none", _SUSPICIOUS[flag]),
            )
        ),
        _flags,
    ),
    Family(
        "headers",
        ("orig_window",),
        (
            Feature("tcp_window_min", "minimum TCP window", "bytes",
                    "least first TCP window of the source's flows, unscaled", "log", "both"),
            Feature("tcp_window_mean", "average TCP window", "bytes", "mean first TCP window", "log", "both"),
            Feature("tcp_window_max", "maximum TCP window", "bytes", "greatest first TCP window", "log", "both"),
            Feature("zero_window_share", "zero window share", "share",
                    "share of the TCP flows whose first window is zero", "none", "high"),
        ),
        _windows,
    ),
)  # fmt: skip
