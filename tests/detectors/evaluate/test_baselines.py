import numpy as np
import pandas as pd
import pytest

from netad.detectors.evaluate.baselines import CLASSIC_FOREST, classic_forest, robust_z, single_features, stranger
from netad.profiles.features import CLASSIC, FEATURES


def frame(rows, seed=0, **columns):
    """Profiles with plausible values in every feature, some replaced."""
    draw = np.random.default_rng(seed)
    values = {name: draw.uniform(0.2, 0.8, rows) for name in FEATURES.names()}
    return pd.DataFrame({"source": [f"10.0.0.{row % 5}" for row in range(rows)], **values | columns})


def test_a_stranger_is_a_source_that_training_never_saw():
    """1 for such a source, 0 for another."""
    test = pd.DataFrame({"source": ["10.0.0.1", "10.0.0.9"]})
    assert stranger(frame(10), test).tolist() == [0.0, 1.0]


def test_a_feature_alone_counts_where_it_is_suspicious():
    """High for `high`, either side for `both`; a missing value is as normal as can be."""
    train = frame(100)
    test = frame(3)
    test["failed_share"] = test["top_destination_share"] = [0.0, np.nan, 1.0]
    alone = single_features(train, test)
    low, missing, high = alone["failed_share"]
    assert low < missing == 0 < high
    low, missing, high = alone["top_destination_share"]
    assert min(low, high) > missing == 0
    assert set(alone) == set(FEATURES.names())


def test_features_without_training_values_are_left_out():
    """What no training profile has cannot be compared; infinite values count as missing."""
    alone = single_features(frame(10, ttl_mean=np.nan), frame(2, flows=[np.inf, 3.0]))
    assert "ttl_mean" not in alone
    assert alone["flows"][0] == 0


def test_the_robust_z_is_the_largest_of_all():
    """A profile that is far out in one feature is far out."""
    train = frame(100)
    test = frame(5, seed=1)
    test["failed_share"] = [0.5, 0.5, 0.5, 50.0, 0.5]
    scores = robust_z(single_features(train, test), len(test))
    assert scores.argmax() == 3
    assert robust_z({}, 2).tolist() == [0, 0]


def test_the_classic_forest_sees_classic_features_alone():
    """Seeded; other features do not matter, and missing ones are as normal as can be."""
    train, test = frame(100), frame(20, seed=1)
    scores = classic_forest(train, test, 3)
    assert scores == pytest.approx(classic_forest(train, test.assign(failed_share=99.0), 3))
    far = test.assign(**dict.fromkeys(CLASSIC, 1e6))
    assert classic_forest(train, far, 3).mean() > scores.max()
    assert np.isfinite(classic_forest(train.assign(tcp_share=np.nan), test, 3)).all()
    assert CLASSIC_FOREST == "classic forest"
