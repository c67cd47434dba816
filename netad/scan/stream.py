"""The stream of a scan: inputs to flows, windows, scores and events as `ingest` has it, but never at its end.

What is open between two inputs is carried, within a run as from run to run: whatever is made of an input depends on
the inputs before it and on nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from netad.config import Config
from netad.core.carried import State, list_of, part_of, texts_of
from netad.core.timing import now_iso, parse_duration, parse_time
from netad.delivery import write
from netad.detectors.behaviour.behaviours import Behaviours
from netad.enriching import Enriching
from netad.evidence import gather
from netad.fact_evidence import add_facts, note_users
from netad.found import Found
from netad.ingest.capture import OpenFlows
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import Source
from netad.ingest.read import read_inputs
from netad.ingest.report import IngestReport
from netad.judging import Judgement
from netad.name_users import NameUsers
from netad.outputs.base import Event, KeepsMore, Output
from netad.outputs.events import Origin, anomaly_event, flow_events
from netad.pipeline import in_parts, ruled
from netad.profiles.windows import WindowAggregator
from netad.reading import ingest_options
from netad.rules.limits import LimitState
from netad.scan.open_records import Flagged, OpenRecords
from netad.scan.recent_profiles import RecentProfiles
from netad.stages import Stages

if TYPE_CHECKING:
    from netad.core.errors import NetadError
    from netad.detectors.model import Model
    from netad.detectors.scored import ScoredProfiles
    from netad.profiles.batch import ProfileBatch
    from netad.progress import ProgressBar
    from netad.rules.flow_filter import FlowFilter
    from netad.rules.ruleset import RuleSet


class Stream:
    """Takes inputs in order and writes events to outputs as windows close.

    Attributes:
        report: what was read in this run.
        judgement: what was looked at in this run.
        found: what was found in this run.
        failed: the outputs that took no more, by name.
        windows: the open windows.
        recent: the newest profiles, over all runs.
    """

    def __init__(
        self,
        config: Config,
        model: "Model",
        outputs: Sequence[tuple[str, Output]],
        origin: Origin,
        report: IngestReport,
        enriching: Enriching,
        *,
        rules: "RuleSet | None" = None,
        keep_out: "FlowFilter | None" = None,
    ) -> None:
        """Begin with nothing open; `config` has the model's window, `report` counts what is read."""
        self.report = report
        self.found = Found()
        self.failed: dict[str, NetadError] = {}
        self._config, self._outputs, self._origin = config, outputs, origin
        self._rules, self._keep_out, self._enriching = rules, keep_out, enriching
        self._stages = Stages()
        lateness_ns = parse_duration(config.lateness)
        self.windows = WindowAggregator(config.window_ns, config.networks, lateness_ns, zone=config.zone)
        self._behaviours = Behaviours(config.behaviours, config.networks)
        self._records = OpenRecords(config.window_ns or 0, lateness_ns, whole=config.flows == "anomalous")
        self._open_flows = OpenFlows()
        self._users = NameUsers()
        self._flagged = Flagged()
        self._limits = LimitState()
        self._earlier: list[Event] = []
        self.recent = RecentProfiles(model)
        self.judgement = Judgement(on_scored=self._take_scored)
        self.judgement.judge_by(model, config.budget)

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds that each stage has taken in this run."""
        return self._stages.seconds

    def take(self, sources: Sequence[Source], progress: "ProgressBar | None" = None) -> None:
        """Read inputs to their ends, and write the events of the windows that close by it."""
        self._read(sources, progress)

    def finish(self) -> None:
        """End the flows and windows that are open: nothing more will come."""
        self._open_flows.last = True
        self._read((), None)
        self._close(self.windows.finish(), None)
        self._open_flows = OpenFlows()

    def carry(self) -> State:
        """Return all that is open, and what is remembered, for the next run."""
        return {
            "flows": self._open_flows.state,
            "windows": self.windows.carry(),
            "behaviours": self._behaviours.carry(),
            "records": self._records.carry(),
            "users": self._users.carry(),
            "names": self._enriching.carry(),
            "flagged": self._flagged.carry(),
            "recent": self.recent.carry(),
            "limits": dict(self._limits.passed),
            "earlier": list(self._earlier),
        }

    def resume(self, state: State) -> None:
        """Go on where `carry` was called.

        Raises:
            StateError: the state is of a stream with other settings, or damaged.
        """
        self._open_flows.state = part_of(state, "flows")
        # Now, and not when the first capture is read: it says whether the state fits.
        list(read_inputs((), ingest_options(self._config, facts=True), IngestReport(), open_flows=self._open_flows))
        self.windows.resume(part_of(state, "windows"))
        self._behaviours.resume(part_of(state, "behaviours"))
        self._records.resume(part_of(state, "records"))
        self._users.resume(part_of(state, "users"))
        self._enriching.resume(part_of(state, "names"))
        self._flagged.resume(part_of(state, "flagged"))
        self.recent.resume(part_of(state, "recent"))
        passed = part_of(state, "limits")
        self._limits = LimitState({key: texts_of(passed, key) for key in passed})
        self._earlier = list_of(state, "earlier")

    def _read(self, sources: Sequence[Source], progress: "ProgressBar | None") -> None:
        options = ingest_options(self._config, facts=True, growing=True)
        batches = read_inputs(sources, options, self.report, progress, open_flows=self._open_flows)
        for read in self._stages.each("read", batches):
            batch = read
            if isinstance(read, FlowBatch) and self._keep_out is not None:
                batch = self._keep_out.without(read)
            self._records.add(batch)
            if isinstance(batch, FactBatch):
                note_users(self._users, batch)
                self._enriching.note(batch)
            if isinstance(batch, FlowBatch) and self._config.flows == "all":
                self._write_flows([batch.whole()])
            with self._stages.during("profile"):
                closed = self.windows.add(batch)
            self._close(closed, self._records.open_from)

    def _close(self, closed: "Sequence[ProfileBatch]", open_from: int | None) -> None:
        """Judge the profiles of windows that closed, and let go of what these windows held."""
        with self._stages.during("score"):
            for batch in closed:
                self._judge(batch)
        if closed:
            self._write_flows(self._flagged.among(self._records.let_go(open_from)))

    def _judge(self, batch: "ProfileBatch") -> None:
        self.judgement.add(self._behaviours.watch(batch))
        anomalies, self.judgement.anomalies = self.judgement.anomalies, []
        if not anomalies:
            return
        anomalies = gather(anomalies, self._records.slices(), self._origin, self._config.networks)
        anomalies = add_facts(anomalies, self._records.facts, self._users)
        created = now_iso()
        events = self._enriching.add([anomaly_event(anomaly, self._origin, created) for anomaly in anomalies])
        self._enriching.add_threats(anomalies, events, self._records.slices(), self._records.facts)
        self._connect(events)
        self._flagged.add(anomalies)
        shipped, verdicts = ruled(events, self._rules, datetime.now(UTC), self._limits)
        self.found.add(shipped, verdicts)
        self._write(shipped)

    def _connect(self, events: list[Event]) -> None:
        """Join events to the incidents of the windows before, and link them to Kibana where it is known."""
        known = [*self._earlier, *self._enriching.connect(events, self._config, lambda _: self._earlier)]
        starts = [parse_time(event["event"]["start"]) for event in known]
        latest = max(starts) - 2 * (self._config.window_ns or 0)
        self._earlier = [_in_short(event) for event, start in zip(known, starts, strict=True) if start >= latest]

    def _take_scored(self, scored: "ScoredProfiles") -> None:
        self.recent.add(scored.frame)
        if self._config.profiles != "none":
            self._write_profiles(scored)

    def _write_profiles(self, scored: "ScoredProfiles") -> None:
        from netad.outputs.profile_event import profile_events

        stored = any(isinstance(output, KeepsMore) for _, output in self._outputs)
        chosen = scored if self._config.profiles == "all" else scored.select(scored.flagged)
        self._write_parts(profile_events(chosen, self._origin, now_iso(), for_store=stored))

    def _write_flows(self, batches: Iterable[FlowBatch]) -> None:
        for batch in batches:
            self._write_parts(flow_events(batch, self._origin, now_iso(), self._config.networks))

    def _write_parts(self, events: Iterator[Event]) -> None:
        for part in in_parts(events):
            self._write(self._enriching.add(part))

    def _write(self, events: list[Event]) -> None:
        with self._stages.during("deliver"):
            write(self._outputs, self._enriching.leaving(events), self.failed)


def _in_short(event: Event) -> dict[str, Any]:
    """Return what joining later windows to an event's incident takes of it."""
    return {
        "observer": {"name": event["observer"]["name"]},
        "data_stream": {"namespace": event["data_stream"]["namespace"]},
        "source": {"ip": event["source"]["ip"]},
        "event": {name: event["event"][name] for name in ("start", "end", "duration")},
        "netad": {"model": {"name": event["netad"]["model"]["name"]}, "incident": event["netad"]["incident"]},
    }
