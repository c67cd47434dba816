"""Features of whom a source talks to: destinations, ports, and what failed."""

from collections.abc import Mapping

import numpy as np

from netad.ingest.flows import CONN_STATES, FAILED_STATES
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, Mask, ratio
from netad.profiles.registry import Feature

_FAILED = np.zeros(256, dtype=bool)
_FAILED[[CONN_STATES.index(state) for state in FAILED_STATES]] = True


def _destinations(groups: Groups) -> Mapping[str, Float64]:
    met = groups.contacts(groups.destinations)
    unique = met.unique()
    return {
        "unique_destinations": unique,
        "flows_per_destination": groups.count / unique,
        "top_destination_share": met.top_share(),
        "destination_entropy": met.entropy(),
        "inside_destination_share": groups.share(groups.inside_destination()),
    }


def _packets_per_destination(groups: Groups) -> Mapping[str, Float64]:
    packets = groups.sent + groups.sum(groups["resp_packets"])
    return {"packets_per_destination": packets / groups.contacts(groups.destinations).unique()}


def _ports(groups: Groups) -> Mapping[str, Float64]:
    source = groups.contacts(groups["orig_port"], groups.ported).unique()
    met = groups.contacts(groups["resp_port"], groups.ported)
    return {
        "unique_source_ports": source,
        "unique_destination_ports": met.unique(),
        "port_ratio": ratio(source, met.unique(), 0.0),
        "destination_port_entropy": met.entropy(),
    }


def _failed(groups: Groups) -> Mask:
    return np.asarray(_FAILED[groups["conn_state"]])


def _failures(groups: Groups) -> Mapping[str, Float64]:
    failed = _failed(groups)
    return {
        "failed_share": groups.share(failed),
        "failed_destinations": groups.contacts(groups.destinations, failed).unique(),
    }


def _failed_ports(groups: Groups) -> Mapping[str, Float64]:
    ports = groups.contacts(groups["resp_port"], _failed(groups) & groups.ported)
    return {"failed_destination_ports": ports.unique()}


FAMILIES = (
    Family(
        ("resp_hi", "resp_lo"),
        (
            Feature("unique_destinations", "unique destinations", "addresses",
                    "distinct addresses the source opened flows to", "log", "high"),
            Feature("flows_per_destination", "flows per destination", "flows",
                    "flows over distinct destinations", "log", "high"),
            Feature("top_destination_share", "top destination share", "share",
                    "share of the flows that went to the most frequent destination", "none", "both"),
            Feature("destination_entropy", "destination entropy", "share",
                    "entropy of flows over destinations, H / log2 n of n destinations; 0 for one", "none", "high"),
            Feature("inside_destination_share", "inside destination share", "share",
                    "share of the flows that stayed inside: inside networks, link-local, multicast, broadcast",
                    "none", "both"),
        ),
        _destinations,
    ),
    Family(
        ("orig_port", "resp_port", "protocol"),
        (
            Feature("unique_source_ports", "unique source ports", "ports",
                    "distinct ports the source sent from, of TCP, UDP and their kin; ICMP has none", "log", "high"),
            Feature("unique_destination_ports", "unique destination ports", "ports",
                    "distinct ports the source sent to; ICMP has none", "log", "high"),
            Feature("port_ratio", "port ratio", "",
                    "unique source ports over unique destination ports; 0 without ports", "log", "both"),
            Feature("destination_port_entropy", "destination port entropy", "share",
                    "entropy of flows over destination ports, H / log2 n of n ports; 0 for one", "none", "high"),
        ),
        _ports,
    ),
    Family(
        ("resp_hi", "resp_lo", "orig_packets", "resp_packets"),
        (
            Feature("packets_per_destination", "packets per destination", "packets",
                    "packets of both directions over distinct destinations", "log", "both"),
        ),
        _packets_per_destination,
    ),
    Family(
        ("resp_hi", "resp_lo", "conn_state"),
        (
            Feature("failed_share", "failed connection share", "share",
                    f"share of the flows that nobody accepted ({', '.join(FAILED_STATES)})", "none", "high"),
            Feature("failed_destinations", "failed destinations", "addresses",
                    "distinct destinations of failed flows", "log", "high"),
        ),
        _failures,
    ),
    Family(
        ("resp_port", "protocol", "conn_state"),
        (
            Feature("failed_destination_ports", "failed destination ports", "ports",
                    "distinct destination ports of failed flows", "log", "high"),
        ),
        _failed_ports,
    ),
)  # fmt: skip
