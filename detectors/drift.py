"""How far new profiles have moved from those that a model was trained on, feature by feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, chi2, ks_2samp

from netad.core.errors import ModelError
from netad.detectors.matrix import judged
from netad.detectors.model import Model
from netad.profiles.batch import ProfileBatch, Profiles
from netad.profiles.features import FEATURES
from netad.profiles.registry import Feature

Float64 = NDArray[np.float64]
State = Literal["stable", "drifting", "moved"]
Verdict = Literal["stable", "drifting", "retrain"]
Direction = Literal["higher", "lower", "shape", "same"]

# From these indices on a feature drifts, or has moved away: the convention of the field (Siddiqi, Credit Risk
# Scorecards, 2006).
DRIFTING, MOVED = 0.10, 0.25
# The verdict is about the model: of the features that it judges by, such a share drifts, or has moved away, or normal
# profiles no longer look normal to it. Among a hundred features one or two may move for reasons of their own.
SHARE = 0.10
# How often chance alone may make any of the features of a stable network look as if it had moved.
CHANCE = 0.01
DECILES = np.linspace(0.1, 0.9, 9)
# Below such a Cliff's delta the two sides are about as often higher: "negligible" (Romano et al. 2006).
NEGLIGIBLE = 0.147
SMOOTHING = 0.5
# Many features are 0 for most profiles: their median says nothing.
HIGH = 0.9
# The share of normal profiles that scores so high that a profile counts as odd here; and the shares of odd ones from
# which the model drifts, or does no longer fit: it reports ten, or 25, times what it should.
ODD = 0.01
ODD_DRIFTING, ODD_MOVED = 0.10, 0.25
_HOUR_NS, _DAY_HOURS = 3600 * 10**9, 24


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature has moved.

    `psi` is the population stability index, `chance` the index that chance alone seldom passes with so few rows, `ks`
    the two-sample Kolmogorov-Smirnov statistic (0..1) and `p_value` its probability without a change. `shift` is
    Cliff's delta, -1..1: how much more often a new value is above a trained one than below. `direction` says it in a
    word ("shape": spread or gaps changed, not the level), `suspicious` whether it is the direction that speaks against
    a source. `before` and `after` are medians in the feature's unit, `high_before` and `high_after` 90th percentiles,
    `missing_before` and `missing_after` shares of profiles without a value. `judged` says whether detectors look at the
    feature.
    """

    name: str
    state: State
    psi: float
    chance: float
    ks: float
    p_value: float
    shift: float
    direction: Direction
    suspicious: bool
    before: float
    after: float
    high_before: float
    high_after: float
    missing_before: float
    missing_after: float
    judged: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """How far new profiles have moved from a model's training.

    `features` are those that both sides tell of, the largest index first; `absent` those that only the training told
    of, `fresh` those that only the new profiles tell of. `trained` and `profiles` count the rows that were compared,
    `odd` is the share of the new ones that score as only one in a hundred normal ones does. `sources` counts the new
    rows' sources, `unknown` those that the model cannot compare with their own past. `notes` say what limits the
    verdict.
    """

    verdict: Verdict
    reason: str
    features: tuple[FeatureDrift, ...]
    absent: tuple[str, ...]
    fresh: tuple[str, ...]
    trained: int
    profiles: int
    sources: int
    unknown: int
    odd: float
    notes: tuple[str, ...]


def drift(model: Model, profiles: Profiles) -> Drift:
    """Compare new profiles with what the model kept of its training.

    Where the model was trained on inside sources only those are compared, as only those would train it further. What
    it was trained on is left out: to a model nothing is new of what it learnt from.

    Raises:
        ModelError: there is no profile to compare.
    """
    before = model.measured_training
    frame = model.measure(profiles).frame if isinstance(profiles, ProfileBatch) else profiles
    if before["inside"].any():
        frame = frame[frame["inside"].to_numpy(bool)].reset_index(drop=True)
    if frame.empty:
        raise ModelError("the inputs hold no profile of a host such as the model was trained on")
    seen = _seen(model, frame)
    if seen.all():
        raise ModelError(f"the model {model.name} was trained on all of these profiles: give it newer ones")
    frame = frame[~seen].reset_index(drop=True)
    told_before, told_after = _told(before), _told(frame)
    both = [name for name in FEATURES.names() if name in told_before and name in told_after]
    looked_at = frozenset(judged())
    found = [_feature(FEATURES[name], before, frame, CHANCE / len(both), name in looked_at) for name in both]
    found.sort(key=lambda one: (-one.psi, -one.ks, one.name))
    odd = model.score(frame).score >= model.threshold(ODD)
    verdict, reason = _verdict([one for one in found if one.judged], odd)
    absent = tuple(name for name in FEATURES.names() if name in told_before - told_after)
    fresh = tuple(name for name in FEATURES.names() if name in told_after - told_before)
    unknown = frame.loc[~frame["known_source"].to_numpy(bool), "source"]
    return Drift(
        verdict=verdict,
        reason=reason,
        features=tuple(found),
        absent=absent,
        fresh=fresh,
        trained=len(before),
        profiles=len(frame),
        sources=int(frame["source"].nunique()),
        unknown=int(unknown.nunique()),
        odd=float(np.mean(odd)),
        notes=(*_left_out(seen), *_notes(before, frame, found, absent, looked_at, float(np.mean(odd)))),
    )


def stability_index(before: Float64, after: Float64) -> tuple[float, int]:
    """Return the population stability index of two samples, shape (n,) and (m,), and how many bins it was summed over.

    The sum over bins of `(a - b) ln(a / b)`, b and a being the shares of the two samples in a bin (Siddiqi 2006; it is
    Kullback and Leibler's symmetric divergence J, 1951). Bins are bounded by the deciles of the first; a value that
    makes up two deciles or more has a bin of its own, and so have missing values (NaN), where there are any. Shares
    are smoothed by half a row a bin, for an empty bin would make the index infinite.
    """
    bounds = _bounds(before[~np.isnan(before)])
    bins = len(bounds) + 2
    counts = [np.bincount(_binned(values, bounds), minlength=bins) for values in (before, after)]
    occupied = counts[0] + counts[1] > 0
    b, a = ((one[occupied] + SMOOTHING) / (one.sum() + SMOOTHING * occupied.sum()) for one in counts)
    return float(np.sum((a - b) * np.log(a / b))), int(occupied.sum())


def chance_index(before: int, after: int, bins: int, probability: float) -> float:
    """Return the index that two samples of one distribution, of so many rows, pass with the given probability.

    Without a change the index is `(1 / n + 1 / m)` times a chi-squared variable of `bins - 1` degrees of freedom
    (Yurdakul and Naranjo, Statistical properties of the population stability index, 2020).
    """
    return (1 / before + 1 / after) * float(chi2.isf(probability, max(bins - 1, 1)))


def _feature(feature: Feature, before: pd.DataFrame, after: pd.DataFrame, chance: float, judged: bool) -> FeatureDrift:
    old, new = _values(before, feature.name), _values(after, feature.name)
    psi, bins = stability_index(old, new)
    limit = chance_index(len(old), len(new), bins, chance)
    missing = float(np.isnan(old).mean()), float(np.isnan(new).mean())
    old, new = np.sort(old[~np.isnan(old)]), np.sort(new[~np.isnan(new)])
    test = ks_2samp(old, new, method="asymp")
    shift = _cliff(old, new)
    state = _state(psi, limit)
    direction = _direction(shift, state)
    return FeatureDrift(
        name=feature.name,
        state=state,
        psi=psi,
        chance=limit,
        ks=float(test.statistic),
        p_value=float(min(max(test.pvalue, 0.0), 1.0)),
        shift=shift,
        direction=direction,
        suspicious=(direction == "higher" and feature.suspicious in ("high", "both"))
        or (direction == "lower" and feature.suspicious in ("low", "both")),
        before=float(np.median(old)),
        after=float(np.median(new)),
        high_before=float(np.quantile(old, HIGH)),
        high_after=float(np.quantile(new, HIGH)),
        missing_before=missing[0],
        missing_after=missing[1],
        judged=judged,
    )


def _state(psi: float, limit: float) -> State:
    if psi < DRIFTING or psi <= limit:
        return "stable"
    return "moved" if psi >= MOVED else "drifting"


def _direction(shift: float, state: State) -> Direction:
    if state == "stable":
        return "same"
    if abs(shift) < NEGLIGIBLE:
        return "shape"
    return "higher" if shift > 0 else "lower"


def _verdict(features: Sequence[FeatureDrift], odd: NDArray[np.bool_]) -> tuple[Verdict, str]:
    """Return the verdict on a model that judges by these features, of which so many profiles are odd, and why."""
    count, found = max(len(features), 1), int(odd.sum())
    moved = sum(one.state == "moved" for one in features)
    drifted = sum(one.state != "stable" for one in features)
    told = (f"of {len(features)} judged features {drifted} drifted (index from {DRIFTING:g}), {moved} of them far "
            f"(from {MOVED:g}); {found} of {len(odd)} profiles score as one in a hundred normal ones does")  # fmt: skip
    share = found / len(odd) if binom.sf(found - 1, len(odd), ODD) < CHANCE else 0.0
    if moved >= SHARE * count or share >= ODD_MOVED:
        return "retrain", told
    if drifted >= SHARE * count or share >= ODD_DRIFTING:
        return "drifting", told
    return "stable", told


def _seen(model: Model, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which profiles the model was trained on, shape (n,), as far as it keeps them; also those set aside then."""
    aside = {(one.source, one.window_start_ns) for one in model.trimmed}
    keys = zip(frame["source"].tolist(), frame["window_start_ns"].tolist(), strict=True)
    result: NDArray[np.bool_] = model.history.holds(frame) | np.array([key in aside for key in keys], dtype=bool)
    return result


def _left_out(seen: NDArray[np.bool_]) -> list[str]:
    count = int(seen.sum())
    return [f"{count} of {len(seen)} profiles were part of the training and are left out"] if count else []


def _notes(
    before: pd.DataFrame, after: pd.DataFrame, found: Sequence[FeatureDrift], absent: Sequence[str],
    looked_at: frozenset[str], odd: float,
) -> list[str]:  # fmt: skip
    """Return what limits the verdict: too few rows, other hours of the day, features that were not told of."""
    notes = []
    limit = float(np.median([one.chance for one in found])) if found else np.inf
    if limit > MOVED:
        notes.append(f"{len(after)} new and {len(before)} trained profiles are few: below an index of about "
                     f"{limit:.2g} a change cannot be told from chance")  # fmt: skip
    if odd >= ODD_DRIFTING:
        notes.append("so many odd profiles can be an attack, too: look at what netad ingest says of them before you "
                     "train on them")  # fmt: skip
    untrained = ~np.isin(_hours(after), _hours(before))
    if untrained.any():
        notes.append(f"{int(untrained.sum())} of {len(after)} profiles are of hours of the day (UTC) that were not "
                     "trained on: what changes by the hour looks like drift")  # fmt: skip
    lost = [name for name in absent if name in looked_at]
    if lost:
        shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        notes.append(f"the inputs do not tell of {len(lost)} features that the model judges by: {shown}")
    return notes


def _hours(frame: pd.DataFrame) -> NDArray[np.int64]:
    hours: NDArray[np.int64] = frame["window_start_ns"].to_numpy(np.int64) // _HOUR_NS % _DAY_HOURS
    return hours


def _told(frame: pd.DataFrame) -> set[str]:
    """Return the features that at least one row has a value of."""
    names = list(FEATURES.names())
    told = np.isfinite(frame[names].to_numpy(np.float64)).any(axis=0)
    return {name for name, is_told in zip(names, told.tolist(), strict=True) if is_told}


def _values(frame: pd.DataFrame, name: str) -> Float64:
    values = frame[name].to_numpy(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _bounds(values: Float64) -> Float64:
    """Return the lower bounds of all bins but the first, ascending, of the values that are not missing."""
    edges, often = np.unique(np.quantile(values, DECILES, method="inverted_cdf"), return_counts=True)
    return np.unique(np.concatenate([np.nextafter(edges, np.inf), edges[often > 1]]))


def _binned(values: Float64, bounds: Float64) -> NDArray[np.intp]:
    """Return the bin of each value, shape (n,); missing values have the last one."""
    return np.where(np.isnan(values), len(bounds) + 1, np.searchsorted(bounds, values, side="right"))


def _cliff(before: Float64, after: Float64) -> float:
    """Return Cliff's delta of two sorted samples: P(after > before) - P(after < before) (Cliff 1993)."""
    below = np.searchsorted(before, after, side="left")
    above = len(before) - np.searchsorted(before, after, side="right")
    return float(np.mean((below - above) / len(before)))
