"""The default detector: several kinds of detectors over several groups of features as one."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.arrays import read_arrays, write_arrays
from netad.detectors.behaviour_detector import strongest
from netad.detectors.bundle import DAMAGED, read_json, write_json
from netad.detectors.calibration import Calibration
from netad.detectors.isolation_forest import Forest
from netad.detectors.matrix import Scaling, judged, spread, view_columns
from netad.detectors.matrix_detector import Core, check_probes, probes
from netad.detectors.neighbours import Nearest

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

CORES: dict[str, type[Core]] = {"forest": Forest, "neighbours": Nearest}
# What a source that the model knows is judged by, and one that has no past to compare it with.
KNOWN, UNKNOWN = {"novelty": 2.0, "all": 1.0}, {"novelty": 1.0, "traffic": 1.0}
VIEWS = tuple(dict.fromkeys([*KNOWN, *UNKNOWN]))
FOLDS = 5
# A baseline of fewer profiles cannot speak against a behaviour.
LEAST_BASELINE = 20
_DETAILS = "detector.json"


@dataclass(frozen=True)
class Member:
    """One core over the columns of one view, and what its raw scores mean."""

    view: str
    kind: str
    core: Core
    calibration: Calibration

    @property
    def name(self) -> str:
        """What it is called in files."""
        return f"{self.view}-{self.kind}"


class FusionDetector:
    """Weighted mean of the surprise of its members; the raw score is in decades.

    Members are an isolation forest and nearest neighbours, each over the features of novelty (which count twice) and
    over all features. A member's raw score becomes its surprise, -log10 of the share of normal profiles that score as
    high, by its own out-of-fold scores; the mean of surprises is, up to a factor, Fisher's way of combining tests
    ("Statistical Methods for Research Workers", 1932). Profiles of a source without a past (`known_source` is False)
    are looked at without the features of a past. With fewer than 20 training profiles the strongest behaviour counts
    where that is more; otherwise behaviours are a detector of their own (netad.detectors.behaviour_detector), for they
    made the ranking worse however they were mixed in. docs/detection.md has what other ways gave.
    """

    name: ClassVar[str] = "fusion"
    tail_shape: ClassVar[float] = 0.0

    def __init__(self) -> None:
        self._scaling = Scaling((), np.empty(0), np.empty(0))
        self._members: list[Member] = []
        self._alone = True

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, ...), n >= 1, with folds of its own."""
        folds = np.random.default_rng(seed % (1 << 64)).permutation(len(profiles)) % FOLDS
        self.fit_folds(profiles, folds, seed=seed)

    def fit_folds(self, profiles: pd.DataFrame, folds: NDArray[np.intp], *, seed: int) -> Float64:
        """Learn from profiles; return the raw scores, shape (n,), that each has without its fold."""
        self._scaling = Scaling.fit(profiles, judged())
        held_out = self._held_out(profiles, folds, seed)
        fitted = self._fitted(self._scaling, profiles, np.arange(len(profiles)), seed)
        self._members = [
            Member(view, kind, core, Calibration.fit(held_out[view, kind], core.tail_shape))
            for (view, kind), core in fitted.items()
        ]
        strengths = strongest(profiles)
        self._alone = len(profiles) < LEAST_BASELINE
        surprises = {
            (one.view, one.kind): one.calibration.surprise(held_out[one.view, one.kind]) for one in self._members
        }
        return self._fused(surprises, _known(profiles), strengths)

    def _held_out(self, profiles: pd.DataFrame, folds: NDArray[np.intp], seed: int) -> dict[tuple[str, str], Float64]:
        """Return each member's raw scores of rows that it was not fitted to; in sample where there is one fold only."""
        scores = {(view, kind): np.zeros(len(profiles)) for view in self._places for kind in CORES}
        for fold in np.unique(folds):
            out = folds == fold
            rest = np.flatnonzero(~out if (~out).any() else out)
            scaling = self._scaling.refit(profiles.iloc[spread(rest)])
            fitted = self._fitted(scaling, profiles, rest, seed)
            matrix = scaling.apply(profiles[out])
            for view, columns in self._places.items():
                part = _columns(matrix, columns)
                for kind in CORES:
                    scores[view, kind][out] = fitted[view, kind].score(part)
        return scores

    def _fitted(
        self, scaling: Scaling, profiles: pd.DataFrame, rows: NDArray[np.intp], seed: int
    ) -> dict[tuple[str, str], Core]:
        """Return the cores of all members, fitted to rows of profiles; only those are scaled that a core looks at."""
        drawn = {kind: rows[core.drawn(len(rows), seed)] for kind, core in CORES.items()}
        matrices = {kind: scaling.apply(profiles.iloc[places]) for kind, places in drawn.items()}
        return {
            (view, kind): core.fit(_columns(matrices[kind], columns), seed)
            for view, columns in self._places.items()
            for kind, core in CORES.items()
        }

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return raw scores, shape (n,), decades."""
        known = _known(profiles)
        return self._fused(self._surprises(self._scaling.apply(profiles), known), known, strongest(profiles))

    def _surprises(self, matrix: Float32, known: Mask) -> dict[tuple[str, str], Float64]:
        """Return each member's surprise, shape (n,); 0 where it is not asked."""
        result = {}
        for one in self._members:
            asked = _asked(one.view, known)
            part = matrix if asked.all() else matrix[asked]
            surprise = np.zeros(len(matrix))
            if len(part):
                surprise[asked] = one.calibration.surprise(one.core.score(_columns(part, self._places[one.view])))
            result[one.view, one.kind] = surprise
        return result

    def _fused(self, surprises: dict[tuple[str, str], Float64], known: Mask, strengths: Float64) -> Float64:
        total, weights = np.zeros(len(known)), np.zeros(len(known))
        for (view, _), surprise in surprises.items():
            weight = np.where(known, KNOWN.get(view, 0.0), UNKNOWN.get(view, 0.0))
            total += weight * surprise
            weights += weight
        surprise = total / np.maximum(weights, 1.0)
        return np.maximum(surprise, strengths) if self._alone else surprise

    @property
    def _places(self) -> dict[str, NDArray[np.intp]]:
        """The views that have columns, as places in the scaled matrix."""
        places = {view: view_columns(self._scaling.names, view) for view in VIEWS}
        return {view: columns for view, columns in places.items() if len(columns)}

    def save(self, folder: Path) -> None:
        """Write scaling, calibrations and probes as JSON, one file of arrays a member."""
        details = {
            "scaling": self._scaling.to_json(),
            "members": {one.name: one.calibration.to_json() for one in self._members},
            "alone": self._alone,
            "probe_scores": self._probed().tolist(),
        }
        write_json(folder / _DETAILS, details)
        for one in self._members:
            write_arrays(folder / f"{one.name}.npz", one.core.arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`.

        Raises:
            ModelError: a file is missing or damaged, or the probes do not score as they did when it was saved.
        """
        detector, details = cls(), read_json(folder / _DETAILS)
        detector._scaling = Scaling.from_json(details.get("scaling"))
        detector._alone = bool(details.get("alone"))
        members = details.get("members")
        if not isinstance(members, dict):
            raise ModelError(DAMAGED)
        for view, columns in detector._places.items():
            for kind, core in CORES.items():
                calibration = Calibration.from_json(members.get(f"{view}-{kind}"))
                arrays = read_arrays(folder / f"{view}-{kind}.npz", core.layout)
                detector._members.append(Member(view, kind, core.from_arrays(arrays, len(columns)), calibration))
        check_probes(detector._probed(), details.get("probe_scores"), folder)
        return detector

    def _probed(self) -> Float64:
        """Return scores of the probes, as a known source's and as an unknown one's."""
        rows = probes(len(self._scaling.names))
        return np.concatenate(
            [
                self._fused(self._surprises(rows, known), known, np.zeros(len(rows)))
                for known in (np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool))
            ]
        )


def _columns(matrix: Float32, columns: NDArray[np.intp]) -> Float32:
    return matrix if len(columns) == matrix.shape[1] else np.take(matrix, columns, axis=1)


def _known(profiles: pd.DataFrame) -> Mask:
    return profiles["known_source"].to_numpy(bool) if "known_source" in profiles else np.ones(len(profiles), dtype=bool)


def _asked(view: str, known: Mask) -> Mask:
    """Tell for which rows the members of a view are asked."""
    return np.where(known, view in KNOWN, view in UNKNOWN)
