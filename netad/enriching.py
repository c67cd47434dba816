"""Enrichment in a run: what `ingest` and `scan` write into events before rules see them, and hide when they leave."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from netad.config import Config
from netad.core.carried import State, part_of, texts_of
from netad.detectors.anomaly import Anomaly
from netad.fact_evidence import Facts
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.outputs.base import Event
from netad.outputs.enrich.enrichment import Enrichment, add_threats
from netad.outputs.enrich.geo import GeoDatabases
from netad.outputs.enrich.inventory import Inventory
from netad.outputs.enrich.names import ReverseNames
from netad.outputs.enrich.settings import disguise_of
from netad.outputs.enrich.threat_lists import ThreatLists
from netad.outputs.incidents import join_incidents
from netad.outputs.kibana_link import source_link
from netad.threat_evidence import threat_hits

T = TypeVar("T")
# What facts call hosts, and which address it is that they call so.
_NAMED = {FactKind.ANSWER: ("query", "address"), FactKind.TLS: ("server_name", "resp"), FactKind.HTTP: ("host", "resp")}
NOTED = tuple(_NAMED)


class Enriching:
    """What a run knows of hosts, and what it hides of them.

    Facts are noted as they are read (`note`), events are written into when they are made (`add`, `add_threats`), and
    all that leaves goes through `leaving` or `told`.

    Attributes:
        inside: the inside networks.
    """

    def __init__(self, config: Config) -> None:
        """Open what the settings name.

        Raises:
            ConfigError: a file cannot be read or is wrong, or a key is missing.
        """
        settings = config.enrich
        inventory = Inventory.load(settings.inventory)
        self._lists = ThreatLists.load(settings.threat_lists) if settings.threat_lists else None
        self._names, self._shows_names = ReverseNames(), settings.names
        self.inside = config.networks
        self._enrichment = Enrichment(self.inside, inventory, GeoDatabases(settings.geoip), self._names)
        self._disguise = disguise_of(settings, inventory.names())

    def note(self, batch: FactBatch) -> None:
        """Take names of addresses from facts; those of inside addresses are hidden from then on, if any are."""
        if self._shows_names:
            self._names.add(batch)
        text, end = _NAMED.get(batch.kind, ("", ""))
        if self._disguise is not None and text in batch:
            inside = self.inside.contains(batch[f"{end}_hi"], batch[f"{end}_lo"])
            self._disguise.add_names(set(batch[text][inside].tolist()) - {""})

    def carry(self) -> State:
        """Return what was noted, for the next run (netad.core.carried)."""
        hidden = [] if self._disguise is None else self._disguise.names()
        return {"names": self._names.carry(), "hidden": hidden}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned."""
        self._names.resume(part_of(state, "names"))
        if self._disguise is not None:
            self._disguise.add_names(texts_of(state, "hidden"))

    def add(self, events: list[Event]) -> list[Event]:
        """Write into events what is known of their hosts, and return them."""
        for event in events:
            self._enrichment.add(event)
        return events

    def add_threats(
        self, anomalies: Sequence[Anomaly], events: Sequence[Event], flows: Iterable[FlowBatch], facts: Facts
    ) -> None:
        """Write into the events of anomalies what threat lists hold of them."""
        if self._lists is None:
            return
        hits = threat_hits(anomalies, flows, facts, self._lists)
        for event, found in zip(events, hits, strict=True):
            add_threats(event, found)

    def connect(
        self, events: list[Event], config: Config, earlier: Callable[[list[Event]], list[Event]]
    ) -> list[Event]:
        """Write into anomaly events to which incident each belongs and, where Kibana is known, a link to its source.

        Where addresses are anonymised, both come from the events as they leave, as stores know them: these are
        returned, and `earlier` is asked with them for what was found before.
        """
        shown = events
        if self._disguise is not None and self._disguise.distinct:
            shown = self.leaving(events)
        join_incidents(shown, earlier(shown))
        for event, one in zip(events, shown, strict=True):
            event["netad"]["incident"] = one["netad"]["incident"]
            if config.kibana_url is not None:
                event["event"]["url"] = source_link(one, config.kibana_url, config.kibana_space)
        return shown

    def leaving(self, events: list[Event]) -> list[Event]:
        """Return events as they leave."""
        if self._disguise is None:
            return events
        return [self._disguise.event(event, of_run=True) for event in events]

    def told(self, record: T) -> T:
        """Return what is said of a run, or who says it, as it leaves."""
        return record if self._disguise is None else self._disguise.record(record)


def peer_groups(config: Config) -> tuple[str, ...]:
    """Return the networks whose hosts are each other's peers: those of the settings, then by role of the inventory."""
    return (*config.peer_networks, *Inventory.load(config.enrich.inventory).peer_groups())
