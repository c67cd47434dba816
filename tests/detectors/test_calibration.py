import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ModelError
from netad.detectors.calibration import Calibration, score_to_tail, tail_to_score

finite = st.floats(-1e6, 1e6)
shapes = st.sampled_from([-0.5, -0.25, 0.0, 0.25])


@pytest.mark.parametrize(("tail", "score"), [(1, 0), (1e-3, 0.5), (1e-4, 2 / 3), (1e-6, 1), (1e-9, 1), (0, 1)])
def test_score_of_a_tail(tail, score):
    """One in a thousand is 0.5, one in a million and rarer is 1."""
    assert tail_to_score(tail) == pytest.approx(score)


@given(st.floats(0, 1))
def test_score_and_tail_are_inverse(score):
    """A score goes to its tail and back."""
    assert tail_to_score(score_to_tail(score)) == pytest.approx(score, abs=1e-12)


def test_within_the_training_scores_the_tail_is_empirical():
    """(scores at or above + 1) / (n + 1)."""
    calibration = Calibration.fit(np.arange(99.0), -0.25)
    assert calibration.tail([-5, 0, 49, 79]).tolist() == pytest.approx([1, 1, 0.51, 0.21])


@given(st.lists(finite, min_size=1, max_size=60), st.lists(finite, min_size=2, max_size=40), shapes)
def test_higher_never_scores_lower(training, asked, shape):
    """Scores are monotone in the raw score, within 0..1, and agree with the tail."""
    calibration = Calibration.fit(training, shape)
    raw = np.sort(asked)
    score, tail = calibration.score(raw), calibration.tail(raw)
    assert np.all(np.diff(score) >= 0)
    assert np.all((score >= 0) & (score <= 1) & (tail >= 0) & (tail <= 1))
    assert score == pytest.approx([tail_to_score(value) for value in tail], abs=1e-9)


@pytest.mark.parametrize("shape", [-0.25, 0.0, 0.25])
def test_the_tail_is_continuous(shape):
    """Nowhere does a small step of the raw score make a jump, neither at the anchor nor where a bounded tail ends."""
    training = np.random.default_rng(0).normal(size=500)
    calibration = Calibration.fit(training, shape)
    raw = np.linspace(-4, 12, 200_001)
    assert np.diff(calibration.surprise(raw)).max() < 0.02


@pytest.mark.parametrize("shape", [-0.25, 0.0])
def test_surprise_goes_on_where_the_score_ends(shape):
    """Far out, where every score is 1, surprise still tells more from less."""
    calibration = Calibration.fit(np.random.default_rng(0).normal(size=500), shape)
    raw = np.array([20.0, 40.0, 80.0])
    assert calibration.score(raw).tolist() == [1, 1, 1]
    assert np.all(np.diff(calibration.surprise(raw)) > 1)


@pytest.mark.parametrize(("shape", "quantiles"), [(0.0, lambda p: -np.log(p)), (-0.25, lambda p: 4 * (1 - p**0.25))])
def test_a_tail_of_the_right_shape_is_met(shape, quantiles):
    """Where the scores follow the assumed tail, one in a thousand and in ten thousand are estimated within a third."""
    training = quantiles((np.arange(2000) + 0.5) / 2000)
    estimated = Calibration.fit(training, shape).tail(quantiles(np.array([1e-3, 1e-4])))
    assert estimated[0] == pytest.approx(1e-3, rel=0.34)
    assert estimated[1] == pytest.approx(1e-4, rel=0.34)


def test_attacks_in_training_do_not_hide_themselves():
    """With 1 % of the training scores far out, they themselves still score above one in a thousand."""
    draw = np.random.default_rng(0)
    scores = np.r_[draw.normal(0.45, 0.03, 990), draw.normal(0.75, 0.01, 10)]
    assert Calibration.fit(scores, -0.25).score(scores)[990:].min() > 0.5


@pytest.mark.parametrize("count", [3, 10, 30, 49])
def test_small_baselines_are_damped(count):
    """The same spread of scores counts for less in a small baseline, and the calibration says that it is small."""
    spread = np.linspace(0.4, 0.5, count)
    few, many = Calibration.fit(spread, -0.25), Calibration.fit(np.linspace(0.4, 0.5, 1000), -0.25)
    assert few.few
    assert not many.few
    assert few.surprise([0.6])[0] < many.surprise([0.6])[0]


@pytest.mark.parametrize("training", [[0.5], [0.5] * 200, [0.0], [0.0] * 60])
def test_equal_scores_do_not_cry_at_a_rounding_error(training):
    """Where training scores do not spread, a tiny difference is nothing, and the scale is never 0."""
    calibration = Calibration.fit(training, -0.25)
    assert calibration.score([training[0] + 1e-9])[0] < 0.01
    assert calibration.scale > 0


def test_large_baselines_are_thinned_out():
    """A million training scores make no million knots, and the body keeps its meaning."""
    calibration = Calibration.fit(np.random.default_rng(0).random(100_000), -0.25)
    assert len(calibration.knots) <= 1024
    assert calibration.tail([0.25, 0.5, 0.75]) == pytest.approx([0.75, 0.5, 0.25], abs=0.005)


@given(st.lists(finite, min_size=1, max_size=60), shapes)
def test_survives_json(training, shape):
    """Through JSON and back it is the same."""
    calibration = Calibration.fit(training, shape)
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0}, {"scale": float("nan")}, {"scale": "wide"}, {"shape": -3}, {"count": 0}, {"count": None},
        {"knots": []}, {"knots": [3, 2, 1]}, {"knots": [1, 2]}, {"tails": [0.1, 0.2, 0.3]}, {"tails": [2, 1, 0]},
        {"knots": 5},
    ],
)  # fmt: skip
def test_made_up_numbers_are_refused(change):
    """A calibration that makes no sense raises one clear sentence."""
    document = {"knots": [1, 2, 3], "tails": [1, 0.5, 0.25], "scale": 1, "shape": -0.25, "count": 3}
    Calibration.from_json(document)
    with pytest.raises(ModelError, match="train it again"):
        Calibration.from_json(document | change)


@pytest.mark.parametrize("document", [None, [], "text", {}])
def test_other_documents_are_refused(document):
    """What is no calibration at all is refused as well."""
    with pytest.raises(ModelError):
        Calibration.from_json(document)


def test_decades_are_believed_without_a_word_against_them():
    """Scores that claim to be decades are taken as such, where normal profiles show none."""
    for training in ([], [0.0] * 50):
        assert Calibration.of_decades(training).surprise([0, 1, 3, 12]).tolist() == pytest.approx([0, 1, 3, 12])


def test_decades_are_bounded_by_what_normal_profiles_show():
    """A strength that one normal profile in ten reaches is worth one decade; beyond, decades go on."""
    calibration = Calibration.of_decades([0.0] * 90 + [4.0] * 10)
    assert calibration.surprise([4.0, 5.0, 6.0]).tolist() == pytest.approx([1.0, 2.0, 3.0])
    assert calibration.surprise([0.5])[0] <= 0.5


@given(st.lists(st.floats(0, 12), max_size=40), st.lists(st.floats(0, 20), min_size=2, max_size=20))
def test_decades_stay_in_order(training, asked):
    """More is never less, and never more than it claims."""
    surprise = Calibration.of_decades(training).surprise(np.sort(asked))
    assert np.all(np.diff(surprise) >= -1e-9)
    assert np.all(surprise <= np.sort(asked) + 1e-9)


def test_a_tail_that_ends_is_noticed():
    """Scores that stop at a bound leave room above it: what is well beyond counts for more than the shape says."""
    training = np.linspace(0, 1, 300)
    given = Calibration.fit(training, 0.0)
    assert given.shape < 0
    assert Calibration.fit(np.random.default_rng(0).exponential(size=2000), 0.0).shape > -0.2
