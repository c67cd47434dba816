"""Events of a run or a store gathered for one report, in bounded memory."""

from collections import Counter
from heapq import nlargest

from netad.core.timing import parse_time
from netad.outputs.base import Event
from netad.outputs.report.charts import severity_kind
from netad.outputs.report.marks import Mark, marks
from netad.outputs.report.source import SourceRecord, rank

KEPT_SOURCES = 100
MOST_RULES = 200
MOST_MOMENTS = 20_000
MOST_RUNS = 20
SUPPRESSED = "suppressed"


class Gathering:
    """Anomalies by source, and of what comes after them the profiles and flows of those sources.

    Anomalies come first: what comes before the anomalies of its source is passed over. About `kept` sources stay, those
    with the highest scores; all others are counted.
    """

    def __init__(self, kept: int = KEPT_SOURCES) -> None:
        self._kept = kept
        self._records: dict[str, SourceRecord] = {}
        self._moments: Counter[tuple[str, int]] = Counter()
        self._rules: dict[str, Mark] = {}
        self._hits: Counter[str] = Counter()
        self.forgotten = 0
        self.undrawn = 0
        self.window_ns = 0
        self.severities: Counter[str] = Counter()
        self.runs: list[Event] = []

    def add(self, event: Event) -> None:
        """Take an event of any kind."""
        dataset = event["data_stream"]["dataset"]
        if dataset == "netad.anomaly":
            self._add_anomaly(event)
        elif dataset == "netad.profile":
            if (record := self._records.get(event["source"]["ip"])) is not None:
                record.add_profile(event)
        elif dataset == "netad.flow":
            for end in {event["source"]["ip"], event["destination"]["ip"]}:
                if (record := self._records.get(end)) is not None:
                    record.add_flow(event)
        elif dataset == "netad.run":
            self.runs = [*self.runs, event][-MOST_RUNS:]

    def records(self) -> list[SourceRecord]:
        """Return the sources, the worst first."""
        return nlargest(self._kept, self._records.values(), key=lambda record: rank(record.worst))

    def unlisted(self) -> int:
        """Return how many anomalies belong to sources that `records` leaves out."""
        held = sum(record.anomalies for record in self._records.values())
        return self.forgotten + held - sum(record.anomalies for record in self.records())

    def moments(self) -> list[tuple[str, int, int]]:
        """Return how many anomalies there are of each severity, or suppressed, and start (ns)."""
        return [(lane, start, count) for (lane, start), count in self._moments.items()]

    def rules(self) -> list[tuple[Mark, int]]:
        """Return the rules that hid anomalies, as the last of them tells, and how many each hid."""
        return [(self._rules[rule], count) for rule, count in self._hits.most_common()]

    @property
    def anomalies(self) -> int:
        """How many anomalies there are, those that rules hide included."""
        return self.severities.total()

    def _add_anomaly(self, event: Event) -> None:
        hidden = bool(event["netad"]["suppression"]["suppressed"])
        lane = SUPPRESSED if hidden else severity_kind(int(event["event"]["severity"]))
        self.severities[lane] += 1
        start, end = (parse_time(event["event"][name]) for name in ("start", "end"))
        self.window_ns = min(end - start, self.window_ns or end - start)
        if (lane, start) in self._moments or len(self._moments) < MOST_MOMENTS:
            self._moments[lane, start] += 1
        else:
            self.undrawn += 1
        if hidden:
            self._count_rules(event)
        source = event["source"]["ip"]
        if source in self._records:
            self._records[source].add(event)
            return
        self._records[source] = SourceRecord(event)
        if len(self._records) > 2 * self._kept:
            best = self.records()
            self.forgotten = self.unlisted()
            self._records = {record.address: record for record in best}

    def _count_rules(self, event: Event) -> None:
        for mark in marks(event):
            if mark.rule in self._rules or len(self._rules) < MOST_RULES:
                self._rules[mark.rule] = mark
                self._hits[mark.rule] += 1
