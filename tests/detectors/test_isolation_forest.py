import json

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from netad.core.errors import ModelError
from netad.detectors.arrays import read_arrays, write_arrays
from netad.detectors.isolation_forest import SAMPLE, TREES, Forest, IsolationForestDetector
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


def change(folder, field, value, place=0):
    """Put another number into an array of the saved forest."""
    path = folder / "arrays.npz"
    arrays = read_arrays(path, Forest.layout)
    arrays[field][place] = value
    write_arrays(path, arrays)


@pytest.mark.parametrize("rows", [2, 40, 700])
def test_scores_are_those_of_scikit_learn(rows):
    """The flattened trees give what scikit-learn's own give, ties with a threshold included."""
    draw = np.random.default_rng(rows)
    matrix = np.round(draw.normal(size=(rows, 6)), 1).astype(np.float32)
    asked = np.round(draw.normal(size=(300, 6)) * 2, 1).astype(np.float32)
    forest = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, rows), random_state=5).fit(matrix)
    assert Forest.fit(matrix, 5).score(asked) == pytest.approx(-forest.score_samples(asked), abs=1e-12)


def test_scores_lie_between_0_and_1(detector, quiet):
    """The raw score is the paper's anomaly score."""
    scores = detector.score(quiet)
    assert scores.min() > 0
    assert scores.max() < 1


def test_missing_values_take_the_training_median(detector, quiet):
    """A missing value scores as the training median does."""
    name = FEATURES.names()[0]
    median = quiet[name].median()
    assert np.array_equal(
        detector.score(quiet.assign(**{name: np.nan})), detector.score(quiet.assign(**{name: median}))
    )


def test_quieter_than_usual_is_not_odd(detector, quiet):
    """A value that is unusual in the harmless direction scores as the training median does."""
    name = "failed_destinations"
    median = quiet[name].median()
    assert np.array_equal(
        detector.score(quiet.assign(**{name: 0.0})), detector.score(quiet.assign(**{name: np.minimum(0, median)}))
    )
    assert np.array_equal(detector.score(quiet.assign(**{name: 0.0})), detector.score(quiet.assign(**{name: median})))


def test_one_row_scores_all_alike(profiles, quiet):
    """One training row tells nothing apart."""
    detector = IsolationForestDetector()
    detector.fit(profiles(1), seed=0)
    assert len(set(detector.score(quiet))) == 1


def test_half_of_the_trees_look_at_novelty(detector):
    """200 trees: 100 of them see novelty only."""
    forest = detector._fitted.core
    names = np.array(detector._fitted.scaling.names)
    inner = forest.left != np.arange(len(forest.left))
    first = names[forest.feature[: forest.starts[TREES]][inner[: forest.starts[TREES]]]]
    assert len(forest.depths) == 2 * TREES
    assert {FEATURES[name].group for name in first} == {"novelty"}


def test_a_forest_over_other_features_is_refused(folder):
    """A forest must be over the features that the scaling names."""
    details = json.loads((folder / "detector.json").read_text())
    scaling = {name: values[:3] for name, values in details["scaling"].items()}
    (folder / "detector.json").write_text(json.dumps(details | {"scaling": scaling}))
    with pytest.raises(ModelError, match="makes no sense"):
        IsolationForestDetector.load(folder)


def test_another_forest_is_noticed(folder):
    """A forest that does not give the scores it was saved with is not used."""
    path = folder / "arrays.npz"
    arrays = read_arrays(path, Forest.layout)
    arrays["path"] *= 2
    write_arrays(path, arrays)
    with pytest.raises(ModelError, match="does not give the scores"):
        IsolationForestDetector.load(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", 10**9), ("left", -7), ("feature", 10**6), ("feature", -5), ("depths", 10**6), ("depths", -1),
        ("starts", 5), ("path", np.nan), ("typical", np.inf),
    ],
)  # fmt: skip
def test_trees_that_lead_astray_are_refused(folder, field, value):
    """Children out of bounds, endless walks and unknown features never reach compiled code."""
    change(folder, field, value)
    with pytest.raises(ModelError, match="makes no sense"):
        IsolationForestDetector.load(folder)


def test_children_in_another_tree_are_refused(folder):
    """A walk stays in its tree."""
    starts = read_arrays(folder / "arrays.npz", Forest.layout)["starts"]
    change(folder, "left", int(starts[1]), 0)
    with pytest.raises(ModelError, match="makes no sense"):
        IsolationForestDetector.load(folder)


def test_a_missing_forest_is_said(folder):
    """Without its trees the detector does not load."""
    (folder / "arrays.npz").unlink()
    with pytest.raises(ModelError, match="missing or damaged"):
        IsolationForestDetector.load(folder)
