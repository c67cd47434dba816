"""Why a profile scored as it did: the same for every detector, by counterfactual against the baseline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.anomaly import Reason
from netad.detectors.model import Model
from netad.profiles.features import FEATURES

Float64 = NDArray[np.float64]
Explanation = tuple[tuple[Reason, ...], tuple[Reason, ...]]

MOST_REASONS = 3
FRAMED = (
    "unique_destinations", "unique_source_ports", "unique_destination_ports", "packet_length_mean", "packet_length_max",
    "total_packets", "port_ratio", "packets_per_destination",
)  # fmt: skip
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class _Facts:
    """What is known of n profiles and f features: `typical` has the shape (f,), the others (n, f)."""

    names: tuple[str, ...]
    actual: Float64
    typical: Float64
    quantile: Float64
    drop: Float64


def explain(model: Model, profiles: pd.DataFrame) -> list[Explanation]:
    """Return for each row the features that matter most (at most three) and the operators' framed list.

    A feature's drop is how much less surprising the profile is with that feature at its baseline median; its weight
    is its share of all drops above 0. A row without any takes instead how far its quantile is from the middle.
    Features that deviate away from their suspicious direction come after all others. A feature that is missing in the
    row or in the baseline is never named.
    """
    names = FEATURES.names()
    actual = profiles[list(names)].to_numpy(np.float64)
    typical = np.array([model.baseline.median(name) for name in names])
    columns = [model.baseline.quantile(name, actual[:, place]) for place, name in enumerate(names)]
    quantile = np.stack(columns, axis=1)
    facts = _Facts(names, actual, typical, quantile, _drops(model, profiles, typical))
    return [_explained(facts, row) for row in range(len(profiles))]


def _drops(model: Model, profiles: pd.DataFrame, typical: Float64) -> Float64:
    """Return how much less surprising each profile is with one feature at its median, shape (n, f), in decades."""
    names = FEATURES.names()
    result = np.zeros((len(profiles), len(names)))
    step = max(1, _ROWS_AT_ONCE // (len(names) + 1))
    for start in range(0, len(profiles), step):
        block = profiles.iloc[start : start + step]
        variants = block.iloc[np.repeat(np.arange(len(block)), len(names) + 1)].reset_index(drop=True)
        for place, name in enumerate(names):
            if np.isfinite(typical[place]):
                values = variants[name].to_numpy(np.float64, copy=True)
                values[place + 1 :: len(names) + 1] = typical[place]
                variants[name] = values
        surprise = np.max(list(model.surprises(variants).values()), axis=0).reshape(len(block), len(names) + 1)
        result[start : start + step] = surprise[:, :1] - surprise[:, 1:]
    return np.maximum(result, 0.0)


def _explained(facts: _Facts, row: int) -> Explanation:
    actual, quantile = facts.actual[row], facts.quantile[row]
    usable = np.isfinite(actual) & np.isfinite(facts.typical) & np.isfinite(quantile)
    extremity = np.where(usable, np.abs(quantile - 0.5) * 2, 0.0)
    drop = np.where(usable, facts.drop[row], 0.0)
    strength = drop if drop.sum() > 0 else extremity
    total = strength.sum()
    weight = strength / total if total > 0 else strength
    towards = _towards_suspicion(actual, facts.typical)
    order = np.lexsort((-extremity, -weight, ~towards))
    reasons = [_reason(facts, row, place, weight) for place in order if usable[place] and weight[place] > 0]
    reasons = reasons[:MOST_REASONS]
    framed = [facts.names.index(name) for name in FRAMED]
    listed = [_reason(facts, row, place, weight) for place in framed if usable[place]]
    return tuple(reasons), (*listed, *(reason for reason in reasons if reason.feature not in FRAMED))


def _towards_suspicion(actual: Float64, typical: Float64) -> NDArray[np.bool_]:
    """Tell for each feature whether its value lies on the side of the median that speaks against the source."""
    either = np.array([feature.suspicious == "both" for feature in FEATURES])
    high = np.array([feature.suspicious == "high" for feature in FEATURES])
    return either | np.where(high, actual > typical, actual < typical)


def _reason(facts: _Facts, row: int, place: int, weight: Float64) -> Reason:
    feature = FEATURES[facts.names[place]]
    return Reason(
        feature=feature.name,
        label=feature.label,
        unit=feature.unit,
        actual=float(facts.actual[row, place]),
        typical=float(facts.typical[place]),
        quantile=float(facts.quantile[row, place]),
        weight=float(weight[place]),
    )
