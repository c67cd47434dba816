"""What an anomalous source did, as one sentence that a person can act on."""

from collections.abc import Iterable, Sequence

from netad.core.figures import figure, quantity
from netad.detectors.anomaly import Reason

_BEHAVIOURS = {"dga": "DGA", "dns_tunnel": "DNS tunnel"}

# Leading feature -> words before the value, noun for one, words after it. A value without a noun carries its own unit.
# Features that are surprises in nats tell nobody anything as numbers: whole clauses.
_CLAUSES = {
    "port_surprise_mean": "used ports that are rare on this network",
    "port_surprise_max": "used a port that is hardly ever used on this network",
    "state_surprise_mean": "had connections end in ways that are rare on this network",
    "state_surprise_max": "had a connection end in a way that is hardly ever seen on this network",
    "own_port_surprise_mean": "used ports that it seldom uses",
    "own_port_surprise_max": "used a port that it hardly ever uses",
    "own_state_surprise_mean": "had connections end in ways that are rare for it",
    "own_state_surprise_max": "had a connection end in a way that is hardly ever seen of it",
}
_TEMPLATES: dict[str, tuple[str, str, str]] = {
    "unique_destinations": ("contacted", "destination", ""),
    "unique_destination_ports": ("contacted", "destination port", " on {hosts}"),
    "unique_source_ports": ("sent from", "source port", ""),
    "flows_per_destination": ("opened", "flow", " to each destination"),
    "packets_per_destination": ("exchanged", "packet", " with each destination"),
    "failed_share": ("was refused or got no answer in", "", " of its flows"),
    "failed_destinations": ("was refused or got no answer by", "destination", ""),
    "failed_destination_ports": ("was refused or got no answer on", "destination port", " of {hosts}"),
    "flows": ("opened", "flow", " to {hosts}"),
    "total_packets": ("exchanged", "packet", " with {hosts}"),
    "packets_out": ("sent", "packet", " to {hosts}"),
    "packets_in": ("received", "packet", " from {hosts}"),
    "bytes_out": ("sent", "", " to {hosts}"),
    "bytes_in": ("received", "", " from {hosts}"),
    "payload_bytes_out": ("sent", "", " of payload to {hosts}"),
    "payload_bytes_in": ("received", "", " of payload from {hosts}"),
    "icmp_share": ("used ICMP for", "", " of its flows"),
    "other_protocol_share": ("used unusual protocols for", "", " of its flows"),
    "duration_max": ("kept a flow open for", "", ""),
    "flow_gap_mean": ("opened a flow every", "", ""),
    "syn_packets": ("sent", "SYN packet", " to {hosts}"),
    "rst_packets": ("sent", "RST packet", " to {hosts}"),
    "fin_packets": ("sent", "FIN packet", " to {hosts}"),
    "psh_packets": ("sent", "PSH packet", " to {hosts}"),
    "ack_packets": ("sent", "ACK packet", " to {hosts}"),
    "urg_packets": ("sent", "URG packet", " to {hosts}"),
    "unique_networks": ("contacted", "network", " (/24)"),
    "unique_inside_destinations": ("contacted", "inside host", ""),
    "attempt_share": ("got no answer in", "", " of its flows"),
    "rejected_share": ("was refused in", "", " of its flows"),
    "reset_share": ("had", "", " of its flows reset"),
    "half_open_share": ("left", "", " of its flows half open"),
    "unanswered_share": ("got no answer in", "", " of its flows"),
    "empty_flow_share": ("sent nothing in", "", " of its flows"),
    "admin_port_share": ("used remote administration for", "", " of its flows"),
    "low_port_share": ("used rare ports below 1024 for", "", " of its flows"),
    "night_share": ("opened", "", " of its flows at night"),
    "payload_bytes_out_max": ("sent up to", "", " in one flow"),
    "new_destinations": ("contacted", "destination", " that nobody here had met before"),
    "new_destination_share": ("went to destinations that nobody here had met before in", "", " of its flows"),
    "new_networks": ("contacted", "network", " that nobody here had met before"),
    "new_network_share": ("went to networks that nobody here had met before in", "", " of its flows"),
    "new_ports": ("used", "service", " (ports, ICMP types) that nobody here had used before"),
    "new_port_share": ("used ports that nobody here had used before in", "", " of its flows"),
    "failed_new_destinations": ("failed to reach", "destination", " that nobody here had met before"),
    "own_new_destinations": ("contacted", "destination", " that it had never met before"),
    "own_new_destination_share": ("went to destinations that it had never met before in", "", " of its flows"),
    "own_new_networks": ("contacted", "network", " that it had never met before"),
    "own_new_network_share": ("went to networks that it had never met before in", "", " of its flows"),
    "own_new_ports": ("used", "service", " (ports, ICMP types) that it had never used before"),
    "own_new_port_share": ("used ports that it had never used before in", "", " of its flows"),
}


def behaviour_label(behaviour: str) -> str:
    """Return a behaviour's name in the middle of a sentence: `scan`, `DNS tunnel`."""
    return _BEHAVIOURS.get(behaviour, behaviour.replace("_", " "))


def sentence(source: str, window_length: str, reasons: Sequence[Reason], profile: Iterable[Reason] = ()) -> str:
    """Return the sentence, without a full stop, from an anomaly's source, window length, reasons and framed list.

    The first reason leads: `10.4.2.2 contacted 812 destination ports on 3 hosts in 1h (typical 6), and was refused or
    got no answer in 96.0 % of its flows (typical 2.0 %)`.
    """
    when = "in the capture" if window_length == "capture" else f"in {window_length}"
    lead, *others = reasons or (None,)
    if lead is None:
        return f"{source} had an unusual profile {when}"
    told = [f"{_clause(lead, _hosts(profile))} {when}{_typical(lead)}"]
    told += [f"{_clause(reason)}{_typical(reason)}" for reason in others]
    return f"{source} {', '.join(told[:-1])}{', and ' if others else ''}{told[-1]}"


def _clause(reason: Reason, hosts: str = "") -> str:
    if reason.feature in _CLAUSES:
        return _CLAUSES[reason.feature]
    value = quantity(reason.actual, reason.unit)
    if reason.feature not in _TEMPLATES:
        return f"had an unusual {reason.label} of {value}"
    before, noun, after = _TEMPLATES[reason.feature]
    if "{hosts}" in after:
        after = after.format(hosts=hosts) if hosts else ""
    counted = f"{value} {noun}{'' if reason.actual == 1 else 's'}" if noun else value
    return f"{before} {counted}{after}"


def _typical(reason: Reason) -> str:
    return "" if reason.feature in _CLAUSES else f" (typical {quantity(reason.typical, reason.unit)})"


def _hosts(profile: Iterable[Reason]) -> str:
    for reason in profile:
        if reason.feature == "unique_destinations":
            return f"{figure(reason.actual)} host{'' if reason.actual == 1 else 's'}"
    return ""
