"""Which profiles a model has seen in training, learnt or set aside, so that none is learnt a second time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.arrays import read_arrays, write_arrays
from netad.detectors.bundle import DAMAGED
from netad.detectors.history import KEYS
from netad.profiles.digest import mix
from netad.profiles.meetings import texts_hash

UInt64 = NDArray[np.uint64]

_SEED = 0x9216D5D98979FB1B


@dataclass(frozen=True)
class SeenProfiles:
    """Hashes of source, window and window digest of profiles, ascending and distinct, shape (n,): 8 bytes a profile.

    Among a million profiles a new one is taken for seen with a probability of 5e-14.
    """

    keys: UInt64

    @classmethod
    def of(cls, frames: Sequence[pd.DataFrame]) -> "SeenProfiles":
        """Return the profiles of ProfileFrames."""
        return cls(np.unique(np.concatenate([np.empty(0, np.uint64), *(_hashes(frame) for frame in frames)])))

    def union(self, other: "SeenProfiles") -> "SeenProfiles":
        """Return the profiles of both."""
        return SeenProfiles(np.union1d(self.keys, other.keys))

    def holds(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which rows of a ProfileFrame were seen, shape (n,)."""
        return np.isin(_hashes(frame), self.keys)

    def save(self, path: Path) -> None:
        """Write the hashes as an array."""
        write_arrays(path, {"keys": self.keys})

    @classmethod
    def load(cls, path: Path) -> "SeenProfiles":
        """Return what was saved to `path`.

        Raises:
            ModelError: the file is missing or damaged.
        """
        keys = read_arrays(path, {"keys": (np.uint64, 1)})["keys"]
        if not bool(np.all(keys[1:] > keys[:-1])):
            raise ModelError(DAMAGED)
        return cls(keys)


def _hashes(frame: pd.DataFrame) -> UInt64:
    columns = [frame[name].to_numpy() for name in KEYS[:-1]]
    return mix([*columns, texts_hash(frame[KEYS[-1]].to_numpy())], len(frame), _SEED)
