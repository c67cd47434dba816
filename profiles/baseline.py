"""What is normal: for each feature the distribution of its values over the baseline's profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import Location, ModelError
from netad.core.files import atomic_path
from netad.profiles.features import FEATURES

Float64 = NDArray[np.float64]

GRID_POINTS = 201


@dataclass(frozen=True)
class Distribution:
    """Values of one feature over the baseline.

    `values` are distinct, ascending quantiles, shape (k,), k at most `GRID_POINTS`, each a value that occurred;
    `below` and `at_or_below` are the exact shares of profiles with a smaller and with a not greater value. `count`
    profiles had a value, `median` is theirs (NaN for none).
    """

    count: int
    median: float
    values: Float64
    below: Float64
    at_or_below: Float64

    @classmethod
    def of(cls, values: Float64) -> "Distribution":
        """Describe values, shape (n,); NaN and infinities do not count."""
        ordered = np.sort(values[np.isfinite(values)])
        count = len(ordered)
        if not count:
            nothing = np.empty(0)
            return cls(0, float("nan"), nothing, nothing, nothing)
        places = np.rint(np.linspace(0, count - 1, min(count, GRID_POINTS))).astype(np.intp)
        grid = np.unique(ordered[places])
        below = np.searchsorted(ordered, grid, side="left") / count
        at_or_below = np.searchsorted(ordered, grid, side="right") / count
        return cls(count, float(np.median(ordered)), grid, below, at_or_below)

    def quantile(self, values: Float64) -> Float64:
        """Return the share of the baseline at or below each value, shape (n,); NaN for NaN, or without a baseline."""
        result = np.full(len(values), np.nan)
        known = ~np.isnan(values)
        if not self.count or not known.any():
            return result
        asked = values[known]
        right = np.searchsorted(self.values, asked, side="right")
        left = np.maximum(right - 1, 0)
        ahead = np.minimum(right, len(self.values) - 1)
        # Between two grid values the share grows from what is at or below the left one to what is below the right one:
        # profiles tied on the right one count only from there.
        step = self.values[ahead] - self.values[left]
        way = np.divide(asked - self.values[left], step, out=np.zeros(len(asked)), where=step > 0)
        share = self.at_or_below[left] + way * (self.below[ahead] - self.at_or_below[left])
        share = np.where(right == 0, 0.0, np.where(right == len(self.values), 1.0, share))
        result[known] = share
        return result


@dataclass(frozen=True)
class Baseline:
    """The distribution of every feature over the profiles that count as normal."""

    distributions: Mapping[str, Distribution]

    @classmethod
    def fit(cls, profiles: pd.DataFrame) -> "Baseline":
        """Describe the feature columns of a ProfileFrame."""
        return cls({name: Distribution.of(profiles[name].to_numpy(np.float64)) for name in FEATURES.names()})

    def quantile(self, feature: str, values: NDArray[Any]) -> Float64:
        """Return the share of baseline profiles at or below each value, shape (n,), 0..1; NaN where nothing is known.

        Exact at the grid's values, interpolated between them, 0 below the least, 1 from the greatest on.

        Raises:
            ModelError: the baseline does not hold the feature.
        """
        return self._of(feature).quantile(np.asarray(values, dtype=np.float64))

    def median(self, feature: str) -> float:
        """Return the median over the baseline profiles that have the feature, NaN for none.

        Raises:
            ModelError: the baseline does not hold the feature.
        """
        return self._of(feature).median

    def count(self, feature: str) -> int:
        """Return how many baseline profiles have the feature.

        Raises:
            ModelError: the baseline does not hold the feature.
        """
        return self._of(feature).count

    def _of(self, feature: str) -> Distribution:
        try:
            return self.distributions[feature]
        except KeyError:
            raise ModelError(
                f"the baseline holds no feature {feature!r}: it was made with another feature set"
            ) from None

    def save(self, path: Path) -> None:
        """Write the baseline as Parquet, one row a feature; the file appears whole or not at all.

        Raises:
            OSError: the file cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [
            {"feature": name, "count": one.count, "median": one.median, "values": one.values.tolist(),
             "below": one.below.tolist(), "at_or_below": one.at_or_below.tolist()}
            for name, one in self.distributions.items()
        ]  # fmt: skip
        with atomic_path(path) as part:
            pq.write_table(pa.Table.from_pylist(rows, _schema(pa)), part)

    @classmethod
    def load(cls, path: Path) -> "Baseline":
        """Return the baseline that was saved to `path`.

        Raises:
            ModelError: the file is missing, damaged, or no baseline.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            if not table.schema.equals(_schema(pa)):
                raise ModelError("not a baseline of this version of netad", Location(str(path)))
            rows = table.to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise ModelError("the baseline is missing or damaged", Location(str(path))) from error
        return cls({row.pop("feature"): _read(row, path) for row in rows})


def _schema(pa: Any) -> Any:  # noqa: ANN401 - pyarrow has no types, and is imported only where it is used
    numbers = pa.list_(pa.float64())
    fields = {
        "feature": pa.string(), "count": pa.int64(), "median": pa.float64(),
        "values": numbers, "below": numbers, "at_or_below": numbers,
    }  # fmt: skip
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields.items()])


def _read(row: dict[str, Any], path: Path) -> Distribution:
    """Check one row: a damaged grid would give wrong quantiles, not an error."""
    values, below, at_or_below = (np.array(row[name], np.float64) for name in ("values", "below", "at_or_below"))
    sound = (
        len(values) == len(below) == len(at_or_below)
        and (len(values) > 0) == (row["count"] > 0)
        and bool(np.all(np.isfinite(values)) and np.all(np.diff(values) > 0))
        and bool(np.all((below >= 0) & (below < at_or_below) & (at_or_below <= 1)))
        and bool(np.all(below[1:] >= at_or_below[:-1]))
    )
    if not sound:
        raise ModelError("the baseline is damaged: its quantiles are not in order", Location(str(path)))
    return Distribution(row["count"], row["median"], values, below, at_or_below)
