import json

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from netad.core.errors import ModelError
from netad.detectors.isolation_forest import IsolationForestDetector
from netad.detectors.skops_file import write_archive
from netad.profiles.features import FEATURES


@pytest.fixture(scope="module")
def detector(quiet):
    """A detector fitted to `quiet`."""
    made = IsolationForestDetector()
    made.fit(quiet, seed=0)
    return made


@pytest.fixture
def folder(detector, tmp_path):
    """`detector` on disk."""
    detector.save(tmp_path)
    return tmp_path


def forest_file(folder, change):
    """Put another forest in the folder: one over as many features, changed by `change`."""
    names = json.loads((folder / "detector.json").read_text())["medians"]
    forest = IsolationForest(n_estimators=3, random_state=0).fit(np.random.default_rng(0).normal(size=(50, len(names))))
    change(forest)
    write_archive(forest, folder / "forest.skops")


def test_scores_lie_between_0_and_1(detector, quiet):
    """The raw score is the paper's anomaly score."""
    scores = detector.score(quiet)
    assert scores.min() > 0
    assert scores.max() < 1


def test_constant_features_are_left_out(quiet, tmp_path):
    """A feature without two values in training is not part of the forest and changes no score."""
    name = FEATURES.names()[0]
    detector = IsolationForestDetector()
    detector.fit(quiet.assign(**{name: 5.0}), seed=0)
    detector.save(tmp_path)
    assert name not in json.loads((tmp_path / "detector.json").read_text())["medians"]
    assert np.array_equal(detector.score(quiet.assign(**{name: 9e9})), detector.score(quiet))


def test_missing_values_take_the_training_median(detector, quiet):
    """A missing value scores as the training median does."""
    name = FEATURES.names()[0]
    median = quiet[name].median()
    assert np.array_equal(
        detector.score(quiet.assign(**{name: np.nan})), detector.score(quiet.assign(**{name: median}))
    )


def test_one_row_scores_all_alike(profiles, quiet, tmp_path):
    """One training row tells nothing apart; no forest is written then."""
    detector = IsolationForestDetector()
    detector.fit(profiles(1), seed=0)
    detector.save(tmp_path)
    assert len(set(detector.score(quiet))) == 1
    assert not (tmp_path / "forest.skops").exists()


def test_another_estimator_is_refused(folder):
    """A harmless estimator of another kind is no forest."""
    from sklearn.tree import ExtraTreeRegressor

    write_archive(ExtraTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0]), folder / "forest.skops")
    with pytest.raises(ModelError, match="no forest"):
        IsolationForestDetector.load(folder)


def test_a_forest_over_other_features_is_refused(folder):
    """A forest must have as many features as the model."""
    write_archive(
        IsolationForest(n_estimators=2).fit(np.random.default_rng(0).normal(size=(9, 2))), folder / "forest.skops"
    )
    with pytest.raises(ModelError, match="no forest over the model's features"):
        IsolationForestDetector.load(folder)


def test_another_forest_is_noticed(folder):
    """A forest that does not give the scores it was saved with is not used."""
    forest_file(folder, lambda forest: forest.set_params(n_jobs=1))
    with pytest.raises(ModelError, match="does not give the scores"):
        IsolationForestDetector.load(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 10**9), ("left_child", 0), ("right_child", -7), ("feature", 10**6), ("feature", -5)],
)
def test_trees_that_lead_astray_are_refused(folder, field, value):
    """Children out of bounds, walks in circles and unknown features never reach compiled code."""

    def mislead(forest):
        tree = forest.estimators_[0].tree_
        state = tree.__getstate__()
        state["nodes"] = state["nodes"].copy()
        state["nodes"][field][0] = value
        tree.__setstate__(state)

    forest_file(folder, mislead)
    with pytest.raises(ModelError, match="cannot be walked"):
        IsolationForestDetector.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"medians": 5}, {"medians": {"flows": "many"}}, {"medians": {"flows": float("nan")}}, {"probes": []},
        {"probe_scores": [1.0] * 9}, {"probe_scores": "high"}, {"medians": None},
    ],
)  # fmt: skip
def test_made_up_details_are_refused(folder, change):
    """Details that do not fit are one clear sentence."""
    path = folder / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match="train the model again"):
        IsolationForestDetector.load(folder)


def test_the_file_does_not_say_how_to_run(detector, folder, quiet, capfd):
    """Threads and chatter that a file asks for are not granted."""
    detector._forest.set_params(n_jobs=64, verbose=2)
    detector.save(folder)
    detector._forest.set_params(n_jobs=None, verbose=0)
    capfd.readouterr()
    IsolationForestDetector.load(folder).score(quiet)
    assert capfd.readouterr() == ("", "")


def test_a_missing_forest_is_said(folder):
    """Without its forest the detector does not load."""
    (folder / "forest.skops").unlink()
    with pytest.raises(ModelError, match="damaged"):
        IsolationForestDetector.load(folder)
