"""Synthetic ProfileFrames: quiet hosts, and what stands out from them."""

import numpy as np
import pandas as pd
import pytest

from netad.profiles.features import FEATURES
from netad.profiles.frame import KEY_DTYPES

HOUR_NS = 3600 * 10**9
SCAN = (
    "unique_destinations", "unique_destination_ports", "unique_source_ports", "destination_port_entropy",
    "destination_entropy", "failed_share", "failed_destinations", "failed_destination_ports", "flows", "total_packets",
    "packets_out", "bytes_out", "syn_packets", "syn_share", "rst_packets",
)  # fmt: skip


def quiet_profiles(count, seed=0, hosts=10):
    """Return `count` profiles of `hosts` inside hosts: a busy or idle hour moves all of a host's counts together."""
    draw = np.random.default_rng(seed)
    host, hour = np.arange(count) % hosts, np.arange(count) // hosts
    busy = draw.normal(0, 0.5, count)
    frame = pd.DataFrame(
        {
            "source": [f"10.0.0.{number + 1}" for number in host],
            "source_hi": np.zeros(count),
            "source_lo": (0xFFFF << 32) + (10 << 24) + host + 1,
            "window_start_ns": hour * HOUR_NS,
            "window_end_ns": (hour + 1) * HOUR_NS,
            "inside": True,
            "window_digest": "",
        }
    ).astype(KEY_DTYPES)
    columns = {}
    for feature in FEATURES:
        if feature.unit == "share":
            columns[feature.name] = draw.beta(2, 8, count)
        else:
            columns[feature.name] = np.round(np.exp(3 + busy + draw.normal(0, 0.3, count)))
    return frame.assign(**columns)


def scanning(profiles):
    """Return the profiles as they would be had every host scanned the network as well."""
    changed = {name: 1.0 if FEATURES[name].unit == "share" else profiles[name] + 5000 for name in SCAN}
    return profiles.assign(**changed)


@pytest.fixture(scope="session")
def quiet():
    """200 profiles of normal hosts; tests must not change them."""
    return quiet_profiles(200)


@pytest.fixture(scope="session")
def model(quiet):
    """A model trained on `quiet`."""
    from netad.detectors.model import Model

    return Model.train(
        quiet, detectors=["isolation_forest"], name="office", window="1h", created="2026-01-31T08:00:00.000Z"
    )


@pytest.fixture
def saved(model, tmp_path):
    """`model` on disk, for a test to damage."""
    folder = tmp_path / "model"
    model.save(folder)
    return folder
