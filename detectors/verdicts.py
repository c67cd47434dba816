"""What analysts said of anomalies, as training and evaluation need it: by source and window."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.profiles.batch import ProfileBatch, Profiles

Mask = NDArray[np.bool_]
Int64 = NDArray[np.int64]
# For each source (text) the windows, shape (k, 2): start and end in ns since the epoch.
Windows = Mapping[str, Int64]

TRUE_POSITIVE, FALSE_POSITIVE = "true_positive", "false_positive"
LABELS = (TRUE_POSITIVE, FALSE_POSITIVE)


@dataclass(frozen=True)
class Verdicts:
    """The windows with an anomaly: `confirmed` as true, `dismissed` as false alarms, and those nobody has judged."""

    confirmed: Windows = field(default_factory=dict)
    dismissed: Windows = field(default_factory=dict)
    unjudged: Windows = field(default_factory=dict)

    @classmethod
    def of(cls, told: Iterable[tuple[str, int, int, str | None]]) -> "Verdicts":
        """Return what (source, start, end, label) say, in ns since the epoch; a label that is none is no verdict."""
        found: dict[str, dict[str, list[tuple[int, int]]]] = {label: {} for label in (*LABELS, "")}
        for source, start_ns, end_ns, label in told:
            found[label if label in LABELS else ""].setdefault(source, []).append((start_ns, end_ns))
        return cls(*({source: np.array(spans, dtype=np.int64) for source, spans in each.items()}
                     for each in found.values()))  # fmt: skip

    def true(self, rows: pd.DataFrame) -> Mask:
        """Tell which rows (`source`, `window_start_ns`, `window_end_ns`) overlap a confirmed window, shape (n,)."""
        return _in_any(self.confirmed, rows, _overlaps)

    def false(self, rows: pd.DataFrame) -> Mask:
        """Tell which rows lie in a dismissed window, and overlap no confirmed one, shape (n,)."""
        return _in_any(self.dismissed, rows, _holds) & ~self.true(rows)

    def open(self, rows: pd.DataFrame) -> Mask:
        """Tell which rows overlap an anomaly, and are neither true nor false, shape (n,)."""
        touched = _in_any(self.unjudged, rows, _overlaps) | _in_any(self.dismissed, rows, _overlaps)
        return touched & ~self.true(rows) & ~self.false(rows)

    def to_learn_from(self, profiles: Profiles) -> tuple[Profiles, list[str]]:
        """Return the profiles that are no true anomaly, and notes on what analysts said of them all.

        Raises:
            ModelError: none is left.
        """
        frame = profiles.frame if isinstance(profiles, ProfileBatch) else profiles
        true, false = self.true(frame), self.false(frame)
        notes = [f"normal, however odd: {_profiles(false)} that analysts marked as false alarms"] if false.any() else []
        if not true.any():
            return profiles, notes
        if true.all():
            raise ModelError("analysts marked all of these profiles as true anomalies: none is left to learn from")
        if isinstance(profiles, ProfileBatch):
            return profiles.select(~true), [left_out(true), *notes]
        return profiles[~true].reset_index(drop=True), [left_out(true), *notes]


NO_VERDICTS = Verdicts()


def left_out(true: Mask) -> str:
    """Return that the rows of a mask, shape (n,), were left out, as a note for the operator."""
    return f"left out: {_profiles(true)} that analysts marked as true anomalies"


def _profiles(rows: Mask) -> str:
    count = int(rows.sum())
    return f"{count} profile" if count == 1 else f"{count} profiles"


def _overlaps(windows: Int64, start: Int64, end: Int64) -> Mask:
    """Tell for k windows and n rows which overlap, shape (k, n)."""
    return (windows[:, :1] < end) & (windows[:, 1:] > start)


def _holds(windows: Int64, start: Int64, end: Int64) -> Mask:
    """Tell for k windows and n rows which window holds all of the row's, shape (k, n)."""
    return (windows[:, :1] <= start) & (windows[:, 1:] >= end)


def _in_any(windows: Windows, rows: pd.DataFrame, fits: Callable[[Int64, Int64, Int64], Mask]) -> Mask:
    """Tell which rows fit one of their source's windows, shape (n,)."""
    result = np.zeros(len(rows), dtype=bool)
    if not windows or rows.empty:
        return result
    start, end = (rows[name].to_numpy(np.int64) for name in ("window_start_ns", "window_end_ns"))
    for source, places in rows.groupby(rows["source"].to_numpy()).indices.items():
        spans = windows.get(str(source))
        if spans is not None:
            result[places] = fits(spans, start[places], end[places]).any(axis=0)
    return result
