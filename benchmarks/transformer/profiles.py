"""Profiles made by seed: hosts with habits of their own, hour after hour, and what they name."""

import numpy as np
import pandas as pd

from netad.profiles.features import FEATURES
from netad.profiles.frame import KEY_DTYPES
from netad.profiles.said import COLUMN

HOUR_NS = 3600 * 10**9
HOSTS = 20


def made_profiles(count: int, seed: int) -> pd.DataFrame:
    """Return a ProfileFrame of so many profiles, novelty measured, with names."""
    draw = np.random.default_rng(seed)
    host, hour = np.arange(count) % HOSTS, np.arange(count) // HOSTS
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
    busy = draw.normal(0, 0.5, count) + draw.normal(0, 0.7, HOSTS)[host]
    columns = {}
    for feature in FEATURES:
        own = draw.normal(0, 0.5, HOSTS)[host] + draw.normal(0, 0.4, count) + 0.5 * busy
        columns[feature.name] = 1 / (1 + np.exp(2 - own)) if feature.unit == "share" else np.round(np.exp(3 + own))
    said = ["\n".join(f"{'new ' if draw.random() < 0.02 else ''}domain d{number}.example"
                      for number in draw.integers(0, 200, 4)) for _ in range(count)]  # fmt: skip
    return pd.concat([frame, pd.DataFrame(columns)], axis=1).assign(**{COLUMN: said})
