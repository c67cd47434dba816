"""Which stored events a report is about, and gathering them: anomalies first, then what belongs to their sources."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from netad.core.addresses import Networks, parse_address
from netad.core.timing import iso, parse_time
from netad.outputs.base import Event
from netad.outputs.event_words import moment
from netad.outputs.recent_ids import RecentIds
from netad.outputs.report.gathering import Gathering
from netad.outputs.report.page import as_written
from netad.outputs.wording import counted

if TYPE_CHECKING:
    from netad.outputs.enrich.disguise import Disguise
    from netad.outputs.stored import StoredEvents

ANOMALY, PROFILE, FLOW, RUN = "anomaly", "profile", "flow", "run"
# A store may hold billions of flows; of those in the anomalies' time so many are looked at.
MOST_READ = 2_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What anomalies a report takes: by time [since, until) in ns, source, severity and namespace; None is all."""

    since_ns: int | None = None
    until_ns: int | None = None
    sources: Networks | None = None
    least_severity: int = 0
    namespace: str | None = None

    def takes(self, event: Event) -> bool:
        """Tell whether an anomaly is chosen."""
        when = parse_time(event["@timestamp"])
        return (
            (self.since_ns is None or when >= self.since_ns)
            and (self.until_ns is None or when < self.until_ns)
            and self.of_namespace(event)
            and int(event["event"]["severity"]) >= self.least_severity
            and (self.sources is None or _within(self.sources, event["source"]["ip"]))
        )

    def of_namespace(self, event: Event) -> bool:
        """Tell whether an event of any kind is of the chosen namespace."""
        return self.namespace is None or event["data_stream"]["namespace"] == self.namespace


@dataclass
class Chosen:
    """What was gathered, in disguise if there is one, and how many events of each kind were read for it."""

    gathering: Gathering = field(default_factory=Gathering)
    disguise: "Disguise | None" = None
    read: Counter[str] = field(default_factory=Counter)
    runs: set[str] = field(default_factory=set)
    first_ns: int | None = None
    last_ns: int | None = None

    def add(self, event: Event) -> None:
        """Gather an event of any kind."""
        self.gathering.add(event if self.disguise is None else self.disguise.event(event))

    def lines(self, where: str) -> list[tuple[str, str]]:
        """Return what was read from where and what was found, in sentences with headings."""
        nouns = {ANOMALY: ("anomaly", "anomalies"), PROFILE: ("profile", ""), FLOW: ("flow", ""), RUN: ("run", "")}
        read = ", ".join(counted(self.read[kind], *noun) for kind, noun in nouns.items() if self.read[kind])
        hidden = self.gathering.severities["suppressed"]
        found = counted(self.gathering.anomalies, "anomaly", "anomalies")
        found += f", {hidden:,} of them suppressed" if hidden else ""
        if self.first_ns is not None and self.last_ns is not None:
            found += f", from {moment(iso(self.first_ns))} to {moment(iso(self.last_ns))} UTC"
        lines = [("Read", f"{read or 'no events'} of {where}"), ("Found", found)]
        if self.read[FLOW] >= MOST_READ:
            lines.insert(0, ("Note", f"only the first {MOST_READ:,} flows in the time of the anomalies were looked at"))
        return lines


def gather_stored(stored: "StoredEvents", choice: Choice, disguise: "Disguise | None" = None) -> Chosen:
    """Read a store: the chosen anomalies, then profiles, flows and runs that belong to them, `disguise` hides hosts.

    Raises:
        InputError: an event is not as netad writes it.
        OutputError: the store cannot be read.
    """
    chosen = Chosen(disguise=disguise)
    _take_anomalies(chosen, stored.events(ANOMALY, choice.since_ns, choice.until_ns), choice)
    if chosen.first_ns is None or chosen.last_ns is None:
        return chosen
    # An event's time is the end of a profile's window and the start of a flow; a flow may have begun before its window.
    since_ns = max(chosen.first_ns - chosen.gathering.window_ns, 0)
    for kind in (PROFILE, FLOW):
        events = stored.events(kind, since_ns, chosen.last_ns + (kind == PROFILE))
        _take_others(chosen, kind, islice(events, MOST_READ), choice)
    _take_others(chosen, RUN, stored.events(RUN), choice)
    return chosen


def gather_events(events: Iterable[Event], choice: Choice, disguise: "Disguise | None" = None) -> Chosen:
    """Gather events of all kinds that came in any order, each once; `disguise` hides hosts.

    Raises:
        InputError: an event is not as netad writes it.
    """
    by_kind: dict[str, list[Event]] = {kind: [] for kind in (ANOMALY, PROFILE, FLOW, RUN)}
    recent = RecentIds()
    for event in events:
        with as_written(event):
            if not recent.add(event["event"]["id"]):
                continue
            by_kind.get(event["data_stream"]["dataset"].removeprefix("netad."), []).append(event)
    chosen = Chosen(disguise=disguise)
    _take_anomalies(chosen, by_kind[ANOMALY], choice)
    for kind in (PROFILE, FLOW, RUN):
        _take_others(chosen, kind, by_kind[kind], choice)
    return chosen


def _take_anomalies(chosen: Chosen, events: Iterable[Event], choice: Choice) -> None:
    for event in events:
        chosen.read[ANOMALY] += 1
        with as_written(event):
            if not choice.takes(event):
                continue
            chosen.add(event)
            chosen.runs.add(event["netad"]["run"]["id"])
            start, end = (parse_time(event["event"][name]) for name in ("start", "end"))
        chosen.first_ns = start if chosen.first_ns is None else min(chosen.first_ns, start)
        chosen.last_ns = end if chosen.last_ns is None else max(chosen.last_ns, end)


def _take_others(chosen: Chosen, kind: str, events: Iterable[Event], choice: Choice) -> None:
    for event in events:
        with as_written(event):
            if choice.of_namespace(event) and (kind != RUN or event["netad"]["run"]["id"] in chosen.runs):
                chosen.read[kind] += 1
                chosen.add(event)


@lru_cache(maxsize=4096)
def _within(networks: Networks, address: str) -> bool:
    """Tell whether an address is in one of the networks; what is no address is in none."""
    try:
        high, low = parse_address(address)
    except ValueError:
        return False
    return bool(networks.contains(np.array([high], np.uint64), np.array([low], np.uint64))[0])
