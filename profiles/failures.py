"""Features of what failed: flows that nobody accepted, and how connections ended."""

from collections.abc import Mapping

from netad.ingest.flows import CONN_STATES, FAILED_STATES
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups
from netad.profiles.registry import Feature

_STATES = {
    "attempt_share": ("S0",),
    "rejected_share": ("REJ",),
    "completed_share": ("SF",),
    "reset_share": ("RSTO", "RSTR"),
    "half_open_share": ("SH", "SHR", "RSTOS0", "RSTRH"),
    "midstream_share": ("OTH",),
}


def _codes(states: tuple[str, ...]) -> list[int]:
    return [CONN_STATES.index(state) for state in states]


def _failures(groups: Groups) -> Mapping[str, Float64]:
    met = groups.met_destinations
    return {
        "failed_share": groups.share(groups.failed),
        "failed_destinations": met.select(met.failed > 0).unique(),
    }


def _failed_ports(groups: Groups) -> Mapping[str, Float64]:
    met = groups.met_port_numbers
    return {"failed_destination_ports": met.select(met.failed > 0).unique()}


def _states(groups: Groups) -> Mapping[str, Float64]:
    counts = groups.counts(groups["conn_state"], len(CONN_STATES))
    return {name: counts[:, _codes(states)].sum(axis=1) / groups.count for name, states in _STATES.items()}


def _unanswered(groups: Groups) -> Mapping[str, Float64]:
    return {"unanswered_share": groups.share(groups["resp_packets"] == 0)}


FAMILIES = (
    Family(
        "failures",
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
        "failures",
        ("resp_port", "protocol", "conn_state"),
        (
            Feature("failed_destination_ports", "failed destination ports", "ports",
                    "distinct destination ports of failed flows", "log", "high"),
        ),
        _failed_ports,
    ),
    Family(
        "failures",
        ("conn_state",),
        (
            Feature("attempt_share", "attempt share", "share",
                    "share of the flows that were tried and never answered (S0)", "none", "high"),
            Feature("rejected_share", "rejected share", "share", "share of the flows that were refused (REJ)",
                    "none", "high"),
            Feature("completed_share", "completed share", "share",
                    "share of the flows that were opened and closed in order (SF)", "none", "low"),
            Feature("reset_share", "reset share", "share",
                    "share of the flows that were open and then reset (RSTO, RSTR)", "none", "high"),
            Feature("half_open_share", "half-open share", "share",
                    "share of the flows that one side alone spoke on (SH, SHR, RSTOS0, RSTRH)", "none", "high"),
            Feature("midstream_share", "midstream share", "share",
                    "share of the flows whose opening was not seen (OTH)", "none", "both"),
        ),
        _states,
    ),
    Family(
        "failures",
        ("resp_packets",),
        (
            Feature("unanswered_share", "unanswered share", "share", "share of the flows on which nothing came back",
                    "none", "high"),
        ),
        _unanswered,
    ),
)  # fmt: skip
