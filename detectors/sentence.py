"""What an anomalous source did, as one sentence that a person can act on."""

from collections.abc import Iterable

from netad.core.timing import SECOND_NS, format_duration
from netad.detectors.anomaly import Reason

# Leading feature -> words before the value, noun for one, words after it. A value without a noun carries its own unit.
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
}


def sentence(source: str, window_length: str, reasons: Iterable[Reason], profile: Iterable[Reason] = ()) -> str:
    """Return the sentence, without a full stop, from an anomaly's source, window length, reasons and framed list.

    The first reason leads: `10.4.2.2 contacted 812 destination ports on 3 hosts in 1h (typical 6)`.
    """
    when = "in the capture" if window_length == "capture" else f"in {window_length}"
    lead = next(iter(reasons), None)
    if lead is None:
        return f"{source} had an unusual profile {when}"
    return f"{source} {_clause(lead, _hosts(profile))} {when} (typical {_figure(lead.typical, lead.unit)})"


def _clause(lead: Reason, hosts: str) -> str:
    value = _figure(lead.actual, lead.unit)
    if lead.feature not in _TEMPLATES:
        return f"had an unusual {lead.label} of {value}"
    before, noun, after = _TEMPLATES[lead.feature]
    if "{hosts}" in after:
        after = after.format(hosts=hosts) if hosts else ""
    counted = f"{value} {noun}{'' if lead.actual == 1 else 's'}" if noun else value
    return f"{before} {counted}{after}"


def _hosts(profile: Iterable[Reason]) -> str:
    for reason in profile:
        if reason.feature == "unique_destinations":
            return f"{_figure(reason.actual, '')} host{'' if reason.actual == 1 else 's'}"
    return ""


def _figure(value: float, unit: str) -> str:
    """Return a value as people read it: shares as per cent, bytes in kB (1,000) and up, seconds as a duration."""
    if unit == "share":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return format_duration(round(value * SECOND_NS))
    if unit == "bytes":
        for name in ("bytes", "kB", "MB", "GB"):
            if abs(value) < 1000:
                return f"{value:.3g} {name}"
            value /= 1000
        return f"{value:,.3g} TB"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"
