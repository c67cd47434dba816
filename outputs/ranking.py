"""Anomalies of a run gathered by source and ranked by score, in bounded memory."""

from dataclasses import dataclass, field
from heapq import heappush, heappushpop, nlargest

from netad.outputs.base import Event

KEPT_SOURCES = 25
KEPT_WINDOWS = 12


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A further window of a source, one line in the report; severity 0 is none. Orders by score, then by time."""

    score: float
    start: str
    length: str
    severity: int


@dataclass
class SourceFindings:
    """The anomalous windows of one source: the worst as its event, of the others the highest scores."""

    worst: Event
    windows: int = 1
    others: list[Window] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Count a further window; the worst of all stays in full."""
        self.windows += 1
        if _rank(event) > _rank(self.worst):
            self.worst, event = event, self.worst
        details = event["netad"]["anomaly"]
        window = Window(details["score"], event["event"]["start"], details["window"], event["event"].get("severity", 0))
        if len(self.others) < KEPT_WINDOWS:
            heappush(self.others, window)
        else:
            heappushpop(self.others, window)


class Ranking:
    """Sources by their highest score. Only about `kept` of them stay in memory; windows of the rest are counted."""

    def __init__(self, kept: int = KEPT_SOURCES) -> None:
        self._kept = kept
        self._sources: dict[str, SourceFindings] = {}
        self._forgotten = 0

    def add(self, event: Event) -> None:
        """Take an anomaly event."""
        source = event["source"]["ip"]
        if source in self._sources:
            self._sources[source].add(event)
            return
        self._sources[source] = SourceFindings(event)
        if len(self._sources) > 2 * self._kept:
            best = self.best()
            self._forgotten += sum(found.windows for found in self._sources.values())
            self._forgotten -= sum(found.windows for found in best)
            self._sources = {found.worst["source"]["ip"]: found for found in best}

    def best(self) -> list[SourceFindings]:
        """Return the highest-ranked sources, the worst first."""
        return nlargest(self._kept, self._sources.values(), key=lambda found: _rank(found.worst))

    def unlisted(self) -> int:
        """Return how many anomalous windows belong to sources that `best` leaves out."""
        held = sum(found.windows for found in self._sources.values())
        return self._forgotten + held - sum(found.windows for found in self.best())

    def __len__(self) -> int:
        return len(self._sources)


def _rank(event: Event) -> tuple[float, float, str, str]:
    """Order by score, those that ended at 1 by rarity; then by id and source, whatever the order of arrival was."""
    details = event["netad"]["anomaly"]
    return details["score"], -details.get("tail", 0.0), event["event"]["id"], event["source"]["ip"]
