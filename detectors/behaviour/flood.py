"""Floods: one host is sent far more packets or attempts than anybody answers, by one source or by very many."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import LEAST_STRENGTH, SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Remembers
from netad.detectors.behaviour.segments import lengths, runs
from netad.detectors.behaviour.sight import (
    TCP,
    UDP,
    Int64,
    Sight,
    UInt64,
    addresses,
    keyed,
    lasting,
    listed,
    spell,
    transports,
)
from netad.ingest.flows import Column

_DIRECT = Technique("T1498.001", "Network Denial of Service: Direct Network Flood")
_REFLECTED = Technique("T1498.002", "Network Denial of Service: Reflection Amplification")
_EXHAUSTION = Technique("T1499.001", "Endpoint Denial of Service: OS Exhaustion Flood")
_TECHNIQUES = {"attempts": _EXHAUSTION, "packets": _DIRECT, "reflected": _REFLECTED, "unasked": _REFLECTED}


@dataclass(frozen=True, slots=True)
class FloodParameters:
    """Parameters of `flood`.

    Attributes:
        attempts: so many unaccepted TCP attempts at one service in a window are three decades, ten times as many six.
        packets: so many packets of other protocols to one host in a window are three decades.
        least_rate: fewer packets a second, while it lasts, are no flood.
        most_answered: a greater share of packets answered is a conversation.
        reflector_ports: UDP services whose answers are far larger than the questions.
        reflected_packets: so many unasked answers of such services to one host in a window are three decades.
        most_sources: sources of one flood that a finding is made for.
    """

    attempts: float = 2_000.0
    packets: float = 60_000.0
    least_rate: float = 20.0
    most_answered: float = 0.2
    reflector_ports: tuple[int, ...] = (
        17, 19, 53, 111, 123, 137, 161, 389, 500, 520, 1434, 1900, 3283, 3702, 4500, 5353, 10001, 11211, 17185, 27015,
    )  # fmt: skip
    reflected_packets: float = 300.0
    most_sources: int = 3


class Flood(Remembers):
    """Rate and asymmetry, per victim and kind, over all sources.

    As the rate rules of intrusion detection have it (J. Mirkovic, P. Reiher, "A taxonomy of DDoS attack and DDoS
    defense mechanisms", 2004: semantic and brute-force attacks): many packets a second towards one host, most of them
    without an answer. Three kinds: TCP attempts that are not accepted (SYN flood), packets of other protocols, and
    answers nobody asked for from ports of amplifying services. The strength grows with the decimal
    logarithm of the count: `3 + 3 log10(count / threshold)`.

    A flood with forged sources comes from everywhere, so it is counted per victim; the finding is made for the
    `most_sources` that sent most of it. TCP answers without a question (SYN-ACKs to forged attempts) are found at their
    victim, which a capture shows as their originator.
    """

    name: ClassVar[str] = "flood"
    parameters: ClassVar[type[FloodParameters]] = FloodParameters

    def __init__(self, parameters: FloodParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self.forgotten = 0

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return who floods whom."""
        if not sight.carries("orig_packets", "resp_packets").all():
            return []
        protocol, packets = sight["protocol"], sight["orig_packets"]
        answered = sight["resp_packets"]
        reflected = (
            (protocol == UDP) & (answered == 0) & np.isin(sight["orig_port"], self._p.reflector_ports)
            & (sight["orig_port"] != sight["resp_port"])
        )  # fmt: skip
        attempt = (protocol == TCP) & sight.refused
        other = (protocol != TCP) & ~reflected & (answered <= self._p.most_answered * packets)
        # Nobody opened these, as far as can be seen: the source column holds who they were sent to.
        unasked = (protocol == TCP) & (packets == 0) & (answered > 0) & (sight["resp_payload_bytes"] == 0)
        hit = sight.to_one & (attempt | other | reflected)
        findings: list[Finding] = []
        for kind, which, victims, sent, threshold in (
            ("attempts", hit & attempt, keyed(sight.target, sight.port), packets, self._p.attempts),
            ("packets", hit & other, sight.target, packets, self._p.packets),
            ("reflected", hit & reflected, sight.target, packets, self._p.reflected_packets),
            ("unasked", unasked, sight.source, answered, self._p.reflected_packets),
        ):
            findings += self._of_kind(sight, kind, np.flatnonzero(which), victims, sent, threshold)
        return sorted(_strongest(findings), key=lambda finding: finding.row)

    def _of_kind(
        self, sight: Sight, kind: str, chosen: Int64, victims: UInt64, sent: Column, threshold: float
    ) -> list[Finding]:
        if sent[chosen].sum() < threshold / 10:
            return []
        order = np.argsort(victims[chosen], kind="stable")
        chosen = chosen[order]
        starts, _ = runs(victims[chosen])
        count = np.add.reduceat(sent[chosen].astype(np.float64), starts)
        first = np.minimum.reduceat(sight["first_ns"][chosen], starts)
        last = np.maximum.reduceat(sight["last_ns"][chosen], starts)
        rate = count / np.maximum((last - first) / SECOND_NS, 1.0)
        strength = 3.0 + 3.0 * np.log10(np.maximum(count, 1.0) / threshold)
        strength = np.where(rate >= self._p.least_rate, strength, 0.0)
        findings: list[Finding] = []
        sizes = lengths(starts, len(chosen))
        for number in np.flatnonzero(strength >= LEAST_STRENGTH).tolist():
            own = chosen[starts[number] : starts[number] + sizes[number]]
            findings += self._findings(sight, kind, own, sent, float(strength[number]), float(rate[number]))
        return findings

    def _findings(
        self, sight: Sight, kind: str, own: Int64, packets: Column, strength: float, rate: float
    ) -> list[Finding]:
        rows, inverse = np.unique(sight.row[own], return_inverse=True)
        sent = np.bincount(inverse, weights=packets[own].astype(np.float64))
        top = np.argsort(-sent, kind="stable")[: self._p.most_sources]
        peers = addresses(sight["resp_hi"][own], sight["resp_lo"][own], SHOWN)
        ports = np.unique(sight.port[own]).tolist()
        first, last = int(sight["first_ns"][own].min()), int(sight["last_ns"][own].max())
        what = _what(kind, sight, own, peers[0], float(sent.sum()))
        findings: list[Finding] = []
        for place in top.tolist():
            mine = own[sight.row[own] == rows[place]]
            traces = Traces(
                peers=peers,
                peer_count=len(np.unique(sight.target[own])),
                ports=tuple(ports[:SHOWN]) if any(ports) else (),
                port_count=len(ports) if any(ports) else 0,
                transports=transports(sight["protocol"][own]),
                times_ns=tuple(np.sort(sight["first_ns"][mine])[-SHOWN:].tolist()),
                first_ns=first,
                last_ns=last,
                numbers={
                    "packets": float(sent.sum()),
                    "packets_of_source": float(sent[place]),
                    "sources": float(len(rows)),
                    "packets_per_second": rate,
                    "flows": float(len(own)),
                },
            )
            share = "" if len(rows) == 1 else f", {sent[place]:,.0f} of them from this one of {len(rows):,} sources"
            sentence = f"{what} in {lasting(last - first)}{share}"
            row = int(rows[place])
            findings += sight.finding(self.name, _TECHNIQUES[kind], row, strength, sentence, traces, asdict(self._p))
        return findings


def _what(kind: str, sight: Sight, own: Int64, victim: str, packets: float) -> str:
    if kind == "attempts":
        port = int(sight.port[own[0]])
        return f"sent {packets:,.0f} packets of connection attempts that were not accepted to {victim} port {port}"
    if kind == "unasked":
        hosts = spell(len(np.unique(sight.target[own])), "host")
        return f"was sent {packets:,.0f} TCP answers it had not asked for by {hosts}"
    if kind == "reflected":
        services = np.unique(sight["orig_port"][own]).tolist()
        ports = f"{spell(len(services), 'port')} ({listed(services)})"
        return f"sent {packets:,.0f} answers nobody asked for from {ports} to {victim}"
    by = listed(transports(sight["protocol"][own]))
    return f"sent {packets:,.0f} packets by {by} that were not answered to {victim}"


def _strongest(findings: list[Finding]) -> list[Finding]:
    """Keep of each row the strongest finding."""
    best: dict[int, Finding] = {}
    for finding in findings:
        if finding.row not in best or finding.strength > best[finding.row].strength:
            best[finding.row] = finding
    return list(best.values())
