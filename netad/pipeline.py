"""Wires the rooms: inputs to flows, flows to profiles, profiles to scores, scores to events, events to outputs.

What needs pandas is imported where it is used: `netad flows` does without it, which is half of its start-up.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_DNS, uuid4, uuid5

import numpy as np

from netad import __version__
from netad.config import DEFAULT_WINDOW, Config
from netad.core.errors import ConfigError, ExitCode, InputError, NetadError
from netad.core.timing import iso, now_iso, parse_duration
from netad.detectors.anomaly import ONLY_OUTSIDE, Anomaly
from netad.flow_spool import FlowSpool
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import find_sources
from netad.ingest.report import IngestReport
from netad.outputs.base import Abandonable, Delivery, Event, Output, RunSummary
from netad.outputs.events import Origin, anomaly_event, flow_events
from netad.outputs.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from netad.detectors.model import Model
    from netad.progress import ProgressBar
    from netad.rules.ruleset import RuleSet

log = logging.getLogger(__name__)
SCORED_TOGETHER = 4096  # profiles


@dataclass
class Reading:
    """Inputs on their way to profiles: the counters fill while `profiles` is consumed."""

    config: Config
    inputs: Sequence[str]
    progress: "ProgressBar | None" = None
    report: IngestReport = field(default_factory=IngestReport)
    notes: list[str] = field(default_factory=list)

    def flows(self) -> Iterator[FlowBatch]:
        """Yield flow records of all inputs, batch by batch, in order.

        Raises:
            InputError: none of the inputs can be read.
        """
        sources = find_sources(self.inputs, self.report, self.config.max_ratio)
        if not sources:
            raise InputError("; ".join(f"{p.path}: {p.sentence}" for p in self.report.problems) or "no input was given")
        log.info("%s to read", counted(len(sources), "input"))
        options = IngestOptions(
            window_ns=self.config.window_ns,
            since_ns=self.config.since_ns,
            until_ns=self.config.until_ns,
            lateness_ns=parse_duration(self.config.lateness),
            max_flows=self.config.max_flows,
            decap=self.config.decap,
        )
        yield from read_flows(sources, options, self.report, self.progress)
        if self.progress is not None:
            self.progress.stop()
        if self.report.evicted:
            self.notes.append(f"{counted(self.report.evicted, 'flow')} ended early because more than "
                              f"{self.config.max_flows:,} were open at once (see --max-flows)")  # fmt: skip

    def profiles(self, on_flows: Callable[[FlowBatch], None] | None = None) -> Iterator["pd.DataFrame"]:
        """Yield ProfileFrames as windows close; `on_flows` is handed every batch of whole flows on the way."""
        from netad.profiles.windows import WindowAggregator

        windows = WindowAggregator(self.config.window_ns, self.config.networks, parse_duration(self.config.lateness))
        for batch in self.flows():
            if on_flows is not None:
                on_flows(batch.whole())
            yield from windows.add(batch)
        yield from windows.finish()
        if windows.late:
            self.notes.append(f"{counted(windows.late, 'flow record')} came after the window was closed (see lateness)")
        if windows.left_out:
            records = counted(windows.left_out, "flow record")
            self.notes.append(f"{records} of multicast, broadcast or unspecified sources made no profile")


def all_profiles(reading: Reading, on_flows: Callable[[FlowBatch], None] | None = None) -> "pd.DataFrame":
    """Return every profile of the inputs in one frame, in order of window and source."""
    from netad.profiles.frame import join_frames

    return join_frames(list(reading.profiles(on_flows)))


def train_model(config: Config, reading: Reading, name: str) -> "Model":
    """Learn a model from the inputs, all of which count as normal.

    Raises:
        InputError: the inputs hold no profile.
    """
    from netad.detectors.model import Model

    profiles = all_profiles(reading)
    if profiles.empty:
        raise InputError("the inputs hold no flows of a host, so there is nothing to train on")
    return Model.train(
        profiles,
        detectors=config.detectors,
        name=name,
        window=config.window or DEFAULT_WINDOW,
        seed=config.seed,
        inputs=[{"path": str(item)} for item in reading.inputs],
        created=now_iso(),
    )


def open_model(config: Config) -> tuple["Model", Config]:
    """Return the model that `config.model` names, and the settings with the window it was trained on.

    Raises:
        ModelError: it cannot be used.
        ConfigError: another window was asked for than the model knows.
    """
    from dataclasses import replace

    from netad.detectors.model import Model

    model = Model.load(Path(config.model or ""))
    log.info("model %s %s (window %s, trained on %s)",
             model.name, model.version, model.window, counted(model.profiles, "profile"))  # fmt: skip
    as_trained = replace(config, window=model.window)
    if config.window is not None and config.window_ns != as_trained.window_ns:
        raise ConfigError(f"the model {config.model} was trained on windows of {model.window}, not {config.window}; "
                          "leave --window out or train another model")  # fmt: skip
    return model, as_trained


@dataclass
class Judgement:
    """What scoring found: the anomalies, how much was looked at, and the models it was judged by (none: no profile)."""

    threshold: float = 0.0
    models: list["Model"] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    profiles: int = 0
    sources: set[str] = field(default_factory=set)
    windows: set[int] = field(default_factory=set)

    def judge_by(self, model: "Model", budget: float) -> None:
        """Score what is added from now on by this model."""
        self.models.append(model)
        self.threshold = model.threshold(budget)

    def add(self, frame: "pd.DataFrame") -> None:
        """Score a ProfileFrame and keep what is anomalous in it."""
        from netad.detectors.explain import explain
        from netad.detectors.model import severity

        self.profiles += len(frame)
        self.sources.update(frame["source"])
        self.windows.update(frame["window_start_ns"].tolist())
        if frame.empty:
            return
        model = self.models[-1]
        scores = model.score(frame)
        flagged = np.flatnonzero(scores.score >= self.threshold)
        rows = frame.iloc[flagged]
        explanations = explain(model, rows)
        for index, row, (reasons, profile) in zip(flagged.tolist(), rows.to_dict("records"), explanations, strict=True):
            self.anomalies.append(
                Anomaly(
                    source=row["source"],
                    inside=bool(row["inside"]),
                    window_start_ns=int(row["window_start_ns"]),
                    window_end_ns=int(row["window_end_ns"]),
                    window_length=model.window,
                    score=float(scores.score[index]),
                    threshold=self.threshold,
                    tail=float(scores.tail[index]),
                    severity=severity(float(scores.score[index]), self.threshold),
                    detector=str(scores.detector[index]),
                    detector_scores={name: float(column[index]) for name, column in scores.by_detector.items()},
                    model_name=model.name,
                    model_version=model.version,
                    reasons=reasons,
                    profile=profile,
                    totals=_totals(row),
                    window_digest=row["window_digest"],
                    baseline_profiles=model.profiles,
                )
            )


def _totals(row: dict[Any, Any]) -> dict[str, int]:
    names = {"packets": "packets_out", "bytes": "bytes_out", "bytes_in": "bytes_in", "flows": "flows"}
    return {name: int(row[column]) for name, column in names.items() if not np.isnan(row[column])}


def judge(config: Config, reading: Reading, spool: FlowSpool) -> Judgement:
    """Read the inputs, score every profile against the model, or against the inputs themselves without one."""
    from netad.detectors.model import Model
    from netad.profiles.frame import large_pieces

    if config.model is not None:
        model, config = open_model(config)
        reading.config = config
        judgement = Judgement()
        judgement.judge_by(model, config.budget)
        for frame in large_pieces(reading.profiles(spool.add), SCORED_TOGETHER):
            judgement.add(frame)
        return judgement
    profiles = all_profiles(reading, spool.add)
    inside = profiles["inside"].to_numpy(bool)
    judgement = Judgement()
    # Outside sources show a few of their flows only: against inside ones they would all look alike, and odd.
    for group in (profiles[inside], profiles[~inside]):
        if not group.empty:
            model = Model.train(
                group,
                detectors=config.detectors,
                name="self",
                window=config.window or DEFAULT_WINDOW,
                seed=config.seed,
                self_baseline=True,
                created=now_iso(),
            )
            judgement.judge_by(model, config.budget)
            judgement.add(group.reset_index(drop=True))
    return judgement


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


@dataclass
class Result:
    """How a run ended."""

    summary: RunSummary
    deliveries: dict[str, Delivery]
    exit_code: ExitCode


def ingest(
    config: Config, reading: Reading, outputs: Sequence[tuple[str, Output]], rules: "RuleSet | None" = None
) -> Result:
    """Run the whole way: read, profile, judge, explain, apply rules, deliver. `outputs` are (name, output) pairs.

    An output that fails costs that output: the others still get every event. A run that ends before there is an event
    leaves the outputs as they were. Whatever ends it later, an interrupt included, outputs are closed, so that what
    they hold is sent, kept, or named as lost.
    """
    from netad.evidence import gather

    failed: dict[str, NetadError] = {}
    with FlowSpool() as spool:
        created = now_iso()
        try:
            origin = origin_of(config)
            judgement = judge(config, reading, spool)
            anomalies = gather(judgement.anomalies, spool.batches(), origin)
            events = [anomaly_event(anomaly, origin, created) for anomaly in anomalies]
            if rules is not None:
                for event in events:
                    rules.apply(event, datetime.now(UTC))
            summary = summarise(reading, judgement, events, rules)
        except BaseException:
            for _, output in outputs:
                if isinstance(output, Abandonable):
                    output.abandon()
            raise
        log.info("%s of %s, %s", counted(summary.profiles, "profile"), counted(summary.flows, "flow"),
                 counted(summary.anomalies, "anomaly", "anomalies"))  # fmt: skip
        try:
            _write(outputs, events, failed)
            for batch in _flows_to_ship(config, anomalies, spool):
                _write(outputs, list(flow_events(batch, origin, created, config.networks)), failed)
        except BaseException:
            unfinished = _close([pair for pair in outputs if pair[1].name != "console"], summary, failed)
            for name, delivery in unfinished.deliveries.items():
                log.error(where(name, delivery))
            raise
        return _close(outputs, summary, failed)


def _flows_to_ship(config: Config, anomalies: list[Anomaly], spool: FlowSpool) -> Iterable[FlowBatch]:
    if config.flows == "all":
        return spool.batches()
    from netad.evidence import flows_behind

    return flows_behind(anomalies, spool.batches()) if config.flows == "anomalous" else ()


def _write(outputs: Sequence[tuple[str, Output]], events: list[Event], failed: dict[str, NetadError]) -> None:
    for name, output in outputs:
        if name in failed:
            continue
        try:
            output.write(events)
        except NetadError as error:
            failed[name] = error


def _close(outputs: Sequence[tuple[str, Output]], summary: RunSummary, failed: dict[str, NetadError]) -> Result:
    """Close the outputs, the console last, so that it can say where everything went."""
    deliveries: dict[str, Delivery] = {}
    for name, output in sorted(outputs, key=lambda pair: pair[1].name == "console"):
        try:
            delivery = output.close(summary)
        except NetadError as error:
            failed.setdefault(name, error)
            delivery = Delivery()
        if name in failed:
            delivery.problems.append(f"{name}: {failed[name]}")
        deliveries[name] = delivery
        summary.deliveries.append(where(name, delivery))
    return Result(summary, deliveries, _exit_code(summary, deliveries, failed))


def where(name: str, delivery: Delivery) -> str:
    """Return what became of an output's events, in words."""
    counts = {"delivered": delivery.delivered, "already there": delivery.duplicates, "spooled": delivery.spooled,
              "refused": delivery.dead}  # fmt: skip
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "no events"
    return f"{name}: {told}" + (f" ({delivery.where})" if delivery.where else "")


def _exit_code(summary: RunSummary, deliveries: dict[str, Delivery], failed: dict[str, NetadError]) -> ExitCode:
    codes = {error.exit_code for error in failed.values()}
    if any(delivery.spooled or delivery.dead or delivery.problems for delivery in deliveries.values()):
        codes.add(ExitCode.OUTPUT)
    if summary.problems:
        codes.add(ExitCode.INPUT)
    return next((code for code in (ExitCode.SPOOL, ExitCode.OUTPUT, ExitCode.INPUT) if code in codes), ExitCode.DONE)


def summarise(reading: Reading, judgement: Judgement, events: list[Event], rules: "RuleSet | None") -> RunSummary:
    """Return what the run read and found."""
    report = reading.report
    suppressed = sum(bool(event["netad"]["suppression"]["suppressed"]) for event in events)
    return RunSummary(
        files=report.files,
        bytes=report.bytes,
        packets=report.packets,
        handed_over=report.handed_over,
        flows=report.flows,
        first_ns=report.first_ns,
        last_ns=report.last_ns,
        profiles=judgement.profiles,
        sources=len(judgement.sources),
        windows=len(judgement.windows),
        window_length=reading.config.window or DEFAULT_WINDOW,
        anomalies=len(events),
        suppressed=suppressed,
        skipped=dict(report.skipped.most_common()),
        problems=[f"{problem.path}: {problem.sentence}" for problem in report.problems],
        suppressed_by_rule=dict(rules.hits) if rules is not None else {},
        baseline=_baseline(judgement.models),
        threshold=judgement.threshold,
        budget=reading.config.budget,
        notes=[*reading.notes, *_model_notes(judgement.models)],
    )


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
            return ("no model was given, and a single profile cannot stand out from itself: nothing was judged "
                    "(netad train makes a model)")  # fmt: skip
        profiles = " and, for outside sources, ".join(f"{one.profiles:,}" for one in models)
        return (f"no model was given: {profiles} profiles of this input are their own baseline, "
                "so what all of it has in common cannot stand out (netad train makes a model)")  # fmt: skip
    return f"model {model.name} {model.version}, trained on {counted(model.profiles, 'profile')}"


def span(report: IngestReport) -> str:
    """Return the time span of what was read, in words."""
    if report.first_ns is None or report.last_ns is None:
        return "no packets"
    return f"{iso(report.first_ns)} to {iso(report.last_ns)}"
