import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.core.errors import ModelError
from netad.detectors.drift import DRIFTING, chance_index, drift, stability_index
from netad.profiles.features import FEATURES

WEEK_NS = 7 * 24 * 3600 * 10**9
LEVELS = [feature.name for feature in FEATURES if feature.unit != "share"]


@pytest.fixture
def later(profiles):
    """Make profiles of the same hosts, a week after those of `model`."""

    def make(count, seed=1):
        frame = profiles(count, seed=seed)
        return frame.assign(
            window_start_ns=frame["window_start_ns"] + WEEK_NS, window_end_ns=frame["window_end_ns"] + WEEK_NS
        )

    return make


def named(found, name):
    return next(one for one in found.features if one.name == name)


def test_the_index_is_the_sum_over_bins():
    """Two bins of equal share against shares of a quarter and three quarters, smoothing aside: 1/4 ln 3."""
    before, after = np.repeat([1.0, 2.0], 50_000), np.repeat([1.0, 2.0], [25_000, 75_000])
    index, bins = stability_index(before, after)
    assert bins == 2
    assert index == pytest.approx(0.25 * np.log(3), rel=1e-3)


def test_missing_values_are_a_bin_of_their_own():
    """That a feature is no longer there is a change as well."""
    whole = np.arange(1000.0)
    index, _ = stability_index(whole, np.where(whole % 2 == 0, np.nan, whole))
    assert index > 1


def test_a_constant_that_changes_either_way_is_seen():
    """Where training knew one value only, deciles bound nothing: the value has a bin of its own."""
    for other in (4.0, 6.0):
        assert stability_index(np.full(500, 5.0), np.full(500, other))[0] > 1
    assert stability_index(np.full(500, 5.0), np.full(50, 5.0)) == (0.0, 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")) | st.just(0.0), min_size=1, max_size=60), st.randoms())
def test_a_sample_has_not_moved_from_itself_in_any_order(values, draw):
    """The index of the same values is 0, whatever they are."""
    shuffled = draw.sample(values, len(values))
    if np.isfinite(values).any():
        assert stability_index(np.array(values), np.array(shuffled))[0] == pytest.approx(0, abs=1e-12)


def test_chance_passes_its_limit_as_often_as_it_says():
    """Of 400 pairs of samples of one distribution about a twentieth passes the limit for a twentieth."""
    draw = np.random.default_rng(0)
    passed = 0
    for _ in range(400):
        index, bins = stability_index(draw.normal(size=300), draw.normal(size=100))
        passed += index > chance_index(300, 100, bins, 0.05)
    assert 4 <= passed <= 40


def test_the_same_network_is_stable_even_with_few_rows(model, later):
    """Thirty profiles give indices over the convention's limits by chance; nothing is said to have moved."""
    found = drift(model, later(30))
    assert found.verdict == "stable"
    assert max(one.psi for one in found.features) > DRIFTING
    assert {one.state for one in found.features} == {"stable"}
    assert any("30 new and" in note and "few" in note for note in found.notes)


def test_one_feature_that_moves_is_first_and_no_reason_to_retrain(model, later):
    """It is told with its direction, and whether that speaks against a source."""
    frame = later(200)
    found = drift(model, frame.assign(unique_destinations=frame["unique_destinations"] * 3))
    first = found.features[0]
    assert (first.name, first.state, first.direction) == ("unique_destinations", "moved", "higher")
    assert first.suspicious
    assert first.ks > 0.9
    assert first.p_value < 1e-6
    assert first.after == pytest.approx(3 * first.before, rel=0.2)
    assert found.verdict == "stable"


def test_many_features_that_move_are_a_reason_to_retrain(model, later):
    """The verdict is about what the model judges by as a whole."""
    frame = later(200)
    found = drift(model, frame.assign(**{name: frame[name] / 3 for name in LEVELS}))
    assert found.verdict == "retrain"
    assert {named(found, name).direction for name in LEVELS} == {"lower"}


def test_many_features_that_move_a_little_are_drift(model, later):
    """Between the two limits the model is not wrong yet."""
    frame = later(2000)
    found = drift(model, frame.assign(**{name: frame[name] * 1.08 for name in LEVELS[::2]}))
    assert found.verdict == "drifting"


def test_a_wider_spread_is_a_change_of_shape(model, later):
    """Where values go both ways there is no direction."""
    frame = later(400)
    spread = np.where(np.arange(400) % 2 == 0, 4.0, 0.25)
    one = named(drift(model, frame.assign(packets_out=frame["packets_out"] * spread)), "packets_out")
    assert (one.state, one.direction, one.suspicious) == ("moved", "shape", False)


def test_what_only_one_side_tells_of_is_listed_and_not_compared(model, later):
    """An input of another format lacks features; that is no drift of the network."""
    found = drift(model, later(100).assign(unique_destinations=np.nan))
    assert found.absent == ("unique_destinations",)
    assert "unique_destinations" not in {one.name for one in found.features}
    assert found.verdict == "stable"
    assert any("do not tell of 1 feature" in note for note in found.notes)


def test_profiles_of_the_training_are_left_out(model, quiet, later):
    """To a model nothing is new of what it learnt from; with nothing else there is nothing to compare."""
    found = drift(model, pd.concat([quiet.iloc[:50], later(60)], ignore_index=True))
    assert found.profiles == 60
    assert any("50 of 110 profiles" in note for note in found.notes)
    with pytest.raises(ModelError, match="trained on all of these"):
        drift(model, quiet)


def test_outside_sources_are_not_compared_with_inside_ones(model, later):
    """They would not train the model either."""
    with pytest.raises(ModelError, match="no profile of a host such as"):
        drift(model, later(20).assign(inside=False))


def test_profiles_that_look_abnormal_are_a_reason_by_themselves(model, later, flooding):
    """Whatever moved: a model that calls a quarter of the profiles odd does not fit them; few that are odd are fine."""
    frame = later(200)
    for count, verdict in ((2, "stable"), (30, "drifting"), (60, "retrain")):
        found = drift(model, pd.concat([flooding(frame.iloc[:count]), frame.iloc[count:]], ignore_index=True))
        assert found.odd == pytest.approx(count / 200, abs=0.03)
        assert found.verdict == verdict
        assert any("can be an attack" in note for note in found.notes) == (verdict != "stable")


def test_unknown_sources_odd_profiles_and_untrained_hours_are_counted(model, later, flooding):
    """The figures beside the verdict."""
    frame = flooding(later(40))
    frame["known_source"] = frame["source"] != "10.0.0.1"
    frame["window_start_ns"] += 21 * 3600 * 10**9
    found = drift(model, frame)
    assert (found.sources, found.unknown, found.odd) == (10, 1, 1.0)
    assert any("hours of the day" in note for note in found.notes)
