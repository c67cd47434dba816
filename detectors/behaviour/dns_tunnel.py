"""DNS tunnels: data travels in names below one domain, and in the answers to them."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.detectors.behaviour.base import LEAST_STRENGTH, SHOWN, Finding, Technique, Traces
from netad.detectors.behaviour.domains import registered
from netad.detectors.behaviour.memory import Memory, Remembers, Rows
from netad.detectors.behaviour.names import Names, any_suffix
from netad.detectors.behaviour.resolvers import DNS_PORT, Resolvers
from netad.detectors.behaviour.segments import lengths, runs
from netad.detectors.behaviour.sight import Sight, addresses, keyed, lasting, listed, spell
from netad.detectors.behaviour.surprise import geometric_decades
from netad.ingest.facts.batch import FactKind

_TECHNIQUE = Technique("T1071.004", "Application Layer Protocol: DNS")
# NULL, KEY, TXT and the private use range: answers with room.
_ROOMY_TYPES = (10, 16, 25)
_PRIVATE_TYPES = 65_280

_COLUMNS = [("pair", "u8"), ("source", "u8"), ("key", "u8"), ("name", "i4"), ("bytes", "i4"), ("roomy", "?"),
            ("time_ns", "i8")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DnsTunnelParameters:
    """Parameters of `dns_tunnel`.

    Attributes:
        bytes_below: so many bytes in distinct names below one domain are three decades.
        least_names: fewer distinct names are no finding.
        least_length: the least mean length of what stands before the domain.
        roomy_factor: how much more a name counts that is asked for with a type whose answers have room (TXT, NULL).
        known_names: domains that get data in names by design: block lists, reputation services of virus scanners.
        memory_hours: how long names are remembered and added up.
        most_names: names remembered in all.
        most_of_a_source: names remembered of one source.
    """

    bytes_below: float = 2500.0
    least_names: int = 20
    least_length: float = 12.0
    roomy_factor: float = 2.0
    known_names: tuple[str, ...] = (
        "abuseat.org", "avast.com", "barracudacentral.org", "cymru.com", "dnswl.org", "e5.sk", "eset.com",
        "f-secure.com", "mailspike.net", "mcafee.com", "njabl.org", "senderbase.org", "sophosxl.net", "sorbs.net",
        "spamcop.net", "spamhaus.org", "spamhaus.net", "surbl.org", "trendmicro.com", "uribl.com", "webroot.com",
    )  # fmt: skip
    memory_hours: float = 6.0
    most_names: int = 300_000
    most_of_a_source: int = 5_000


class DnsTunnel(Remembers):
    """Bytes carried by distinct names below one registered domain.

    RITA counts distinct subdomains (https://github.com/activecm/rita, pkg/explodeddns; 100 are its threshold); K. Born,
    D. Gustafson, "Detecting DNS tunnels using character frequency analysis" (2010) look at what is in them. What makes
    a channel is both: a name only carries something the first time it is asked, and at most its length. So the letters
    of the distinct names before the domain are added up over `memory_hours`; normal sums are taken as geometric, and
    `bytes_below` are three decades. A domain of `known_names` needs four times as much.

    Needs DNS facts. Reverse look-ups and local names do not count, nor do sources that answer DNS questions themselves:
    they ask for others.
    """

    name: ClassVar[str] = "dns_tunnel"
    parameters: ClassVar[type[DnsTunnelParameters]] = DnsTunnelParameters

    def __init__(self, parameters: DnsTunnelParameters, inside: Networks) -> None:
        """Begin a run."""
        self._p = parameters
        self._inside = inside
        self._names = Names()
        self._resolvers = Resolvers()
        self._asked = Memory(
            _COLUMNS,
            most=parameters.most_names,
            each={"source": parameters.most_of_a_source},
            age_ns=int(parameters.memory_hours * 3600 * SECOND_NS),
        )

    @property
    def forgotten(self) -> int:
        """Names that the bounds made it forget."""
        return self._asked.forgotten

    def observe(self, sight: Sight) -> list[Finding]:
        """Take the next window; return who tunnels, of each source the busiest tunnel."""
        told = sight.fact(FactKind.DNS)
        if told is None:
            return []
        rows, facts = told
        self._resolvers.note(facts)
        asked = facts["resp_port"] == DNS_PORT
        asked &= ~self._resolvers.among(keyed(facts["orig_hi"], facts["orig_lo"]))
        codes, queries = pd.factorize(facts["query"])
        domains = [registered(query) for query in queries]
        below = np.array([len(query) - len(domain) - 1 for query, domain in zip(queries, domains, strict=True)])
        wanted = np.array([bool(domain) for domain in domains]) & (below > 0)
        chosen = np.flatnonzero(wanted[codes] & asked)
        if not len(chosen):
            return []
        source = keyed(facts["orig_hi"][chosen], facts["orig_lo"][chosen])
        kinds, texts = pd.factorize(np.array(domains, dtype=object))
        numbers = np.array([self._names.number(text) for text in texts], dtype=np.int32)
        name = numbers[kinds][codes[chosen]]
        hashes = pd.util.hash_array(queries.astype(object), categorize=False)
        key = keyed(source, hashes[codes[chosen]])
        fresh, first = np.unique(key, return_index=True)
        new = first[~self._asked.has("key", fresh) & (name[first] >= 0)]
        new = new[np.argsort(facts["time_ns"][chosen[new]], kind="stable")]
        if not len(new):
            return []
        kind = facts["query_type"][chosen[new]] if "query_type" in facts else np.zeros(len(new), np.uint16)
        pair = keyed(source[new], name[new])
        self._asked.add(
            sight.end_ns,
            pair=pair,
            source=source[new],
            key=key[new],
            name=name[new],
            bytes=below[codes[chosen[new]]],
            roomy=np.isin(kind, _ROOMY_TYPES) | (kind >= _PRIVATE_TYPES),
            time_ns=facts["time_ns"][chosen[new]],
        )
        example = dict(zip(pair.tolist(), queries[codes[chosen[new]]].tolist(), strict=True))
        row_of = dict(zip(pair.tolist(), rows[chosen[new]].tolist(), strict=True))
        return self._judge(sight, self._asked.rows[np.isin(self._asked.rows["pair"], pair)], row_of, example)

    def _judge(self, sight: Sight, asked: Rows, row_of: dict[int, int], example: dict[int, str]) -> list[Finding]:
        asked = asked[np.lexsort((asked["time_ns"], asked["pair"]))]
        starts, _ = runs(asked["pair"])
        count = lengths(starts, len(asked))
        carried = np.add.reduceat(asked["bytes"].astype(np.float64), starts)
        counted = np.add.reduceat(asked["bytes"] * np.where(asked["roomy"], self._p.roomy_factor, 1.0), starts)
        strength = geometric_decades(counted, self._p.bytes_below)
        wanted = (count >= self._p.least_names) & (carried / count >= self._p.least_length)
        wanted &= strength >= LEAST_STRENGTH
        best: dict[int, tuple[float, int]] = {}
        for number in np.flatnonzero(wanted).tolist():
            domain = self._names.text(int(asked["name"][starts[number]]))
            value = float(strength[number]) * (0.25 if any_suffix(domain, self._p.known_names) else 1.0)
            row = row_of[int(asked["pair"][starts[number]])]
            if value > best.get(row, (0.0, 0))[0]:
                best[row] = (value, number)
        findings: list[Finding] = []
        for row, (value, number) in sorted(best.items()):
            own = asked[starts[number] : starts[number] + count[number]]
            findings += self._finding(sight, row, value, own, example[int(own["pair"][0])])
        return findings

    def _finding(self, sight: Sight, row: int, strength: float, own: Rows, example: str) -> list[Finding]:
        domain = self._names.text(int(own["name"][0]))
        rows, facts = sight.facts[FactKind.DNS].row, sight.facts[FactKind.DNS].facts
        mine = np.flatnonzero(rows == row)
        peers = addresses(facts["resp_hi"][mine], facts["resp_lo"][mine], SHOWN)
        carried = int(own["bytes"].sum())
        span = float(own["time_ns"][-1] - own["time_ns"][0])
        traces = Traces(
            peers=peers,
            peer_count=len(np.unique(keyed(facts["resp_hi"][mine], facts["resp_lo"][mine]))),
            ports=(DNS_PORT,),
            port_count=1,
            transports=("udp",),
            names=(domain, example),
            times_ns=tuple(own["time_ns"][-SHOWN:].tolist()),
            first_ns=int(own["time_ns"][0]),
            last_ns=int(own["time_ns"][-1]),
            numbers={
                "names": float(len(own)),
                "bytes_in_names": float(carried),
                "mean_length": carried / len(own),
                "roomy_share": float(np.mean(own["roomy"])),
            },
        )
        sentence = (
            f"asked for {spell(len(own), 'distinct name')} below {domain} in {lasting(span)}, {carried / len(own):.0f} "
            f"letters long on average ({carried:,} bytes in all), such as {listed([example])}"
        )
        return sight.finding(self.name, _TECHNIQUE, row, strength, sentence, traces, asdict(self._p))
