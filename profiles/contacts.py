"""Features of whom a source talks to: destinations and ports."""

from collections.abc import Mapping

from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, ratio
from netad.profiles.registry import Feature


def _destinations(groups: Groups) -> Mapping[str, Float64]:
    met = groups.met_destinations
    unique = met.unique()
    inside = met.select(groups.inside_destination[met.code])
    return {
        "unique_destinations": unique,
        "flows_per_destination": groups.count / unique,
        "top_destination_share": met.top_share(),
        "destination_entropy": met.entropy(),
        "unique_networks": groups.met_networks.unique(),
        "unique_inside_destinations": inside.unique(),
        "inside_destination_share": inside.total() / groups.count,
    }


def _packets_per_destination(groups: Groups) -> Mapping[str, Float64]:
    packets = groups.sent + groups.sum(groups["resp_packets"])
    return {"packets_per_destination": packets / groups.met_destinations.unique()}


def _ports(groups: Groups) -> Mapping[str, Float64]:
    source = groups.contacts(groups["orig_port"], groups.ported).unique()
    met = groups.met_port_numbers
    return {
        "unique_source_ports": source,
        "unique_destination_ports": met.unique(),
        "port_ratio": ratio(source, met.unique(), 0.0),
        "destination_port_entropy": met.entropy(),
    }


FAMILIES = (
    Family(
        "contacts",
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
            Feature("unique_networks", "unique networks", "networks",
                    "distinct networks (/24, /48 of IPv6) the source opened flows to", "log", "high"),
            Feature("unique_inside_destinations", "unique inside destinations", "addresses",
                    "distinct addresses among them that stay inside", "log", "high"),
            Feature("inside_destination_share", "inside destination share", "share",
                    "share of the flows that stayed inside: inside networks, link-local, multicast, broadcast",
                    "none", "both"),
        ),
        _destinations,
    ),
    Family(
        "contacts",
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
        "contacts",
        ("resp_hi", "resp_lo", "orig_packets", "resp_packets"),
        (
            Feature("packets_per_destination", "packets per destination", "packets",
                    "packets of both directions over distinct destinations", "log", "both"),
        ),
        _packets_per_destination,
    ),
)  # fmt: skip
