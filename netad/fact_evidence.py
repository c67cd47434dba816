"""What was said around anomalies: the names a flagged source used, and the alerts of other tools about it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from netad.detectors.anomaly import AlertCount, Anomaly, Evidence
from netad.evidence import SAMPLE, FlaggedWindows, window_of
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.facts.domains import registered_domains
from netad.ingest.flows import Column

Facts = Callable[[Sequence[FactKind]], Iterable[FactBatch]]

# What is told of each kind of facts: the field of Evidence, the column, and whether it names a place.
_TEXTS = {
    FactKind.DNS: (("domains", "query", True),),
    FactKind.TLS: (("server_names", "server_name", True), ("ja4", "ja4", False)),
    FactKind.HTTP: (("http_hosts", "host", True), ("user_agents", "user_agent", False)),
}
_FIELDS = tuple(name for texts in _TEXTS.values() for name, _, _ in texts)
_PLACES = tuple(name for texts in _TEXTS.values() for name, _, place in texts if place)
# A name that nobody else used says something where so many others named something at all.
_OTHERS = 2

_Address = tuple[int, int]


@dataclass
class _Said:
    """What was said of one anomaly so far; the counters are bounded by what the source really did."""

    texts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _FIELDS})
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    severities: dict[tuple[str, str], int] = field(default_factory=dict)

    def add_alert(self, key: tuple[str, str], severity: int) -> None:
        self.alerts[key] += 1
        known = self.severities.get(key, 0)
        # 1 is the highest, 0 says that there is none.
        self.severities[key] = min(known, severity) if known and severity else known or severity

    def evidence(self, before: Evidence, others: "_Others") -> Evidence:
        """Return the flows' evidence with what was said."""
        alerts = [
            AlertCount(signature, count, self.severities[tool, signature], tool)
            for (tool, signature), count in self.alerts.items()
        ]
        alerts.sort(key=lambda alert: (alert.severity or 256, -alert.count, alert.signature, alert.tool))
        rare = Counter[str]()
        for name in _PLACES:
            rare.update({text: count for text, count in self.texts[name].items() if others.is_rare(text)})
        named: dict[str, Any] = {name: _most(counts) for name, counts in self.texts.items()}
        named |= {"alerts": tuple(alerts[:SAMPLE]), "alert_count": self.alerts.total(), "rare_names": _most(rare)}
        return replace(before, **named)


class _Others:
    """Which of the names that flagged sources used nobody else used in this run."""

    def __init__(self, said: Iterable[_Said]) -> None:
        """Begin without anybody; only names that were said of anomalies are kept."""
        self._users: dict[str, set[_Address]] = {text: set() for one in said for name in _PLACES
                                                 for text in one.texts[name]}  # fmt: skip
        self._sources: set[_Address] = set()

    def add(self, batch: FactBatch, texts: Column) -> None:
        """Take who named what, shape (n,) each; two users of a name are as good as all of them."""
        named = pd.DataFrame({"high": batch["orig_hi"], "low": batch["orig_lo"], "text": texts}).drop_duplicates()
        for high, low, text in named[named["text"] != ""].itertuples(index=False):
            self._sources.add((high, low))
            users = self._users.get(text)
            if users is not None and len(users) < 2:
                users.add((high, low))

    def is_rare(self, text: str) -> bool:
        """Tell whether one source only used a name, and enough others named something else."""
        return len(self._sources) > _OTHERS and len(self._users[text]) == 1


def add_facts(anomalies: list[Anomaly], facts: Facts) -> list[Anomaly]:
    """Return the anomalies with what was said of them beside the evidence of their flows.

    `facts` gives the run's facts of some kinds, as often as it is asked (netad.flow_spool).
    """
    if not anomalies:
        return []
    flagged = FlaggedWindows(map(window_of, anomalies))
    said = [_Said() for _ in anomalies]
    for batch in facts((FactKind.ALERT,)):
        _add_alerts(batch, flagged, said)
    for batch in facts(tuple(_TEXTS)):
        rows, owners = flagged.match_facts(batch)
        for name, texts, _ in _texts(batch.select(rows)) if len(rows) else ():
            for owner, text in zip(owners.tolist(), texts.tolist(), strict=True):
                if text:
                    said[owner].texts[name][text] += 1
    others = _Others(said)
    for batch in facts(tuple(_TEXTS)):
        for _, texts, place in _texts(batch):
            if place:
                others.add(batch, texts)
    return [replace(anomaly, evidence=one.evidence(anomaly.evidence, others))
            for anomaly, one in zip(anomalies, said, strict=True)]  # fmt: skip


def _add_alerts(batch: FactBatch, flagged: FlaggedWindows, said: list[_Said]) -> None:
    """Count the alerts in which a flagged source is either end, each once."""
    both = (flagged.match_facts(batch, end) for end in ("orig", "resp"))
    pairs = {pair for rows, owners in both for pair in zip(rows.tolist(), owners.tolist(), strict=True)}
    tools, signatures, severities = (batch[name].tolist() for name in ("tool", "signature", "severity"))
    for row, owner in pairs:
        said[owner].add_alert((tools[row], signatures[row]), severities[row])


def _texts(batch: FactBatch) -> Iterator[tuple[str, Column, bool]]:
    """Yield what a batch names: the field of Evidence, the texts, shape (n,), and whether they are places."""
    for name, column, place in _TEXTS[batch.kind]:
        if column in batch:
            yield name, _domains(batch[column]) if batch.kind is FactKind.DNS else batch[column], place


def _domains(queries: Column) -> Column:
    """Return the registered domain of each name, shape (n,); empty where there is none."""
    codes, distinct = pd.factorize(queries)
    if not len(distinct):
        return queries
    return np.asarray(registered_domains(np.asarray(distinct, dtype=object)), dtype=object)[codes]


def _most(counts: Counter[str]) -> tuple[str, ...]:
    """Return the most frequent texts, ties in order of the text."""
    return tuple(sorted(counts, key=lambda text: (-counts[text], text))[:SAMPLE])
