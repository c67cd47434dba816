import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ModelError
from netad.detectors.anomaly import ONLY_OUTSIDE
from netad.detectors.training import Trimmed
from netad.detectors.training_rows import chosen, frame_of, rows_to_add, rows_to_train, training_notes
from netad.profiles.batch import ProfileBatch
from netad.profiles.meetings import Meetings


def test_inside_sources_train_in_an_order_of_their_own(quiet):
    """Sources outside are left out, and the order of the input does not matter."""
    mixed = quiet.assign(inside=np.arange(200) % 4 != 0)
    rows, notes = rows_to_train(mixed)
    shuffled, _ = rows_to_train(mixed.sample(frac=1, random_state=1))
    assert rows["inside"].all()
    assert notes == []
    pd.testing.assert_frame_equal(rows, shuffled)


def test_without_any_inside_source_all_train_and_that_is_said(quiet):
    """A capture from outside the inside networks is no empty training."""
    rows, notes = rows_to_train(quiet.assign(inside=False))
    assert (len(rows), notes) == (200, [ONLY_OUTSIDE])


def test_nothing_to_train_on_is_an_error(quiet):
    """No profile, no model."""
    with pytest.raises(ModelError, match="no profile"):
        rows_to_train(quiet[:0])


def test_a_model_learns_more_of_its_own_side_only(quiet):
    """Outside sources never get into a model of inside ones by an update, nor the other way round."""
    mixed = quiet.assign(inside=np.arange(200) % 4 != 0)
    assert rows_to_add(mixed, "office", [])["inside"].all()
    assert not rows_to_add(mixed, "internet", [ONLY_OUTSIDE])["inside"].any()
    with pytest.raises(ModelError, match=r"the model office was trained on sources inside.*check --inside"):
        rows_to_add(quiet.assign(inside=False), "office", [])
    with pytest.raises(ModelError, match="the model internet was trained on sources outside"):
        rows_to_add(quiet, "internet", [ONLY_OUTSIDE])


def test_batches_and_frames_are_chosen_alike(quiet):
    """Rows are taken in the order asked for, meetings or not."""
    batch = ProfileBatch(quiet, Meetings.empty())
    rows = np.array([5, 2], dtype=np.intp)
    pd.testing.assert_frame_equal(frame_of(chosen(batch, rows)), chosen(quiet, rows))
    assert chosen(quiet, rows)["window_start_ns"].tolist() == quiet["window_start_ns"].iloc[[5, 2]].tolist()


def test_notes_are_about_the_whole_training(quiet):
    """Few profiles, what was set aside of how many, features without a value, a single source."""
    odd = Trimmed("10.0.0.9", 0, 1, 3.0, "flows 9000")
    lonely = quiet[quiet["source"] == "10.0.0.1"].assign(flows=np.nan)
    assert training_notes(lonely, 21, [odd], 3) == [
        "the baseline holds only 21 profiles: scores are damped and rough",
        "3 of 21 profiles were set aside as the oddest and not learnt from, first 10.0.0.9 at 1970-01-01T00:00Z "
        "(flows 9000)",
        "the training inputs do not tell of 1 features, which are not judged: flows",
        "all training profiles are of one source: others are judged by its ways",
    ]
    assert training_notes(quiet, 200, [], 0) == []
