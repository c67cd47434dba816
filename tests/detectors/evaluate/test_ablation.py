"""Tests of netad.detectors.evaluate.ablation."""

import numpy as np
import pytest

from netad.profiles.batch import ProfileBatch
from netad.profiles.meetings import Meetings

pytest.importorskip("torch", reason="the extra transformers is not installed")

from netad.detectors.evaluate.ablation import DETECTOR, FUSION, NO_NETWORK, SHARES, VARIANTS, ablated


@pytest.fixture(scope="module")
def batch(quiet):
    """60 quiet profiles that met nothing."""
    return ProfileBatch(quiet.iloc[:60].reset_index(drop=True), Meetings.empty())


@pytest.mark.usefixtures("tiny_base")
def test_each_part_is_left_out_or_exchanged(batch):
    """Every variant scores every profile, and changing a part changes scores; beside the fusion as a weighted mean."""
    scores = {FUSION: np.linspace(0, 1, len(batch)), DETECTOR: np.linspace(3, 2, len(batch))}
    result = ablated(batch, batch, scores, seed=0)
    assert len(result) == len(SHARES) + len(VARIANTS) + 3
    assert all(column.shape == (len(batch),) and np.isfinite(column).all() for column in result.values())
    assert f"{FUSION} + 25 % {NO_NETWORK}" in result
    mixed = result[f"{FUSION} + 25 % {DETECTOR}"]
    assert np.allclose(mixed, 0.75 * scores[FUSION] + 0.25 * scores[DETECTOR])
    kept = [column for name, column in result.items() if name.startswith(f"{DETECTOR}, ")]
    assert len({column.tobytes() for column in kept}) == len(kept)


@pytest.mark.usefixtures("tiny_base")
def test_without_the_fusion_nothing_is_mixed(batch):
    """Then only the transformer's own variants are left."""
    assert not any(name.startswith(FUSION) for name in ablated(batch, batch, {}, seed=0))
