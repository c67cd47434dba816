"""A model: detectors fitted to normal profiles, what their scores mean, and the baseline that explains them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad import __version__
from netad.core.errors import ConfigError, ModelError
from netad.detectors.anomaly import ONLY_OUTSIDE, Severity
from netad.detectors.base import DETECTORS, Detector
from netad.detectors.bundle import feature_set, library_versions, read_bundle, read_json, write_bundle, write_json
from netad.detectors.calibration import DECADES, Calibration, tail_to_score
from netad.profiles.baseline import Baseline
from netad.profiles.frame import feature_matrix

Float64 = NDArray[np.float64]

FOLDS = 5
_BASELINE, _CALIBRATION, _DETECTORS = "baseline.parquet", "calibration.json", "detectors"


@dataclass(frozen=True)
class Scores:
    """Calibrated scores of n profiles.

    `score` is the highest over the detectors, 0..1, shape (n,); `tail` the estimated share of normal profiles that
    score at least as high with the winning detector, shape (n,); `detector` the winner's name, shape (n,);
    `by_detector` every detector's calibrated scores, each of shape (n,).
    """

    score: Float64
    tail: Float64
    detector: NDArray[np.object_]
    by_detector: dict[str, Float64]


def severity(score: float, threshold: float) -> Severity:
    """Return how serious a score is: the room between threshold and 1 in four equal bands, from LOW to CRITICAL.

    With a budget of one in a thousand (threshold 0.5) they begin at one in 1,000, 5,600, 32,000 and 180,000.
    """
    room = 1 - threshold
    share = (score - threshold) / room if room > 0 else float(score >= 1)
    bands = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
    return bands[min(max(int(share * 4), 0), 3)]


@dataclass(frozen=True)
class Model:
    """Fitted detectors with their calibrations, the baseline, and where they come from.

    `profiles` counts the profiles it was trained on, `first_ns` and `last_ns` are the span of their windows (ns since
    the epoch), `notes` sentences for the operator about the training. `version` depends on the training data, the
    settings, and the versions of netad and its libraries, and on nothing else.
    """

    name: str
    window: str
    seed: int
    created: str
    version: str
    profiles: int
    sources: int
    first_ns: int
    last_ns: int
    self_baseline: bool
    baseline: Baseline
    detectors: Mapping[str, Detector]
    calibrations: Mapping[str, Calibration]
    inputs: tuple[Mapping[str, Any], ...] = ()
    notes: list[str] = field(default_factory=list)

    @classmethod
    def train(
        cls,
        profiles: pd.DataFrame,
        *,
        detectors: Sequence[str],
        name: str,
        window: str,
        created: str,
        seed: int = 0,
        inputs: Sequence[Mapping[str, Any]] = (),
        self_baseline: bool = False,
    ) -> "Model":
        """Learn from a ProfileFrame, all of it counting as normal; the order of its rows does not matter.

        Sources outside never train the baseline of those inside; they do where nothing is inside. The scores that
        calibrate are out of fold; for a self-baseline, where the same profiles are scored again, they are in sample.

        Raises:
            ModelError: there is no profile to learn from.
            ConfigError: an unknown detector, or none.
            MissingExtraError: a detector needs an optional dependency.
        """
        names = tuple(dict.fromkeys(detectors))
        if not names:
            raise ConfigError("detectors: at least one is needed")
        rows, notes = _training_rows(profiles)
        fitted = {one: _fitted(one, rows, seed) for one in names}
        calibrations = {
            one: Calibration.fit(
                detector.score(rows) if self_baseline else _out_of_fold(one, rows, seed), detector.tail_shape
            )
            for one, detector in fitted.items()
        }
        if any(calibration.few for calibration in calibrations.values()):
            few = "1 profile" if len(rows) == 1 else f"{len(rows)} profiles"
            notes.append(f"the baseline holds only {few}: scores are damped and rough")
        return cls(
            name=name,
            window=window,
            seed=seed,
            created=created,
            version=_version(rows, names, name, window, seed, self_baseline),
            profiles=len(rows),
            sources=int(rows["source"].nunique()),
            first_ns=int(rows["window_start_ns"].min()),
            last_ns=int(rows["window_end_ns"].max()),
            self_baseline=self_baseline,
            baseline=Baseline.fit(rows),
            detectors=fitted,
            calibrations=calibrations,
            inputs=tuple(inputs),
            notes=notes,
        )

    def score(self, profiles: pd.DataFrame) -> Scores:
        """Score a ProfileFrame; the fused score is the maximum over the detectors."""
        surprises = self.surprises(profiles)
        names = np.array(list(surprises), dtype=object)
        table = np.array(list(surprises.values())).reshape(len(names), len(profiles))
        # Surprise goes on where scores end at 1, so the winner is the most surprised one even there.
        winner = table.argmax(axis=0)
        highest = table.max(axis=0)
        return Scores(
            score=np.minimum(highest / DECADES, 1.0),
            tail=10.0**-highest,
            detector=names[winner],
            by_detector={one: np.minimum(values / DECADES, 1.0) for one, values in surprises.items()},
        )

    def surprises(self, profiles: pd.DataFrame) -> dict[str, Float64]:
        """Return for each detector -log10 of the profiles' tail probabilities, shape (n,), without an upper end."""
        return {
            name: self.calibrations[name].surprise(detector.score(profiles))
            for name, detector in self.detectors.items()
        }

    def threshold(self, budget: float) -> float:
        """Return the score from which a profile is anomalous, so that about `budget` of normal profiles are.

        Several detectors share the budget, for each of them may raise a false alarm.
        """
        return tail_to_score(budget / len(self.detectors))

    def save(self, folder: Path) -> None:
        """Write the model as a folder; the same training data gives the same bytes but for `created`.

        Raises:
            ModelError: `folder` is something else than a model, or cannot be written.
        """
        training = {
            "inputs": [dict(item) for item in self.inputs], "profiles": self.profiles, "sources": self.sources,
            "first_ns": self.first_ns, "last_ns": self.last_ns, "seed": self.seed, "self_baseline": self.self_baseline,
            "notes": self.notes,
        }  # fmt: skip
        manifest = {
            "netad_version": __version__, "libraries": library_versions(), "created": self.created,
            "name": self.name, "version": self.version, "window": self.window, "detectors": list(self.detectors),
            "features": feature_set(), "training": training,
        }  # fmt: skip
        write_bundle(folder, manifest, self._write)

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Return the model in a folder.

        Raises:
            ModelError: it is missing, damaged, from another feature set or of another format version.
            MissingExtraError: a detector needs an optional dependency.
        """
        manifest = read_bundle(folder)
        calibrations = read_json(folder / _CALIBRATION)
        names = _detector_names(folder, manifest, calibrations)
        try:
            training = manifest["training"]
            return cls(
                name=_text(manifest["name"]),
                window=_text(manifest["window"]),
                seed=_whole(training["seed"]),
                created=_text(manifest["created"]),
                version=_text(manifest["version"]),
                profiles=_whole(training["profiles"]),
                sources=_whole(training["sources"]),
                first_ns=_whole(training["first_ns"]),
                last_ns=_whole(training["last_ns"]),
                self_baseline=bool(training["self_baseline"]),
                baseline=Baseline.load(folder / _BASELINE),
                detectors={one: DETECTORS.load(one).load(folder / _DETECTORS / one) for one in names},
                calibrations={one: Calibration.from_json(calibrations[one]) for one in names},
                inputs=tuple(dict(item) for item in training["inputs"]),
                notes=[_text(note) for note in training["notes"]],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(_damaged(folder)) from error

    def _write(self, folder: Path) -> None:
        self.baseline.save(folder / _BASELINE)
        write_json(folder / _CALIBRATION, {name: one.to_json() for name, one in self.calibrations.items()})
        for name, detector in self.detectors.items():
            place = folder / _DETECTORS / name
            place.mkdir(parents=True)
            detector.save(place)


def _training_rows(profiles: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that train, in an order of their own, and notes about the choice."""
    if profiles.empty:
        raise ModelError("there is no profile to train on")
    inside = profiles["inside"].to_numpy(bool)
    notes = []
    if not inside.any():
        notes.append(ONLY_OUTSIDE)
    rows = profiles[inside] if inside.any() else profiles
    keys = ["source_hi", "source_lo", "window_start_ns", "window_end_ns", "window_digest"]
    return rows.sort_values(keys, kind="stable", ignore_index=True), notes


def _fitted(name: str, rows: pd.DataFrame, seed: int) -> Detector:
    detector = DETECTORS.load(name)()
    detector.fit(rows, seed=seed)
    return detector


def _out_of_fold(name: str, rows: pd.DataFrame, seed: int) -> Float64:
    """Return raw scores of every row by a detector that was not fitted to it; in sample for a single row."""
    folds = min(FOLDS, len(rows))
    if folds < 2:
        return _fitted(name, rows, seed).score(rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    scores = np.empty(len(rows))
    for number in range(folds):
        held_out = np.sort(order[number::folds])
        others = np.sort(np.setdiff1d(order, held_out))
        scores[held_out] = _fitted(name, rows.iloc[others], seed).score(rows.iloc[held_out])
    return scores


def _version(
    rows: pd.DataFrame, detectors: tuple[str, ...], name: str, window: str, seed: int, self_baseline: bool
) -> str:
    """Return 12 hex digits of a hash over all that the model depends on."""
    settings = {
        "netad": __version__, "libraries": library_versions(), "features": feature_set()["hash"],
        "detectors": detectors, "name": name, "window": window, "seed": seed, "self_baseline": self_baseline,
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    matrix = feature_matrix(rows).to_numpy("<f8")
    digest.update(np.where(np.isnan(matrix), np.nan, matrix).tobytes())
    return digest.hexdigest()[:12]


def _detector_names(folder: Path, manifest: Mapping[str, Any], calibrations: Mapping[str, Any]) -> list[str]:
    names = manifest.get("detectors")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise ModelError(_damaged(folder))
    for one in names:
        if one not in DETECTORS:
            raise ModelError(f"the model {folder} uses the detector {one!r:.60}, which this netad does not have")
        if one not in calibrations:
            raise ModelError(_damaged(folder))
    return names


def _damaged(folder: Path) -> str:
    return f"the manifest of the model {folder} is damaged: train it again with netad train"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value
