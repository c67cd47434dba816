"""Features of how much a source sends and gets and in what packets."""

from collections.abc import Mapping

import numpy as np

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


def _flow_lengths(groups: Groups) -> Mapping[str, Float64]:
    packets = groups["orig_packets"].astype(np.float64)
    return {"packet_length_mean_max": groups.max(ratio(groups["orig_ip_bytes"], packets, np.nan), packets > 0)}


def _uploads(groups: Groups) -> Mapping[str, Float64]:
    payload = groups["orig_payload_bytes"].astype(np.float64)
    mean = groups.sum(payload) / groups.count
    off = payload - mean[groups.index]
    deviation = np.sqrt(groups.sum(off * off) / groups.count)
    return {
        "payload_bytes_out_max": groups.max(payload),
        "payload_variation": np.where(groups.count > 1, ratio(deviation, mean, 0.0), np.nan),
        "empty_flow_share": groups.share(payload == 0),
    }


def _length_spread(groups: Groups) -> Mapping[str, Float64]:
    # Pooled from the flows' own means and deviations: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise
    # algorithm for computing sample variances" (1979).
    packets, means = groups["orig_packets"].astype(np.float64), groups["orig_length_mean"]
    mean = ratio(groups.sum(packets * means), groups.sent, np.nan)
    squares = packets * (groups["orig_length_std"] ** 2 + (means - mean[groups.index]) ** 2)
    return {"packet_length_std": np.sqrt(ratio(groups.sum(squares), groups.sent, np.nan))}


FAMILIES = (
    Family("volume", (), (Feature("flows", "flows", "flows", "flows the source opened", "log", "high"),), _flows),
    Family(
        "volume",
        ("orig_packets", "resp_packets"),
        (
            Feature("total_packets", "total packets", "packets", "packets of both directions", "log", "high"),
            Feature("packets_out", "packets sent", "packets", "packets the source sent", "log", "high"),
            Feature("packets_in", "packets received", "packets", "packets the source got back", "log", "both"),
        ),
        _packets,
    ),
    Family(
        "volume",
        ("orig_ip_bytes", "resp_ip_bytes"),
        (
            Feature("bytes_out", "bytes sent", "bytes", "IP bytes the source sent, headers included", "log", "high"),
            Feature("bytes_in", "bytes received", "bytes", "IP bytes the source got back", "log", "both"),
        ),
        _bytes,
    ),
    Family(
        "volume",
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
        "volume",
        ("orig_packets", "orig_ip_bytes"),
        (
            Feature("packet_length_mean", "average packet length", "bytes",
                    "mean length of the IP packets the source sent", "log", "both"),
        ),
        _mean_length,
    ),
    Family(
        "volume",
        ("orig_packets", "orig_ip_bytes"),
        (
            Feature("packet_length_mean_max", "greatest average packet length", "bytes",
                    "greatest mean length of the IP packets that the source sent on one flow", "log", "both"),
        ),
        _flow_lengths,
    ),
    Family(
        "volume",
        ("orig_payload_bytes",),
        (
            Feature("payload_bytes_out_max", "largest upload", "bytes",
                    "greatest transport payload that the source sent on one flow", "log", "high"),
            Feature("payload_variation", "variation of uploads", "",
                    "standard deviation of the payload sent on a flow over its mean: near 0 where all are alike; "
                    "not known below two flows", "log", "both"),
            Feature("empty_flow_share", "empty flow share", "share",
                    "share of the flows on which the source sent no payload", "none", "high"),
        ),
        _uploads,
    ),
    Family(
        "volume",
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
        "volume",
        ("orig_packets", "orig_length_mean", "orig_length_std"),
        (
            Feature("packet_length_std", "packet length deviation", "bytes",
                    "standard deviation of the lengths of the IP packets the source sent", "log", "both"),
        ),
        _length_spread,
    ),
    Family(
        "volume",
        ("resp_packets", "resp_ip_bytes"),
        (
            Feature("received_length_mean", "average received packet length", "bytes",
                    "mean length of the IP packets the source got back; 0 when none came", "log", "both"),
        ),
        _received_length,
    ),
)  # fmt: skip
