"""Named behaviours as a detector: the strongest finding of a profile's window is its score."""

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.behaviour.base import FIRES_AT
from netad.detectors.bundle import read_json, write_json

Float64 = NDArray[np.float64]

PREFIX = "behaviour."
MOST = 1e6
_DETAILS = "detector.json"


def behaviour_columns(profiles: pd.DataFrame) -> list[str]:
    """Return the names of a frame's `behaviour.<name>` columns, sorted."""
    return sorted(str(name) for name in profiles.columns if str(name).startswith(PREFIX))


def strongest(profiles: pd.DataFrame) -> Float64:
    """Return the largest of the `behaviour.<name>` columns of each row, in decades, shape (n,); 0 without any."""
    result = np.zeros(len(profiles))
    for name in behaviour_columns(profiles):
        values = profiles[name].to_numpy(np.float64)
        np.maximum(result, np.where(np.isfinite(values), np.clip(values, 0.0, MOST), 0.0), out=result)
    return result


class BehaviourDetector:
    """The strongest of the named behaviours (netad.detectors.behaviour). It needs no training: its scores are decades.

    A profile whose window nobody watched for behaviours scores 0, and so does one whose findings are hints, weaker than
    the three decades from which a behaviour is worth an alert of its own.
    """

    name: ClassVar[str] = "behaviour"
    tail_shape: ClassVar[float] = 0.0
    in_decades: ClassVar[bool] = True

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn nothing: the behaviours' formulas say how rare they are."""

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return strengths in decades, shape (n,)."""
        strength = strongest(profiles)
        return np.where(strength >= FIRES_AT, strength, 0.0)

    def save(self, folder: Path) -> None:
        """Write that there is nothing to keep."""
        write_json(folder / _DETAILS, {"in_decades": True})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector.

        Raises:
            ModelError: its file is missing or damaged.
        """
        read_json(folder / _DETAILS)
        return cls()
