import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from netad.detectors.evaluate.metrics import Ranking, auroc, detected, figures, interval, mean_figures

scores = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20).map(np.array)


def ranking(rows):
    """A ranking from (score, scenario or "" for normal, host) rows."""
    score, scenario, host = zip(*rows, strict=True)
    bad = np.array([bool(name) for name in scenario])
    return Ranking(np.array(score, float), bad, np.array(scenario, object), np.array(host, object))


TWO = ranking(
    [(1, "", "a"), (2, "", "a"), (3, "", "b"), (9, "worm", "a"), (2.5, "worm", "b"), (0, "bot", "b"), (8, "bot", "a")]
)


@given(scores, scores)
def test_auroc_is_the_area_under_the_curve(normal, malicious):
    """Ties count half, as in scikit-learn."""
    truth = np.r_[np.zeros(len(normal)), np.ones(len(malicious))]
    assert auroc(normal, malicious) == pytest.approx(roc_auc_score(truth, np.r_[normal, malicious]))


def test_detection_counts_what_passes_the_normal_quantile():
    """A malicious sample that ties with the threshold is not detected."""
    normal = np.arange(101.0)
    assert detected(normal, np.array([99.0, 99.5, 100.0, 5.0])) == 0.5


def test_figures_are_macro_means_over_scenarios():
    """Each scenario counts the same, however many windows it has."""
    measured = figures(TWO)
    assert measured.auroc == pytest.approx({"bot": 0.5, "worm": 5 / 6})
    assert measured.macro_auroc == pytest.approx((0.5 + 5 / 6) / 2)
    assert measured.tpr == 0.5


def test_a_source_counts_with_its_highest_window():
    """One normal sample a host, and one malicious a host and scenario."""
    per_source = TWO.per_source()
    rows = sorted(zip(per_source.host, per_source.scenario, per_source.score, strict=True))
    assert rows == [("a", "", 2), ("a", "bot", 8), ("a", "worm", 9), ("b", "", 3), ("b", "bot", 0), ("b", "worm", 2.5)]


def test_without_either_kind_there_is_nothing_to_measure():
    """NaN, and no error."""
    assert np.isnan(figures(ranking([(1, "", "a")])).macro_auroc)
    assert np.isnan(figures(ranking([(1, "worm", "a")])).macro_auroc)
    assert np.isnan(interval([ranking([(1, "", "a")])])).all()


def test_the_mean_over_seeds_takes_a_scenario_where_it_is():
    """A scenario that one seed lacks is the mean of the others."""
    other = ranking([(1, "", "a"), (2, "worm", "b")])
    mean = mean_figures([figures(TWO), figures(other)])
    assert mean.auroc == pytest.approx({"bot": 0.5, "worm": (5 / 6 + 1) / 2})


def test_the_interval_is_of_the_macro_auroc_over_hosts():
    """With equal hosts it has no width; with hosts that differ it holds the figure and is the same every time."""
    same = ranking([(1, "", h) for h in "abc"] + [(0.5, "worm", h) for h in "abc"] + [(2, "worm", h) for h in "abc"])
    assert interval([same]) == pytest.approx((0.5, 0.5))
    low, high = interval([TWO, TWO])
    assert low < figures(TWO).macro_auroc < high
    assert (low, high) == interval([TWO])


@given(st.data())
def test_a_draw_weighs_pairs_of_hosts(data):
    """The bootstrap's short cut gives what repeating the hosts' samples gives."""
    from netad.detectors.evaluate.metrics import _resampled_macro

    hosts = "ab"
    rows = data.draw(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "x", "y"]), st.sampled_from(hosts)), min_size=1)
    )
    weights = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    short = _resampled_macro(ranking(rows), list(hosts), np.array([weights], float))[0]
    repeated = [row for row in rows for _ in range(weights[hosts.index(row[2])])]
    long = figures(ranking(repeated)).macro_auroc if repeated else np.nan
    assert short == pytest.approx(long, nan_ok=True)
