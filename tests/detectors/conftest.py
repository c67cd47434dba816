"""Synthetic ProfileFrames: quiet hosts, and what stands out from them."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from netad.detectors.model import Model
from netad.detectors.transformer import base_model, settings
from netad.profiles.features import FEATURES
from netad.profiles.frame import KEY_DTYPES
from tests.detectors.tiny_base import write_tiny_base

HOUR_NS = 3600 * 10**9


def _profiles(count, seed=0, hosts=10):
    draw = np.random.default_rng(seed)
    host, hour = np.arange(count) % hosts, np.arange(count) // hosts
    frame = pd.DataFrame(
        {
            "source": [f"10.0.0.{number + 1}" for number in host],
            "source_hi": np.zeros(count),
            "source_lo": (0xFFFF << 32) + (10 << 24) + host + 1,
            "window_start_ns": hour * HOUR_NS,
            "window_end_ns": (hour + 1) * HOUR_NS,
            "inside": True,
            "window_digest": "",
            "known_source": True,
        }
    ).astype(KEY_DTYPES)
    columns = {}
    for feature in FEATURES:
        if feature.unit == "share":
            columns[feature.name] = draw.beta(2, 8, count)
        else:
            columns[feature.name] = np.round(np.exp(3 + draw.normal(0, 0.3, count)))
    columns["behaviour.scan"] = np.where(draw.random(count) < 0.1, draw.uniform(1, 2, count), 0.0)
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def _flooding(profiles):
    return profiles.assign(
        **{"behaviour.scan": 6.0},
        **{
            feature.name: 1.0 if feature.unit == "share" else profiles[feature.name] + 20_000
            for feature in FEATURES
            if feature.suspicious == "high"
        },
    )


@pytest.fixture(scope="session")
def packaged_base():
    """What finds the packaged base model, as it is outside of these tests."""
    return base_model.packaged


@pytest.fixture(scope="session", autouse=True)
def tiny_base(packaged_base, tmp_path_factory):
    """A base model that trains in a second, in the place of the packaged one; None where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        yield None
        return
    del packaged_base
    import torch

    torch.set_num_threads(1)  # of so small a network threads only wait for each other
    base = write_tiny_base(tmp_path_factory.mktemp("tiny") / "base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base_model, "packaged", lambda: base)
        patch.setattr(settings, "MOST_STEPS", 20)
        patch.setattr(settings, "LEAST_STEPS", 10)
        yield base


@pytest.fixture(scope="session")
def profiles():
    """Make profiles of quiet inside hosts; takes count, seed=0 and hosts=10."""
    return _profiles


@pytest.fixture(scope="session")
def flooding():
    """Turn profiles into those of hosts that do far too much of everything that is suspicious when high."""
    return _flooding


@pytest.fixture(scope="session")
def quiet():
    """200 profiles of normal hosts; no test may change them."""
    return _profiles(200)


@pytest.fixture(scope="session")
def model(quiet):
    """A model trained on `quiet`."""
    return Model.train(
        quiet, detectors=["isolation_forest"], name="office", window="1h", created="2026-01-31T08:00:00.000Z"
    )


@pytest.fixture
def saved(model, tmp_path):
    """`model` on disk, for a test to damage."""
    folder = tmp_path / "model"
    model.save(folder)
    return folder
