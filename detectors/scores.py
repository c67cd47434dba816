"""What a model makes of profiles: calibrated scores, and how serious they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netad.detectors.anomaly import Severity

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Calibrated scores of n profiles.

    `score` is the highest over the detectors, 0..1, shape (n,); `tail` the estimated share of normal profiles that
    score at least as high with the winning detector, shape (n,); `detector` the winner's name, shape (n,);
    `by_detector` every detector's calibrated scores, each of shape (n,); `known` whether the model knows enough of the
    source to compare it with its own past, shape (n,): where not, confidence is low.
    """

    score: Float64
    tail: Float64
    detector: NDArray[np.object_]
    by_detector: dict[str, Float64]
    known: NDArray[np.bool_]


def severity(score: float, threshold: float) -> Severity:
    """Return how serious a score is: the room between threshold and 1 in four equal bands, from LOW to CRITICAL.

    With a budget of one in a thousand (threshold 0.5) they begin at one in 1,000, 5,600, 32,000 and 180,000.
    """
    room = 1 - threshold
    share = (score - threshold) / room if room > 0 else float(score >= 1)
    bands = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
    return bands[min(max(int(share * 4), 0), 3)]
