"""What a model knows, and what changed between two models, as JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netad.core.timing import iso
from netad.detectors.calibration import Calibration, score_to_tail
from netad.detectors.matrix import judged
from netad.detectors.model import Model
from netad.profiles.features import FEATURES

BUDGETS = {"1/100": 1e-2, "1/1000": 1e-3, "1/10000": 1e-4}
# Sources that came or went, so many by name.
MOST_SOURCES = 20
# Halvings of a bracket: enough for every bit of a float64's significand.
_HALVINGS = 60


def describe(model: Model) -> dict[str, Any]:
    """Return what a model is, what it was trained on and when, and what it judges by, as JSON values.

    `thresholds` are, by budget, calibrated scores (0..1); the `raw` scores of each detector behind them say how much a
    profile must stand out. `missing` are the features that the training inputs did not tell of.
    """
    missing = _missing(model)
    thresholds = {budget: model.threshold(share) for budget, share in BUDGETS.items()}
    return {
        "name": model.name,
        "version": model.version,
        "window": model.window,
        "created": model.created,
        "seed": model.seed,
        "trained": {
            "profiles": model.profiles, "kept": len(model.history.rows), "sources": model.sources,
            "first": iso(model.first_ns), "last": iso(model.last_ns), "inputs": [dict(one) for one in model.inputs],
        },
        "detectors": {
            name: {
                "calibrated_on": one.count,
                "raw": {budget: raw_at(one, score_to_tail(score)) for budget, score in thresholds.items()},
            }
            for name, one in model.calibrations.items()
        },
        "thresholds": thresholds,
        "novelty": model.knowledge is not None,
        "features": {
            "judged": [name for name in FEATURES.names() if name in set(judged()) - missing],
            "missing": [name for name in FEATURES.names() if name in missing],
        },
        "trimmed": {
            "count": model.trimmed_count,
            "listed": [
                {"source": one.source, "start": iso(one.window_start_ns), "end": iso(one.window_end_ns),
                 "surprise": one.surprise, "reason": one.reason}
                for one in model.trimmed
            ],
        },
        "notes": list(model.notes),
    }  # fmt: skip


def differences(before: Model, after: Model) -> dict[str, Any]:
    """Return what changed from one model to another, as JSON values; what is equal is left out of `settings`.

    A feature's `moved`, -1..1, is the share of the first model's profiles between the old and the new median, so that
    features of all units compare; those that changed are listed, the farthest first. `sources` are those among the
    profiles that the models keep.
    """
    old, new = describe(before), describe(after)
    settings = ("name", "version", "window", "created", "seed", "novelty")
    return {
        "settings": {key: [old[key], new[key]] for key in settings if old[key] != new[key]},
        "trained": {key: [old["trained"][key], new["trained"][key]] for key in old["trained"] if key != "inputs"},
        "inputs": _came_and_went([str(one.get("path", one)) for one in before.inputs],
                                 [str(one.get("path", one)) for one in after.inputs], None),
        "detectors": _came_and_went(old["detectors"], new["detectors"], None),
        "thresholds": {key: [old["thresholds"][key], new["thresholds"][key]] for key in BUDGETS},
        "raw": {
            name: {budget: [old["detectors"][name]["raw"][budget], one["raw"][budget]] for budget in BUDGETS}
            for name, one in new["detectors"].items() if name in old["detectors"]
        },
        "features": {
            "gained": [name for name in old["features"]["missing"] if name not in new["features"]["missing"]],
            "lost": [name for name in new["features"]["missing"] if name not in old["features"]["missing"]],
            "medians": _medians(before, after),
        },
        "sources": _came_and_went(_sources(before), _sources(after), MOST_SOURCES),
        "trimmed": [before.trimmed_count, after.trimmed_count],
    }  # fmt: skip


def raw_at(calibration: Calibration, tail: float) -> float:
    """Return the least raw score whose tail probability is at most `tail` (0..1], by halving a bracket."""
    wanted = -np.log10(tail)
    low, high = calibration.knots[0], calibration.knots[-1]
    step = calibration.scale
    while calibration.surprise([high])[0] < wanted and np.isfinite(high):
        low, high, step = high, high + step, step * 2
    if calibration.surprise([low])[0] >= wanted:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if calibration.surprise([middle])[0] >= wanted else (middle, high)
    return float(high)


def _missing(model: Model) -> set[str]:
    return {name for name in FEATURES.names() if not model.baseline.count(name)}


def _sources(model: Model) -> list[str]:
    return [str(one) for one in model.history.rows["source"].unique()]


def _came_and_went(before: Sequence[str], after: Sequence[str], most: int | None) -> dict[str, Any]:
    held, holds = set(before), set(after)
    added, gone = ([one for one in names if one not in other] for names, other in ((after, held), (before, holds)))
    return {"added": list(dict.fromkeys(added))[:most], "added_count": len(set(added)),
            "gone": list(dict.fromkeys(gone))[:most], "gone_count": len(set(gone))}  # fmt: skip


def _medians(before: Model, after: Model) -> list[dict[str, Any]]:
    changed = []
    for feature in FEATURES:
        old, new = before.baseline.median(feature.name), after.baseline.median(feature.name)
        if np.isnan(old) or np.isnan(new) or old == new:
            continue
        places = before.baseline.quantile(feature.name, np.array([old, new]))
        changed.append({"name": feature.name, "unit": feature.unit, "before": old, "after": new,
                        "moved": float(places[1] - places[0])})  # fmt: skip
    return sorted(changed, key=lambda one: (-abs(float(one["moved"])), str(one["name"])))
