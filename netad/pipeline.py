"""Wires the rooms: inputs to flows, flows to profiles, profiles to scores, scores to events, events to outputs."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid4, uuid5

from netad import __version__
from netad.config import DEFAULT_WINDOW, Config
from netad.core.timing import now_iso
from netad.delivery import Result, close, where, write, write_run
from netad.detectors.anomaly import ONLY_OUTSIDE, Anomaly
from netad.earlier import earlier_anomalies
from netad.event_spool import EventSpool
from netad.explaining import about, explain
from netad.flow_spool import FlowSpool
from netad.found import Found
from netad.ingest.flows import FlowBatch
from netad.ingest.report import IngestReport
from netad.judging import Judgement, judge
from netad.outputs.base import Abandonable, Event, KeepsMore, Output, RunSummary, ShowsAnomalies
from netad.outputs.events import Origin, anomaly_event, flow_events
from netad.outputs.wording import counted
from netad.reading import Reading

if TYPE_CHECKING:
    from netad.core.errors import NetadError
    from netad.detectors.model import Model
    from netad.detectors.scored import ScoredProfiles
    from netad.enriching import Enriching
    from netad.rules.judging import Verdicts
    from netad.rules.limit_memory import LimitMemory
    from netad.rules.limits import LimitState
    from netad.rules.ruleset import RuleSet

# Events that are built before the first of them is handed to the outputs.
TOGETHER = 1000

log = logging.getLogger(__name__)


def origin_of(config: Config) -> Origin:
    """Return who reports: the observer, the namespace and this run."""
    return Origin(
        observer=config.observer,
        namespace=config.namespace,
        run_id=uuid4().hex,
        agent_version=__version__,
        # The same from run to run, as ECS wants it: one agent an observer.
        agent_id=uuid5(NAMESPACE_DNS, config.observer).hex,
        labels=dict(config.labels),
        tags=("netad", *config.tags),
    )


def ingest(
    config: Config,
    reading: Reading,
    outputs: Sequence[tuple[str, Output]],
    rules: "RuleSet | None" = None,
    limits: "LimitMemory | None" = None,
    explained: str | None = None,
) -> Result:
    """Run the whole way: read, profile, judge, explain, apply rules, deliver. `outputs` are (name, output) pairs.

    An output that fails costs that output: the others still get every event. A run that ends before there is an event
    leaves the outputs as they were. Whatever ends it later, an interrupt included, outputs are closed, so that what
    they hold is sent, kept, or named as lost. Without `limits`, what rules with a limit let pass is not remembered.
    Of the source `explained`, outputs that can tell all of its windows, and of no other.
    """
    from netad.enriching import Enriching

    failed: dict[str, NetadError] = {}
    started_ns = time.time_ns()
    stages = reading.stages
    with FlowSpool() as spool, EventSpool() as profiles:
        created = now_iso()
        try:
            enriching = Enriching(config)
            origin = enriching.told(origin_of(config))
            with stages.during("score"):
                on_scored = _on_scored(config, profiles, origin, created, outputs)
                judgement = judge(config, reading, spool, on_scored, explained)
                anomalies, found = _told(judgement.anomalies, spool, enriching, origin, created)
                first_ns, targets = min(judgement.windows, default=0), [name for name, _ in outputs]
                enriching.connect(found, config, lambda shown: earlier_anomalies(targets, shown, first_ns))
                passed = None if rules is None or limits is None else limits.recall()
                events, verdicts = ruled(found, rules, datetime.now(UTC), passed)
                about_it = about(explained, events, judgement, spool, origin, created, config.networks)
            counts = Found()
            counts.add(events, verdicts)
            kinds = {str(source.format) for source in reading.sources}
            summary = summarise(reading.config, reading.report, judgement, counts, kinds)
            summary.notes[:0] = reading.notes
            summary = enriching.told(summary)
        except BaseException:
            for _, output in outputs:
                if isinstance(output, Abandonable):
                    output.abandon()
            raise
        log.info("%s of %s, %s", counted(summary.profiles, "profile"), counted(summary.flows, "flow"),
                 counted(summary.anomalies, "anomaly", "anomalies"))  # fmt: skip
        try:
            with stages.during("deliver"):
                explain(explained, enriching.leaving(about_it), outputs)
                flows = _flows_to_ship(config, anomalies, spool) if _take_more(outputs) else ()
                shipped = (part for batch in flows
                           for part in in_parts(flow_events(batch, origin, created, config.networks)))  # fmt: skip
                for batch in chain([events], map(enriching.add, chain(profiles.batches(), shipped))):
                    write(outputs, enriching.leaving(batch), failed)
                summary.seconds = stages.seconds
                write_run(outputs, summary, started_ns, origin, failed)
        except BaseException as error:
            quiet = [pair for pair in outputs if pair[1].name != "console"]
            summary.seconds = stages.seconds
            try:
                write_run(quiet, summary, started_ns, origin, failed, ended_by=error)
            finally:
                for name, delivery in close(quiet, summary, failed).deliveries.items():
                    log.error(where(name, delivery))
            raise
        result = close(outputs, summary, failed)
        if limits is not None:
            limits.keep()
        return result


def _told(
    anomalies: list[Anomaly], spool: FlowSpool, enriching: "Enriching", origin: Origin, created: str
) -> tuple[list[Anomaly], list[Event]]:
    """Return the anomalies with their evidence, and their events with all that is known of their hosts."""
    from netad.enriching import NOTED
    from netad.evidence import gather
    from netad.fact_evidence import add_facts

    anomalies = add_facts(gather(anomalies, spool.batches(), origin, enriching.inside), spool.facts)
    for facts in spool.facts(NOTED):
        enriching.note(facts)
    events = enriching.add([anomaly_event(anomaly, origin, created) for anomaly in anomalies])
    enriching.add_threats(anomalies, events, spool.batches(), spool.facts)
    return anomalies, events


def in_parts(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield events a few at a time: a batch of flows takes many times its memory as documents."""
    left = iter(events)
    while part := list(islice(left, TOGETHER)):
        yield part


def ruled(
    events: list[Event], rules: "RuleSet | None", now: datetime, limits: "LimitState | None" = None
) -> "tuple[list[Event], Verdicts | None]":
    """Return the events that ship, marked as the rules say, and the verdicts on all of them (None without rules).

    `limits` knows what rules with a limit let pass before, and takes what passes now.
    """
    if rules is None:
        return events, None
    from netad.rules.marking import mark

    verdicts = rules.judge(events, now, limits)
    for event, verdict in zip(events, verdicts.verdicts, strict=True):
        mark(event, verdict)
    return [event for event, verdict in zip(events, verdicts.verdicts, strict=True) if not verdict.dropped], verdicts


def _on_scored(
    config: Config, profiles: EventSpool, origin: Origin, created: str, outputs: Sequence[tuple[str, Output]]
) -> "Callable[[ScoredProfiles], None] | None":
    """Return what makes events of profiles as they are scored, None when none are to ship to `outputs`."""
    if config.profiles == "none" or not _take_more(outputs):
        return None
    from netad.outputs.profile_event import profile_events

    stored = any(isinstance(output, KeepsMore) for _, output in outputs)

    def keep(scored: "ScoredProfiles") -> None:
        chosen = scored if config.profiles == "all" else scored.select(scored.flagged)
        profiles.add(profile_events(chosen, origin, created, for_store=stored))

    return keep


def _take_more(outputs: Sequence[tuple[str, Output]]) -> bool:
    """Tell whether any of the outputs has a use for events of flows and profiles."""
    return not all(isinstance(output, ShowsAnomalies) for _, output in outputs)


def _flows_to_ship(config: Config, anomalies: list[Anomaly], spool: FlowSpool) -> Iterable[FlowBatch]:
    if config.flows == "all":
        return (batch.whole() for batch in spool.batches())
    from netad.evidence import flows_behind

    return flows_behind(anomalies, spool.batches()) if config.flows == "anomalous" else ()


def summarise(
    config: Config, report: IngestReport, judgement: Judgement, found: Found, kinds: Iterable[str]
) -> RunSummary:
    """Return what a run read and found; `kinds` names the formats of its inputs. Notes are those of the models.

    Threshold and budget are those for inside sources, where outside ones have a baseline of their own.
    """
    lead = judgement.models[:1]
    return RunSummary(
        files=report.files,
        logs=report.logs,
        bytes=report.bytes,
        packets=report.packets,
        records=report.records,
        handed_over=report.handed_over,
        flows=report.flows,
        first_ns=report.first_ns,
        last_ns=report.last_ns,
        profiles=judgement.profiles,
        sources=len(judgement.sources),
        windows=len(judgement.windows),
        window_length=config.window or DEFAULT_WINDOW,
        anomalies=found.anomalies,
        suppressed=found.suppressed,
        dropped=found.dropped,
        skipped=dict(report.skipped.most_common()),
        problems=[f"{problem.path}: {problem.sentence}" for problem in report.problems],
        suppressed_by_rule=dict(found.suppressed_by_rule),
        dropped_by_rule=dict(found.dropped_by_rule),
        kinds=sorted(kinds),
        severities=dict(found.severities),
        model=(judgement.models[0].name, judgement.models[0].version) if judgement.models else None,
        baseline=_baseline(judgement.models),
        threshold=lead[0].threshold(config.budget) if lead else 0.0,
        budget=max([config.budget, *(model.finest_budget for model in lead)]),
        notes=[*_model_notes(judgement.models), *_stranger_notes(judgement)],
    )


def _stranger_notes(judgement: Judgement) -> list[str]:
    if not judgement.strangers:
        return []
    profiles = counted(judgement.strangers, "profile")
    return [f"{profiles} of sources outside: looked at for named behaviours only, as the model knows sources inside"]


def _model_notes(models: "Sequence[Model]") -> list[str]:
    """Return what the models say of their training, but not of the outside sources that they are outside."""
    notes = dict.fromkeys(note for model in models for note in model.notes)
    if len(models) > 1:
        notes.pop(ONLY_OUTSIDE, None)
    return list(notes)


def _baseline(models: "Sequence[Model]") -> str:
    if not models:
        return ""
    model = models[0]
    if model.self_baseline:
        if all(one.profiles == 1 for one in models):
            return ("no model was given, and a single profile cannot stand out from itself: only named behaviours were "
                    "looked for (netad train makes a model)")  # fmt: skip
        profiles = " and, for outside sources, ".join(f"{one.profiles:,}" for one in models)
        return (f"no model was given: {profiles} profiles of this input are their own baseline, "
                "so what all of it has in common cannot stand out (netad train makes a model)")  # fmt: skip
    return f"model {model.name} {model.version}, trained on {counted(model.profiles, 'profile')}"
