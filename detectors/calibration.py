"""Raw scores to 0..1: how rare a score is among normal profiles, on a logarithmic scale.

The calibrated score is `min(1, -log10(p) / 6)`, where the tail probability p is the estimated share of normal profiles
that score at least as high: 0.5 is one in a thousand, 0.67 one in ten thousand, 1 one in a million or less.

Within the training scores p is empirical, `(scores at or above + 1) / (n + 1)`. Beyond a high quantile u it is
extrapolated by a generalised Pareto tail (peaks over threshold: Balkema and de Haan 1974, Pickands 1975),
`p = p_u (1 + shape (s - u) / scale) ** (-1 / shape)`, exponential for shape 0. The detector says the heaviest shape
its scores can have. Where the excesses end sooner the shape is lower: their estimate by probability-weighted moments
(Hosking and Wallis 1987), drawn towards the detector's, for from a few dozen excesses it is mostly noise. The scale
comes from quantiles of the excesses, so that attacks among the training profiles do not hide themselves: up to a
quarter of the excesses (2.5 % of all profiles, more in small baselines) hardly move it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netad.core.errors import ModelError

Float64 = NDArray[np.float64]

DECADES = 6.0
FEW = 50
TAIL_SHARE, LEAST_EXCESSES = 0.1, 10
MOST_KNOTS = 1024
SHRINKAGE, LIGHTEST = 20, -0.5
# A bounded tail ends somewhere; six decades below the anchor it goes on as a straight line, so that scores far out
# keep their order.
STRAIGHT_FROM = 6.0


def tail_to_score(tail: float) -> float:
    """Return the calibrated score (0..1) of a tail probability; 1/1000 is 0.5."""
    return min(1.0, max(0.0, -math.log10(tail) / DECADES)) if tail > 0 else 1.0


def score_to_tail(score: float) -> float:
    """Return the tail probability of a calibrated score; 0.5 is 1/1000. Scores of 1 stand for 1e-6 and all below."""
    return float(10 ** (-DECADES * score))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a detector's raw scores mean.

    `knots` are raw scores in rising order, the last one the anchor of the extrapolated tail, `tails` the tail
    probability at each of them; `scale` is in units of the raw score; `count` is the number of training scores.
    """

    knots: tuple[float, ...]
    tails: tuple[float, ...]
    scale: float
    shape: float
    count: int

    @property
    def few(self) -> bool:
        """Tell whether the baseline is so small (below 50 profiles) that scores are damped and rough."""
        return self.count < FEW

    @classmethod
    def fit(cls, raw: ArrayLike, shape: float) -> "Calibration":
        """Learn from raw scores of normal profiles, shape (n,), n >= 1, finite; `shape` is the heaviest possible."""
        scores = np.sort(np.asarray(raw, dtype=np.float64))
        count = len(scores)
        excesses = min(max(math.ceil(TAIL_SHARE * count), min(LEAST_EXCESSES, math.ceil(count / 2))), count)
        anchor = float(scores[count - excesses])
        shape = _shape(scores[-excesses:] - anchor, shape)
        knots, first = np.unique(scores[scores <= anchor], return_index=True)
        if len(knots) > MOST_KNOTS:
            chosen = np.unique(np.linspace(0, len(knots) - 1, MOST_KNOTS).round().astype(np.intp))
            knots, first = knots[chosen], first[chosen]
        tails = (count - first + 1) / (count + 1)
        scale = _scale(scores, anchor, excesses, shape)
        return cls(tuple(knots.tolist()), tuple(tails.tolist()), scale, shape, count)

    @classmethod
    def of_decades(cls, raw: ArrayLike) -> "Calibration":
        """Return the calibration of scores that claim to be decades (-log10 of a tail) themselves, shape (n,), n >= 0.

        They are believed as far as the scores of normal profiles do not speak against them: up to the highest of
        those, the surprise is what was counted where that is less; beyond, it goes on decade for decade.
        """
        scores = np.sort(np.maximum(np.asarray(raw, dtype=np.float64), 0.0))
        knots, first = np.unique(np.concatenate([[0.0], scores]), return_index=True)
        counted = (len(scores) - np.maximum(first - 1, 0)) / max(len(scores), 1)
        tails = np.maximum.accumulate(np.maximum(counted, 10.0**-knots)[::-1])[::-1]
        tails[0] = 1.0
        if len(knots) > MOST_KNOTS:
            chosen = np.unique(np.linspace(0, len(knots) - 1, MOST_KNOTS).round().astype(np.intp))
            knots, tails = knots[chosen], tails[chosen]
        return cls(tuple(knots.tolist()), tuple(tails.tolist()), 1 / math.log(10), 0.0, max(len(scores), 1))

    def surprise(self, raw: ArrayLike) -> Float64:
        """Return -log10 of the tail probability of raw scores, shape (n,), >= 0 and without an upper end."""
        scores = np.asarray(raw, dtype=np.float64)
        body = -np.log10(np.interp(scores, self.knots, self.tails, left=1.0))
        excess = np.maximum(scores - self.knots[-1], 0.0) / self.scale
        return np.maximum(body + _decades(excess, self.shape), 0.0)

    def tail(self, raw: ArrayLike) -> Float64:
        """Return the estimated share of normal profiles that score at least as high, shape (n,)."""
        return np.asarray(10.0 ** -self.surprise(raw), dtype=np.float64)

    def score(self, raw: ArrayLike) -> Float64:
        """Return calibrated scores, shape (n,), 0..1."""
        return np.minimum(self.surprise(raw) / DECADES, 1.0)

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as JSON values."""
        return {"knots": list(self.knots), "tails": list(self.tails), "scale": self.scale, "shape": self.shape,
                "count": self.count}  # fmt: skip

    @classmethod
    def from_json(cls, document: object) -> "Calibration":
        """Return the calibration that `to_json` wrote.

        Raises:
            ModelError: it is none, or its numbers make no sense.
        """
        try:
            if not isinstance(document, Mapping):
                raise TypeError
            knots = tuple(float(value) for value in document["knots"])
            tails = tuple(float(value) for value in document["tails"])
            scale, shape, count = float(document["scale"]), float(document["shape"]), int(document["count"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ModelError("the calibration in the model is damaged: train it again with netad train") from None
        numbers = np.array([*knots, scale, shape])
        sound = (
            0 < len(knots) == len(tails)
            and np.isfinite(numbers).all()
            and np.all(np.diff(knots) > 0)
            and np.all(np.diff(tails) <= 0)
            and all(0 < value <= 1 for value in tails)
            and scale > 0
            and -1 < shape < 1
            and count > 0
        )
        if not sound:
            raise ModelError("the calibration in the model makes no sense: train it again with netad train")
        return cls(knots, tails, scale, shape, count)


def _shape(excess: Float64, heaviest: float) -> float:
    """Return the tail's shape, from ascending excesses: at most the heaviest, at least -0.5 (or the heaviest).

    The estimate weighs as much as there are excesses, the heaviest shape as much as 20. On simulated scores (normal,
    exponential, gamma, log-normal, beta, mixtures of hosts) of 50 to 500 profiles, 0 to 6 in a thousand held-out ones
    were above one in a thousand; with the heaviest shape alone, and twice the excesses, 0 to 3, and attacks well apart
    from everything normal stayed below.
    """
    count = len(excess)
    mean = float(excess.mean())
    weighted = float(((1 - (np.arange(1, count + 1) - 0.35) / count) * excess).mean())
    spread = mean - 2 * weighted
    estimate = 2 - mean / spread if spread > 0 else heaviest
    mixed = (count * estimate + SHRINKAGE * heaviest) / (count + SHRINKAGE)
    return float(min(heaviest, max(LIGHTEST, mixed)))


def _scale(scores: Float64, anchor: float, excesses: int, shape: float) -> float:
    """Return the tail's scale: the larger of what the median and the upper quartile of the excesses say.

    A generalised Pareto excess is above `scale (q ** -shape - 1) / shape` with probability q. The median alone put up
    to 1.8 % of held-out normal profiles above one in a thousand where baselines were small (isolation forest, two kinds
    of synthetic hosts, baselines of 10 to 1,000 profiles); the larger of both at most 0.6 %, and in seven of twelve
    settings less than the nominal 0.1 %.

    Below 50 profiles the scale grows with the square root of what is missing, as the standard error
    of a scale does. The floor, 1 % of the median score or of the spread, keeps a baseline of equal profiles from
    crying at a rounding error.
    """
    excess = scores[-excesses:] - anchor
    fits = [float(np.quantile(excess, 1 - share)) / _excess_at(share, shape) for share in (0.5, 0.25)]
    floor = 0.01 * max(abs(float(np.median(scores))), float(scores[-1] - scores[0]))
    scale = max(*fits, floor) or 1.0
    return scale * max(1.0, math.sqrt(FEW / len(scores)))


def _excess_at(share: float, shape: float) -> float:
    """Return the excess, in scales, that `share` of a generalised Pareto distribution's excesses pass."""
    return -math.log(share) if shape == 0 else float((share**-shape - 1) / shape)


def _decades(excess: Float64, shape: float) -> Float64:
    """Return -log10 of the generalised Pareto survival `excess` scales beyond the anchor, shape (n,)."""
    if shape == 0:
        return excess / math.log(10)
    if shape > 0:
        return np.asarray(np.log1p(shape * excess) / (shape * math.log(10)), dtype=np.float64)
    turn = (1 - 10 ** (STRAIGHT_FROM * shape)) / -shape
    slope = 1 / ((1 + shape * turn) * math.log(10))
    curved = np.log1p(shape * np.minimum(excess, turn)) / (shape * math.log(10))
    return np.asarray(curved + slope * np.maximum(excess - turn, 0.0), dtype=np.float64)
