"""Counting facts by the row they belong to."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netad.profiles.groups import Codes, Float64, Mask, ratio
from netad.profiles.meetings import Int32


@dataclass(frozen=True)
class RowCounts:
    """Facts, or what was gathered from them, with the row of each, shape (m,), out of `rows` rows."""

    row: Int32 | Codes
    rows: int

    @cached_property
    def count(self) -> Float64:
        """How many each row has, shape (rows,)."""
        return np.bincount(self.row, minlength=self.rows).astype(np.float64)

    def share(self, which: Mask) -> Float64:
        """Return the share of those that a mask of shape (m,) names, shape (rows,); NaN for a row without any."""
        return ratio(np.bincount(self.row[which], minlength=self.rows).astype(np.float64), self.count, np.nan)

    def mean(self, values: Float64) -> Float64:
        """Return the mean of values of shape (m,), shape (rows,); NaN for a row without any."""
        return ratio(np.bincount(self.row, weights=values, minlength=self.rows).astype(np.float64), self.count, np.nan)

    def max(self, values: Float64) -> Float64:
        """Return the greatest of values of shape (m,), shape (rows,); NaN for a row without any."""
        greatest = np.full(self.rows, -np.inf)
        np.maximum.at(greatest, self.row, values)
        return np.where(np.isneginf(greatest), np.nan, greatest)
