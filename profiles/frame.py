"""The ProfileFrame: what it holds, and what detectors see of it.

A ProfileFrame is a pandas DataFrame with one row per (source address, window), the index counting from 0:

    source            str      the address in text form
    source_hi         uint64   its high half (netad.core.addresses)
    source_lo         uint64   its low half
    window_start_ns   int64    ns since the epoch, UTC
    window_end_ns     int64    the first ns after the window; of the window `capture`: after its last packet
    inside            bool     the source is in the inside networks, or link-local
    window_digest     str      "" for a window the input covered to its end, else a digest of the flows seen of it
    known_source      bool     False where the model that measured novelty knows too little of the source to compare it
                               with itself: it was compared with its peers. True until a model has measured
    ...               float64  every registered feature (netad.profiles.features), NaN where there is nothing to measure
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from netad.profiles.features import FEATURES

KEY_DTYPES = {
    "source": "str", "source_hi": "uint64", "source_lo": "uint64", "window_start_ns": "int64",
    "window_end_ns": "int64", "inside": "bool", "window_digest": "str", "known_source": "bool",
}  # fmt: skip
KEY_COLUMNS = tuple(KEY_DTYPES)


def frame_dtypes() -> dict[str, str]:
    """Return the columns of a ProfileFrame, in order, with their dtypes."""
    return KEY_DTYPES | dict.fromkeys(FEATURES.names(), "float64")


def empty_frame() -> pd.DataFrame:
    """Return a ProfileFrame without rows."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in frame_dtypes().items()})


def join_frames(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames in their order as one ProfileFrame."""
    parts = [frame for frame in frames if len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else empty_frame()


def large_pieces(frames: Iterable[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """Yield the rows of all frames in order in pieces of at least `rows`; the last may be smaller, and there is one.

    What is done once a frame costs as much for one row as for hundreds, and a capture may span very many windows.
    """
    waiting: list[pd.DataFrame] = []
    held, pieces = 0, 0
    for frame in frames:
        waiting.append(frame)
        held += len(frame)
        if held >= rows:
            yield join_frames(waiting)
            waiting, held, pieces = [], 0, pieces + 1
    if held or not pieces:
        yield join_frames(waiting)


def feature_matrix(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the feature columns in registered order, transformed as registered (`log`: log1p, of at least 0).

    Raises:
        KeyError: the frame lacks a feature.
    """
    matrix = frame[list(FEATURES.names())].copy()
    logged = [feature.name for feature in FEATURES if feature.transform == "log"]
    matrix[logged] = np.log1p(matrix[logged].clip(lower=0))
    return matrix
