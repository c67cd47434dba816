"""Brute force: a host opens one short session after the other with a service that asks for a password."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Memory, Remembers
from netad.detectors.behaviour.segments import Places, lengths, quantiles, runs
from netad.detectors.behaviour.sight import TCP, Int64, Sight, addresses, keyed, lasting, listed, spell
from netad.detectors.behaviour.surprise import geometric_decades
from netad.ingest.facts.batch import FactKind
from netad.profiles.groups import Mask

_GUESSING = Technique("T1110.001", "Brute Force: Password Guessing")
_SPRAYING = Technique("T1110.003", "Brute Force: Password Spraying")

_SERVICES = {
    21: "FTP", 22: "SSH", 23: "Telnet", 25: "SMTP", 80: "HTTP", 110: "POP3", 139: "SMB", 143: "IMAP", 443: "HTTPS",
    445: "SMB", 465: "SMTP", 587: "SMTP", 993: "IMAP", 995: "POP3", 1433: "SQL Server", 1521: "Oracle", 2222: "SSH",
    2323: "Telnet", 3306: "MySQL", 3389: "RDP", 5432: "PostgreSQL", 5900: "VNC", 5985: "WinRM", 5986: "WinRM",
    6379: "Redis", 8080: "HTTP", 27017: "MongoDB",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BruteForceParameters:
    """Parameters of `brute_force`.

    Attributes:
        remote_ports: services that people log in to, each session for a while.
        remote_attempts: so many short, alike sessions of a window are three decades there.
        data_ports: services that programs log in to, session after session.
        data_attempts: the same for those.
        web_attempts: the same for HTTP POST requests to one host name, where the input has HTTP facts.
        longest_s: a longer session was let in.
        most_bytes: so does a session in which either side sent more payload.
        alike: sessions are alike when both sides' payloads are within this share of the median (or within 64 bytes).
        least_alike: the least share of alike sessions among the short ones.
        growth: a pair that had sessions in earlier windows needs so many times as many as in the busiest of them.
        memory_hours: how long counts are remembered.
        most_pairs: counts (source, service, window) remembered in all.
    """

    remote_ports: tuple[int, ...] = (21, 22, 23, 2222, 2323, 3389, 5900, 5985, 5986)
    remote_attempts: float = 40.0
    data_ports: tuple[int, ...] = (25, 110, 139, 143, 445, 465, 587, 993, 995, 1433, 1521, 3306, 5432, 6379, 27017)
    data_attempts: float = 200.0
    web_attempts: float = 120.0
    longest_s: float = 60.0
    most_bytes: float = 16_000.0
    alike: float = 0.3
    least_alike: float = 0.6
    growth: float = 2.0
    memory_hours: float = 48.0
    most_pairs: int = 200_000


class BruteForce(Remembers):
    """Counts of short sessions that are alike, per source and port, over all its targets.

    What gives guessing away is many accepted connections to one service in which both sides say about the same each
    time and that soon end (the idea of Zeek's policy/protocols/ssh/detect-bruteforcing.zeek and of M. Javed, V. Paxson,
    "Detecting stealthy, distributed SSH brute-forcing", CCS 2013, without reading the protocol). Counts of normal
    hosts are taken as geometric: `remote_attempts` (`data_attempts`) alike sessions in a window are three decades, as
    many again another three. What a host did in its busiest earlier window, times `growth`, is what three decades need
    at least. Sessions over several targets add up: password spraying.
    """

    name: ClassVar[str] = "brute_force"
    parameters: ClassVar[type[BruteForceParameters]] = BruteForceParameters

    def __init__(self, parameters: BruteForceParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._earlier = Memory(
            [("pair", "u8"), ("count", "i8"), ("time_ns", "i8")],
            most=parameters.most_pairs,
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )

    @property
    def forgotten(self) -> int:
        """Counts that the bounds made it forget."""
        return self._earlier.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return who guesses passwords."""
        sessions = np.flatnonzero(self._short_sessions(sight))
        if not len(sessions):
            return []
        pair = keyed(sight.source[sessions], sight.port[sessions].astype(np.uint64))
        order = np.argsort(pair, kind="stable")
        sessions, pair = sessions[order], pair[order]
        starts, run = runs(pair)
        alike = self._alike(sight, sessions, run, starts)
        count = np.add.reduceat(alike.astype(np.int64), starts)
        share = count / lengths(starts, len(run))
        pairs, port = pair[starts], sight.port[sessions[starts]]
        at_three = self._at_three(sight, sessions[starts], port, pairs)
        strength = np.where(share >= self._p.least_alike, geometric_decades(count, 1.0) / at_three, 0.0)
        self._earlier.add(sight.end_ns, pair=pairs, count=count, time_ns=np.full(len(pairs), sight.start_ns))
        best: dict[int, int] = {}
        for number in np.argsort(-strength, kind="stable").tolist():
            if strength[number] < 1.0:
                break
            best.setdefault(int(sight.row[sessions[starts[number]]]), number)
        findings: list[Finding] = []
        ends = np.append(starts[1:], len(sessions))
        for row, number in sorted(best.items()):
            own = slice(int(starts[number]), int(ends[number]))
            findings += self._finding(
                sight, row, float(strength[number]), sessions[own][alike[own]], float(share[number])
            )
        return findings

    def _short_sessions(self, sight: Sight) -> Mask:
        """Tell which slices are accepted, short and small sessions of a service with passwords, shape (n,)."""
        ports = (*self._p.remote_ports, *self._p.data_ports)
        wanted = np.isin(sight["resp_port"], ports) | self._posts(sight)
        lasted = sight["last_ns"] - sight["first_ns"]
        small = (sight["orig_payload_bytes"] <= self._p.most_bytes) & (
            sight["resp_payload_bytes"] <= self._p.most_bytes
        )
        talked = (sight["orig_payload_bytes"] > 0) | (sight["resp_payload_bytes"] > 0)
        return np.asarray(
            wanted
            & (sight["protocol"] == TCP)
            & sight.to_one
            & sight.answered
            & ~sight.refused
            & talked
            & small
            & (lasted <= int(self._p.longest_s * SECOND_NS))
        )

    def _posts(self, sight: Sight) -> Mask:
        """Tell which slices carry an HTTP POST, shape (n,)."""
        told = sight.fact(FactKind.HTTP)
        if told is None or "method" not in told[1]:
            return np.zeros(len(sight), dtype=bool)
        rows, facts = told
        posts = facts["method"] == "POST"
        ends = ("resp_hi", "resp_lo", "orig_port", "resp_port")
        keys = keyed(rows[posts].astype(np.int64), *(facts[name][posts] for name in ends))
        return np.isin(keyed(sight.row, *(sight[name] for name in ends)), keys)

    def _alike(self, sight: Sight, sessions: Int64, run: Places, starts: Places) -> Mask:
        """Tell which sessions are like the median one of their run, shape of `sessions`."""
        alike = np.ones(len(sessions), dtype=bool)
        for name in ("orig_payload_bytes", "resp_payload_bytes"):
            size = sight[name][sessions].astype(np.float64)
            (median,) = quantiles(size, run, starts, (0.5,))
            alike &= np.abs(size - median[run]) <= np.maximum(64.0, self._p.alike * median[run])
        return alike

    def _at_three(
        self, sight: Sight, first: Int64, port: NDArray[np.uint16], pairs: NDArray[np.uint64]
    ) -> NDArray[np.float64]:
        """Return how many alike sessions are three decades for each pair, shape (g,)."""
        hours = max((sight.end_ns - sight.start_ns) / (3600 * SECOND_NS), 1.0)
        remote, data = np.isin(port, self._p.remote_ports), np.isin(port, self._p.data_ports)
        least = np.where(remote, self._p.remote_attempts, np.where(data, self._p.data_attempts, self._p.web_attempts))
        known = self._earlier.rows
        known = known[np.isin(known["pair"], pairs)]
        busiest = np.zeros(len(pairs))
        np.maximum.at(busiest, np.searchsorted(pairs, known["pair"]), known["count"].astype(np.float64))
        # An outside host has no habits that would excuse it.
        habit = np.where(sight.from_inside[first], self._p.growth * busiest, 0.0)
        return np.asarray(np.maximum(least * hours, habit))

    def _finding(self, sight: Sight, row: int, strength: float, own: Int64, share: float) -> list[Finding]:
        first, last = int(sight["first_ns"][own].min()), int(sight["last_ns"][own].max())
        own = own[np.argsort(sight["first_ns"][own], kind="stable")]
        target, counts = np.unique(sight.target[own], return_counts=True)
        by_count = target[np.argsort(-counts, kind="stable")]
        examples = own[[int(np.flatnonzero(sight.target[own] == one)[0]) for one in by_count[:SHOWN]]]
        peers = addresses(sight["resp_hi"][examples], sight["resp_lo"][examples], SHOWN)
        port = int(sight.port[own[0]])
        numbers = {
            "sessions": float(len(own)),
            "targets": float(len(target)),
            "alike_share": share,
            "sessions_per_minute": len(own) / max((last - first) / (60 * SECOND_NS), 1 / 60),
            "bytes_out_median": float(np.median(sight["orig_payload_bytes"][own])),
            "bytes_back_median": float(np.median(sight["resp_payload_bytes"][own])),
            "seconds_median": float(np.median((sight["last_ns"] - sight["first_ns"])[own]) / SECOND_NS),
        }
        traces = Traces(
            peers=peers,
            peer_count=len(target),
            ports=(port,),
            port_count=1,
            transports=("tcp",),
            times_ns=tuple(sight["first_ns"][own][-SHOWN:].tolist()),
            first_ns=first,
            last_ns=last,
            numbers=numbers,
        )
        spraying = counts.max() < 0.5 * len(own)
        service = f"{_SERVICES.get(port, 'TCP')} (port {port})"
        sentence = (
            f"opened {spell(len(own), 'short session')} with {service} of {listed(peers)} in {lasting(last - first)}, "
            f"{100 * share:.0f} % of them alike: {numbers['bytes_out_median']:.0f} bytes out, "
            f"{numbers['bytes_back_median']:.0f} back, {numbers['seconds_median']:.2g} s each"
        )
        return sight.finding(
            self.name, _SPRAYING if spraying else _GUESSING, row, strength, sentence, traces, asdict(self._p)
        )
