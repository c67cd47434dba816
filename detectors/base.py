"""The contract of a detector: profiles in, one raw score a row out, higher is more anomalous."""

from pathlib import Path
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.registry import Registry


@runtime_checkable
class Detector(Protocol):
    """Learns what normal profiles look like and scores how far others are from it.

    A detector is seeded, never changes its input, does not care about the order of columns, copes with missing
    values (NaN), and is the same after `save` and `load`. `fit` and `score` take a ProfileFrame (netad.profiles) and
    use its feature columns only, never an address, a time or a name.

    `tail_shape` is the shape of the generalised Pareto tail its raw scores have (`netad.detectors.calibration`): 0
    for unbounded scores such as distances, below 0 for scores that cannot pass a bound.
    """

    name: ClassVar[str]
    tail_shape: ClassVar[float]

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, features), n >= 1."""
        ...

    def score(self, profiles: pd.DataFrame) -> NDArray[np.float64]:
        """Return raw scores, shape (n,), finite; higher is more anomalous."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything `load` needs into an existing empty folder, without pickle."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`."""
        ...


DETECTORS: Registry[Detector] = Registry("detector")
DETECTORS.register("isolation_forest", "netad.detectors.isolation_forest:IsolationForestDetector")
