"""Profiles of local stores as inputs, to learn from or to compare with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from netad.config import DEFAULT_WINDOW, Config
from netad.core.errors import InputError
from netad.outputs.store.files import existing_store
from netad.outputs.store.profiles import StoredProfiles
from netad.outputs.store.stored import ParquetStored
from netad.profiles.batch import ProfileBatch

PREFIX = "parquet:"
# What is taken of stores at once, for the sake of memory.
MOST = 120_000


@dataclass(frozen=True)
class StoredBatch:
    """Profiles of stores in one batch; `named` are the stores (`parquet:DIR`), `notes` tell what was left out."""

    batch: ProfileBatch
    named: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def split_inputs(inputs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which inputs are captures and logs, and which are stores (`parquet:DIR`)."""
    stores = tuple(one for one in inputs if one.startswith(PREFIX))
    return tuple(one for one in inputs if not one.startswith(PREFIX)), stores


def read_stores(named: Sequence[str], config: Config) -> StoredBatch:
    """Return the profiles of stores whose windows have the settings' length and end in their time range.

    Of more than `MOST` an even sample is taken.

    Raises:
        ConfigError: a store is not there.
        InputError: there is none.
        OutputError: a store cannot be read.
    """
    window = config.window or DEFAULT_WINDOW
    stores = [StoredProfiles(ParquetStored(existing_store(target)), window, config.since_ns, config.until_ns)
              for target in named]  # fmt: skip
    count = sum(store.count() for store in stores)
    one_in = max(math.ceil(count / MOST), 1)
    stores = [replace(store, one_in=one_in) for store in stores]
    parts = [piece.batch for store in stores for piece in store.pieces()]
    notes = [f"{store.store.where}: {note}" for store in stores for note in store.told()]
    if one_in > 1:
        notes.append(f"a sample, one profile in {one_in}, of the {count:,} that are stored: {MOST:,} are taken at once")
    if not parts:
        raise InputError(f"{', '.join(named)}: no profile of a window of {window} is stored of that time (netad ingest "
                         f"--profiles all keeps them){''.join(f'; {note}' for note in notes)}")  # fmt: skip
    return StoredBatch(ProfileBatch.join(parts), tuple(named), notes)


def span_of(batch: ProfileBatch) -> tuple[int, int]:
    """Return when the first window of a batch began and the last one ended, ns since the epoch."""
    starts, ends = (batch.frame[name].to_numpy(np.int64) for name in ("window_start_ns", "window_end_ns"))
    return int(starts.min()), int(ends.max())
