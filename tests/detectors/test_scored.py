"""Scored profiles."""

import numpy as np

from netad.detectors.anomaly import Severity
from netad.detectors.scored import ScoredProfiles
from netad.profiles.meetings import Meetings


def test_profiles_at_the_threshold_are_flagged_and_have_a_severity(model, quiet, flooding):
    """Quiet hosts have none, flooding ones the highest."""
    frame = flooding(quiet[:3])
    loud = ScoredProfiles(frame, model.score(frame), model, 0.5)
    assert loud.flagged.all()
    assert loud.severity(0) is Severity.CRITICAL
    calm = ScoredProfiles(quiet, model.score(quiet), model, 1.1)
    assert not calm.flagged.any()
    assert calm.severity(0) is None


def test_a_selection_keeps_rows_and_scores_together(model, quiet):
    """Each row keeps its own scores, and rows count from 0."""
    every = ScoredProfiles(quiet, model.score(quiet), model, 0.5)
    odd = every.select(np.arange(len(quiet)) % 2 == 1)
    assert odd.frame.index.tolist() == list(range(100))
    assert odd.frame["source"].tolist() == quiet["source"][1::2].tolist()
    np.testing.assert_array_equal(odd.scores.score, every.scores.score[1::2])
    np.testing.assert_array_equal(odd.scores.by_detector["isolation_forest"], every.scores.score[1::2])


def test_a_selection_takes_what_its_rows_met_along(model, quiet):
    """By the new numbers of the rows."""
    row = np.array([1, 3, 3, 4], dtype=np.int32)
    count = np.array([5, 6, 7, 8], dtype=np.int32)
    met = Meetings(row, np.zeros(4, dtype=np.uint8), count.astype(np.uint64), count, np.zeros(4, dtype=np.int32))
    odd = ScoredProfiles(quiet, model.score(quiet), model, 0.5, met).select(np.arange(len(quiet)) % 2 == 1)
    assert (odd.meetings.row.tolist(), odd.meetings.count.tolist()) == ([0, 1, 1], [5, 6, 7])
