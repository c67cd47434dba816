import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ModelError
from netad.detectors.habits import BehaviourHabits


def rows(profiles, strengths, column="behaviour.beacon", hosts=1):
    """Profiles with the given strengths of one behaviour, dealt to hosts in turn."""
    return profiles(len(strengths), hosts=hosts).assign(**{"behaviour.scan": 0.0, column: strengths})


def test_what_a_source_does_twice_is_its_habit(profiles):
    """The lesser of its two greatest strengths is taken off, for that source and that behaviour only."""
    habits = BehaviourHabits.learn(rows(profiles, [4.0, 0.0, 5.0, 1.0]))
    asked = rows(profiles, [4.5, 4.5], hosts=2)
    assert habits.discounted(asked)["behaviour.beacon"].tolist() == [0.5, 4.5]
    assert habits.discounted(rows(profiles, [9.0], "behaviour.scan"))["behaviour.scan"].tolist() == [9.0]


def test_what_happened_once_is_none(profiles):
    """One attack among the training windows makes no habit."""
    habits = BehaviourHabits.learn(rows(profiles, [0.0, 12.0, 0.0]))
    assert habits.discounted(rows(profiles, [6.0]))["behaviour.beacon"].tolist() == [6.0]


def test_training_windows_are_judged_by_the_others(profiles):
    """A window's own strength is not part of the habit it is measured by."""
    training = BehaviourHabits.discounted_training(rows(profiles, [5.0, 4.0, 3.0, 0.0]))
    assert training["behaviour.beacon"].tolist() == [2.0, 1.0, 0.0, 0.0]
    twice = BehaviourHabits.discounted_training(rows(profiles, [5.0, 4.0]))
    assert twice["behaviour.beacon"].tolist() == [5.0, 4.0]


def test_habits_merge(profiles):
    """Merged, they are those of both pasts together."""
    one, other = (BehaviourHabits.learn(rows(profiles, [strength])) for strength in (3.0, 5.0))
    whole = BehaviourHabits.learn(rows(profiles, [3.0, 5.0]))
    pd.testing.assert_frame_equal(one.merge(other).table, whole.table)
    pd.testing.assert_frame_equal(other.merge(one).table, whole.table)


def test_without_behaviours_there_are_no_habits(profiles, tmp_path):
    """Profiles that nobody watched have none, which survives being saved."""
    bare = profiles(3)[["source", "source_hi", "source_lo"]]
    habits = BehaviourHabits.learn(bare)
    habits.save(tmp_path / "habits.parquet")
    assert len(BehaviourHabits.load(tmp_path / "habits.parquet").table) == 0
    assert habits.discounted(bare).equals(bare)
    assert BehaviourHabits.discounted_training(bare).equals(bare)


def test_saved_and_loaded_they_are_the_same(profiles, tmp_path):
    """What comes back discounts as before."""
    habits = BehaviourHabits.learn(rows(profiles, [4.0, 3.0, 5.0, 1.0], hosts=2))
    habits.save(tmp_path / "habits.parquet")
    pd.testing.assert_frame_equal(BehaviourHabits.load(tmp_path / "habits.parquet").table, habits.table)


def test_damage_is_said(tmp_path):
    """A file that is missing, mangled or something else is one clear sentence."""
    path = tmp_path / "habits.parquet"
    with pytest.raises(ModelError):
        BehaviourHabits.load(path)
    path.write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ModelError):
        BehaviourHabits.load(path)
    pd.DataFrame({"source_hi": np.arange(3)}).to_parquet(path)
    with pytest.raises(ModelError):
        BehaviourHabits.load(path)
