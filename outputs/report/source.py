"""What a report keeps of one suspicious source: its worst anomaly as an event, and what is known of its windows."""

from dataclasses import dataclass

from netad.core.timing import parse_time
from netad.outputs.base import Event
from netad.outputs.report.charts import Span, severity_kind
from netad.outputs.report.traffic import FlowsBehind

MOST_WINDOWS = 168
# Far more are kept to tell which flows lie in an anomalous one.
MOST_ANOMALOUS = 10_000


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """A window of the source. `severity` is None where its profile is below the threshold."""

    start_ns: int
    end_ns: int
    score: float
    severity: int | None
    suppressed: bool
    bytes_out: int | None
    bytes_in: int | None
    event: str = ""

    @property
    def kind(self) -> str:
        """How it is drawn: by severity, or as suppressed; empty where it is no anomaly."""
        if self.severity is None:
            return ""
        return "suppressed" if self.suppressed else severity_kind(self.severity)


def window_of(event: Event) -> SeenWindow:
    """Return the window that an anomaly or a profile tells of."""
    when, netad = event["event"], event["netad"]
    anomaly = netad.get("anomaly")
    counts = anomaly.get("totals", {}) if anomaly is not None else netad["profile"]
    return SeenWindow(
        start_ns=parse_time(when["start"]),
        end_ns=parse_time(when["end"]),
        score=float((anomaly if anomaly is not None else netad["profile"])["score"]),
        severity=int(when["severity"]) if anomaly is not None else None,
        suppressed=anomaly is not None and bool(netad["suppression"]["suppressed"]),
        bytes_out=counts.get("bytes"),
        bytes_in=counts.get("bytes_in"),
        event=when["id"],
    )


def rank(event: Event) -> tuple[bool, float, float, str]:
    """Order anomalies: those that no rule hides first, by score, those that ended at 1 by rarity, then by id."""
    details = event["netad"]["anomaly"]
    shown = not event["netad"]["suppression"]["suppressed"]
    return shown, float(details["score"]), -float(details.get("tail", 0.0)), str(event["event"]["id"])


class SourceRecord:
    """The anomalies of one source. Its flows are taken when all of its anomalies are known."""

    def __init__(self, event: Event) -> None:
        self.address: str = event["source"]["ip"]
        self.worst = event
        self.anomalies = 0
        self.hidden = 0
        self._windows: dict[tuple[int, int], SeenWindow] = {}
        self._anomalous: set[tuple[int, int]] = set()
        self._flows: FlowsBehind | None = None
        self.add(event)

    def add(self, event: Event) -> None:
        """Take an anomaly of the source."""
        self.anomalies += 1
        self.hidden += bool(event["netad"]["suppression"]["suppressed"])
        if rank(event) > rank(self.worst):
            self.worst = event
        window = window_of(event)
        if len(self._anomalous) < MOST_ANOMALOUS:
            self._anomalous.add((window.start_ns, window.end_ns))
        self._see(window)

    def add_profile(self, event: Event) -> None:
        """Take a profile of the source: a window that was judged, whatever came of it."""
        self._see(window_of(event))

    def add_flow(self, event: Event) -> None:
        """Take a flow of which the source is one end."""
        if self._flows is None:
            self._flows = self._behind()
        self._flows.add(event)

    @property
    def flows(self) -> FlowsBehind:
        """The flows in its anomalous windows, as far as they were given."""
        return self._flows if self._flows is not None else self._behind()

    def windows(self) -> list[SeenWindow]:
        """Return what is known of its windows, in order of time."""
        return sorted(self._windows.values(), key=lambda window: (window.start_ns, window.end_ns))

    def spans(self) -> list[Span]:
        """Return its windows as charts take them."""
        return [Span(one.start_ns, one.end_ns, one.kind, one.score, one.bytes_out or 0, one.bytes_in or 0)
                for one in self.windows()]  # fmt: skip

    def _see(self, window: SeenWindow) -> None:
        place = window.start_ns, window.end_ns
        known = self._windows.get(place)
        if known is not None and (known.severity is not None, known.score) >= (
            window.severity is not None,
            window.score,
        ):
            return
        self._windows[place] = window
        if len(self._windows) > MOST_WINDOWS:  # the oldest of those that are no anomaly go first
            least = min(self._windows, key=lambda one: (self._windows[one].severity is not None, one))
            del self._windows[least]

    def _behind(self) -> FlowsBehind:
        worst = window_of(self.worst)
        details = self.worst["netad"]["anomaly"]
        return FlowsBehind(self.address, sorted(self._anomalous), (worst.start_ns, worst.end_ns),
                           details.get("sample_flow_ids", ()), beats(self.worst))  # fmt: skip


def beats(event: Event) -> dict[tuple[str, int], dict[str, object]]:
    """Return the findings of an anomaly that tell of a regular interval, by the address and port that was called."""
    found: dict[tuple[str, int], dict[str, object]] = {}
    for finding in event["netad"].get("findings", ()):
        if "interval_s" in finding.get("numbers", {}) and finding.get("peers"):
            ports = finding.get("ports") or [0]
            found[str(finding["peers"][0]), int(ports[0])] = finding
    return found
