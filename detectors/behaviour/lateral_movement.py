"""Lateral movement: a host logs in to inside hosts, by ways of administration, that it never did that to before."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Memory, Prevalence, Remembers, Rows
from netad.detectors.behaviour.segments import lengths, runs
from netad.detectors.behaviour.sight import TCP, Sight, addresses, keyed, lasting, listed, spell

_WAYS = {22: 0, 135: 1, 139: 2, 445: 2, 3389: 3, 5985: 4, 5986: 4}
_TECHNIQUES = (
    Technique("T1021.004", "Remote Services: SSH"),
    Technique("T1021.003", "Remote Services: Distributed Component Object Model"),
    Technique("T1021.002", "Remote Services: SMB/Windows Admin Shares"),
    Technique("T1021.001", "Remote Services: Remote Desktop Protocol"),
    Technique("T1021.006", "Remote Services: Windows Remote Management"),
)
_WAY_NAMES = ("SSH", "RPC", "SMB", "RDP", "WinRM")
_WEIGHTS = (0.6, 0.75, 0.6, 0.75, 0.9)
_CONTROLLER_PORTS = (88, 389, 636, 3268)

_COLUMNS = [("source", "u8"), ("key", "u8"), ("target", "u8"), ("target_hi", "u8"), ("target_lo", "u8"), ("port", "u2"),
            ("early", "?"), ("time_ns", "i8")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LateralMovementParameters:
    """Parameters of `lateral_movement`.

    Attributes:
        burst_hours: new targets within this time count together.
        settled_hours: what a source did in its first hours is taken for a habit it had before ...
        early_weight: ... and counts so much.
        least_targets: fewer targets are no finding.
        shared_by: a service that so many inside sources use is a server's: it does not count.
        habit: a source that reached so many targets in earlier hours administrates: it does not count.
        memory_hours: how long targets are remembered.
        most_targets: targets (source, host, port) remembered in all.
        most_of_a_source: targets remembered of one source.
    """

    burst_hours: float = 2.0
    settled_hours: float = 1.0
    early_weight: float = 0.75
    least_targets: int = 3
    shared_by: int = 3
    habit: int = 8
    memory_hours: float = 168.0
    most_targets: int = 200_000
    most_of_a_source: int = 2_000


class LateralMovement(Remembers):
    """First-time sessions on administration ports of inside hosts that are nobody's servers.

    The features are those of G. Ho et al., "Hopper: modeling and detecting lateral movement" (USENIX Security 2021)
    as far as flows tell them: an edge between two hosts that was not there before, to a host that few others log in to,
    and several of them soon one after the other. Each target that answered with a session counts once, by its telling
    way in (SSH and SMB 0.6 decades, RPC and RDP 0.75, WinRM 0.9; half as much again where RPC is followed by a session
    on a dynamic port, which is what remote execution by WMI and DCOM looks like), and `early_weight` of that when it
    was already so in the source's first `settled_hours`. Left out are services that `shared_by` or more inside sources
    use, domain controllers, and sources that do such things all the time.
    """

    name: ClassVar[str] = "lateral_movement"
    parameters: ClassVar[type[LateralMovementParameters]] = LateralMovementParameters

    def __init__(self, parameters: LateralMovementParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        age_ns = int(parameters.memory_hours * 3600 * SECOND_NS)
        self._reached = Memory(
            _COLUMNS, most=parameters.most_targets, each={"source": parameters.most_of_a_source}, age_ns=age_ns
        )
        self._since = Memory([("source", "u8"), ("time_ns", "i8")], most=parameters.most_targets, age_ns=1 << 62)
        self._controllers = np.empty(0, dtype=np.uint64)
        self._users = Prevalence()

    @property
    def forgotten(self) -> int:
        """Targets and uses that the bounds made it forget."""
        return self._reached.forgotten + self._users.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return who moves on to other hosts."""
        self._note_sources(sight)
        within = sight.from_inside & sight.to_inside & sight.to_one & (sight["protocol"] == TCP)
        accepted = within & sight.answered & ~sight.refused
        if not accepted.any():
            return []
        talked = accepted & ((sight["orig_payload_bytes"] > 0) | ~sight.carries("orig_payload_bytes"))
        directory = accepted & np.isin(sight["resp_port"], _CONTROLLER_PORTS)
        self._controllers = np.union1d(self._controllers, sight.target[directory])[: self._p.most_targets]
        chosen = np.flatnonzero(talked & np.isin(sight["resp_port"], list(_WAYS)))
        if not len(chosen):
            return []
        way = _WAY_OF[sight["resp_port"][chosen]]
        service = keyed(sight.target[chosen], way)
        self._users.add(service, sight.source[chosen])
        key = keyed(sight.source[chosen], service)
        fresh, first = np.unique(key, return_index=True)
        new = np.sort(first[~self._reached.has("key", fresh)])
        at = chosen[new]
        if not len(at):
            return []
        since = self._first_seen(sight, at)
        self._reached.add(
            sight.end_ns,
            source=sight.source[at],
            key=key[new],
            target=sight.target[at],
            target_hi=sight["resp_hi"][at],
            target_lo=sight["resp_lo"][at],
            port=sight["resp_port"][at],
            early=sight["first_ns"][at] - since < self._p.settled_hours * 3600 * SECOND_NS,
            time_ns=sight["first_ns"][at],
        )
        dynamic = talked & (sight["resp_port"] >= 49_152)
        executed = np.unique(keyed(sight.source[dynamic], sight.target[dynamic]))
        row_of = dict(zip(sight.source[at].tolist(), sight.row[at].tolist(), strict=True))
        return self._judge(sight, row_of, executed)

    def _judge(self, sight: Sight, row_of: dict[int, int], executed: NDArray[np.uint64]) -> list[Finding]:
        sources = np.array(list(row_of), dtype=np.uint64)
        reached = self._reached.rows[np.isin(self._reached.rows["source"], sources)]
        reached = reached[np.lexsort((reached["time_ns"], reached["source"]))]
        way = _WAY_OF[reached["port"]]
        shared = self._users.count(keyed(reached["target"], way)) >= self._p.shared_by
        counts = ~shared & ~np.isin(reached["target"], self._controllers)
        weight = np.array(_WEIGHTS)[way]
        by_call = (way == 1) & np.isin(keyed(reached["source"], reached["target"]), executed)
        weight *= np.where(by_call, 1.5, 1.0) * np.where(reached["early"], self._p.early_weight, 1.0)
        recent = reached["time_ns"] >= sight.end_ns - int(self._burst_ns(sight))
        starts, _ = runs(reached["source"])
        findings: list[Finding] = []
        for begin, size in zip(starts.tolist(), lengths(starts, len(reached)).tolist(), strict=True):
            own = slice(begin, begin + size)
            now, before = counts[own] & recent[own], counts[own] & ~recent[own]
            targets = len(np.unique(reached["target"][own][now]))
            if targets < self._p.least_targets or len(np.unique(reached["target"][own][before])) >= self._p.habit:
                continue
            strength = _by_target(reached["target"][own][now], weight[own][now])
            row = row_of[int(reached["source"][begin])]
            findings += self._finding(sight, row, strength, reached[own][now], weight[own][now])
        return sorted(findings, key=lambda finding: finding.row)

    def _burst_ns(self, sight: Sight) -> float:
        return max(self._p.burst_hours * 3600 * SECOND_NS, float(sight.end_ns - sight.start_ns))

    def _note_sources(self, sight: Sight) -> None:
        starts, _ = runs(sight.source)
        new = starts[~self._since.has("source", sight.source[starts])]
        if len(new):
            self._since.add(0, source=sight.source[new], time_ns=sight["first_ns"][new])

    def _first_seen(self, sight: Sight, at: NDArray[np.intp]) -> NDArray[np.int64]:
        known = self._since.rows
        order = np.argsort(known["source"], kind="stable")
        place = np.minimum(np.searchsorted(known["source"][order], sight.source[at]), len(known) - 1)
        return np.asarray(known["time_ns"][order][place])

    def _finding(
        self, sight: Sight, row: int, strength: float, own: Rows, weight: NDArray[np.float64]
    ) -> list[Finding]:
        way = _WAY_OF[own["port"]]
        main = int(np.argmax(np.bincount(way, weights=weight, minlength=len(_WAY_NAMES))))
        targets = len(np.unique(own["target"]))
        peers = addresses(own["target_hi"], own["target_lo"], SHOWN)
        ports = np.unique(own["port"]).tolist()
        ways = [_WAY_NAMES[number] for number in np.unique(way).tolist()]
        span = float(own["time_ns"][-1] - own["time_ns"][0])
        traces = Traces(
            peers=peers,
            peer_count=targets,
            ports=tuple(ports),
            port_count=len(ports),
            transports=("tcp",),
            times_ns=tuple(own["time_ns"][-SHOWN:].tolist()),
            first_ns=int(own["time_ns"][0]),
            last_ns=int(own["time_ns"][-1]),
            numbers={"targets": float(targets), "new_services": float(len(own)),
                     "first_hours_share": float(np.mean(own["early"]))},
        )  # fmt: skip
        sentence = (
            f"opened its first sessions by {' and '.join(ways)} with {spell(targets, 'inside host')} in "
            f"{lasting(span)}: {listed(peers)}; hardly any other host does"
        )
        return sight.finding(self.name, _TECHNIQUES[main], row, strength, sentence, traces, asdict(self._p))


def _by_target(targets: NDArray[np.uint64], weight: NDArray[np.float64]) -> float:
    """Return the sum over targets of the greatest weight of each."""
    _, code = np.unique(targets, return_inverse=True)
    top = np.zeros(int(code.max()) + 1)
    np.maximum.at(top, code, weight)
    return float(top.sum())


_WAY_OF = np.zeros(65_536, dtype=np.int64)
for _port, _way in _WAYS.items():
    _WAY_OF[_port] = _way
