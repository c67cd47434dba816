"""Profiles to anomalies: the model that judges, what it learnt from, and what it found."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from netad.config import DEFAULT_WINDOW, Config
from netad.core.errors import ConfigError, InputError
from netad.core.timing import now_iso
from netad.detector_settings import detector_settings, run_as_set
from netad.detectors.anomaly import Anomaly
from netad.detectors.verdicts import NO_VERDICTS, Verdicts
from netad.enriching import peer_groups
from netad.flow_spool import FlowSpool
from netad.ingest.read import Batch
from netad.outputs.wording import counted
from netad.reading import Reading

if TYPE_CHECKING:
    from netad.detectors.behaviour.behaviours import Watched
    from netad.detectors.model import Model
    from netad.detectors.scored import ScoredProfiles
    from netad.profiles.batch import ProfileBatch
    from netad.stored_profiles import StoredBatch

log = logging.getLogger(__name__)
SCORED_TOGETHER = 4096  # profiles


def train_model(
    config: Config,
    reading: Reading,
    name: str,
    verdicts: Verdicts = NO_VERDICTS,
    made_with: Mapping[str, Any] | None = None,
    stored: "StoredBatch | None" = None,
) -> "Model":
    """Learn a model from the inputs, all of which count as normal but for what `verdicts` call true anomalies.

    `made_with` is by detector what it is made with (netad.detector_settings), `stored` are profiles of stores that are
    learnt from too.

    Raises:
        InputError: the inputs hold no profile.
        ModelError: all of them are true anomalies.
    """
    from netad.detectors.model import Model

    return Model.train(
        _to_learn_from(config, reading, stored),
        detectors=config.detectors,
        name=name,
        window=config.window or DEFAULT_WINDOW,
        seed=config.seed,
        inputs=_named(reading, stored),
        created=now_iso(),
        peer_networks=peer_groups(config),
        verdicts=verdicts,
        settings=made_with,
    )


def update_model(
    config: Config,
    reading: Reading,
    model: "Model",
    verdicts: Verdicts = NO_VERDICTS,
    stored: "StoredBatch | None" = None,
) -> "Model":
    """Learn more normal profiles into a model; `config` carries the model's own window (`open_model`).

    Raises:
        InputError: the inputs hold no profile.
        ModelError: the model holds all of them already.
    """
    batch = _to_learn_from(config, reading, stored)
    return model.update(batch, created=now_iso(), inputs=_named(reading, stored), verdicts=verdicts)


def _named(reading: Reading, stored: "StoredBatch | None") -> list[dict[str, Any]]:
    return [{"path": item} for item in (*reading.inputs, *(() if stored is None else stored.named))]


def _to_learn_from(config: Config, reading: Reading, stored: "StoredBatch | None") -> "ProfileBatch":
    batch = profiles_of(config, reading, stored)
    if not len(batch):
        raise InputError("the inputs hold no flows of a host, so there is nothing to train on")
    return batch


def profiles_of(config: Config, reading: Reading, stored: "StoredBatch | None") -> "ProfileBatch":
    """Return every profile of the inputs and of stores, watched for behaviours, in one piece."""
    from netad.profiles.batch import ProfileBatch

    read = [watched(config, reading).batch] if reading.inputs else []
    return ProfileBatch.join([*read, *(() if stored is None else (stored.batch,))])


def open_model(config: Config) -> tuple["Model", Config]:
    """Return the model that `config.model` names, and the settings with the window it was trained on.

    Raises:
        ModelError: it cannot be used.
        ConfigError: another window was asked for than the model knows.
    """
    from dataclasses import replace

    from netad.detectors.model import Model

    model = Model.load(Path(config.model or ""))
    run_as_set(model, config)
    log.info("model %s %s (window %s, trained on %s)",
             model.name, model.version, model.window, counted(model.profiles, "profile"))  # fmt: skip
    as_trained = replace(config, window=model.window)
    if config.window is not None and config.window_ns != as_trained.window_ns:
        raise ConfigError(f"the model {config.model} was trained on windows of {model.window}, not {config.window}; "
                          "leave --window out or train another model")  # fmt: skip
    return model, as_trained


@dataclass
class Judgement:
    """What scoring found: the anomalies, how much was looked at, and the models it was judged by (none: no profile).

    `on_scored` is handed all profiles as they are scored, for who wants to know of normal ones too. Of the source
    `explained`, if one is named, `normal` holds what is not anomalous in the same form as `anomalies`. `strangers` are
    the profiles of sources outside that a model of inside sources judged, by named behaviours only.
    """

    threshold: float = 0.0
    models: list["Model"] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    profiles: int = 0
    sources: set[str] = field(default_factory=set)
    strangers: int = 0
    windows: set[int] = field(default_factory=set)
    on_scored: "Callable[[ScoredProfiles], None] | None" = None
    explained: str | None = None
    normal: list[Anomaly] = field(default_factory=list)

    def judge_by(self, model: "Model", budget: float) -> None:
        """Score what is added from now on by this model."""
        self.models.append(model)
        self.threshold = model.threshold(budget)

    def add(self, watched: "Watched") -> None:
        """Score profiles and keep what is anomalous in them."""
        from netad.detectors.explain import explain
        from netad.detectors.scored import ScoredProfiles
        from netad.detectors.scores import severity

        frame = watched.batch.frame
        self.profiles += len(frame)
        self.sources.update(frame["source"])
        self.strangers += int(np.count_nonzero(self.models[-1].strangers(frame))) if self.models else 0
        self.windows.update(frame["window_start_ns"].tolist())
        if frame.empty:
            return
        model = self.models[-1]
        measured = model.measure(watched.batch).frame
        scored = ScoredProfiles(measured, model.score(measured), model, self.threshold, watched.batch.meetings)
        if self.on_scored is not None:
            self.on_scored(scored)
        scores = scored.scores
        told = np.flatnonzero(scored.flagged | (measured["source"] == self.explained).to_numpy(bool))
        rows = measured.iloc[told]
        explanations = explain(model, rows, self.threshold)
        findings = watched.by_row()
        for index, row, explanation in zip(told.tolist(), rows.to_dict("records"), explanations, strict=True):
            (self.anomalies if scored.flagged[index] else self.normal).append(
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
                    reasons=explanation.reasons,
                    profile=explanation.profile,
                    changes=explanation.changes,
                    words=explanation.words,
                    known_source=bool(scores.known[index]),
                    totals=_totals(row),
                    window_digest=row["window_digest"],
                    baseline_profiles=model.profiles,
                    findings=tuple(finding for finding in findings.get(index, ()) if finding.fires),
                )
            )


def _totals(row: dict[Any, Any]) -> dict[str, int]:
    names = {"packets": "packets_out", "bytes": "bytes_out", "bytes_in": "bytes_in", "flows": "flows"}
    return {name: int(row[column]) for name, column in names.items() if not np.isnan(row[column])}


def judge(
    config: Config,
    reading: Reading,
    spool: FlowSpool,
    on_scored: "Callable[[ScoredProfiles], None] | None" = None,
    explained: str | None = None,
) -> Judgement:
    """Read the inputs, score every profile against the model, or against the inputs themselves without one.

    Flows and facts go to the spool; `on_scored` is handed all profiles as they are scored, `explained` names a source
    of which all profiles are explained.
    """
    from netad.detectors.model import Model

    if config.model is not None:
        model, config = open_model(config)
        reading.config = config
        judgement = Judgement(on_scored=on_scored, explained=explained)
        judgement.judge_by(model, config.budget)
        for piece in _pieces(config, reading, spool.add):
            judgement.add(piece)
        return judgement
    everything = watched(config, reading, spool.add)
    inside = everything.batch.frame["inside"].to_numpy(bool)
    judgement = Judgement(on_scored=on_scored, explained=explained)
    # Outside sources show a few of their flows only: against inside ones they would all look alike, and odd.
    for rows in (inside, ~inside):
        if rows.any():
            group = everything.select(rows)
            model = Model.train(
                group.batch,
                detectors=config.detectors,
                name="self",
                window=config.window or DEFAULT_WINDOW,
                seed=config.seed,
                self_baseline=True,
                created=now_iso(),
                peer_networks=peer_groups(config),
                settings=detector_settings(config),
            )
            judgement.judge_by(model, config.budget)
            judgement.add(group)
    return judgement


def watched(config: Config, reading: Reading, on_batch: Callable[[Batch], None] | None = None) -> "Watched":
    """Return every profile of the inputs, watched for behaviours, in one piece."""
    from netad.detectors.behaviour.behaviours import Watched

    return Watched.join(list(_pieces(config, reading, on_batch)))


def newest_windows(batch: "ProfileBatch", count: int | None) -> "ProfileBatch":
    """Return the profiles of the newest `count` windows that hold any; all of them for None."""
    if count is None:
        return batch
    starts = batch.frame["window_start_ns"].to_numpy(np.int64)
    return batch.select(np.isin(starts, np.unique(starts)[-count:]))


def _pieces(config: Config, reading: Reading, on_batch: Callable[[Batch], None] | None) -> Iterator["Watched"]:
    """Yield the profiles of the inputs as windows close, watched for behaviours, in pieces of some size.

    What is done once a piece costs as much for one profile as for hundreds, and a capture may span very many windows.
    """
    from netad.detectors.behaviour.behaviours import Behaviours, Watched

    behaviours = Behaviours(config.behaviours, config.networks)
    waiting: list[Watched] = []
    held = 0
    for batch in reading.stages.each("profile", reading.profiles(on_batch)):
        waiting.append(behaviours.watch(batch))
        held += len(batch)
        if held >= SCORED_TOGETHER:
            yield Watched.join(waiting)
            waiting, held = [], 0
    if waiting:
        yield Watched.join(waiting)
    reading.notes.extend(f"behaviour {name}: {counted(count, 'earlier contact')} forgotten: more than it "
                         "may keep in mind" for name, count in behaviours.forgotten.items())  # fmt: skip
