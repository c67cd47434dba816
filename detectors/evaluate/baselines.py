"""What a model has to beat: being a stranger, one feature alone, the largest robust z, a forest on classic features."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.matrix import FLOOR_LOG, FLOOR_OTHER
from netad.profiles.features import CLASSIC, FEATURES

Float64 = NDArray[np.float64]

STRANGER, BEST_FEATURE, ROBUST_Z, CLASSIC_FOREST = "stranger flag", "best single feature", "robust z", "classic forest"
BASELINES = (STRANGER, BEST_FEATURE, ROBUST_Z, CLASSIC_FOREST)

TREES = 100
# The range from the 5th to the 95th percentile of a normal distribution, in standard deviations.
_RANGE = 3.29
_LOW, _HIGH = 5, 95


def stranger(train: pd.DataFrame, test: pd.DataFrame) -> Float64:
    """Return 1 for a source that training never saw, shape (n,)."""
    return np.where(test["source"].isin(set(train["source"])).to_numpy(bool), 0.0, 1.0)


def single_features(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Float64]:
    """Return each feature as a score of its own: how far it is beyond the training median, where it is suspicious.

    In units of the training values' range from the 5th to the 95th percentile, in standard deviations of a normal
    distribution; missing values count as the median. Features without a value in training are left out.
    """
    result = {}
    for feature in FEATURES:
        known, values = (_transformed(frame, feature.name) for frame in (train, test))
        known = known[~np.isnan(known)]
        if not len(known):
            continue
        low, median, high = np.percentile(known, [_LOW, 50, _HIGH])
        floor = FLOOR_LOG if feature.transform == "log" else FLOOR_OTHER
        away = (np.where(np.isnan(values), median, values) - median) / max((high - low) / _RANGE, floor)
        result[feature.name] = {"high": away, "low": -away, "both": np.abs(away)}[feature.suspicious]
    return result


def robust_z(alone: dict[str, Float64], rows: int) -> Float64:
    """Return the largest of the single features' scores, shape (rows,)."""
    return np.max(list(alone.values()), axis=0) if alone else np.zeros(rows)


def classic_forest(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Float64:
    """Return the scores of an isolation forest on the classic features alone, shape (n,); higher is more anomalous."""
    from sklearn.ensemble import IsolationForest

    known, values = (np.column_stack([_transformed(frame, name) for name in CLASSIC]) for frame in (train, test))
    medians = np.array([_median(column) for column in known.T])
    known, values = (np.where(np.isnan(matrix), medians, matrix) for matrix in (known, values))
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(known)
    return np.asarray(-forest.score_samples(values), dtype=np.float64)


def _median(column: Float64) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0


def _transformed(frame: pd.DataFrame, name: str) -> Float64:
    values = frame[name].to_numpy(np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    return np.log1p(np.maximum(values, 0.0)) if FEATURES[name].transform == "log" else values
