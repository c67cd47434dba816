"""The contract of an output: events in, each delivered once or named as not delivered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from netad.core.registry import Registry

Event = dict[str, Any]


# What a local store keeps of an event beside what is shipped, to judge it anew: an object under `netad` that only
# outputs that are `KeepsMore` are given.
STORE_ONLY = "store"


def shipped(event: Event) -> Event:
    """Return the event without what only a store keeps; the event that was given stays as it is."""
    if STORE_ONLY not in event.get("netad", {}):
        return event
    return {**event, "netad": {name: value for name, value in event["netad"].items() if name != STORE_ONLY}}


@dataclass(slots=True)
class Delivery:
    """What became of the events an output was given.

    They are `delivered`, `duplicates`, `spooled`, `dead` and, of kinds that the output was not asked to send,
    `left_out`. `lost` counts those of `dead` that could neither be sent nor kept, so that they are nowhere. `drained`
    counts events that earlier runs had spooled and this one brought home; of those, what was refused now is in `dead`
    too. `waiting_files` and `waiting_bytes` say what this target's spool holds at the end.
    """

    delivered: int = 0
    duplicates: int = 0
    spooled: int = 0
    dead: int = 0
    lost: int = 0
    left_out: int = 0
    drained: int = 0
    waiting_files: int = 0
    waiting_bytes: int = 0
    where: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RunSummary:
    """What a run read and found, for outputs that close with a word to the operator.

    `logs` is how many of the files are logs, `records` how many of their lines became flows or facts;
    `budget` is the share of normal profiles that the threshold lets through as false alarms, 0 when it is not known;
    `handed_over` is how many of the packets the engine left to dpkt; `kinds` names the formats of the inputs;
    `severities` counts the anomalies that ship by the names of their severities, `seconds` the time that each stage
    took; `model` is the name and version of the model that judged; `deliveries` says in one line each where the outputs
    that closed before put the events, `notes` whatever else the operator should know; `goes_on` says that a later run
    closes the windows that are open.
    """

    files: int = 0
    logs: int = 0
    bytes: int = 0
    packets: int = 0
    records: int = 0
    handed_over: int = 0
    flows: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    profiles: int = 0
    sources: int = 0
    windows: int = 0
    window_length: str = ""
    anomalies: int = 0
    suppressed: int = 0
    dropped: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    suppressed_by_rule: dict[str, int] = field(default_factory=dict)
    dropped_by_rule: dict[str, int] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    severities: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    model: tuple[str, str] | None = None
    baseline: str = ""
    threshold: float = 0.0
    budget: float = 0.0
    deliveries: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    goes_on: bool = False


@runtime_checkable
class Output(Protocol):
    """Takes events (ECS documents, `netad.outputs.events`) as they come and delivers each exactly once.

    An event carries its own id in `event.id` and its data stream in `data_stream`; outputs never invent another.
    """

    name: ClassVar[str]

    def write(self, events: Iterable[Event]) -> None:
        """Deliver events, in order. May raise NetadError when nothing further can be delivered."""
        ...

    def close(self, summary: RunSummary) -> Delivery:
        """Finish, and say what became of everything that was written."""
        ...


@runtime_checkable
class KeepsRuns(Output, Protocol):
    """An output that takes the event of the run itself too: the last one, made when all others have been dealt with."""

    def settle(self) -> Delivery:
        """Deliver or keep all that was written so far, and say what became of it. More may be written afterwards."""
        ...


@runtime_checkable
class KeepsMore(Protocol):
    """An output whose events are judged anew later: it takes `netad.store` with them, which no other output gets."""

    keeps_more: ClassVar[bool]


@runtime_checkable
class ShowsAnomalies(Protocol):
    """An output that makes use of anomalies only: where all are such, nobody makes events of flows and profiles."""

    anomalies_only: ClassVar[bool]


@runtime_checkable
class Explains(Protocol):
    """An output that can tell of one source only, and then of its windows that are no anomaly too."""

    def explain(self, source: str, events: Iterable[Event]) -> None:
        """Tell of this source only: these are its profiles, as events, of which those without severity are normal."""
        ...


@runtime_checkable
class Commits(Protocol):
    """An output that can be asked, in the middle of a run, for all that it was given to be safe."""

    def commit(self) -> None:
        """Deliver, or keep where it outlives the process, all that was written so far. More may be written afterwards.

        Raises:
            NetadError: neither could be done; then what was written since the last time counts as not written.
        """
        ...


@runtime_checkable
class Abandonable(Protocol):
    """An output that can be given up before anything was written to it, so that what it would replace stays."""

    def abandon(self) -> None:
        """Undo what opening did, instead of `close`."""
        ...


OUTPUTS: Registry[Output] = Registry("output")
OUTPUTS.register("console", "netad.outputs.console:ConsoleOutput")
OUTPUTS.register("ndjson", "netad.outputs.ndjson:NdjsonOutput")
OUTPUTS.register("parquet", "netad.outputs.store.output:ParquetOutput")
OUTPUTS.register("elastic", "netad.outputs.elastic.output:ElasticOutput")
OUTPUTS.register("opensearch", "netad.outputs.opensearch.output:OpenSearchOutput")
OUTPUTS.register("syslog", "netad.outputs.syslog.output:SyslogOutput")
OUTPUTS.register("webhook", "netad.outputs.webhook.output:WebhookOutput")
OUTPUTS.register("report", "netad.outputs.report.output:ReportOutput")
