"""Why a profile scored as it did: the same for every detector, by counterfactual against the baseline."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.anomaly import Change, Reason, UnexpectedWord
from netad.detectors.base import Reading
from netad.detectors.behaviour_detector import PREFIX, behaviour_columns
from netad.detectors.calibration import DECADES
from netad.detectors.matrix import judged
from netad.detectors.model import Model
from netad.detectors.sentence import behaviour_label
from netad.profiles.features import FEATURES

Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_REASONS = 3
# A normalising change of more features than this is no explanation any more.
MOST_CHANGES = 8
# Counterfactuals are tried of so many columns of a row.
MOST_TRIED = 32
FRAMED = (
    "unique_destinations", "unique_source_ports", "unique_destination_ports", "packet_length_mean", "packet_length_max",
    "total_packets", "port_ratio", "packets_per_destination",
)  # fmt: skip
# Values nearer to the middle of the baseline than this are not tried: what is usual is no reason.
_USUAL = 0.2
_ROWS_AT_ONCE = 20_000
# A change is told to an eighth of the way to typical.
_STEPS = 8


@dataclass(frozen=True)
class Explanation:
    """The features that matter most (at most three), the operators' framed list, and the smallest normalising change.

    `changes` is empty where setting up to eight features to typical does not make the profile normal, or where it is.
    `words` are what a detector that reads profiles as text did not expect.
    """

    reasons: tuple[Reason, ...]
    profile: tuple[Reason, ...]
    changes: tuple[Change, ...] = ()
    words: tuple[UnexpectedWord, ...] = ()


@dataclass(frozen=True)
class _Facts:
    """What is known of n profiles and f columns: `typical` has the shape (f,), the others (n, f)."""

    names: tuple[str, ...]
    actual: Float64
    typical: Float64
    quantile: Float64
    own: Float64
    peers: Float64
    drop: Float64


class _Judge:
    """Scores variants of profiles: matrices over named columns, in the place of those columns of a frame."""

    def __init__(self, model: Model, rows: pd.DataFrame, names: tuple[str, ...]) -> None:
        self._model = model
        self._names = names
        self._rest = rows[[name for name in rows.columns if name not in names]]
        self._values = rows[list(names)].to_numpy(np.float64)

    def surprise(self, places: NDArray[np.intp], matrix: Float64) -> Float64:
        """Return the highest surprise over the detectors of variants, shape (v,): rows `places`, values (v, f)."""
        result = np.empty(len(places))
        for start in range(0, len(places), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            frame = pd.DataFrame(matrix[part], columns=list(self._names))
            rest = self._rest.iloc[places[part]].reset_index(drop=True)
            found = self._model.surprises_of(pd.concat([frame, rest], axis=1), self._model.deciding)
            result[part] = np.max(list(found.values()), axis=0)
        return result

    def drops(self, typical: Float64, tried: Mask) -> Float64:
        """Return how much less surprising each profile is with one column typical, shape (n, f), in decades."""
        base = self.surprise(np.arange(len(self._values)), self._values)
        places, columns = np.nonzero(tried)
        result = np.zeros(self._values.shape)
        for start in range(0, len(places), _ROWS_AT_ONCE):
            rows, changed = places[start : start + _ROWS_AT_ONCE], columns[start : start + _ROWS_AT_ONCE]
            matrix = self._values[rows]
            matrix[np.arange(len(rows)), changed] = typical[changed]
            result[rows, changed] = base[rows] - self.surprise(rows, matrix)
        return np.maximum(result, 0.0)

    def changes(self, typical: Float64, drop: Float64, least: float) -> list[list[tuple[int, float]]]:
        """Return for each profile the columns to change, with the values that make it normal (below `least` decades).

        Columns go to typical one after another, what matters most first; then all come back as far as they may.
        """
        count = len(self._values)
        order = np.argsort(-drop, axis=1, kind="stable")[:, :MOST_CHANGES]
        usable = np.take_along_axis(drop, order, axis=1) > 0
        found: list[list[tuple[int, float]]] = [[] for _ in range(count)]
        waiting = np.flatnonzero(self.surprise(np.arange(count), self._values) >= least)
        current = self._values.copy()
        for step in range(order.shape[1]):
            waiting = waiting[usable[waiting, step]]
            if not len(waiting):
                break
            current[waiting, order[waiting, step]] = typical[order[waiting, step]]
            normal = self.surprise(waiting, current[waiting]) < least
            for row in waiting[normal].tolist():
                found[row] = [(int(column), float(typical[column])) for column in order[row, : step + 1]]
            waiting = waiting[~normal]
        return self._tightened(found, least)

    def _tightened(self, found: list[list[tuple[int, float]]], least: float) -> list[list[tuple[int, float]]]:
        rows = np.array([row for row, changes in enumerate(found) if changes], dtype=np.intp)
        for step in range(1, _STEPS):
            if not len(rows):
                break
            way = step / _STEPS
            matrix = self._values[rows]
            partly = []
            for place, row in enumerate(rows.tolist()):
                moved = [(column, self._on_the_way(row, column, target, way)) for column, target in found[row]]
                for column, value in moved:
                    matrix[place, column] = value
                partly.append(moved)
            normal = self.surprise(rows, matrix) < least
            for place, row in enumerate(rows.tolist()):
                if normal[place]:
                    found[row] = partly[place]
            rows = rows[~normal]
        return found

    def _on_the_way(self, row: int, column: int, target: float, way: float) -> float:
        """Return the value `way` (0..1) from a column's value to the target; a behaviour is there or it is not."""
        name = self._names[column]
        return target if name.startswith(PREFIX) else _between(name, self._values[row, column], target, way)


def explain(model: Model, profiles: pd.DataFrame, threshold: float | None = None) -> list[Explanation]:
    """Explain the rows of a ProfileFrame that the model has measured.

    A feature's drop is how much less surprising the profile is with that feature at its baseline median, a behaviour's
    with that behaviour absent; its weight is its share of all drops above 0. A row without any takes instead how far
    its quantile is from the middle. Features that deviate away from their suspicious direction come after all others. A
    feature that is missing in the row or in the baseline is never named. `threshold` is the calibrated score below
    which a profile is normal, by default that of a budget of one in a thousand.
    """
    if profiles.empty:
        return []
    rows = model.without_habits(profiles.reset_index(drop=True))
    facts, judge = _facts(model, rows)
    least = (model.threshold(1e-3) if threshold is None else threshold) * DECADES
    changes = judge.changes(facts.typical, facts.drop, least)
    words = _words(model, rows)
    return [replace(_explained(facts, row, changes[row]), words=words[row]) for row in range(len(rows))]


def _words(model: Model, rows: pd.DataFrame) -> list[tuple[UnexpectedWord, ...]]:
    """Return what the first detector that reads profiles did not expect of each."""
    for detector in model.detectors.values():
        if isinstance(detector, Reading):
            return detector.unexpected(rows)
    return [()] * len(rows)


def _facts(model: Model, rows: pd.DataFrame) -> tuple[_Facts, _Judge]:
    behaviours = behaviour_columns(rows)
    names = (*FEATURES.names(), *behaviours)
    actual = rows[list(names)].to_numpy(np.float64)
    typical = np.array([*(model.baseline.median(name) for name in FEATURES.names()), *([0.0] * len(behaviours))])
    quantile = np.full(actual.shape, np.nan)
    for place, name in enumerate(FEATURES.names()):
        quantile[:, place] = model.baseline.quantile(name, actual[:, place])
    for place, name in enumerate(behaviours, start=len(FEATURES.names())):
        seen = model.history.rows[name].to_numpy(np.float64) if name in model.history.rows else np.zeros(1)
        quantile[:, place] = np.searchsorted(np.sort(seen), actual[:, place], side="right") / max(len(seen), 1)
    own, peers = _quantiles(model, rows, actual, names)
    judge = _Judge(model, rows, names)
    looked_at = np.isin(names, [*judged(), *behaviours]) & np.isfinite(typical)
    unusual = np.abs(quantile - 0.5) >= _USUAL
    tried = looked_at & np.isfinite(actual) & (actual != typical) & unusual & _towards_suspicion(names, actual, typical)
    tried = _farthest(model, rows, names, tried)
    return _Facts(names, actual, typical, quantile, own, peers, judge.drops(typical, tried)), judge


def _farthest(model: Model, rows: pd.DataFrame, names: tuple[str, ...], tried: Mask) -> Mask:
    """Keep of the columns to try the 32 that are farthest from typical in each row; behaviours first."""
    away = np.full(tried.shape, np.inf)
    scaling = model.scaling
    places = {name: number for number, name in enumerate(names)}
    away[:, [places[name] for name in scaling.names]] = np.abs(scaling.apply(rows))
    away[~tried] = -1.0
    kept = np.argsort(-away, axis=1, kind="stable")[:, :MOST_TRIED]
    result = np.zeros_like(tried)
    np.put_along_axis(result, kept, True, axis=1)
    return result & tried


def _quantiles(model: Model, rows: pd.DataFrame, actual: Float64, names: tuple[str, ...]) -> tuple[Float64, Float64]:
    """Return the shares of the source's own, and of its peers', kept profiles at or below each value, (n, f) each."""
    own, peers = np.full(actual.shape, np.nan), np.full(actual.shape, np.nan)
    history = model.history
    known = history.rows.reindex(columns=list(names)).to_numpy(np.float64)
    groups = rows.groupby(["source_hi", "source_lo"], sort=False).indices
    for key, places in groups.items():
        high, low = (int(part) for part in key)  # type: ignore[attr-defined]
        for result, kept in ((own, history.own(high, low)), (peers, history.peers(high, low))):
            if len(kept):
                seen = known[kept]
                count = np.count_nonzero(np.isfinite(seen), axis=0)
                for place in places:
                    share = np.count_nonzero(seen <= actual[place], axis=0) / np.maximum(count, 1)
                    result[place] = np.where((count > 0) & np.isfinite(actual[place]), share, np.nan)
    return own, peers


def _explained(facts: _Facts, row: int, changes: list[tuple[int, float]]) -> Explanation:
    actual, quantile = facts.actual[row], facts.quantile[row]
    usable = np.isfinite(actual) & np.isfinite(facts.typical) & np.isfinite(quantile)
    extremity = np.where(usable, np.abs(quantile - 0.5) * 2, 0.0)
    drop = np.where(usable, facts.drop[row], 0.0)
    strength = drop if drop.sum() > 0 else np.where(np.isin(facts.names, judged()), extremity, 0.0)
    total = strength.sum()
    weight = strength / total if total > 0 else strength
    towards = _towards_suspicion(facts.names, actual, facts.typical)
    order = np.lexsort((-extremity, -weight, ~towards))
    reasons = [_reason(facts, row, place, weight) for place in order if usable[place] and weight[place] > 0]
    reasons = reasons[:MOST_REASONS]
    framed = [facts.names.index(name) for name in FRAMED]
    listed = [_reason(facts, row, place, weight) for place in framed if usable[place]]
    return Explanation(
        reasons=tuple(reasons),
        profile=(*listed, *(reason for reason in reasons if reason.feature not in FRAMED)),
        changes=tuple(
            Change(facts.names[column], *_label(facts.names[column]), actual=float(actual[column]), target=target)
            for column, target in changes
        ),
    )


def _towards_suspicion(names: tuple[str, ...], actual: Float64, typical: Float64) -> Mask:
    """Tell for each column whether its value lies on the side of typical that speaks against the source."""
    sides = np.array(["high" if name.startswith(PREFIX) else FEATURES[name].suspicious for name in names])
    return np.asarray((sides == "both") | np.where(sides == "high", actual > typical, actual < typical), dtype=bool)


def _between(name: str, actual: float, target: float, way: float) -> float:
    """Return a feature's value `way` (0..1) from actual to target, as detectors count the way."""
    if FEATURES[name].transform == "log":
        low, high = np.log1p(max(actual, 0.0)), np.log1p(max(target, 0.0))
        return float(np.expm1(low + way * (high - low)))
    return float(actual + way * (target - actual))


def _label(name: str) -> tuple[str, str]:
    """Return label and unit of a column."""
    if name.startswith(PREFIX):
        return behaviour_label(name.removeprefix(PREFIX)), "decades"
    return FEATURES[name].label, FEATURES[name].unit


def _reason(facts: _Facts, row: int, place: int, weight: Float64) -> Reason:
    label, unit = _label(facts.names[place])
    return Reason(
        feature=facts.names[place],
        label=label,
        unit=unit,
        actual=float(facts.actual[row, place]),
        typical=float(facts.typical[place]),
        quantile=float(facts.quantile[row, place]),
        weight=float(weight[place]),
        own_quantile=float(facts.own[row, place]),
        peer_quantile=float(facts.peers[row, place]),
    )
