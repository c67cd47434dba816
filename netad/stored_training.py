"""Profiles of local stores, to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netad.core.errors import ConfigError
from netad.outputs.store.files import existing_store
from netad.outputs.store.profiles import StoredProfiles
from netad.outputs.store.stored import ParquetStored
from netad.profiles.batch import ProfileBatch

if TYPE_CHECKING:
    from netad.config import Config

PREFIX = "parquet:"
# What one training takes of stores: some 1.5 GB of memory.
MOST = 500_000


@dataclass(frozen=True)
class StoredTraining:
    """Profiles of stores in one batch; `named` are the stores (`parquet:DIR`), `notes` tell what was left out."""

    batch: ProfileBatch
    named: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def split_inputs(inputs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which inputs are captures and logs, and which are stores (`parquet:DIR`)."""
    stores = tuple(one for one in inputs if one.startswith(PREFIX))
    return tuple(one for one in inputs if not one.startswith(PREFIX)), stores


def profiles_to_learn(named: Sequence[str], window: str, config: "Config") -> StoredTraining:
    """Return the profiles of stores whose windows have this length and end in the settings' time range.

    Raises:
        ConfigError: a store is not there, or holds more profiles than one training takes.
        OutputError: a store cannot be read.
    """
    parts, notes, held = [], [], 0
    for target in named:
        stored = StoredProfiles(ParquetStored(existing_store(target)), window, config.since_ns, config.until_ns)
        for piece in stored.pieces():
            parts.append(piece.batch)
            held += len(piece.batch)
            if held > MOST:
                raise ConfigError(f"{target} holds more than {MOST:,} profiles of that time, which is more than one "
                                  "training takes: narrow it with --since and --until")  # fmt: skip
        notes += [f"{target}: {note}" for note in stored.told()]
    return StoredTraining(ProfileBatch.join(parts), tuple(named), notes)


def span_of(batch: ProfileBatch) -> tuple[int, int]:
    """Return when the first window of a batch began and the last one ended, ns since the epoch."""
    starts, ends = (batch.frame[name].to_numpy(np.int64) for name in ("window_start_ns", "window_end_ns"))
    return int(starts.min()), int(ends.max())
