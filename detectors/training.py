"""Profiles to fitted detectors: out-of-fold scores, what they mean, and profiles that are too odd to learn from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.base import DETECTORS, CrossFitting, Detector, reads_words
from netad.detectors.behaviour_detector import behaviour_columns
from netad.detectors.calibration import Calibration
from netad.detectors.habits import BehaviourHabits
from netad.detectors.matrix import Scaling, judged
from netad.detectors.verdicts import NO_VERDICTS, Verdicts
from netad.profiles.batch import ProfileBatch
from netad.profiles.features import FEATURES
from netad.profiles.novelty import Knowledge

Float64 = NDArray[np.float64]
Folds = NDArray[np.intp]
Mask = NDArray[np.bool_]

FOLDS = 5
# The oddest 4 % of the training profiles, and at least one, neither teach what is known nor train detectors: attacks
# are expected among them, one can make whatever it met look known, and without them a model of normal traffic is
# hardly worse. They still count when scores are calibrated, so that no false alarm is hidden by leaving its like out.
SET_ASIDE = 0.04
LEAST_TO_CHOOSE = 20
LEAST_ODD = 1.0
CHOOSER = "fusion"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A profile that was set aside in training: its surprise (decades) to the others, and what was oddest about it."""

    source: str
    window_start_ns: int
    window_end_ns: int
    surprise: float
    reason: str


@dataclass(frozen=True)
class Fit:
    """Detectors fitted to profiles, what their scores mean, and the out-of-fold raw scores of the profiles.

    A detector that holds some profiles out, instead of being fitted once a fold, has NaN for the others.
    """

    detectors: dict[str, Detector]
    calibrations: dict[str, Calibration]
    raw: dict[str, Float64]


def folds_of(count: int, seed: int) -> Folds:
    """Return a fold number for each of `count` rows, shape (count,): five parts of equal size, drawn by seed."""
    return np.random.default_rng(seed % (1 << 64)).permutation(count) % FOLDS


def fit(
    rows: pd.DataFrame,
    names: Sequence[str],
    seed: int,
    *,
    odd: pd.DataFrame | None = None,
    self_baseline: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Fit:
    """Fit the named detectors to a ProfileFrame and calibrate each by the scores it gives out of fold.

    `odd` are normal profiles that are not learnt from, but count in the calibration; `settings` is by detector what it
    is made with.

    Raises:
        ConfigError: an unknown detector.
        MissingExtraError: a detector needs an optional dependency.
    """
    folds = folds_of(len(rows), seed)
    if not self_baseline:
        rows = BehaviourHabits.discounted_training(rows)
    detectors, raw, calibrations = {}, {}, {}
    for name in names:
        kind: Any = DETECTORS.load(name)
        detector = detectors[name] = kind(settings[name]) if settings and name in settings else kind()
        raw[name] = _fitted(detector, rows, folds, seed)
        beside = np.empty(0) if odd is None else detector.score(odd)
        told = raw[name][~np.isnan(raw[name])]
        calibrations[name] = _calibration(detector, np.concatenate([told, beside]), self_baseline)
    return Fit(detectors, calibrations, raw)


def _fitted(detector: Detector, rows: pd.DataFrame, folds: Folds, seed: int) -> Float64:
    """Fit a detector to all rows; return what each would score without its fold, in sample where there is one fold."""
    if isinstance(detector, CrossFitting):
        return detector.fit_folds(rows, folds, seed=seed)
    detector.fit(rows, seed=seed)
    numbers = np.unique(folds)
    if len(numbers) < 2:
        return detector.score(rows)
    raw = np.empty(len(rows))
    for number in numbers:
        out = folds == number
        other = type(detector)()
        other.fit(rows[~out], seed=seed)
        raw[out] = other.score(rows[out])
    return raw


def in_decades(detector: Detector) -> bool:
    """Tell whether a detector's scores are decades by themselves, so that it has learnt nothing of the network."""
    return bool(getattr(detector, "in_decades", False))


def _calibration(detector: Detector, raw: Float64, self_baseline: bool) -> Calibration:
    """Return what raw scores mean, by those of normal profiles.

    Scores that claim to be decades are bounded by those of normal profiles, but for the greatest 4 %, which may be
    attacks; in a self-baseline, where an attack may last all the time, they are believed.
    """
    if in_decades(detector):
        usual = np.sort(raw)[: len(raw) - math.ceil(SET_ASIDE * len(raw))]
        return Calibration.of_decades(usual if not self_baseline else np.empty(0))
    return Calibration.fit(raw, detector.tail_shape)


@dataclass(frozen=True)
class Learned:
    """What came of training.

    `rows` are the profiles that were learnt from, novelty measured, and `raw` their out-of-fold scores by detector;
    `trimmed` is what was set aside.
    """

    rows: pd.DataFrame
    raw: dict[str, Float64]
    detectors: dict[str, Detector]
    calibrations: dict[str, Calibration]
    knowledge: Knowledge | None
    habits: BehaviourHabits | None
    trimmed: tuple[Trimmed, ...]


@dataclass(frozen=True)
class Prior:
    """What a model knows already, when it is trained further."""

    rows: pd.DataFrame
    knowledge: Knowledge | None
    habits: BehaviourHabits | None


def learn(
    profiles: ProfileBatch | pd.DataFrame,
    names: Sequence[str],
    *,
    seed: int,
    prior: Prior | None = None,
    peer_networks: Sequence[str] = (),
    self_baseline: bool = False,
    settings: Mapping[str, Any] | None = None,
    verdicts: Verdicts = NO_VERDICTS,
) -> Learned:
    """Train the named detectors on profiles, all of which count as normal; without meetings novelty stays missing.

    What `verdicts` say is a false alarm is never set aside, however odd it is.
    In a self-baseline no behaviour is a source's habit: an attack that lasts would be its own.

    Raises:
        ConfigError: an unknown detector, or a network that is none.
        MissingExtraError: a detector needs an optional dependency.
    """
    if isinstance(profiles, ProfileBatch) and not reads_words(map(DETECTORS.load, names)):
        profiles = profiles.without_words()
    known = prior.knowledge if prior is not None else None
    rows = _measured(profiles, known, peer_networks, seed)
    habits = None if self_baseline else BehaviourHabits.learn(rows)
    if habits is not None and prior is not None and prior.habits is not None:
        habits = prior.habits.merge(habits)
    surprise = _surprise(_joined(prior, rows), seed)[-len(rows) :]
    aside = oddest(surprise, verdicts.false(rows))
    if not aside.any():
        joined, odd = _joined(prior, rows), None
        knowledge = _knowledge(profiles, known, peer_networks)
    else:
        joined = _joined(prior, _measured(_select(profiles, ~aside), known, peer_networks, seed))
        knowledge = _knowledge(_select(profiles, ~aside), known, peer_networks)
        odd = measured(_select(profiles, aside), knowledge)
    unusual = odd if odd is None or habits is None else habits.discounted(odd)
    fitted = fit(joined, names, seed, odd=unusual, self_baseline=self_baseline, settings=settings)
    trimmed = [] if odd is None else told(odd, surprise[aside], Scaling.fit(joined, judged()))
    return Learned(joined, fitted.raw, fitted.detectors, fitted.calibrations, knowledge, habits, tuple(trimmed))


def _surprise(rows: pd.DataFrame, seed: int) -> Float64:
    """Return how odd each profile is to the others, in decades, shape (n,); 0 where they are too few to say.

    The fusion says it, whatever is trained: what is left out should not depend on what else is asked for.
    """
    if len(rows) < LEAST_TO_CHOOSE:
        return np.zeros(len(rows))
    fitted = fit(rows, (CHOOSER,), seed, self_baseline=True)
    return fitted.calibrations[CHOOSER].surprise(fitted.raw[CHOOSER])


def measured(profiles: ProfileBatch | pd.DataFrame, knowledge: Knowledge | None) -> pd.DataFrame:
    """Return the ProfileFrame with novelty measured by what is known; as it is, where nothing or no meeting is."""
    if isinstance(profiles, pd.DataFrame):
        return profiles
    return profiles.frame if knowledge is None else knowledge.measure(profiles)


def _measured(
    profiles: ProfileBatch | pd.DataFrame, prior: Knowledge | None, peer_networks: Sequence[str], seed: int
) -> pd.DataFrame:
    if isinstance(profiles, pd.DataFrame):
        return profiles.reset_index(drop=True)
    return Knowledge.measure_training(profiles, prior=prior, peer_networks=peer_networks, seed=seed)


def _knowledge(
    profiles: ProfileBatch | pd.DataFrame, prior: Knowledge | None, peer_networks: Sequence[str]
) -> Knowledge | None:
    if isinstance(profiles, pd.DataFrame):
        return prior
    fresh = Knowledge.learn(profiles, peer_networks=peer_networks)
    return fresh if prior is None else prior.merge(fresh)


def _select(profiles: ProfileBatch | pd.DataFrame, rows: Mask) -> ProfileBatch | pd.DataFrame:
    if isinstance(profiles, pd.DataFrame):
        return profiles[rows].reset_index(drop=True)
    return profiles.select(rows)


def _joined(prior: Prior | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known already with the new rows behind it; a behaviour that only one side watched for is 0."""
    if prior is None or prior.rows.empty:
        return rows
    joined = pd.concat([prior.rows, rows], ignore_index=True)
    return joined.fillna(dict.fromkeys(behaviour_columns(joined), 0.0))


def oddest(surprise: Float64, spared: Mask | None = None) -> Mask:
    """Tell which training profiles to set aside, shape (n,): those that surprise the others most, none of `spared`."""
    aside = np.zeros(len(surprise), dtype=bool)
    surprise = surprise if spared is None else np.where(spared, 0.0, surprise)
    if len(surprise) >= LEAST_TO_CHOOSE:
        places = np.argsort(-surprise, kind="stable")[: math.ceil(SET_ASIDE * len(surprise))]
        aside[places[surprise[places] >= LEAST_ODD]] = True
    return aside


def told(rows: pd.DataFrame, surprise: Float64, scaling: Scaling) -> list[Trimmed]:
    """Return what was set aside, the most surprising first, each with the feature that is farthest from typical."""
    matrix = scaling.apply(rows)
    records = rows.to_dict("records")
    listed = []
    for place in np.argsort(-surprise, kind="stable").tolist():
        row = records[place]
        name = scaling.names[int(np.argmax(np.abs(matrix[place])))] if scaling.names else ""
        reason = f"{FEATURES[name].label} {row[name]:.6g}" if name and np.isfinite(row[name]) else "profile as a whole"
        listed.append(Trimmed(str(row["source"]), int(row["window_start_ns"]), int(row["window_end_ns"]),
                              round(float(surprise[place]), 3), reason))  # fmt: skip
    return listed
