import json

import numpy as np
import pytest

from netad.detectors.calibration import DECADES, Calibration
from netad.detectors.description import describe, differences, raw_at
from netad.detectors.model import Model
from netad.profiles.features import FEATURES


def trained(frame, name="office", detectors=("isolation_forest",)):
    return Model.train(frame, detectors=detectors, name=name, window="1h", created="2026-02-01T08:00:00.000Z",
                       inputs=[{"path": f"{name}.pcap"}])  # fmt: skip


def test_a_model_is_described_in_json_values(model):
    """What operators ask first: trained on what and when, by what, with which thresholds."""
    found = json.loads(json.dumps(describe(model), allow_nan=False))
    assert (found["name"], found["version"], found["window"]) == ("office", model.version, "1h")
    assert found["trained"]["profiles"] == 200
    assert found["trained"]["sources"] == 10
    assert found["trained"]["first"].startswith("1970-01-01T00:00")
    assert found["thresholds"]["1/1000"] == model.threshold(1e-3)
    raw, calibration = found["detectors"]["isolation_forest"]["raw"], model.calibrations["isolation_forest"]
    assert calibration.surprise([raw["1/1000"]])[0] / DECADES == pytest.approx(model.threshold(1e-3), abs=1e-3)
    assert found["trimmed"]["count"] == model.trimmed_count


def test_features_without_a_training_value_are_missing(quiet):
    """They are not judged, and told apart."""
    found = describe(trained(quiet.assign(unique_destinations=np.nan)))
    assert found["features"]["missing"] == ["unique_destinations"]
    assert "unique_destinations" not in found["features"]["judged"]


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.1])
def test_the_raw_score_of_a_tail_has_that_tail(shape):
    """Also far beyond the training scores, and below the least of them."""
    calibration = Calibration.fit(np.random.default_rng(0).gamma(2, size=500), shape)
    for tail in (0.5, 1e-2, 1e-4, 1e-9):
        raw = raw_at(calibration, tail)
        assert calibration.surprise([raw])[0] == pytest.approx(-np.log10(tail), abs=0.01)
    assert raw_at(calibration, 1.0) == calibration.knots[0]


def test_a_model_does_not_differ_from_itself(model):
    """Nothing is listed as changed."""
    found = differences(model, model)
    assert found["settings"] == {}
    assert found["features"] == {"gained": [], "lost": [], "medians": []}
    assert found["sources"]["added_count"] == found["sources"]["gone_count"] == 0


def test_what_changed_between_two_models(model, profiles):
    """Counts, inputs, sources, features that came, and the median that moved farthest first."""
    frame = profiles(300, seed=3, hosts=12)
    frame["unique_destinations"] *= 5
    other = trained(frame, "branch")
    found = differences(model, other)
    assert found["settings"]["name"] == ["office", "branch"]
    assert found["trained"]["profiles"] == [200, 300]
    assert found["inputs"]["added"] == ["branch.pcap"]
    assert found["sources"]["added"] == ["10.0.0.11", "10.0.0.12"]
    first = found["features"]["medians"][0]
    assert first["name"] == "unique_destinations"
    assert first["moved"] == pytest.approx(0.5, abs=0.05)
    assert json.dumps(found, allow_nan=False)


def test_features_that_only_one_model_knows(quiet, model):
    """Gained and lost, not a median that changed."""
    lacking = trained(quiet.assign(unique_destinations=np.nan))
    assert differences(lacking, model)["features"]["gained"] == ["unique_destinations"]
    assert differences(model, lacking)["features"]["lost"] == ["unique_destinations"]
    changed = {one["name"] for one in differences(model, lacking)["features"]["medians"]}
    assert changed <= set(FEATURES.names()) - {"unique_destinations"}


def test_detectors_that_came_and_went(quiet, model):
    """Two detectors share the budget, so the threshold is that of half of it."""
    both = trained(quiet, detectors=("isolation_forest", "neighbours"))
    found = differences(model, both)
    assert found["detectors"]["added"] == ["neighbours"]
    assert found["detectors"]["gone"] == []
    old, new = found["thresholds"]["1/100"]
    assert new > old
