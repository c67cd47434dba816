"""From a ProfileFrame to the matrix that distance- and tree-based detectors work on: comparable columns, no holes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.bundle import DAMAGED
from netad.profiles.features import FEATURES

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

MOST = 10.0
# The least scale of a column: a tenth of a natural logarithm is 10 % more or less, 0.05 a share of 5 %. Where training
# values hardly differ, smaller steps than these would otherwise count as huge.
FLOOR_LOG, FLOOR_OTHER = 0.1, 0.05
_LARGEST = 1e30
_LOW, _HIGH = 5, 95
MOST_MEASURED = 20_000
# Groups that a model measures against what it knows (netad.profiles.novelty).
_MEASURED = ("novelty", "history")
# What logs call a service is its port again. Names in traffic are for behaviours (DGA, DNS tunnel) and for people.
# Among the features they told malicious windows from normal ones no better than chance (macro AUROC .50), most inputs
# lack them, and people look up new names daily: with them the fusion fell from .99 to .93 on dev.yaml, from .97 to .87
# on captures.yaml.
_NAMED = (
    "new_domain_share", "new_domains", "own_new_domain_share", "own_new_domains", "new_tls_clients", "new_user_agents",
    "new_service_share", "new_services", "own_new_service_share", "own_new_services",
)  # fmt: skip


@dataclass(frozen=True)
class Scaling:
    """How columns become comparable. All arrays have the shape (f,), in the order of `names`.

    A column is transformed as its feature is registered, its values on the harmless side of the training median
    (`low`, `high`: bounds) and missing ones become the median, and the rest is counted from the median in units of the
    range from the 5th to the 95th percentile, cut off at 10 units.
    """

    names: tuple[str, ...]
    median: Float64
    scale: Float64

    @classmethod
    def fit(cls, profiles: pd.DataFrame, names: Sequence[str]) -> "Scaling":
        """Learn from profiles, shape (n, ...), n >= 1; columns without any value in training are left out.

        Of more than 20,000 profiles evenly spread ones are looked at: quantiles of a hundred columns take a while.
        """
        if len(profiles) > MOST_MEASURED:
            profiles = profiles.iloc[spread(np.arange(len(profiles)))]
        kept, medians, scales = [], [], []
        for name in sorted(names):
            values = _transformed(name, profiles[name].to_numpy(np.float64))
            known = values[~np.isnan(values)]
            if not len(known):
                continue
            median = float(np.median(known))
            low, high = np.percentile(_folded(name, np.where(np.isnan(values), median, values), median), [_LOW, _HIGH])
            kept.append(name)
            medians.append(median)
            scales.append(max(float(high - low), FLOOR_LOG if FEATURES[name].transform == "log" else FLOOR_OTHER))
        return cls(tuple(kept), np.array(medians), np.array(scales))

    def refit(self, profiles: pd.DataFrame) -> "Scaling":
        """Return the same columns scaled by other profiles; one without any value there keeps what it has."""
        fresh = Scaling.fit(profiles, self.names)
        place = {name: number for number, name in enumerate(fresh.names)}
        median, scale = self.median.copy(), self.scale.copy()
        for number, name in enumerate(self.names):
            if name in place:
                median[number], scale[number] = fresh.median[place[name]], fresh.scale[place[name]]
        return Scaling(self.names, median, scale)

    def apply(self, profiles: pd.DataFrame) -> Float32:
        """Return the matrix, shape (n, f), C order, every value within -10..10."""
        # Column by column and turned at the end: to write every hundredth number of a large matrix takes twice as long.
        columns = np.empty((len(self.names), len(profiles)), dtype=np.float32)
        for place, name in enumerate(self.names):
            median = self.median[place]
            values = _transformed(name, profiles[name].to_numpy(np.float64))
            values = _folded(name, np.where(np.isnan(values), median, values), median)
            np.clip((values - median) / self.scale[place], -MOST, MOST, out=values)
            columns[place] = values
        return np.ascontiguousarray(columns.T)

    def to_json(self) -> dict[str, Any]:
        """Return the scaling as JSON values."""
        return {"names": list(self.names), "median": self.median.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_json(cls, document: Any) -> "Scaling":  # noqa: ANN401 - whatever the file held
        """Return the scaling that `to_json` wrote.

        Raises:
            ModelError: it is none, its numbers make no sense, or a feature is unknown.
        """
        try:
            names = tuple(str(name) for name in document["names"])
            median = np.array(document["median"], dtype=np.float64)
            scale = np.array(document["scale"], dtype=np.float64)
            sound = median.shape == scale.shape == (len(names),) == (len(set(names)),)
            sound = sound and bool(np.isfinite(median).all() and np.isfinite(scale).all() and np.all(scale > 0))
        except (KeyError, TypeError, ValueError, OverflowError):
            sound = False
        if not sound or not set(names) <= set(FEATURES.names()):
            raise ModelError(DAMAGED)
        return cls(names, median, scale)


def spread(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that scales are learnt from: all, or of more than 20,000 evenly spread ones."""
    return rows[:: max(-(-len(rows) // MOST_MEASURED), 1)]


def judged() -> tuple[str, ...]:
    """Return the features that detectors compare: all but what DNS, TLS and HTTP say."""
    return tuple(feature.name for feature in FEATURES if feature.group != "names" and feature.name not in _NAMED)


def view_columns(names: Sequence[str], view: str) -> NDArray[np.intp]:
    """Return the places of the named columns that a view looks at.

    `novelty`: what is new to the baseline; `traffic`: what needs no knowledge of anybody's past; `all`: everything.
    """
    groups = {"novelty": ("novelty",), "all": tuple(FEATURES.groups())}
    groups["traffic"] = tuple(group for group in FEATURES.groups() if group not in _MEASURED)
    return np.flatnonzero([FEATURES[name].group in groups[view] for name in names])


def _transformed(name: str, values: Float64) -> Float64:
    """Return a column as detectors compare it; infinite values count as missing."""
    values = np.where(np.isfinite(values), values, np.nan)
    if FEATURES[name].transform == "log":
        return np.log1p(np.maximum(values, 0.0))
    return np.clip(values, -_LARGEST, _LARGEST)


def _folded(name: str, values: Float64, median: float) -> Float64:
    """Return the values with what is unusual in the unsuspicious direction at the median."""
    side = FEATURES[name].suspicious
    if side == "high":
        return np.maximum(values, median)
    return np.minimum(values, median) if side == "low" else values
