import json

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors.base import CrossFitting
from netad.detectors.fusion import FusionDetector
from netad.profiles.features import FEATURES


@pytest.fixture(scope="module")
def detector(quiet):
    """A fusion fitted to `quiet`."""
    made = FusionDetector()
    made.fit(quiet, seed=0)
    return made


def test_members(detector):
    """A forest and neighbours over novelty, traffic and everything."""
    assert isinstance(detector, CrossFitting)
    assert {one.name for one in detector._members} == {
        f"{view}-{kind}" for view in ("novelty", "traffic", "all") for kind in ("forest", "neighbours")
    }


def test_without_novelty_the_rest_is_fused(quiet, tmp_path):
    """Where nothing of novelty is known its members are left out, and the detector is saved without them."""
    gone = [feature.name for feature in FEATURES if feature.group == "novelty"]
    blind = quiet.assign(**dict.fromkeys(gone, np.nan))
    made = FusionDetector()
    made.fit(blind, seed=0)
    assert not any(one.view == "novelty" for one in made._members)
    made.save(tmp_path)
    assert np.array_equal(FusionDetector.load(tmp_path).score(quiet), made.score(quiet))


def test_scores_out_of_fold(quiet):
    """What it returns of its training rows comes from members that had not seen them: on the whole it is higher."""
    made = FusionDetector()
    folds = np.arange(len(quiet)) % 5
    held_out = made.fit_folds(quiet, folds, seed=0)
    assert held_out.shape == (200,)
    assert held_out.mean() > made.score(quiet).mean()


def test_behaviours_count_where_there_is_no_baseline(profiles):
    """With a handful of profiles the strongest behaviour is the score; with many it is another detector's business."""
    loud = profiles(3, seed=4).assign(**{"behaviour.scan": 7.0})
    few, many = FusionDetector(), FusionDetector()
    few.fit(profiles(5).assign(**{"behaviour.scan": 0.0}), seed=0)
    many.fit(profiles(60).assign(**{"behaviour.scan": 0.0}), seed=0)
    assert (few.score(loud) >= 7).all()
    assert np.array_equal(many.score(loud), many.score(loud.assign(**{"behaviour.scan": 0.0})))


@pytest.mark.parametrize(
    "change",
    [{"members": {}}, {"members": 5}, {"scaling": None}, {"probe_scores": [0.0] * 18}, {"probe_scores": "high"},
     {"members": {"all-forest": {"knots": []}}}],
)  # fmt: skip
def test_made_up_details_are_refused(detector, tmp_path, change):
    """Details that do not fit are one clear sentence."""
    detector.save(tmp_path)
    path = tmp_path / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError):
        FusionDetector.load(tmp_path)


def test_a_missing_member_is_said(detector, tmp_path):
    """Every member's file is needed."""
    detector.save(tmp_path)
    (tmp_path / "all-neighbours.npz").unlink()
    with pytest.raises(ModelError, match="missing or damaged"):
        FusionDetector.load(tmp_path)
