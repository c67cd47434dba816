"""Runs a suite: every trial with every detector and baseline, and what came out of it per split."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ConfigError
from netad.detectors.evaluate import baselines
from netad.detectors.evaluate.metrics import Figures, Ranking, figures, interval, mean_figures
from netad.detectors.evaluate.profiling import Profiled, profile
from netad.detectors.evaluate.recording import Recording
from netad.detectors.evaluate.splits import Trial, trials
from netad.detectors.evaluate.suite import Suite
from netad.detectors.model import Model
from netad.profiles.batch import ProfileBatch
from netad.profiles.novelty import Knowledge

log = logging.getLogger(__name__)

Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Names = NDArray[np.object_]

DAY_NS = 86_400 * 10**9


@dataclass(frozen=True)
class Counts:
    """How many there were, mean over seeds: training, normal test and malicious test hosts or windows."""

    train: float
    normal: float
    malicious: float


@dataclass(frozen=True)
class Result:
    """What one detector or baseline is worth in one split, mean over seeds.

    `false_alarms` are per host-day at the model's own threshold, None for a baseline, which has none. `interval` is
    the 95 % bootstrap interval of the macro AUROC over hosts. `detail` names the feature for the best single one.
    """

    split: str
    contamination: float
    detector: str
    baseline: bool
    seeds: tuple[int, ...]
    windowed: Figures
    per_source: Figures
    interval: tuple[float, float]
    false_alarms: float | None
    hosts: Counts
    windows: Counts
    detail: str = ""


@dataclass(frozen=True)
class Evaluation:
    """The results of a suite in the order they are reported, and sentences about what could not be tried."""

    suite: str
    window: str
    budget: float
    results: tuple[Result, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """One trial with the profiles it needs: `test` holds its normal samples, then its malicious ones."""

    trial: Trial
    train: ProfileBatch
    test: ProfileBatch
    malicious: Mask
    scenario: Names
    host: Names
    train_hosts: int
    detectors: tuple[str, ...]
    window: str
    budget: float
    ablation: bool = False

    def ranking(self, score: Float64) -> Ranking:
        """Return scores of the test samples with what these are."""
        return Ranking(score, self.malicious, self.scenario, self.host)


@dataclass(frozen=True)
class Outcome:
    """Scores of a trial's test samples: by detector (with false alarms), by baseline, and by every feature alone.

    `ablated` is by what was changed about a detector, empty where that was not asked for.
    """

    scores: dict[str, Float64]
    alarms: dict[str, int]
    simple: dict[str, Float64]
    alone: dict[str, Float64]
    ablated: dict[str, Float64]


def evaluate(
    suite: Suite,
    recordings: Sequence[Recording],
    *,
    detectors: Sequence[str],
    budget: float,
    workers: int = 1,
    ablation: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Run a suite's splits and seeds over its recordings; the result is the same for any number of workers.

    With `ablation` what each part of the transformer detector is worth is measured too. `on_step` is told how many
    trials are done, and of how many.

    Raises:
        ConfigError: no sample can train, or none is malicious.
        MissingExtraError: a detector needs an optional dependency.
    """
    window_ns = suite.window_ns
    samples = pd.concat([one.samples for one in recordings], ignore_index=True)
    planned = list(trials(samples, suite.splits, suite.seeds))
    if not any(len(trial.train) for trial in planned):
        raise ConfigError(f"the suite {suite.name!r} has no normal window to train on")
    if not samples["malicious"].any():
        raise ConfigError(f"the suite {suite.name!r} has no malicious window to find")
    profiled = profile(recordings, [move for trial in planned for move in trial.moved], window_ns)
    log.info("%d samples and %d windows with moved traffic profiled", len(samples), len(profiled.moves))
    works = [replace(_work(trial, profiled, tuple(detectors), suite.window, budget), ablation=ablation)
             for trial in planned]  # fmt: skip
    notes = [*_notes(samples), *dict.fromkeys(note for work in works if (note := _untriable(work)))]
    able = [work for work in works if not _untriable(work)]
    outcomes = []
    for outcome in _run(able, workers):
        outcomes.append(outcome)
        if on_step is not None:
            on_step(len(outcomes), len(able))
    results = []
    for split, contamination in dict.fromkeys((one.trial.split, one.trial.contamination) for one in able):
        chosen = [pair for pair in zip(able, outcomes, strict=True)
                  if (pair[0].trial.split, pair[0].trial.contamination) == (split, contamination)]  # fmt: skip
        results += _results([work for work, _ in chosen], [outcome for _, outcome in chosen], window_ns)
    return Evaluation(suite.name, suite.window, budget, tuple(results), tuple(notes))


def _work(trial: Trial, profiled: Profiled, detectors: tuple[str, ...], window: str, budget: float) -> Work:
    samples = profiled.samples
    number = {move: place for place, move in enumerate(profiled.moves)}
    moved = profiled.moved.select(np.array([number[move] for move in trial.moved], dtype=np.intp))
    donors = np.array([move.donor for move in trial.moved], dtype=np.intp)
    targets = np.array([move.target for move in trial.moved], dtype=np.intp)
    scenario, host = (samples[name].to_numpy(object) for name in ("scenario", "host"))
    tested = np.concatenate([trial.normal, trial.malicious, targets])
    return Work(
        trial=trial,
        train=profiled.recorded.select(trial.train),
        test=ProfileBatch.join([profiled.recorded.select(np.concatenate([trial.normal, trial.malicious])), moved]),
        malicious=np.arange(len(tested)) >= len(trial.normal),
        scenario=scenario[np.concatenate([trial.normal, trial.malicious, donors])],
        host=host[tested],
        train_hosts=len(set(host[trial.train])),
        detectors=detectors,
        window=window,
        budget=budget,
    )


def _notes(samples: pd.DataFrame) -> list[str]:
    names = ", ".join(sorted(set(samples["scenario"][samples["malicious"]]) - _donating(samples)))
    return [f"no window of {names} has 10 malicious flows to move"] if names else []


def _donating(samples: pd.DataFrame) -> set[str]:
    from netad.detectors.evaluate.splits import LEAST_DONATED

    return set(samples["scenario"][samples["malicious"] & (samples["bad"] >= LEAST_DONATED)])


def _untriable(work: Work) -> str:
    """Say why a trial cannot be tried, or nothing."""
    named = f"{work.trial.split}, seed {work.trial.seed}"
    if not len(work.train):
        return f"{named}: left out, nothing trains"
    if work.malicious.all():
        return f"{named}: left out, no normal window is tested"
    return "" if work.malicious.any() else f"{named}: left out, no malicious window is tested"


def _run(works: Sequence[Work], workers: int) -> Iterator[Outcome]:
    if workers <= 1 or len(works) <= 1:
        yield from map(try_out, works)
        return
    # Fresh processes: a fork would take over the locks of threads that are not there any more.
    with ProcessPoolExecutor(min(workers, len(works)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(try_out, works)


def try_out(work: Work) -> Outcome:
    """Train as `netad train` does with each detector alone, score as `netad ingest` does, and score the baselines."""
    trial = work.trial
    log.info("%s, seed %d: %d profiles train, %d are tested", trial.split, trial.seed, len(work.train), len(work.test))
    scores, alarms = {}, {}
    for name in work.detectors:
        model = Model.train(
            work.train, detectors=(name,), name="evaluation", window=work.window, seed=trial.seed, created=""
        )
        # Calibrated scores end at 1; what is behind them goes on, in the same order.
        scores[name] = model.surprises(work.test)[name]
        raised = model.score(work.test).score >= model.threshold(work.budget)
        alarms[name] = int(np.count_nonzero(raised & ~work.malicious))
    train = Knowledge.measure_training(work.train, seed=trial.seed)
    test = Knowledge.learn(work.train).measure(work.test)
    alone = baselines.single_features(train, test)
    simple = {
        baselines.STRANGER: baselines.stranger(train, test),
        baselines.ROBUST_Z: baselines.robust_z(alone, len(test)),
        baselines.CLASSIC_FOREST: baselines.classic_forest(train, test, trial.seed),
    }
    ablated = {}
    if work.ablation:
        from netad.detectors.evaluate import ablation

        ablated = ablation.ablated(work.train, work.test, scores, seed=trial.seed)
    return Outcome(scores, alarms, simple, alone, ablated)


def _results(works: Sequence[Work], outcomes: Sequence[Outcome], window_ns: int) -> list[Result]:
    """Return the results of one split: detectors as they were asked for, what was changed about them, the baselines."""
    normal = sum(int(np.count_nonzero(~work.malicious)) for work in works)
    days = normal * window_ns / DAY_NS
    found = []
    for name in works[0].detectors:
        alarms = sum(outcome.alarms[name] for outcome in outcomes) / days
        result = _result(works, name, [outcome.scores[name] for outcome in outcomes])
        found.append(replace(result, baseline=False, false_alarms=alarms))
    found += [_result(works, name, [outcome.ablated[name] for outcome in outcomes]) for name in outcomes[0].ablated]
    best = _best_feature(works, outcomes)
    for name in baselines.BASELINES:
        if name != baselines.BEST_FEATURE:
            found.append(_result(works, name, [outcome.simple[name] for outcome in outcomes]))
        elif best:
            result = _result(works, name, [outcome.alone[best] for outcome in outcomes])
            found.append(replace(result, detail=best))
    return found


def _best_feature(works: Sequence[Work], outcomes: Sequence[Outcome]) -> str:
    """Return the feature with the highest macro AUROC over all seeds: with hindsight, so that it is no easy rival."""
    common = [name for name in outcomes[0].alone if all(name in outcome.alone for outcome in outcomes)]
    macro = {
        name: np.mean([figures(work.ranking(outcome.alone[name])).macro_auroc
                       for work, outcome in zip(works, outcomes, strict=True)])
        for name in common
    }  # fmt: skip
    return max(common, key=lambda name: macro[name], default="")


def _result(works: Sequence[Work], name: str, scores: Sequence[Float64]) -> Result:
    rankings = [work.ranking(score) for work, score in zip(works, scores, strict=True)]
    return Result(
        split=works[0].trial.split,
        contamination=works[0].trial.contamination,
        detector=name,
        baseline=True,
        seeds=tuple(work.trial.seed for work in works),
        windowed=mean_figures([figures(one) for one in rankings]),
        per_source=mean_figures([figures(one.per_source()) for one in rankings]),
        interval=interval(rankings),
        false_alarms=None,
        hosts=_counted([(work.train_hosts, *_split(work, set)) for work in works]),
        windows=_counted([(len(work.train), *_split(work, list)) for work in works]),
    )


def _split(work: Work, kind: type[set[str] | list[str]]) -> tuple[int, int]:
    """Return how many normal and how many malicious test windows there are, or hosts if `kind` is a set."""
    return len(kind(work.host[~work.malicious])), len(kind(work.host[work.malicious]))


def _counted(counts: Sequence[tuple[int, int, int]]) -> Counts:
    return Counts(*(float(value) for value in np.mean(counts, axis=0)))
