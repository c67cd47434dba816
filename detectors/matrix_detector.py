"""What detectors that work on a matrix share: which columns, how they become comparable, files, probes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.arrays import read_arrays, write_arrays
from netad.detectors.bundle import DAMAGED, read_json, write_json
from netad.detectors.matrix import Scaling, judged

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

PROBES = 9
_TOLERANCE = 1e-4  # float32 sums differ between processors in their last digits
_DETAILS, _ARRAYS = "detector.json", "arrays.npz"


class Core(ABC):
    """A detector's mathematics, free of names and files: matrix in, one raw score a row out.

    `arrays` and `from_arrays` are all of its state; `layout` gives type and number of axes of each array. More than
    `most_rows` rows tell it nothing new.
    """

    tail_shape: ClassVar[float]
    most_rows: ClassVar[int]
    layout: ClassVar[Mapping[str, tuple[type[np.generic], int]]]

    @classmethod
    def drawn(cls, count: int, seed: int) -> NDArray[np.intp]:
        """Return which of `count` rows it learns from, ascending: all, or of too many some drawn by seed."""
        if count <= cls.most_rows:
            return np.arange(count)
        return np.sort(np.random.default_rng(seed % (1 << 64)).choice(count, cls.most_rows, replace=False))

    @classmethod
    @abstractmethod
    def fit(cls, matrix: Float32, seed: int) -> Self:
        """Learn from those rows of a matrix, shape (n, f), n >= 1, f >= 1, all finite, that `drawn` names."""

    @abstractmethod
    def score(self, matrix: Float32) -> Float64:
        """Return raw scores, shape (n,), finite; a row's score is the same in any company."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state, named as in `layout`."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], features: int) -> Self:
        """Return the core that `arrays` came from.

        Raises:
            ModelError: compiled code could not walk the arrays safely, or they are not over `features` columns.
        """


class Fitted:
    """A scaling and a core over its columns. Without any column every row scores 0."""

    def __init__(self, scaling: Scaling, core: Core | None) -> None:
        self.scaling = scaling
        self.core = core

    @classmethod
    def fit(cls, kind: type[Core], profiles: pd.DataFrame, names: Sequence[str], seed: int) -> "Fitted":
        """Learn from the named columns of profiles."""
        scaling = Scaling.fit(profiles, names)
        return cls(scaling, kind.fit(scaling.apply(profiles), seed) if scaling.names else None)

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return raw scores, shape (n,)."""
        return self.score_matrix(self.scaling.apply(profiles))

    def score_matrix(self, matrix: Float32) -> Float64:
        """Return raw scores of a scaled matrix, shape (n,)."""
        return np.zeros(len(matrix)) if self.core is None or not len(matrix) else self.core.score(matrix)

    def save(self, folder: Path) -> None:
        """Write the scaling with probes and their scores as JSON, the core's arrays beside it."""
        scores = self.score_matrix(probes(len(self.scaling.names)))
        details = {"scaling": self.scaling.to_json(), "probe_scores": scores.tolist()}
        write_json(folder / _DETAILS, details)
        if self.core is not None:
            write_arrays(folder / _ARRAYS, self.core.arrays())

    @classmethod
    def load(cls, kind: type[Core], folder: Path) -> "Fitted":
        """Return what was saved to `folder`.

        Raises:
            ModelError: a file is missing or damaged, or the probes do not score as they did when it was saved.
        """
        details = read_json(folder / _DETAILS)
        scaling = Scaling.from_json(details.get("scaling"))
        if not scaling.names:
            return cls(scaling, None)
        fitted = cls(scaling, kind.from_arrays(read_arrays(folder / _ARRAYS, kind.layout), len(scaling.names)))
        check_probes(fitted.score_matrix(probes(len(scaling.names))), details.get("probe_scores"), folder)
        return fitted


class MatrixDetector:
    """A detector made of one core over all features. Subclasses name it and say which core."""

    name: ClassVar[str]
    tail_shape: ClassVar[float]
    core: ClassVar[type[Core]]

    def __init__(self) -> None:
        self._fitted = Fitted(Scaling((), np.empty(0), np.empty(0)), None)

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, features), n >= 1."""
        self._fitted = Fitted.fit(self.core, profiles, judged(), seed)

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return raw scores, shape (n,); higher is more anomalous."""
        return self._fitted.score(profiles)

    def save(self, folder: Path) -> None:
        """Write the detector into an existing empty folder."""
        self._fitted.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`.

        Raises:
            ModelError: a file is missing or damaged.
        """
        detector = cls()
        detector._fitted = Fitted.load(cls.core, folder)
        return detector


def probes(columns: int) -> Float32:
    """Return rows that go through a scaled matrix from its low to its high end, shape (PROBES, columns)."""
    spread = np.linspace(-3, 3, PROBES)[:, None] * np.cos(np.arange(columns))[None, :]
    return np.ascontiguousarray(spread, dtype=np.float32)


def check_probes(scores: Float64, expected: object, folder: Path) -> None:
    """Compare scores of probes with those that were saved.

    Raises:
        ModelError: they differ by more than the processor's rounding.
    """
    try:
        same = np.allclose(scores, np.array(expected, dtype=np.float64), rtol=_TOLERANCE, atol=_TOLERANCE)
    except (TypeError, ValueError, OverflowError):
        raise ModelError(DAMAGED) from None
    if not same:
        raise ModelError(
            f"{folder} does not give the scores it was saved with, so it is damaged: train the model again"
        )
