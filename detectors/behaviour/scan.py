"""Scans: somebody tries services of hosts that nobody told them about, so most tries fail."""

from dataclasses import asdict, dataclass
from math import log10
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import LEAST_STRENGTH, SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Memory, Remembers, Rows
from netad.detectors.behaviour.segments import cusum, frequent, runs
from netad.detectors.behaviour.sight import (
    ICMP,
    ICMP6,
    TCP,
    UDP,
    Sight,
    UInt64,
    addresses,
    keyed,
    lasting,
    listed,
    spell,
    transports,
)
from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import Column
from netad.profiles.groups import Mask

_SERVICES = Technique("T1046", "Network Service Discovery")
_HOSTS = Technique("T1018", "Remote System Discovery")
_OUTSIDE = Technique("T1595.001", "Active Scanning: Scanning IP Blocks")

_COLUMNS = [
    ("source", "u8"), ("service", "u8"), ("target", "u8"), ("target_hi", "u8"), ("target_lo", "u8"), ("port", "u2"),
    ("protocol", "u1"), ("inside", "?"), ("failed", "?"), ("known", "?"), ("time_ns", "i8"), ("turn", "i8")
]  # fmt: skip
_STEPS = 1_000_000  # a decade


@dataclass(frozen=True, slots=True)
class ScanParameters:
    """Parameters of `scan`.

    Attributes:
        normal_success: how often a normal host's first contact with a service succeeds.
        scan_success: how often a scanner's does.
        weight: what one outcome counts, in TCP: failures of a normal host come in bunches, so less than 1.
        datagram_weight: the same for UDP, where silence is an answer of many services.
        memory_hours: how long contacts are remembered.
        least_failures: fewer failed first contacts are no scan.
        one_way_ports: UDP ports where silence means nothing: one-way services, and time servers of public pools.
        most_contacts: contacts remembered in all.
        most_of_a_source: contacts remembered of one source.
    """

    normal_success: float = 0.8
    scan_success: float = 0.2
    weight: float = 0.65
    datagram_weight: float = 0.25
    memory_hours: float = 24.0
    least_failures: int = 5
    one_way_ports: tuple[int, ...] = (
        67,
        68,
        69,
        123,
        137,
        138,
        162,
        514,
        1900,
        2055,
        3702,
        4739,
        4789,
        5353,
        5355,
        6343,
    )
    most_contacts: int = 500_000
    most_of_a_source: int = 20_000


class Scan(Remembers):
    """A sequential test over the first contacts of a source with services.

    J. Jung, V. Paxson, A. Berger, H. Balakrishnan, "Fast portscan detection using sequential hypothesis testing"
    (IEEE S&P 2004): a first contact that succeeds multiplies the likelihood ratio of scanner to normal host by
    theta1 / theta0, one that fails by (1 - theta1) / (1 - theta0). As in S. Schechter, J. Jung, A. Berger, "Fast
    detection of scanning worm infections" (RAID 2004) the test starts anew when it falls below 1, so that an honest
    past hides nothing. A first contact is the first with a (host, port, protocol), in a memory of `memory_hours`,
    which is what finds scans of a few contacts an hour.

    A scan hides among other traffic of its source, so the test runs over three cuts of its contacts, and the greatest
    ratio counts: one port on many hosts (horizontal), many ports of one host (vertical), any service of inside hosts
    (mixed). The strength is log10 of the ratio times `weight`.
    """

    name: ClassVar[str] = "scan"
    parameters: ClassVar[type[ScanParameters]] = ScanParameters

    def __init__(self, parameters: ScanParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._met = Memory(
            _COLUMNS,
            most=parameters.most_contacts,
            each={"source": parameters.most_of_a_source},
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )
        self._turn = 0

    @property
    def forgotten(self) -> int:
        """Contacts that the bounds made it forget."""
        return self._met.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return its scanners."""
        self._turn += 1
        new, rows = self._first_contacts(sight)
        if not len(new["time_ns"]):
            return []
        self._met.add(sight.end_ns, turn=np.full(len(rows), self._turn), **new)
        active = np.unique(new["source"][new["failed"]])
        if not len(active):
            return []
        contacts = self._met.rows[np.isin(self._met.rows["source"], active)]
        fresh = contacts["turn"] == self._turn
        row_of = dict(zip(new["source"].tolist(), rows.tolist(), strict=True))
        findings: list[Finding] = []
        for source, (strength, members) in self._judge(contacts, fresh).items():
            findings += self._finding(sight, row_of[source], strength, contacts[members])
        return sorted(findings, key=lambda finding: finding.row)

    def _first_contacts(self, sight: Sight) -> tuple[dict[str, Column], Column]:
        """Return what the memory holds of each service met for the first time, and the rows of their sources."""
        protocol = sight["protocol"]
        datagram = (protocol == UDP) & ~np.isin(sight["resp_port"], self._p.one_way_ports)
        wanted = np.flatnonzero(sight.to_one & ((protocol == TCP) | datagram | sight.echo))
        service = keyed(sight.source[wanted], sight.target[wanted], protocol[wanted], sight.port[wanted])
        order = np.argsort(service, kind="stable")
        starts, _ = runs(service[order])
        if not len(starts):
            return {"time_ns": np.empty(0, np.int64)}, np.empty(0, np.int64)
        # A service that answered at all in the window was there: the first packet may have been lost.
        succeeded = np.logical_or.reduceat(~sight.refused[wanted][order], starts)
        first = wanted[order[starts]]
        fresh = ~self._met.has("service", service[order[starts]])
        at, succeeded = first[fresh], succeeded[fresh]
        new = {
            "source": sight.source[at],
            "service": service[order[starts]][fresh],
            "target": sight.target[at],
            "target_hi": sight["resp_hi"][at],
            "target_lo": sight["resp_lo"][at],
            "port": sight.port[at],
            "protocol": protocol[at],
            "inside": sight.to_inside[at],
            "failed": ~succeeded,
            "known": self._resolved(sight, at),
            "time_ns": sight["first_ns"][at],
        }
        by_time = np.argsort(new["time_ns"], kind="stable")
        return {name: column[by_time] for name, column in new.items()}, sight.row[at][by_time]

    def _resolved(self, sight: Sight, at: Column) -> Mask:
        """Tell which contacts went to an address that the source had been told by DNS, shape of `at`."""
        told = sight.fact(FactKind.ANSWER)
        if told is None:
            return np.zeros(len(at), dtype=bool)
        rows, facts = told
        answers = keyed(rows.astype(np.int64), facts["address_hi"], facts["address_lo"])
        return np.isin(keyed(sight.row[at], sight["resp_hi"][at], sight["resp_lo"][at]), answers)

    def _judge(self, contacts: Rows, fresh: Mask) -> dict[int, tuple[float, NDArray[np.intp]]]:
        """Return for each source its greatest strength, and the contacts since the test started anew."""
        udp = contacts["protocol"] == UDP
        weight = np.where(udp, self._p.datagram_weight, self._p.weight)
        up = log10((1 - self._p.scan_success) / (1 - self._p.normal_success))
        down = log10(self._p.normal_success / self._p.scan_success)
        step = np.rint(np.where(contacts["failed"], up, -down) * weight * _STEPS).astype(np.int64)
        # Who looked a name up and finds nobody there was sent there: neither for nor against.
        step[contacts["known"] & contacts["failed"]] = 0
        tcp_or_echo = ~udp
        source, port, protocol = contacts["source"], contacts["port"], contacts["protocol"]
        cuts: list[tuple[UInt64, Mask]] = [
            (keyed(source, port, protocol, contacts["inside"].astype(np.int64)), np.ones(len(step), bool)),
            (keyed(source, contacts["target"]), np.ones(len(step), bool)),
            (source, tcp_or_echo & contacts["inside"]),
        ]
        best: dict[int, tuple[float, NDArray[np.intp]]] = {}
        for key, which in cuts:
            for owner, strength, members in self._strongest(contacts, key, which, step, fresh):
                if strength > best.get(owner, (0.0,))[0]:
                    best[owner] = (strength, members)
        return best

    def _strongest(
        self, contacts: Rows, key: UInt64, which: Mask, step: NDArray[np.int64], fresh: Mask
    ) -> list[tuple[int, float, NDArray[np.intp]]]:
        """Return source, strength and members of the strongest test of each source in one cut."""
        failed = which & contacts["failed"]
        enough = frequent(key, failed, self._p.least_failures) & frequent(key, failed & fresh, 1)
        chosen = np.flatnonzero(which & enough)
        if not len(chosen):
            return []
        order = chosen[np.lexsort((contacts["time_ns"][chosen], key[chosen]))]
        starts, run = runs(key[order])
        value = cusum(step[order], run)
        now = np.where(fresh[order] & contacts["failed"][order], value, 0)
        peak = np.maximum.reduceat(now, starts)
        result, seen = [], set()
        for number in np.argsort(-peak, kind="stable").tolist():
            if peak[number] < LEAST_STRENGTH * _STEPS:
                break
            owner = int(contacts["source"][order[starts[number]]])
            if owner in seen:
                continue
            seen.add(owner)
            end = starts[number + 1] if number + 1 < len(starts) else len(order)
            top = starts[number] + int(np.argmax(now[starts[number] : end]))
            renewed = np.flatnonzero(value[starts[number] : top + 1] <= step[order[starts[number] : top + 1]])
            members = order[starts[number] + int(renewed[-1]) : end]
            if np.count_nonzero(contacts["failed"][members]) >= self._p.least_failures:
                result.append((owner, float(peak[number]) / _STEPS, members))
        return result

    def _finding(self, sight: Sight, row: int, strength: float, met: Rows) -> list[Finding]:
        inside = bool(sight.frame["inside"].iat[row])
        # What was tried in vain tells of the scan; what answered, of whom an outside scanner reached.
        ranked = met[np.argsort(met["failed"] if not inside else ~met["failed"], kind="stable")]
        ports = np.unique(met["port"]).tolist()
        hosts = len(np.unique(met["target"]))
        reached = met[~met["failed"]]
        echo = bool(np.isin(met["protocol"], (ICMP, ICMP6)).all())
        numbers = {
            "contacts": float(len(met)),
            "failed": float(np.count_nonzero(met["failed"])),
            "answered_hosts": float(len(np.unique(reached["target"]))),
            "contacts_per_hour": len(met) / max(float(np.ptp(met["time_ns"])) / 3.6e12, 1 / 60),
        }
        traces = Traces(
            peers=addresses(ranked["target_hi"], ranked["target_lo"], SHOWN),
            peer_count=hosts,
            ports=() if echo else tuple(ports[:SHOWN]),
            port_count=0 if echo else len(ports),
            transports=transports(met["protocol"]),
            times_ns=tuple(met["time_ns"][-SHOWN:].tolist()),
            first_ns=int(met["time_ns"][0]),
            last_ns=int(met["time_ns"][-1]),
            numbers=numbers,
        )
        technique = _OUTSIDE if not inside else _HOSTS if echo else _SERVICES
        sentence = _sentence(met, ports, hosts, echo)
        if not inside and len(reached):
            found = addresses(reached["target_hi"], reached["target_lo"], SHOWN)
            sentence += f"; {spell(len(found), 'inside host')} answered: {listed(found)}"
        return sight.finding(self.name, technique, row, strength, sentence, traces, asdict(self._p))


def _sentence(met: Rows, ports: list[int], hosts: int, echo: bool) -> str:
    failed = int(np.count_nonzero(met["failed"]))
    span = lasting(float(np.ptp(met["time_ns"])))
    what = f"{spell(hosts, 'host')} by ICMP echo" if echo else f"{spell(len(ports), 'port')} on {spell(hosts, 'host')}"
    if not echo and len(ports) == 1:
        what = f"port {ports[0]} on {spell(hosts, 'host')}"
    return f"tried {what} in {span}, {failed:,} of {len(met):,} first contacts failed"
