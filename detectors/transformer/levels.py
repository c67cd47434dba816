"""Features as words: where a value lies among those of the baseline, in one of eight levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.bundle import DAMAGED
from netad.detectors.matrix import FLOOR_LOG, FLOOR_OTHER, MOST_MEASURED
from netad.profiles.features import FEATURES

Codes = NDArray[np.int8]
Float64 = NDArray[np.float64]

# From below every value of the baseline to far above all: each is one piece of BERT's vocabulary.
WORDS = ("below", "tiny", "low", "normal", "high", "large", "above", "extreme")
NORMAL = WORDS.index("normal")
MISSING = -1
FOLDS = 5
# Ends of the levels between the least and the greatest value, as mid-ranks: the share of values below, plus half of
# those that are equal.
_EDGES = (0.05, 0.25, 0.75, 0.95)
_LARGEST = 1e30


@dataclass(frozen=True)
class Levels:
    """The baseline's values of named features, ascending, as they are compared (`log` features as log1p).

    What is unusual in the direction that does not speak against a source is `normal`, as other detectors see it.
    """

    names: tuple[str, ...]
    values: tuple[Float64, ...]

    @classmethod
    def fit(cls, profiles: pd.DataFrame, names: Sequence[str]) -> "Levels":
        """Learn from profiles, shape (n, ...); features without any value are left out, of many profiles a part."""
        profiles = profiles.iloc[:: -(-len(profiles) // MOST_MEASURED) or 1]
        known = {name: np.sort(values[~np.isnan(values)]) for name in names for values in [_compared(profiles, name)]}
        kept = tuple(name for name in names if len(known[name]))
        return cls(kept, tuple(known[name] for name in kept))

    def apply(self, profiles: pd.DataFrame) -> Codes:
        """Return the level of each value, shape (n, f), `MISSING` where there is none."""
        codes = np.empty((len(profiles), len(self.names)), dtype=np.int8)
        for place, (name, known) in enumerate(zip(self.names, self.values, strict=True)):
            codes[:, place] = _levels(name, _compared(profiles, name), known)
        return codes

    def apply_training(self, profiles: pd.DataFrame, seed: int) -> Codes:
        """Return the same of the profiles that were learnt from, each among the others: five folds, drawn by seed.

        Among all together, itself one of them, no value would ever be above the greatest.
        """
        folds = np.random.default_rng([seed % (1 << 64), FOLDS]).permutation(len(profiles)) % FOLDS
        codes = np.full((len(profiles), len(self.names)), MISSING, dtype=np.int8)
        for fold in np.unique(folds):
            out = folds == fold
            others = Levels.fit(profiles[~out], self.names) if (~out).any() else self
            place = [self.names.index(name) for name in others.names]
            codes[np.ix_(out, place)] = others.apply(profiles[out])
        return codes

    def to_json(self) -> dict[str, Any]:
        """Return the levels as JSON values."""
        return {"names": list(self.names), "values": [values.tolist() for values in self.values]}

    @classmethod
    def from_json(cls, document: Any) -> "Levels":  # noqa: ANN401 - whatever the file held
        """Return the levels that `to_json` wrote.

        Raises:
            ModelError: they are none, or a feature is unknown.
        """
        try:
            names = tuple(str(name) for name in document["names"])
            values = tuple(np.array(each, dtype=np.float64) for each in document["values"])
            sound = len(names) == len(values) == len(set(names)) and set(names) <= set(FEATURES.names())
            sound = sound and all(each.ndim == 1 and len(each) and np.isfinite(each).all() for each in values)
            sound = sound and all(np.all(np.diff(each) >= 0) for each in values)
        except (KeyError, TypeError, ValueError, OverflowError):
            sound = False
        if not sound:
            raise ModelError(DAMAGED)
        return cls(names, values)


def _compared(profiles: pd.DataFrame, name: str) -> Float64:
    """Return a column as values are compared; infinite ones count as missing."""
    values = profiles[name].to_numpy(np.float64)
    values = np.where(np.isfinite(values), np.clip(values, -_LARGEST, _LARGEST), np.nan)
    return np.log1p(np.maximum(values, 0.0)) if FEATURES[name].transform == "log" else values


def _levels(name: str, values: Float64, known: Float64) -> Codes:
    rank = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / (2 * len(known))
    codes = 1 + np.searchsorted(_EDGES, rank, "right")
    floor = FLOOR_LOG if FEATURES[name].transform == "log" else FLOOR_OTHER
    reach = max(float(np.subtract(*np.quantile(known, (0.95, 0.05)))), floor)
    codes[values < known[0]] = 0
    codes[values > known[-1]] = len(WORDS) - 2
    codes[values > known[-1] + reach] = len(WORDS) - 1
    side = FEATURES[name].suspicious
    if side == "high":
        codes = np.maximum(codes, NORMAL)
    elif side == "low":
        codes = np.minimum(codes, NORMAL)
    return np.where(np.isnan(values), MISSING, codes).astype(np.int8)
