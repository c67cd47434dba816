"""What threat lists hold of anomalies: every address, name and TLS fingerprint of a flagged source is looked up."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from netad.core.addresses import format_addresses
from netad.detectors.anomaly import Anomaly
from netad.evidence import FlaggedWindows, window_of
from netad.fact_evidence import Facts
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.outputs.enrich.threat_lists import Hit, ThreatLists

Look = Callable[[str], Iterable[Hit]]
_KINDS = (FactKind.DNS, FactKind.TLS, FactKind.HTTP)


def threat_hits(
    anomalies: Sequence[Anomaly], flows: Iterable[FlowBatch], facts: Facts, lists: ThreatLists
) -> list[list[Hit]]:
    """Return for each anomaly what lists hold of its source, those it reached, what it named and how it spoke.

    `flows` are those that profiles were made of, `facts` gives facts of some kinds (netad.flow_spool). Each hit once,
    in the order of lists and indicators.
    """
    if not anomalies:
        return []
    flagged = FlaggedWindows(map(window_of, anomalies))
    found = [set(lists.of_address(anomaly.source)) for anomaly in anomalies]
    for records in flows:
        batch = records.slices()
        rows, owners = flagged.match(batch)
        peers = format_addresses(batch["resp_hi"][rows], batch["resp_lo"][rows])
        for address in np.unique(peers).tolist():
            _add(found, owners[peers == address], lists.of_address(address))
    for said in facts(_KINDS):
        rows, owners = flagged.match_facts(said)
        part = said.select(rows)
        for column, look in _looks(part, lists):
            for text in set(part[column].tolist()) - {""}:
                _add(found, owners[part[column] == text], look(text))
    return [sorted(hits) for hits in found]


def _looks(batch: FactBatch, lists: ThreatLists) -> list[tuple[str, Look]]:
    """Return the columns of a batch to look up, each with what looks it up."""
    looks: dict[str, Look] = {
        "query": lists.of_domain,
        "server_name": lists.of_domain,
        "host": lists.of_domain,
        "ja3": lambda text: lists.of_fingerprint("ja3", text),
        "ja4": lambda text: lists.of_fingerprint("ja4", text),
    }
    return [(column, look) for column, look in looks.items() if column in batch]


def _add(found: list[set[Hit]], owners: "np.ndarray[tuple[int], np.dtype[np.int64]]", hits: Iterable[Hit]) -> None:
    for hit in hits:
        for owner in np.unique(owners).tolist():
            found[owner].add(hit)
