"""Exfiltration: a host sends far more to one outside host than it gets back, and more than it is used to."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Memory, Prevalence, Remembers, Rows
from netad.detectors.behaviour.names import SPEED_TESTS, Names, any_suffix
from netad.detectors.behaviour.segments import Float64, runs
from netad.detectors.behaviour.sight import Int64, Sight, UInt64, addresses, keyed, lasting, spell, transports
from netad.detectors.behaviour.surprise import normal_decades
from netad.ingest.flows import Column

_ENCRYPTED = Technique("T1048.002", "Exfiltration Over Alternative Protocol: Asymmetric Encrypted Non-C2 Protocol")
_PLAIN = Technique("T1048.003", "Exfiltration Over Alternative Protocol: Unencrypted Non-C2 Protocol")
_ENCRYPTED_PORTS = (22, 443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 995, 8443)

_COLUMNS = [("source", "u8"), ("pair", "u8"), ("time_ns", "i8"), ("out", "f8"), ("back", "f8"), ("flows", "i8")]


@dataclass(frozen=True, slots=True)
class ExfiltrationParameters:
    """Parameters of `exfiltration`.

    Attributes:
        least_ratio: the least producer-consumer ratio.
        usual_bytes: the median of what a normal host uploads to its top destination in a window, net of answers.
        usual_spread: the standard deviation of its natural logarithm.
        usual_weight: how many of the host's own windows that expectation outweighs.
        least_spread: a host's own uploads are never taken to be steadier than this.
        sum_hours: uploads to one destination within this time are one.
        habit_hours: uploads to a destination become a habit after this time.
        infrastructure_sources: a destination that so many inside hosts call is infrastructure, and takes 2 decades off.
        known_names: domains of services that take uploads by design, to measure the line: never more than a hint.
        memory_hours: how long uploads are remembered.
        most_uploads: uploads (source, destination, window) remembered in all.
        most_of_a_source: uploads remembered of one source.
    """

    least_ratio: float = 0.6
    usual_bytes: float = 20_000.0
    usual_spread: float = 1.5
    usual_weight: float = 4.0
    least_spread: float = 1.3
    sum_hours: float = 2.0
    habit_hours: float = 4.0
    infrastructure_sources: int = 4
    known_names: tuple[str, ...] = SPEED_TESTS
    memory_hours: float = 168.0
    most_uploads: int = 200_000
    most_of_a_source: int = 2_000


class Exfiltration(Remembers):
    """Producer-consumer ratio with volume, against the host's own earlier windows.

    The ratio is `(out - back) / (out + back)` of payload bytes, 1 for who only sends (C. Bullard, J. Gerth, "PCR: a new
    flow metric", FloCon 2014). It ignores volume, so the surprise is in the volume: what a normal host uploads net to
    its top destination in a window is taken as log-normal, with a median of `usual_bytes` and a spread of
    `usual_spread` to begin with; every earlier window of the host itself moves both (the posterior mean of a normal
    distribution with `usual_weight` windows behind its prior), but a quiet past never expects less than the usual: even
    quiet hosts send a large file now and then. The strength is -log10 of that distribution's tail.
    """

    name: ClassVar[str] = "exfiltration"
    parameters: ClassVar[type[ExfiltrationParameters]] = ExfiltrationParameters

    def __init__(self, parameters: ExfiltrationParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._uploads = Memory(
            _COLUMNS,
            most=parameters.most_uploads,
            each={"source": parameters.most_of_a_source},
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )
        self._prevalence = Prevalence()
        self._names = Names()

    @property
    def forgotten(self) -> int:
        """Uploads and meetings that the bounds made it forget."""
        return self._uploads.forgotten + self._prevalence.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return the exfiltration of each source to its top destination."""
        chosen = np.flatnonzero(sight.from_inside & sight.to_one & ~sight.to_inside & sight.answered)
        if not len(chosen):
            return []
        self._prevalence.add(sight.target[chosen], sight.source[chosen])
        pair = keyed(sight.source[chosen], sight.target[chosen])
        order = np.argsort(pair, kind="stable")
        starts, _ = runs(pair[order])
        out, back = (np.add.reduceat(column[chosen][order], starts) for column in _payload(sight))
        first = chosen[order[starts]]
        pairs, sources = pair[order[starts]], sight.source[first]
        flows = np.diff(starts, append=len(order))
        earlier = self._uploads.rows
        total_out, total_back = self._with_earlier(earlier, pairs, out, back, sight.start_ns)
        ratio = (total_out - total_back) / np.maximum(total_out + total_back, 1.0)
        excess = total_out - total_back
        candidates = np.flatnonzero((ratio >= self._p.least_ratio) & (excess > self._p.usual_bytes))
        best: dict[int, int] = {}
        for place in candidates[np.argsort(-excess[candidates], kind="stable")].tolist():
            best.setdefault(int(sight.row[first[place]]), place)
        findings: list[Finding] = []
        for row, place in sorted(best.items()):
            usual, spread, windows = self._expected(earlier, int(sources[place]), int(pairs[place]), sight.start_ns)
            strength = normal_decades((np.log(excess[place]) - usual) / spread)
            callers = int(self._prevalence.count(sight.target[first[place : place + 1]])[0])
            if callers >= self._p.infrastructure_sources:
                strength -= 2.0
            numbers = {
                "bytes_out": float(total_out[place]),
                "bytes_back": float(total_back[place]),
                "producer_consumer_ratio": float(ratio[place]),
                "usual_bytes": float(np.exp(usual)),
                "own_windows": float(windows),
                "callers": float(callers),
            }
            members = chosen[order[starts[place] : starts[place] + flows[place]]]
            if any_suffix(self._name(sight, members), self._p.known_names):
                strength = min(strength, 2.0)
            findings += self._finding(sight, row, strength, members, numbers)
        self._remember(sight, sources, pairs, out, back, flows)
        return findings

    def _with_earlier(
        self, earlier: Rows, pairs: UInt64, out: Float64, back: Float64, start_ns: int
    ) -> tuple[Float64, Float64]:
        """Add what went to the same destinations in the windows just before, shape of `pairs` each."""
        since = start_ns - int((self._p.sum_hours - 1) * 3600 * SECOND_NS)
        recent = earlier[(earlier["time_ns"] >= since) & np.isin(earlier["pair"], pairs)]
        order = np.argsort(pairs, kind="stable")
        place = order[np.searchsorted(pairs[order], recent["pair"])]
        return (
            out + np.bincount(place, weights=recent["out"], minlength=len(pairs)),
            back + np.bincount(place, weights=recent["back"], minlength=len(pairs)),
        )

    def _expected(self, earlier: Rows, source: int, pair: int, start_ns: int) -> tuple[float, float, int]:
        """Return mean and deviation of the log of a host's net top upload in a window, and how many windows told."""
        own = earlier[(earlier["source"] == source) & (earlier["time_ns"] < start_ns)]
        # What goes to this destination just now is no habit yet.
        fresh = (own["pair"] == pair) & (own["time_ns"] >= start_ns - int(self._p.habit_hours * 3600 * SECOND_NS))
        own = own[~fresh]
        net = np.maximum(own["out"] - own["back"], self._p.usual_bytes)
        order = np.argsort(own["time_ns"], kind="stable")
        starts, _ = runs(own["time_ns"][order])
        tops = np.log(np.maximum.reduceat(net[order], starts)) if len(own) else np.empty(0)
        weight, prior = self._p.usual_weight, float(np.log(self._p.usual_bytes))
        mean = (weight * prior + float(tops.sum())) / (weight + len(tops))
        squares = weight * self._p.usual_spread**2 + float(((tops - mean) ** 2).sum())
        return mean, max(self._p.least_spread, float(np.sqrt(squares / (weight + len(tops))))), len(tops)

    def _remember(self, sight: Sight, source: UInt64, pair: UInt64, out: Float64, back: Float64, flows: Int64) -> None:
        # Of each source the destinations that got most: the others say nothing about its uploads.
        order = np.lexsort((back - out, source))
        starts, run = runs(source[order])
        kept = order[np.arange(len(order)) - starts[run] < 5]
        self._uploads.add(
            sight.end_ns,
            source=source[kept],
            pair=pair[kept],
            time_ns=np.full(len(kept), sight.start_ns),
            out=out[kept],
            back=back[kept],
            flows=flows[kept],
        )

    def _name(self, sight: Sight, members: Int64) -> str:
        return self._names.text(int(self._names.of_slices(sight, members).max()))

    def _finding(
        self, sight: Sight, row: int, strength: float, members: Int64, numbers: dict[str, float]
    ) -> list[Finding]:
        (peer,) = addresses(sight["resp_hi"][members[:1]], sight["resp_lo"][members[:1]], 1)
        name = self._name(sight, members)
        ports = np.unique(sight.port[members]).tolist()
        first, last = int(sight["first_ns"][members].min()), int(sight["last_ns"][members].max())
        traces = Traces(
            peers=(peer,),
            peer_count=1,
            ports=tuple(ports[:SHOWN]),
            port_count=len(ports),
            transports=transports(sight["protocol"][members]),
            names=(name,) if name else (),
            times_ns=tuple(sight["first_ns"][members][-SHOWN:].tolist()),
            first_ns=first,
            last_ns=last,
            numbers=numbers,
        )
        whom = f"{name} ({peer})" if name else peer
        usual = "a normal host" if numbers["own_windows"] < self._p.usual_weight else "this host"
        sentence = (
            f"sent {_size(numbers['bytes_out'])} to {whom} in {spell(len(members), 'flow')} over "
            f"{lasting(last - first)} and got {_size(numbers['bytes_back'])} back; "
            f"{usual} uploads about {_size(numbers['usual_bytes'])} in a window"
        )
        technique = _ENCRYPTED if set(ports) & set(_ENCRYPTED_PORTS) else _PLAIN
        return sight.finding(self.name, technique, row, strength, sentence, traces, asdict(self._p))


def _payload(sight: Sight) -> tuple[Column, Column]:
    """Return the bytes both sides sent, without headers where the input tells, float64, shape (n,) each."""
    told = sight.carries("orig_payload_bytes", "resp_payload_bytes")
    columns = []
    for side in ("orig", "resp"):
        payload = sight[f"{side}_payload_bytes"].astype(np.float64)
        columns.append(np.where(told, payload, sight[f"{side}_ip_bytes"].astype(np.float64)))
    return columns[0], columns[1]


def _size(count: float) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} bytes"
