import json

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors import pyod_model as module
from netad.detectors.base import DETECTORS


def fitted(name, rows, seed=0):
    detector = DETECTORS.load(name)()
    detector.fit(rows, seed=seed)
    return detector


def test_it_is_named_as_asked():
    """Each model makes a detector class of its own name."""
    assert DETECTORS.load("pyod:LOF").name == "pyod:LOF"
    assert DETECTORS.load("pyod:LOF").kind is not DETECTORS.load("pyod:HBOS").kind


@pytest.mark.parametrize("name", ["pyod:IForest", "pyod:HBOS", "pyod:LOF"])
def test_other_models_work_too(name, quiet, tmp_path):
    """Seeded ones and unseeded ones fit, score, and are the same after loading."""
    detector = fitted(name, quiet, 3)
    detector.save(tmp_path)
    assert np.isfinite(detector.score(quiet)).all()
    assert DETECTORS.load(name).load(tmp_path).score(quiet) == pytest.approx(detector.score(quiet), rel=1e-9)


def test_models_that_look_around_score_row_by_row(quiet):
    """ECOD counts the rows it scores among those it knows: it is found out."""
    assert fitted("pyod:ECOD", quiet)._one_by_one
    assert not fitted("pyod:KNN", quiet)._one_by_one


def test_the_global_generator_is_given_back(quiet):
    """Models that draw from NumPy's global generator leave it as it was."""
    before = np.random.get_state()[1].copy()
    fitted("pyod:LOF", quiet).score(quiet)
    assert np.array_equal(np.random.get_state()[1], before)


def test_rows_are_bounded(quiet, monkeypatch):
    """What a model is fitted to, and what its file holds, is a sample of many rows."""
    monkeypatch.setattr(module, "MOST_ROWS", 60)
    assert len(fitted("pyod:KNN", quiet)._rows) == 60


def test_what_a_model_does_not_take_is_said(quiet):
    """A model that cannot learn from the rows is one clear sentence."""
    kind = DETECTORS.load("pyod:KNN")

    class Refusing(kind.kind):
        def fit(self, X, y=None):  # noqa: N803
            raise ValueError("too flat")

    detector = type("Made", (kind,), {"kind": Refusing})()
    with pytest.raises(ModelError, match="too flat"):
        detector.fit(quiet, seed=0)


@pytest.mark.parametrize("change", [{"seed": None}, {"seed": "one"}, {"probe_scores": [0.0] * 9}, {"scaling": {}}])
def test_made_up_details_are_refused(change, quiet, tmp_path):
    """Details that do not fit are one clear sentence."""
    fitted("pyod:KNN", quiet).save(tmp_path)
    path = tmp_path / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError):
        DETECTORS.load("pyod:KNN").load(tmp_path)
