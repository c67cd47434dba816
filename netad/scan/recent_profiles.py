"""The newest profiles that scans have judged, by which it is told how far the network has drifted from the model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netad.core.carried import State, array_of, part_of, texts_array
from netad.core.errors import StateError
from netad.profiles.frame import empty_frame, frame_dtypes, join_frames

if TYPE_CHECKING:
    from netad.detectors.model import Model

# Rows that are kept, and how few tell nothing.
MOST: Final = 2000
LEAST: Final = 200
_STATES: Final = ("stable", "drifting", "retrain")


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """How far the newest profiles are from a model, in three numbers (netad.detectors.drift).

    Attributes:
        state: 0 stable, 1 drifting, 2 time to train again.
        features: the share of the judged features that drift.
        odd: the share of the profiles that score as only one in a hundred normal ones does.
    """

    state: int
    features: float
    odd: float


class RecentProfiles:
    """The newest profiles of inside hosts, as a model has measured them."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._frame = empty_frame()

    def add(self, measured: pd.DataFrame) -> None:
        """Take profiles as they were judged."""
        inside = measured.loc[measured["inside"].to_numpy(bool), list(frame_dtypes())]
        self._frame = join_frames([self._frame, inside]).tail(MOST).reset_index(drop=True)

    def drift(self) -> DriftFigures | None:
        """Compare them with the model's training; None where there are too few."""
        if len(self._frame) < LEAST:
            return None
        from netad.core.errors import ModelError
        from netad.detectors.drift import drift

        try:
            found = drift(self._model, self._frame)
        except ModelError:  # all of them were trained on
            return None
        judged = [feature.state != "stable" for feature in found.features if feature.judged]
        return DriftFigures(_STATES.index(found.verdict), float(np.mean(judged)) if judged else 0.0, found.odd)

    def carry(self) -> State:
        """Return the profiles (netad.core.carried)."""
        columns = {
            name: texts_array(self._frame[name]) if dtype == "str" else self._frame[name].to_numpy(dtype)
            for name, dtype in frame_dtypes().items()
        }
        return {"model": self._model.version, "columns": columns}

    def resume(self, state: State) -> None:
        """Go on with what `carry` returned, unless another model has measured it."""
        if state.get("model") != self._model.version:
            return
        columns = part_of(state, "columns")
        wanted = frame_dtypes()
        if columns.keys() != wanted.keys():
            raise StateError("the state's profiles have other features: begin with a new state")
        self._frame = pd.DataFrame({name: array_of(columns, name, object if dtype == "str" else dtype)
                                    for name, dtype in wanted.items()}).astype(wanted)  # fmt: skip
