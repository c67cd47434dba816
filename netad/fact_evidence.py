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
from netad.name_users import NameUsers

Facts = Callable[[Sequence[FactKind]], Iterable[FactBatch]]

# What is told of each kind of facts: the field of Evidence, the column, and whether it names a place.
_TEXTS = {
    FactKind.DNS: (("domains", "query", True),),
    FactKind.TLS: (("server_names", "server_name", True), ("ja4", "ja4", False)),
    FactKind.HTTP: (("http_hosts", "host", True), ("user_agents", "user_agent", False)),
}
_FIELDS = tuple(name for texts in _TEXTS.values() for name, _, _ in texts)
_PLACES = tuple(name for texts in _TEXTS.values() for name, _, place in texts if place)


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

    def evidence(self, anomaly: Anomaly, users: NameUsers) -> Evidence:
        """Return the anomaly's evidence, which is of its flows, with what was said."""
        alerts = [
            AlertCount(signature, count, self.severities[tool, signature], tool)
            for (tool, signature), count in self.alerts.items()
        ]
        alerts.sort(key=lambda alert: (alert.severity or 256, -alert.count, alert.signature, alert.tool))
        rare = Counter[str]()
        for name in _PLACES:
            named = self.texts[name].items()
            rare.update({text: count for text, count in named if users.is_rare(text, anomaly.window_end_ns)})
        said: dict[str, Any] = {name: _most(counts) for name, counts in self.texts.items()}
        said |= {"alerts": tuple(alerts[:SAMPLE]), "alert_count": self.alerts.total(), "rare_names": _most(rare)}
        return replace(anomaly.evidence, **said)


def add_facts(anomalies: list[Anomaly], facts: Facts, users: NameUsers | None = None) -> list[Anomaly]:
    """Return the anomalies with what was said of them beside the evidence of their flows.

    `facts` gives the facts of some kinds, as often as it is asked (netad.flow_spool). `users` knows who has named what
    (`note_users`); without it, that is learnt from these facts.
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
    if users is None:
        users = NameUsers(only={text for one in said for name in _PLACES for text in one.texts[name]})
        for batch in facts(tuple(_TEXTS)):
            note_users(users, batch)
    return [replace(anomaly, evidence=one.evidence(anomaly, users))
            for anomaly, one in zip(anomalies, said, strict=True)]  # fmt: skip


def note_users(users: NameUsers, batch: FactBatch) -> None:
    """Note who names which places in a batch of facts."""
    for _, texts, place in _texts(batch) if batch.kind in _TEXTS else ():
        if place:
            users.add(batch, texts)


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
