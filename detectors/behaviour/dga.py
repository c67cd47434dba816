"""Generated domains: malware looks up many made-up domains until one of them exists."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.domains import registered, surprise_bits
from netad.detectors.behaviour.memory import Memory, Remembers, Rows
from netad.detectors.behaviour.names import Names
from netad.detectors.behaviour.resolvers import DNS_PORT, Resolvers
from netad.detectors.behaviour.segments import runs
from netad.detectors.behaviour.sight import Sight, addresses, keyed, lasting, listed, spell
from netad.detectors.behaviour.surprise import geometric_decades
from netad.ingest.facts.batch import FactKind

_TECHNIQUE = Technique("T1568.002", "Dynamic Resolution: Domain Generation Algorithms")
_NO_SUCH_NAME = 3

_COLUMNS = [("source", "u8"), ("key", "u8"), ("name", "i4"), ("weight", "f8"), ("time_ns", "i8")]


@dataclass(frozen=True, slots=True)
class DgaParameters:
    """Parameters of `dga`.

    Attributes:
        domains: so many random-looking domains that do not exist are three decades.
        least_domains: fewer domains that do not exist are no finding.
        random_bits: a label with at least this mean surprise per letter looks drawn by lot.
        least_letters: shorter labels are not judged.
        plain_weight: what a domain counts whose label does not look drawn by lot.
        memory_hours: how long domains are remembered and added up.
        most_domains: domains remembered in all.
        most_of_a_source: domains remembered of one source.
    """

    domains: float = 12.0
    least_domains: int = 6
    random_bits: float = 4.8
    least_letters: int = 7
    plain_weight: float = 0.2
    memory_hours: float = 6.0
    most_domains: int = 200_000
    most_of_a_source: int = 2_000


class Dga(Remembers):
    """Distinct registered domains that do not exist (NXDOMAIN), weighted by how random they look.

    The idea is that of M. Antonakakis et al., "From throw-away traffic to bots: detecting the rise of DGA-based
    malware" (USENIX Security 2012): a generator leaves a trail of failed look-ups. A domain counts 1 when the mean
    bigram surprise of its label (-log2 P(letter | letter before), netad.detectors.behaviour.domains) is `random_bits`
    or more, else `plain_weight`, which is what lets word-list generators show by sheer number. Normal counts are taken
    as geometric: a weight of `domains` within `memory_hours` is three decades.

    Needs DNS facts with answer codes. Local names, reverse look-ups and names below one domain (a resolver's search
    list, block lists) are one domain or none. Sources that answer DNS questions themselves ask for others: left out.
    """

    name: ClassVar[str] = "dga"
    parameters: ClassVar[type[DgaParameters]] = DgaParameters

    def __init__(self, parameters: DgaParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._names = Names()
        self._resolvers = Resolvers()
        self._failed = Memory(
            _COLUMNS,
            most=parameters.most_domains,
            each={"source": parameters.most_of_a_source},
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )

    @property
    def forgotten(self) -> int:
        """Domains that the bounds made it forget."""
        return self._failed.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return who looked for generated domains."""
        told = sight.fact(FactKind.DNS)
        if told is None or "rcode" not in told[1]:
            return []
        rows, facts = told
        self._resolvers.note(facts)
        asked = facts["resp_port"] == DNS_PORT
        asked &= ~self._resolvers.among(keyed(facts["orig_hi"], facts["orig_lo"]))
        failed = np.flatnonzero(asked & (facts["rcode"] == _NO_SUCH_NAME))
        codes, queries = pd.factorize(facts["query"][failed])
        domains = [registered(query) for query in queries]
        numbers = np.array([self._names.number(domain) for domain in domains], dtype=np.int32)
        number = numbers[codes] if len(codes) else np.empty(0, np.int32)
        kept = number >= 0
        failed, number = failed[kept], number[kept]
        if not len(failed):
            return []
        source = keyed(facts["orig_hi"][failed], facts["orig_lo"][failed])
        key = keyed(source, number)
        fresh, first = np.unique(key, return_index=True)
        new = first[~self._failed.has("key", fresh)]
        new = new[np.argsort(facts["time_ns"][failed[new]], kind="stable")]
        if not len(new):
            return []
        self._failed.add(
            sight.end_ns,
            source=source[new],
            key=key[new],
            name=number[new],
            weight=np.array([self._weight(self._names.text(one)) for one in number[new].tolist()]),
            time_ns=facts["time_ns"][failed[new]],
        )
        findings: list[Finding] = []
        row_of = dict(zip(source[new].tolist(), rows[failed[new]].tolist(), strict=True))
        known = self._failed.rows[np.isin(self._failed.rows["source"], source[new])]
        known = known[np.lexsort((known["time_ns"], known["source"]))]
        starts, _ = runs(known["source"])
        for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(known)], strict=True):
            findings += self._finding(sight, row_of[int(known["source"][begin])], known[begin:end])
        return sorted(findings, key=lambda finding: finding.row)

    def _weight(self, domain: str) -> float:
        label = domain.split(".", maxsplit=1)[0]
        drawn = len(label) >= self._p.least_letters and surprise_bits(label) >= self._p.random_bits
        return 1.0 if drawn else self._p.plain_weight

    def _finding(self, sight: Sight, row: int, known: Rows) -> list[Finding]:
        if len(known) < self._p.least_domains:
            return []
        strength = float(geometric_decades(float(known["weight"].sum()), self._p.domains))
        drawn = known["weight"] == 1.0
        ranked = known[np.argsort(~drawn, kind="stable")]
        names = tuple(self._names.text(number) for number in ranked["name"][:SHOWN].tolist())
        rows, facts = sight.facts[FactKind.DNS].row, sight.facts[FactKind.DNS].facts
        own = np.flatnonzero(rows == row)
        span = float(known["time_ns"][-1] - known["time_ns"][0])
        traces = Traces(
            peers=addresses(facts["resp_hi"][own], facts["resp_lo"][own], SHOWN),
            peer_count=len(np.unique(keyed(facts["resp_hi"][own], facts["resp_lo"][own]))),
            ports=(DNS_PORT,),
            port_count=1,
            transports=("udp",),
            names=names,
            times_ns=tuple(known["time_ns"][-SHOWN:].tolist()),
            first_ns=int(known["time_ns"][0]),
            last_ns=int(known["time_ns"][-1]),
            numbers={
                "domains": float(len(known)),
                "random_domains": float(np.count_nonzero(drawn)),
                "mean_bits": float(np.mean([surprise_bits(name.split(".")[0]) for name in names])),
            },
        )
        sentence = (
            f"looked up {spell(len(known), 'domain')} that do not exist in {lasting(span)}, "
            f"{np.count_nonzero(drawn):,} of them of letters that look drawn by lot: {listed(names)}"
        )
        return sight.finding(self.name, _TECHNIQUE, row, strength, sentence, traces, asdict(self._p))
