"""Beacons: a host calls one outside service again and again, at even intervals, with messages of one size."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import LEAST_STRENGTH, SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.memory import Memory, Prevalence, Remembers, Rows
from netad.detectors.behaviour.names import POLLED_BY_DESIGN, Names, any_suffix
from netad.detectors.behaviour.segments import Float64, Places, frequent, lengths, quantiles, runs
from netad.detectors.behaviour.sight import (
    TCP,
    UDP,
    Int64,
    Sight,
    UInt64,
    addresses,
    keyed,
    lasting,
    network,
    spell,
    transports,
)
from netad.detectors.behaviour.surprise import binomial_decades

_WEB = Technique("T1071.001", "Application Layer Protocol: Web Protocols")
_OTHER = Technique("T1571", "Non-Standard Port")
_WEB_PORTS = (80, 443, 8080, 8443)

_COLUMNS = [
    ("source", "u8"), ("pair", "u8"), ("service", "u8"), ("place", "u8"), ("time_ns", "i8"), ("last_ns", "i8"),
    ("out", "i8"), ("back", "i8"), ("orig_port", "u2"), ("port", "u2"), ("protocol", "u1"), ("target_hi", "u8"),
    ("target_lo", "u8"), ("name", "i4"),
]  # fmt: skip
_UDP_SILENCE_NS = 60 * SECOND_NS
# Of exponential gaps the share that is within 40 % of their median m: 2^-0.6 - 2^-1.4.
_NEAR = 0.4
_NEAR_BY_CHANCE = 2**-0.6 - 2**-1.4


@dataclass(frozen=True, slots=True)
class BeaconParameters:
    """Parameters of `beacon`.

    Attributes:
        least_connections: fewer tell nothing about intervals.
        least_interval_s: connections closer together than this are one contact.
        least_score, least_size_score: the least score (0..1) by RITA's terms, and of the sizes among them.
        fast_interval_s: software that looks for news by design does so less often than this.
        fast_minutes: a burst of calls that is over sooner is no polling at all.
        settled_hours: what a host calls in its first hours is taken for a habit it had before.
        held_share: calls that last this share of the time to the next one are one connection held open.
        small_bytes: implants that ask for orders send no more than this in a call, greetings included.
        infrastructure_sources: a destination that so many inside hosts call is infrastructure ...
        infrastructure_share: ... if they are at least this share of the inside hosts seen.
        usual_ports: ports that software calls outside services on.
        known_names: domains of services that are called regularly by design: connectivity checks, updates, messages.
        left_out_ports: UDP and TCP ports that are called regularly by design: name, time, address and tunnel services.
        memory_hours: how far back connections are remembered.
        most_connections: connections remembered in all.
        most_of_a_source: connections remembered of one source.
        most_of_a_pair: connections remembered between one source and one service.
    """

    least_connections: int = 10
    least_interval_s: float = 1.0
    least_score: float = 0.6
    least_size_score: float = 0.4
    fast_interval_s: float = 120.0
    fast_minutes: float = 10.0
    settled_hours: float = 0.5
    held_share: float = 0.8
    small_bytes: float = 2_500.0
    infrastructure_sources: int = 3
    infrastructure_share: float = 0.1
    usual_ports: tuple[int, ...] = (80, 443, 8080, 8443, 993, 995, 587, 465, 143, 110, 25, 5222, 5223, 5228, 8883)
    left_out_ports: tuple[int, ...] = (53, 67, 68, 123, 137, 138, 161, 162, 500, 514, 546, 547, 853, 1900, 3478, 3702,
                                       4500, 5060, 5353, 5355)  # fmt: skip
    known_names: tuple[str, ...] = POLLED_BY_DESIGN
    memory_hours: float = 48.0
    most_connections: int = 400_000
    most_of_a_source: int = 20_000
    most_of_a_pair: int = 400


class Beacon(Remembers):
    """Even intervals and even sizes between a source and an outside service.

    The score has the terms of RITA v5 (https://github.com/activecm/rita, analysis/beacons.go): for intervals and for
    bytes sent `((1 - |Bowley skewness|) + max(0, 1 - MAD / median)) / 2`, the share of six hours
    that the connections span, and the evenness of their counts over 24 equal parts of that span, `max(0, 1 -
    deviation / mean)`; the four count alike. Medians make it bear 30 % jitter, missed calls and retries.

    How surprising the intervals are if calls come at random (a Poisson process): of exponential intervals a share of
    2^-0.6 - 2^-1.4 = 0.28 is within 40 % of their median, so -log10 of the binomial probability that so many or more
    are; times the score, which lets uneven sizes and brief episodes count less.

    That says the calls are regular, not that they are bad: software polls too. So the strength has a ceiling by how
    common such polling is on normal hosts: 2 decades, 1 more for intervals below `fast_interval_s` kept up for
    `fast_minutes`, 1 for a port that is not usual, 0.75 for a service first called after `settled_hours`, and one and a
    half intervals, of watching the host (it, and all of its /24 or /48), 0.25 for messages of at most `small_bytes` and
    of one size; 2 less for a service that many inside hosts call, for one of `known_names`, and for calls that last
    `held_share` of the time to the next one: such intervals are the server's time limit for a connection that is held
    open (long polling, RFC 6202). So polling alone does not fire.

    Intervals may be longer than a window: connections are remembered for `memory_hours`. A flow that goes on from one
    window to the next is one connection. With TLS or HTTP facts a service is a server name and port, whatever address
    it has at the time.
    """

    name: ClassVar[str] = "beacon"
    parameters: ClassVar[type[BeaconParameters]] = BeaconParameters

    def __init__(self, parameters: BeaconParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._calls = Memory(
            _COLUMNS,
            most=parameters.most_connections,
            each={"source": parameters.most_of_a_source},
            needed={"pair": parameters.most_of_a_pair},
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )
        self._prevalence = Prevalence()
        self._names = Names()
        # When each source was first seen, and first called each name or network.
        self._since = Memory([("key", "u8"), ("time_ns", "i8")], most=parameters.most_connections, age_ns=1 << 62)

    @property
    def forgotten(self) -> int:
        """Connections and meetings that the bounds made it forget."""
        return self._calls.forgotten + self._prevalence.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return its beacons, of each source the strongest."""
        begins, _ = runs(sight.source)
        self._note_first(sight.source[begins], sight["first_ns"][begins])
        chosen = np.flatnonzero(
            sight.from_inside
            & sight.to_one
            & ~sight.to_inside
            & np.isin(sight["protocol"], (TCP, UDP))
            & ~np.isin(sight["resp_port"], self._p.left_out_ports)
        )
        if not len(chosen):
            return []
        names = self._names.of_slices(sight, chosen)
        named = names >= 0
        low = np.where(named, names.astype(np.uint64), sight["resp_lo"][chosen])
        high = np.where(named, np.uint64(1 << 63), sight["resp_hi"][chosen])
        service = keyed(high, low, sight["protocol"][chosen], sight["resp_port"][chosen])
        source = sight.source[chosen]
        place = keyed(source, np.where(named, high, network(sight["resp_hi"][chosen], sight["resp_lo"][chosen])),
                      np.where(named, low, np.uint64(0)))  # fmt: skip
        self._note_first(place, sight["first_ns"][chosen])
        self._prevalence.add(service, source)
        pair = keyed(source, service)
        self._calls.add(
            sight.end_ns,
            source=source,
            pair=pair,
            service=service,
            place=place,
            time_ns=sight["first_ns"][chosen],
            last_ns=sight["last_ns"][chosen],
            out=sight["orig_payload_bytes"][chosen],
            back=sight["resp_payload_bytes"][chosen],
            orig_port=sight["orig_port"][chosen],
            port=sight["resp_port"][chosen],
            protocol=sight["protocol"][chosen],
            target_hi=sight["resp_hi"][chosen],
            target_lo=sight["resp_lo"][chosen],
            name=names,
        )
        distinct, first = np.unique(pair, return_index=True)
        # What many call on a usual port is never more than a hint, and most of the traffic.
        shared = self._prevalence.count(service[first]) >= self._infrastructure()
        telling = ~(shared & np.isin(sight["resp_port"][chosen[first]], self._p.usual_ports))
        distinct, first = distinct[telling], first[telling]
        calls = self._calls.rows
        calls = calls[frequent(calls["pair"], np.ones(len(calls), dtype=bool), self._p.least_connections)]
        calls = _connections(calls[np.isin(calls["pair"], distinct)], self._p.least_interval_s)
        row_of = dict(zip(distinct.tolist(), sight.row[chosen[first]].tolist(), strict=True))
        return self._judge(sight, calls, row_of)

    def _infrastructure(self) -> float:
        """Return how many callers a service of infrastructure has."""
        return max(float(self._p.infrastructure_sources), self._p.infrastructure_share * self._prevalence.sources)

    def _note_first(self, keys: UInt64, times: Int64) -> None:
        order = np.lexsort((times, keys))
        starts, _ = runs(keys[order])
        first = order[starts]
        first = first[~self._since.has("key", keys[first])]
        if len(first):
            self._since.add(0, key=keys[first], time_ns=times[first])

    def _first(self, keys: UInt64) -> Int64:
        """Return when each key was noted first, shape of `keys`; 0 for what was forgotten."""
        known = self._since.rows
        order = np.argsort(known["key"], kind="stable")
        place = np.minimum(np.searchsorted(known["key"][order], keys), len(known) - 1)
        return np.where(known["key"][order][place] == keys, known["time_ns"][order][place], 0)

    def _ceiling(self, terms: "_Terms", latest: Rows, callers: Int64) -> Float64:
        """Return how strong each run of calls can be at most, by its latest call, shape (g,)."""
        watched = self._first(latest["place"]) - self._first(latest["source"])
        p = self._p
        known = [any_suffix(self._names.text(name), p.known_names) for name in latest["name"].tolist()]
        return np.asarray(
            2.0
            + ((terms.interval_s <= p.fast_interval_s) & (terms.span * 6 * 60 >= p.fast_minutes))
            + 0.75 * (watched >= np.maximum(p.settled_hours * 3600, 1.5 * terms.interval_s) * SECOND_NS)
            + 0.25 * ((terms.bytes_out <= p.small_bytes) & (terms.sizes >= 0.5))
            + ~np.isin(latest["port"], p.usual_ports)
            - 2.0 * (callers >= self._infrastructure())
            - 2.0 * np.array(known, dtype=bool)
            - 2.0 * (terms.held >= p.held_share)
        )

    def _judge(self, sight: Sight, calls: Rows, row_of: dict[int, int]) -> list[Finding]:
        starts, run = runs(calls["pair"])
        count = lengths(starts, len(calls))
        enough = count >= self._p.least_connections
        if not enough.any():
            return []
        calls = calls[enough[run]]
        starts, run = runs(calls["pair"])
        terms = _Terms.of(calls, starts, run)
        latest = calls[starts + lengths(starts, len(calls)) - 1]
        pairs = latest["pair"]
        callers = self._prevalence.count(latest["service"])
        strength = np.minimum(terms.decades * terms.score, self._ceiling(terms, latest, callers))
        even = (terms.score >= self._p.least_score) & (terms.sizes >= self._p.least_size_score)
        strength = np.where(even, strength, 0.0)
        best: dict[int, int] = {}
        for number in np.argsort(-strength, kind="stable").tolist():
            if strength[number] < LEAST_STRENGTH:
                break
            best.setdefault(row_of[int(pairs[number])], number)
        findings: list[Finding] = []
        ends = np.append(starts[1:], len(calls))
        for row, number in sorted(best.items()):
            own = calls[starts[number] : ends[number]]
            findings += self._finding(sight, row, float(strength[number]), own, terms, number, int(callers[number]))
        return findings

    def _finding(
        self, sight: Sight, row: int, strength: float, own: Rows, terms: "_Terms", number: int, callers: int
    ) -> list[Finding]:
        port, interval_s = int(own["port"][-1]), float(terms.interval_s[number])
        latest = own[::-1]
        peers = addresses(latest["target_hi"], latest["target_lo"], SHOWN)
        name = self._names.text(int(own["name"][-1]))
        numbers = {
            "connections": float(len(own)),
            "interval_s": interval_s,
            "score": float(terms.score[number]),
            "interval_score": float(terms.intervals[number]),
            "size_score": float(terms.sizes[number]),
            "span_score": float(terms.span[number]),
            "evenness_score": float(terms.evenness[number]),
            "near_median_share": float(terms.near[number]),
            "bytes_median": float(terms.bytes_out[number]),
            "held_share": float(terms.held[number]),
            "callers": float(callers),
        }
        traces = Traces(
            peers=peers,
            peer_count=len(peers),
            ports=(port,),
            port_count=1,
            transports=transports(own["protocol"][-1:]),
            names=(name,) if name else (),
            times_ns=tuple(own["time_ns"][-SHOWN:].tolist()),
            first_ns=int(own["time_ns"][0]),
            last_ns=int(own["time_ns"][-1]),
            numbers=numbers,
        )
        whom = f"{name} ({peers[0]})" if name else peers[0]
        sentence = (
            f"called {whom} on port {port} {spell(len(own), 'time')} in {lasting(float(np.ptp(own['time_ns'])))}, "
            f"every {lasting(interval_s * 1e9)} give or take {100 * terms.jitter[number]:.0f} %, "
            f"sending about {numbers['bytes_median']:,.0f} bytes each time"
        )
        technique = _WEB if port in _WEB_PORTS else _OTHER
        return sight.finding(self.name, technique, row, strength, sentence, traces, asdict(self._p))


def _connections(slices: Rows, least_interval_s: float) -> Rows:
    """Return one row a connection, sorted by pair and time; what follows too closely on another one is part of it."""
    order = np.lexsort((slices["time_ns"], slices["orig_port"], slices["pair"]))
    slices = slices[order]
    same = np.zeros(len(slices), dtype=bool)
    same[1:] = (slices["pair"][1:] == slices["pair"][:-1]) & (slices["orig_port"][1:] == slices["orig_port"][:-1])
    pause = np.zeros(len(slices), dtype=np.int64)
    pause[1:] = slices["time_ns"][1:] - slices["last_ns"][:-1]
    # A TCP port is not used again towards the same service for hours; UDP flows end after a minute of silence.
    goes_on = same & (pause < np.where(slices["protocol"] == TCP, 7200 * SECOND_NS, _UDP_SILENCE_NS))
    opened = _merged(slices, goes_on)
    opened = opened[np.lexsort((opened["time_ns"], opened["pair"]))]
    close = np.zeros(len(opened), dtype=bool)
    close[1:] = (opened["pair"][1:] == opened["pair"][:-1]) & (
        np.diff(opened["time_ns"]) < int(least_interval_s * SECOND_NS)
    )
    return _merged(opened, close)


def _merged(rows: Rows, goes_on: NDArray[np.bool_]) -> Rows:
    """Return the rows that do not go on from the one before, each with the end of all that go on from it."""
    begins = np.flatnonzero(~goes_on)
    merged = rows[begins]
    if len(merged):
        merged["last_ns"] = np.maximum.reduceat(rows["last_ns"], begins)
    return np.asarray(merged)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of each run of calls, each of shape (g,)."""

    score: Float64
    intervals: Float64
    sizes: Float64
    span: Float64
    evenness: Float64
    near: Float64
    decades: Float64
    interval_s: Float64
    jitter: Float64
    bytes_out: Float64
    held: Float64

    @classmethod
    def of(cls, calls: Rows, starts: Places, run: Places) -> "_Terms":
        count = lengths(starts, len(calls))
        gap = np.zeros(len(calls))
        gap[1:] = np.diff(calls["time_ns"]) / SECOND_NS
        inner = np.ones(len(calls), dtype=bool)
        inner[starts] = False
        gaps, gap_run = gap[inner], run[inner]
        gap_starts, _ = runs(gap_run)
        intervals, median, spread = _evenness(gaps, gap_run, gap_starts, least=1.0)
        sizes, bytes_out, _ = _evenness(calls["out"].astype(np.float64), run, starts, least=1.0)
        open_ns = np.zeros(len(calls), dtype=np.int64)
        open_ns[1:] = (calls["last_ns"] - calls["time_ns"])[:-1]
        busy = np.clip(open_ns[inner] / SECOND_NS / np.maximum(gaps, 1e-9), 0.0, 1.0)
        (held,) = quantiles(busy, gap_run, gap_starts, (0.5,))
        close = np.abs(gaps - median[gap_run]) <= _NEAR * median[gap_run]
        near: Float64 = np.add.reduceat(close.astype(np.float64), gap_starts)
        span, evenness = _coverage(calls["time_ns"], run, starts)
        score = (intervals + sizes + span + evenness) / 4
        return cls(
            score=score,
            intervals=intervals,
            sizes=sizes,
            span=span,
            evenness=evenness,
            near=near / (count - 1),
            # One interval is near its median by definition.
            decades=binomial_decades(near - 1, count.astype(np.float64) - 2, _NEAR_BY_CHANCE),
            interval_s=median,
            jitter=spread / np.maximum(median, 1e-9),
            bytes_out=bytes_out,
            held=held,
        )


def _evenness(values: Float64, run: Places, starts: Places, least: float) -> tuple[Float64, Float64, Float64]:
    """Return RITA's evenness of the values of each run, their median and median absolute deviation, shape (g,)."""
    low, median, high = quantiles(values, run, starts, (0.25, 0.5, 0.75))
    width = high - low
    flat = (width < least) | (median == low) | (median == high)
    skew = np.zeros(len(starts))
    np.divide(high + low - 2 * median, width, out=skew, where=~flat)
    (spread,) = quantiles(np.abs(values - median[run]), run, starts, (0.5,))
    even = np.where(median >= least, np.maximum(0.0, 1 - spread / np.maximum(median, least)), 0.0)
    return (1 - np.abs(skew) + even) / 2, median, spread


def _coverage(times: NDArray[np.int64], run: Places, starts: Places) -> tuple[Float64, Float64]:
    """Return which share of six hours each run spans, at most 1, and how evenly it fills its span, shape (g,)."""
    count = lengths(starts, len(times))
    first, last = times[starts], times[starts + count - 1]
    span = np.maximum(last - first, 1)
    parts = np.minimum(24, count)
    part = np.minimum((times - first[run]) * parts[run] // span[run], parts[run] - 1)
    filled = np.bincount(run * 24 + part, minlength=24 * len(starts)).reshape(-1, 24).astype(np.float64)
    mean = count / parts
    used = np.arange(24) < parts[:, None]
    deviation = np.sqrt(np.where(used, (filled - mean[:, None]) ** 2, 0.0).sum(axis=1) / parts)
    evenness = np.maximum(0.0, 1 - deviation / mean)
    return np.minimum(1.0, span / (6 * 3600 * SECOND_NS)), evenness
