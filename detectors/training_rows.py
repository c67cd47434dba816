"""Which profiles train a model, and what its operator should know of the training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.core.timing import iso
from netad.detectors.anomaly import ONLY_OUTSIDE
from netad.detectors.calibration import FEW
from netad.detectors.history import KEYS
from netad.detectors.training import Trimmed
from netad.profiles.batch import ProfileBatch, Profiles
from netad.profiles.features import FEATURES


def frame_of(profiles: Profiles) -> pd.DataFrame:
    """Return the ProfileFrame of profiles."""
    return profiles.frame if isinstance(profiles, ProfileBatch) else profiles


def chosen(profiles: Profiles, rows: NDArray[np.intp]) -> Profiles:
    """Return the rows that an index array names, in its order."""
    if isinstance(profiles, ProfileBatch):
        return profiles.select(rows)
    return profiles.iloc[rows].reset_index(drop=True)


def rows_to_train(profiles: Profiles) -> tuple[Profiles, list[str]]:
    """Return the inside rows in an order of their own, or all where none is inside, and a note about that.

    Raises:
        ModelError: there is no profile.
    """
    frame = frame_of(profiles)
    if frame.empty:
        raise ModelError("there is no profile to train on")
    inside = frame["inside"].to_numpy(bool)
    return _ordered(profiles, inside if inside.any() else ~inside), [] if inside.any() else [ONLY_OUTSIDE]


def rows_to_add(profiles: Profiles, name: str, notes: Sequence[str]) -> Profiles:
    """Return the rows that the model `name`, with these notes, may learn more from: sources of the side it knows.

    Raises:
        ModelError: there is no such profile.
    """
    inside = frame_of(profiles)["inside"].to_numpy(bool)
    if ONLY_OUTSIDE in notes:
        if inside.all():
            raise ModelError(f"the model {name} was trained on sources outside, and these profiles are all of sources "
                             "inside: train another model with netad train")  # fmt: skip
        return _ordered(profiles, ~inside)
    if not inside.any():
        raise ModelError(f"the model {name} was trained on sources inside, and none of these profiles is of such a "
                         "source: check --inside")  # fmt: skip
    return _ordered(profiles, inside)


def _ordered(profiles: Profiles, wanted: NDArray[np.bool_]) -> Profiles:
    places = np.flatnonzero(wanted)
    keys = frame_of(profiles).iloc[places][list(KEYS)].reset_index(drop=True)
    return chosen(profiles, places[keys.sort_values(list(KEYS), kind="stable").index.to_numpy()])


def training_notes(rows: pd.DataFrame, profiles: int, trimmed: Sequence[Trimmed], set_aside: int) -> list[str]:
    """Return what the operator should know of a training on `profiles` profiles, of which `rows` were learnt from.

    That is what was set aside (`trimmed` has the oddest first), and what could not be learnt.
    """
    notes = []
    if profiles < FEW:
        few = "1 profile" if profiles == 1 else f"{profiles} profiles"
        notes.append(f"the baseline holds only {few}: scores are damped and rough")
    if trimmed:
        first = trimmed[0]
        notes.append(
            f"{set_aside} of {profiles} profiles were set aside as the oddest and "
            f"not learnt from, first {first.source} at {iso(first.window_start_ns)[:16]}Z ({first.reason})"
        )
    empty = [feature.name for feature in FEATURES if not np.isfinite(rows[feature.name].to_numpy(np.float64)).any()]
    if empty:
        shown = ", ".join(empty[:3]) + (f" and {len(empty) - 3} more" if len(empty) > 3 else "")
        notes.append(f"the training inputs do not tell of {len(empty)} features, which are not judged: {shown}")
    if rows["source"].nunique() == 1:
        notes.append("all training profiles are of one source: others are judged by its ways")
    return notes
