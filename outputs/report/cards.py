"""What the page says of one suspicious source: words, charts and tables, ready to be drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netad.core.timing import iso, parse_time
from netad.outputs.base import Event
from netad.outputs.event_words import behind, host, moment, normal_if, oddly, rarity, said, when
from netad.outputs.report.charts import Chart, bytes_chart, interval_chart, score_chart, severity_kind
from netad.outputs.report.commands import Command, commands
from netad.outputs.report.marks import Mark, marks
from netad.outputs.report.source import SourceRecord, beats
from netad.outputs.report.strip import Strip, strips
from netad.outputs.report.traffic import MOST_ROWS, FlowRow, Peer
from netad.outputs.wording import behaviour_name, counted, score_text

MOST_LISTED = 12
MOST_TEXT = 2_000

# Of more sources less is shown of each, so that a report of 100 stays below 2 MB.
MANY = 25
ROWS_OF_ALL, LEAST_ROWS = 1_000, 10

SuggestRule = Callable[[Event], str]


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a source is shown: flows, features and peers at most, and whether marks of charts have titles."""

    flows: int = MOST_ROWS
    strips: int = 11
    peers: int = 8
    titles: bool = True

    @classmethod
    def among(cls, sources: int) -> "Room":
        """Return the room for one of so many sources."""
        if sources <= MANY:
            return cls()
        return cls(flows=max(ROWS_OF_ALL // sources, LEAST_ROWS), strips=8, peers=5, titles=False)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """An anomalous window of the source."""

    when: str
    score: str
    score_value: float
    kind: str
    identity: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A named behaviour that was seen, with its technique of MITRE ATT&CK."""

    name: str
    sentence: str
    technique: str


@dataclass(frozen=True, slots=True)
class Card:
    """One suspicious source."""

    anchor: str
    source: str
    kind: str
    score: str
    score_value: float
    inside: bool
    known: bool
    hidden: bool
    behaviours: Sequence[str]
    reason: str
    message: str
    facts: Sequence[str]
    notes: Sequence[str]
    findings: Sequence[Finding]
    strips: Sequence[Strip]
    charts: Sequence[Chart]
    peers: Sequence[Peer]
    peer_count: int
    peer_most: int
    flows: Sequence[FlowRow]
    flow_count: int
    windows: Sequence[WindowRow]
    window_count: int
    marks: Sequence[Mark]
    status: str
    commands: Sequence[Command]
    url: str
    identity: str


def card(record: SourceRecord, anchor: str, room: Room, suggest: SuggestRule | None) -> Card:
    """Return the card of a source; `suggest` writes a rule that hides its worst anomaly."""
    event = record.worst
    netad, details = event["netad"], event["netad"]["anomaly"]
    evidence = netad.get("evidence", {})
    flows = record.flows
    peers = flows.peers(room.peers)
    windows = [one for one in record.windows() if one.severity is not None]
    url = str(event["event"].get("url", ""))
    score = float(details["score"])
    return Card(
        anchor=anchor,
        source=record.address,
        kind=severity_kind(int(event["event"]["severity"])),
        score=score_text(score),
        score_value=score,
        inside=bool(netad["entity"]["inside"]),
        known=bool(netad["entity"].get("known", True)),
        hidden=bool(netad["suppression"]["suppressed"]),
        behaviours=[behaviour_name(name) for name in netad.get("behaviours", ())],
        reason=event["event"].get("reason", ""),
        message=event.get("message", "")[:MOST_TEXT],
        facts=list(filter(None, (when(event), behind(details), rarity(details.get("tail", 0.0))))),
        notes=[line[:MOST_TEXT] for line in
               (host(event), normal_if(details), oddly(details), *said(evidence)) if line],
        findings=_findings(event),
        strips=strips(details, room.strips),
        charts=_charts(record, room.titles),
        peers=peers,
        peer_count=flows.peer_count,
        peer_most=max((peer.bytes_out + peer.bytes_in for peer in peers), default=0),
        flows=flows.rows(room.flows),
        flow_count=flows.count,
        windows=[WindowRow(f"{moment(iso(one.start_ns))} UTC", score_text(one.score), one.score, one.kind, one.event)
                 for one in sorted(windows, key=lambda one: (-one.score, one.start_ns))[:MOST_LISTED]],
        window_count=record.anomalies,
        marks=marks(event),
        status=_status(record),
        commands=_commands(event, suggest, list(flows.paths)),
        url=url if url.startswith(("http://", "https://")) else "",
        identity=event["event"]["id"],
    )  # fmt: skip


def _findings(event: Event) -> list[Finding]:
    return [
        Finding(behaviour_name(one["behaviour"]), one["sentence"][:MOST_TEXT], one.get("technique", {}).get("id", ""))
        for one in event["netad"].get("findings", ())[:MOST_LISTED]
    ]


def _charts(record: SourceRecord, titles: bool) -> list[Chart]:
    """Return scores and bytes by window where several are known, traffic in the worst one, and what beats."""
    spans = record.spans()
    charts = []
    if len(spans) > 1:
        charts.append(score_chart(spans, float(record.worst["netad"]["anomaly"]["threshold"]), titles))
        if any(one.bytes_out or one.bytes_in for one in spans):
            charts.append(bytes_chart(spans, "Bytes by window", titles))
    if traffic := record.flows.traffic():
        charts.append(bytes_chart(traffic, "Bytes within the worst window", titles))
    for (address, port), finding in beats(record.worst).items():
        charts += _beat(record, address, port, finding)
    return charts


def _beat(record: SourceRecord, address: str, port: int, finding: Event) -> list[Chart]:
    told = [parse_time(time) for time in finding.get("times", ())]
    seen = record.flows.contacts(address, port)
    usual = float(finding["numbers"]["interval_s"])
    chart = interval_chart(seen if len(seen) > len(told) else told, usual) if usual > 0 else None
    return [chart] if chart is not None else []


def _status(record: SourceRecord) -> str:
    if not record.hidden:
        return "No rule hides it."
    anomalies = counted(record.anomalies, "anomaly", "anomalies")
    if record.hidden == record.anomalies:
        return f"Rules hide all of it ({anomalies})."
    return f"Rules hide {record.hidden:,} of {anomalies}."


def _commands(event: Event, suggest: SuggestRule | None, paths: Sequence[str]) -> list[Command]:
    found = commands(event, paths)
    if suggest is None:
        return found
    try:
        text = suggest(event)
    except ValueError:  # the event has nothing that a rule could be narrowed to
        return found
    return [Command("Rule", "hides events like this one; say why, and whose it is", text), *found]
