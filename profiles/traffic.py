"""Features of how much a source sends and gets, in what packets, for how long and how regularly."""

from collections.abc import Mapping

import numpy as np

from netad.core.timing import SECOND_NS
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, ratio
from netad.profiles.registry import Feature


def _flows(groups: Groups) -> Mapping[str, Float64]:
    return {"flows": groups.count}


def _packets(groups: Groups) -> Mapping[str, Float64]:
    received = groups.sum(groups["resp_packets"])
    return {"total_packets": groups.sent + received, "packets_out": groups.sent, "packets_in": received}


def _bytes(groups: Groups) -> Mapping[str, Float64]:
    return {"bytes_out": groups.sum(groups["orig_ip_bytes"]), "bytes_in": groups.sum(groups["resp_ip_bytes"])}


def _payload(groups: Groups) -> Mapping[str, Float64]:
    out, back = groups.sum(groups["orig_payload_bytes"]), groups.sum(groups["resp_payload_bytes"])
    return {
        "payload_bytes_out": out,
        "payload_bytes_in": back,
        "producer_consumer_ratio": ratio(out - back, out + back, 0.0),
    }


def _mean_length(groups: Groups) -> Mapping[str, Float64]:
    return {"packet_length_mean": ratio(groups.sum(groups["orig_ip_bytes"]), groups.sent, np.nan)}


def _received_length(groups: Groups) -> Mapping[str, Float64]:
    received = groups.sum(groups["resp_packets"])
    return {"received_length_mean": ratio(groups.sum(groups["resp_ip_bytes"]), received, 0.0)}


def _lengths(groups: Groups) -> Mapping[str, Float64]:
    sent = groups["orig_packets"] > 0
    return {
        "packet_length_min": groups.min(groups["orig_length_min"], sent),
        "packet_length_max": groups.max(groups["orig_length_max"], sent),
    }


def _length_spread(groups: Groups) -> Mapping[str, Float64]:
    # Pooled from the flows' own means and deviations: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise
    # algorithm for computing sample variances" (1979).
    packets, means = groups["orig_packets"].astype(np.float64), groups["orig_length_mean"]
    mean = ratio(groups.sum(packets * means), groups.sent, np.nan)
    squares = packets * (groups["orig_length_std"] ** 2 + (means - mean[groups.index]) ** 2)
    return {"packet_length_std": np.sqrt(ratio(groups.sum(squares), groups.sent, np.nan))}


def _protocols(groups: Groups) -> Mapping[str, Float64]:
    protocol = groups["protocol"]
    tcp, udp, icmp = protocol == 6, protocol == 17, (protocol == 1) | (protocol == 58)
    return {
        "tcp_share": groups.share(tcp),
        "udp_share": groups.share(udp),
        "icmp_share": groups.share(icmp),
        "other_protocol_share": groups.share(~(tcp | udp | icmp)),
    }


def _durations(groups: Groups) -> Mapping[str, Float64]:
    seconds = (groups["last_ns"] - groups["first_ns"]) / SECOND_NS
    return {"duration_mean": groups.sum(seconds) / groups.count, "duration_max": groups.max(seconds)}


def _gaps(groups: Groups) -> Mapping[str, Float64]:
    first, flows = groups["first_ns"], groups.count
    gaps = np.diff(first, prepend=first[:1]) / SECOND_NS
    gaps[groups.starts] = 0.0
    mean = ratio(groups.sum(gaps), flows - 1, np.nan)
    off = gaps - mean[groups.index]
    off[groups.starts] = 0.0
    deviation = np.sqrt(ratio(groups.sum(off * off), flows - 1, np.nan))
    variation = np.where(flows > 2, ratio(deviation, mean, np.nan), np.nan)
    return {"flow_gap_mean": mean, "flow_gap_variation": variation}


FAMILIES = (
    Family((), (Feature("flows", "flows", "flows", "flows the source opened", "log", "high"),), _flows),
    Family(
        ("orig_packets", "resp_packets"),
        (
            Feature("total_packets", "total packets", "packets", "packets of both directions", "log", "high"),
            Feature("packets_out", "packets sent", "packets", "packets the source sent", "log", "high"),
            Feature("packets_in", "packets received", "packets", "packets the source got back", "log", "both"),
        ),
        _packets,
    ),
    Family(
        ("orig_ip_bytes", "resp_ip_bytes"),
        (
            Feature("bytes_out", "bytes sent", "bytes", "IP bytes the source sent, headers included", "log", "high"),
            Feature("bytes_in", "bytes received", "bytes", "IP bytes the source got back", "log", "both"),
        ),
        _bytes,
    ),
    Family(
        ("orig_payload_bytes", "resp_payload_bytes"),
        (
            Feature("payload_bytes_out", "payload sent", "bytes", "transport payload the source sent", "log", "high"),
            Feature("payload_bytes_in", "payload received", "bytes",
                    "transport payload the source got back", "log", "both"),
            # C. Bullard, J. Gerth, "PCR: a new flow metric", FloCon 2014.
            Feature("producer_consumer_ratio", "producer-consumer ratio", "",
                    "(out - in) / (out + in) of payload bytes: 1 only sends, -1 only receives; 0 without payload",
                    "none", "high"),
        ),
        _payload,
    ),
    Family(
        ("orig_packets", "orig_ip_bytes"),
        (
            Feature("packet_length_mean", "average packet length", "bytes",
                    "mean length of the IP packets the source sent", "log", "both"),
        ),
        _mean_length,
    ),
    Family(
        ("orig_packets", "orig_length_min", "orig_length_max"),
        (
            Feature("packet_length_min", "minimum packet length", "bytes",
                    "shortest IP packet the source sent", "log", "both"),
            Feature("packet_length_max", "maximum packet length", "bytes",
                    "longest IP packet the source sent", "log", "both"),
        ),
        _lengths,
    ),
    Family(
        ("orig_packets", "orig_length_mean", "orig_length_std"),
        (
            Feature("packet_length_std", "packet length deviation", "bytes",
                    "standard deviation of the lengths of the IP packets the source sent", "log", "both"),
        ),
        _length_spread,
    ),
    Family(
        ("resp_packets", "resp_ip_bytes"),
        (
            Feature("received_length_mean", "average received packet length", "bytes",
                    "mean length of the IP packets the source got back; 0 when none came", "log", "both"),
        ),
        _received_length,
    ),
    Family(
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
        (),
        (
            Feature("duration_mean", "average flow duration", "s", "mean time from first to last packet",
                    "log", "both"),
            Feature("duration_max", "longest flow", "s", "longest time from first to last packet", "log", "high"),
        ),
        _durations,
    ),
    Family(
        (),
        (
            Feature("flow_gap_mean", "average time between flows", "s",
                    "mean time between the starts of flows; not known below two flows", "log", "low"),
            Feature("flow_gap_variation", "variation of time between flows", "",
                    "standard deviation of that time over its mean: near 0 for a clock; not known below three flows",
                    "log", "low"),
        ),
        _gaps,
    ),
)  # fmt: skip
