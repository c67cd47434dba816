"""The isolation forest (Liu, Ting, Zhou 2008): what random cuts separate from the rest quickly is anomalous."""

import json
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from netad.core.errors import ModelError
from netad.detectors.bundle import read_json
from netad.detectors.skops_file import read_archive, write_archive
from netad.profiles.features import FEATURES
from netad.profiles.frame import feature_matrix

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

TREES = 200
PROBES = 9
_LEAF = -1
_LARGEST = 1e30  # scikit-learn compares float32, which ends at 3e38
_DETAILS, _FOREST = "detector.json", "forest.skops"
_TRUSTED = ("sklearn.tree._tree.Tree",)
_ALLOWED = frozenset({
    "ObjectNode:sklearn.ensemble._iforest.IsolationForest", "ObjectNode:sklearn.tree._classes.ExtraTreeRegressor",
    "TreeNode:sklearn.tree._tree.Tree", "NdArrayNode:numpy.ndarray", "DictNode:builtins.dict",
    "ListNode:builtins.list", "TupleNode:builtins.tuple", "JsonNode:builtins.str", "TypeNode:builtins.str",
})  # fmt: skip


class IsolationForestDetector:
    """scikit-learn's IsolationForest over the transformed features; the raw score is `-score_samples`, 0..1.

    A value that is unusual in the direction that does not speak against a source counts as the training median: a host
    that is quieter than others is no anomaly. Folding the features so lifted four attacks hidden in an office day from
    ranks 1, 2, 6 and 38 among 351 profiles to 1, 2, 3 and 9. Missing values take the training median too. Features that
    are constant then are left out: no tree can cut them. Without any other (one training row) every profile scores the
    same.
    """

    name: ClassVar[str] = "isolation_forest"
    # An average over trees of bounded path lengths cannot run far away: on synthetic and real profiles its tail ends
    # sooner than an exponential one, which would put one in a thousand where no score ever gets.
    tail_shape: ClassVar[float] = -0.25

    def __init__(self) -> None:
        self._medians: dict[str, float] = {}
        self._forest: IsolationForest | None = None
        self._probes: Float32 = np.empty((0, 0), dtype=np.float32)

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, features), n >= 1."""
        values = _numbers(feature_matrix(profiles))
        values = _folded(values, values.median())
        varies = values.astype(np.float32).nunique() > 1
        names = sorted(varies.index[varies])
        self._medians = {name: float(values[name].median()) for name in names}
        self._forest = None
        if not names:
            return
        matrix = values[names].to_numpy(np.float32)
        self._probes = np.quantile(matrix, np.linspace(0, 1, PROBES), axis=0).astype(np.float32)
        forest = IsolationForest(
            n_estimators=TREES, max_features=1.0, contamination="auto", random_state=seed % (1 << 32)
        )
        self._forest = forest.fit(matrix)

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return raw scores, shape (n,), 0..1; higher is more anomalous."""
        values = _numbers(feature_matrix(profiles))[list(self._medians)]
        values = _folded(values, pd.Series(self._medians, dtype=np.float64))
        return self._raw(values.to_numpy(np.float32))

    def save(self, folder: Path) -> None:
        """Write feature names, medians and probes as JSON, the forest as a skops archive."""
        probes = self._raw(self._probes).tolist() if self._forest is not None else []
        details = {"medians": self._medians, "probes": self._probes.tolist(), "probe_scores": probes}
        (folder / _DETAILS).write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")
        if self._forest is not None:
            write_archive(self._forest, folder / _FOREST)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`.

        Raises:
            ModelError: a file is missing, damaged, holds anything but a forest, or the forest does not give the
                scores it gave when it was saved (as after a change of scikit-learn).
        """
        detector = cls()
        details = read_json(folder / _DETAILS)
        try:
            medians = {str(name): float(value) for name, value in details["medians"].items()}
            probes = np.array(details["probes"], dtype=np.float32)
            scores = np.array(details["probe_scores"], dtype=np.float64)
            if not medians:
                return detector
            if not np.isfinite([*medians.values()]).all() or probes.shape != (PROBES, len(medians)):
                raise ValueError
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise ModelError(f"{folder / _DETAILS} is damaged: train the model again with netad train") from None
        detector._medians, detector._probes = medians, probes
        detector._forest = _load_forest(folder / _FOREST, len(medians))
        try:
            same = np.allclose(detector._raw(probes), scores, rtol=0, atol=1e-9)
        except (ValueError, TypeError, IndexError, AttributeError):
            same = False
        if not same:
            raise ModelError(
                f"{folder} does not give the scores it was saved with (it is damaged, or scikit-learn has changed): "
                "train the model again with netad train"
            )
        return detector

    def _raw(self, matrix: Float32) -> Float64:
        if self._forest is None or not len(matrix):
            return np.zeros(len(matrix))
        return np.asarray(-self._forest.score_samples(matrix), dtype=np.float64)


def _numbers(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return values that float32 can hold; infinite ones count as missing."""
    return matrix.replace([np.inf, -np.inf], np.nan).clip(-_LARGEST, _LARGEST)


def _folded(values: pd.DataFrame, medians: "pd.Series[float]") -> pd.DataFrame:
    """Return the values with what is missing, or unusual in the unsuspicious direction, at the median."""
    floors = [medians[name] if FEATURES[name].suspicious == "high" else -np.inf for name in values.columns]
    ceilings = [medians[name] if FEATURES[name].suspicious == "low" else np.inf for name in values.columns]
    return values.fillna(medians).clip(lower=floors, upper=ceilings, axis=1)


def _load_forest(path: Path, features: int) -> IsolationForest:
    import warnings

    with warnings.catch_warnings():
        # Another version of scikit-learn is judged by the probes, not by its number.
        warnings.filterwarnings("ignore", category=UserWarning)
        forest: Any = read_archive(path, _ALLOWED, _TRUSTED)
    sound = isinstance(forest, IsolationForest) and getattr(forest, "n_features_in_", None) == features
    estimators = getattr(forest, "estimators_", None) if sound else None
    if not isinstance(estimators, list) or not estimators:
        raise ModelError(f"{path} holds no forest over the model's features: train it again with netad train")
    for estimator in estimators:
        _check_tree(getattr(estimator, "tree_", None), features, path)
    # How it runs is not the file's to say: no threads, no chatter.
    forest.n_jobs, forest.verbose = None, 0
    return forest


def _check_tree(tree: Any, features: int, path: Path) -> None:  # noqa: ANN401 - compiled, and possibly made up
    """Refuse trees whose walk would leave the array or never end: compiled code follows them unchecked."""
    count = getattr(tree, "node_count", 0)
    # Read `node_count` nodes only after it is known to be no more than there are.
    sound = 0 < count == getattr(tree, "capacity", -1) and tree.n_features == features
    if sound:
        place = np.arange(count)
        left, right, feature = tree.children_left, tree.children_right, tree.feature
        leaf = left == _LEAF
        inner = (place < left) & (left < count) & (place < right) & (right < count)
        inner &= (feature >= 0) & (feature < features)
        sound = bool(np.all(np.where(leaf, right == _LEAF, inner)))
    if not sound:
        raise ModelError(f"{path} holds a tree that cannot be walked: train the model again with netad train")
