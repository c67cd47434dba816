import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ModelError
from netad.detectors.transformer.levels import MISSING, WORDS, Levels


def column(values, name="duration_mean"):
    return pd.DataFrame({name: np.asarray(values, dtype=np.float64)})


def words(levels, values, name="duration_mean"):
    return [WORDS[code] if code != MISSING else "" for code in levels.apply(column(values, name))[:, 0]]


def test_levels_go_from_below_everything_to_far_above():
    """A value is named by where it lies among those of the baseline; beyond the greatest by how far."""
    levels = Levels.fit(column(np.expm1(np.linspace(1, 2, 101))), ["duration_mean"])
    asked = np.expm1([0.5, 1.01, 1.1, 1.5, 1.8, 1.99, 2.1, 9.0])
    assert words(levels, asked) == list(WORDS)


@pytest.mark.parametrize(
    ("name", "expected"), [("failed_share", ["normal", "extreme"]), ("ack_share", ["below", "normal"])]
)
def test_what_does_not_speak_against_a_source_is_normal(name, expected):
    """On the harmless side of the middle a value counts as normal."""
    levels = Levels.fit(column(np.linspace(0.4, 0.5, 50), name), [name])
    assert words(levels, [0.0, 1.0], name) == expected


def test_missing_and_infinite_values_have_no_level():
    """NaN and infinities are left out, in the baseline too; a feature that the baseline never tells of is dropped."""
    levels = Levels.fit(column([1.0, np.nan, np.inf, 2.0]), ["duration_mean"])
    assert words(levels, [np.nan, np.inf]) == ["", ""]
    assert Levels.fit(column([np.nan, np.nan]), ["duration_mean"]).names == ()


def test_training_profiles_are_read_among_the_others():
    """The greatest training value is above all others, which among all of them it could not be."""
    values = column([*np.linspace(1, 2, 30), 5000.0])
    levels = Levels.fit(values, ["duration_mean"])
    assert WORDS[levels.apply(values)[-1, 0]] == "large"
    assert WORDS[levels.apply_training(values, 0)[-1, 0]] == "extreme"
    assert np.array_equal(levels.apply_training(values, 3), levels.apply_training(values, 3))


def test_a_single_profile_is_read_by_itself():
    """With nothing to compare it with, a profile is normal."""
    levels = Levels.fit(column([7.0]), ["duration_mean"])
    assert WORDS[levels.apply_training(column([7.0]), 0)[0, 0]] == "normal"


def test_levels_come_back_from_json():
    """What is written is read again; what makes no sense is refused."""
    levels = Levels.fit(column([1.0, 2.0, 3.0]), ["duration_mean"])
    again = Levels.from_json(levels.to_json())
    assert again.names == levels.names
    assert np.array_equal(again.values[0], levels.values[0])
    for damaged in (
        None,
        {"names": ["duration_mean"], "values": [[2.0, 1.0]]},
        {"names": ["x"], "values": [[1.0]]},
        {"names": ["duration_mean"], "values": [[float("nan")]]},
        {"names": ["duration_mean"], "values": []},
    ):
        with pytest.raises(ModelError):
            Levels.from_json(damaged)
