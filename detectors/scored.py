"""Profiles with what a model made of them: what is told of every judged profile, anomalous or not."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.detectors.anomaly import Severity
from netad.detectors.model import Model
from netad.detectors.scores import Scores, severity
from netad.profiles.meetings import Meetings


@dataclass(frozen=True)
class ScoredProfiles:
    """Rows of a ProfileFrame as `model` measured and scored them, row by row; `threshold` is where anomalies begin.

    `meetings` are what they met, by which another model can measure them anew.
    """

    frame: pd.DataFrame
    scores: Scores
    model: Model
    threshold: float
    meetings: Meetings = field(default_factory=Meetings.empty)

    @cached_property
    def flagged(self) -> NDArray[np.bool_]:
        """Which profiles are anomalous, shape (n,)."""
        return self.scores.score >= self.threshold

    def severity(self, row: int) -> Severity | None:
        """Return how serious the score of a row is, None below the threshold."""
        return severity(float(self.scores.score[row]), self.threshold) if self.flagged[row] else None

    def select(self, rows: NDArray[np.bool_]) -> "ScoredProfiles":
        """Return the rows that a mask names."""
        scores = Scores(
            score=self.scores.score[rows],
            tail=self.scores.tail[rows],
            detector=self.scores.detector[rows],
            by_detector={name: column[rows] for name, column in self.scores.by_detector.items()},
            known=self.scores.known[rows],
        )
        meetings = self.meetings.select(np.flatnonzero(rows), len(rows))
        return ScoredProfiles(self.frame[rows].reset_index(drop=True), scores, self.model, self.threshold, meetings)
