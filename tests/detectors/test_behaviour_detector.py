import numpy as np
import pytest

from netad.detectors.behaviour_detector import BehaviourDetector, behaviour_columns, strongest
from netad.detectors.model import Model


def test_the_strongest_counts(quiet):
    """Of several behaviours the strongest is the strength; missing, negative and infinite ones are none."""
    rows = quiet.iloc[:4].assign(**{
        "behaviour.scan": [1.0, np.nan, -2.0, np.inf], "behaviour.beacon": [4.0, 2.0, 0.0, 0.0],
    })  # fmt: skip
    assert behaviour_columns(rows) == ["behaviour.beacon", "behaviour.scan"]
    assert strongest(rows).tolist() == [4.0, 2.0, 0.0, 0.0]


def test_unwatched_profiles_score_nothing(quiet):
    """Without columns of behaviours nothing is found."""
    bare = quiet[[name for name in quiet.columns if not name.startswith("behaviour.")]]
    assert not BehaviourDetector().score(bare).any()


def test_hints_are_no_alert(quiet):
    """What is weaker than a behaviour that fires scores 0."""
    rows = quiet.iloc[:2].assign(**{"behaviour.scan": [2.9, 3.0]})
    assert BehaviourDetector().score(rows).tolist() == [0.0, 3.0]


@pytest.mark.parametrize("self_baseline", [False, True])
def test_what_fires_is_believed(quiet, profiles, self_baseline):
    """Decades are decades: 4 of them are one in 10,000, whether or not there is a past to compare with."""
    calm = quiet.assign(**{"behaviour.scan": 0.0})
    model = Model.train(calm, detectors=["behaviour"], name="x", window="1h", created="", self_baseline=self_baseline)
    asked = profiles(3, seed=5).assign(**{"behaviour.scan": 4.0, "window_start_ns": -1})
    assert model.surprises(asked)["behaviour"] == pytest.approx([4.0] * 3)


def test_one_host_needs_no_baseline(profiles):
    """In a capture of a single profile a behaviour is an alert."""
    alone = profiles(1).assign(**{"behaviour.scan": 6.0})
    model = Model.train(alone, detectors=["behaviour"], name="x", window="1h", created="", self_baseline=True)
    assert model.score(alone).score[0] >= model.threshold(0.001)
