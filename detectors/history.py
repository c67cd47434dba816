"""What a model keeps of its training: a bounded sample of profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.behaviour_detector import behaviour_columns
from netad.detectors.bundle import DAMAGED
from netad.profiles.digest import mix
from netad.profiles.frame import frame_dtypes

Float64 = NDArray[np.float64]
UInt64 = NDArray[np.uint64]

MOST_ROWS = 20_000
# Peers beyond so many say nothing new about where a value falls.
MOST_PEERS = 500
KEYS = ("source_hi", "source_lo", "window_start_ns", "window_end_ns", "window_digest")
_SEED = 0x452821E638D01377
_V4_LOW = np.uint64(0xFFFF)


@dataclass(frozen=True)
class History:
    """Profiles that count as normal.

    Attributes:
        rows: a ProfileFrame, novelty measured, with `behaviour.<name>` columns where they were observed; at most 20,000
            rows, those whose keys have the smallest hashes, so that what is kept depends neither on order nor on how
            the input was cut. Sorted by source and window.
    """

    rows: pd.DataFrame

    @classmethod
    def of(cls, *frames: pd.DataFrame) -> "History":
        """Keep what a model remembers of ProfileFrames; of a window that is in several the last one counts."""
        return cls(_sample(frames))

    def holds(self, profiles: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which profiles, by source and window, are among the rows, shape (n,)."""
        found = profiles[list(KEYS)].merge(self.rows[list(KEYS)], how="left", on=list(KEYS), indicator=True)
        return (found["_merge"] == "both").to_numpy(bool)

    def own(self, high: int, low: int) -> NDArray[np.intp]:
        """Return the places of a source's profiles among the rows, shape (k,)."""
        start, end = (_search(self._addresses, high, low, side) for side in ("left", "right"))
        return np.arange(start, end)

    def peers(self, high: int, low: int) -> NDArray[np.intp]:
        """Return the places of up to 500 profiles of other sources in the same /24, or /64 of IPv6, shape (k,)."""
        network = _network(np.array([high], np.uint64), np.array([low], np.uint64))
        places = self._by_network.get((int(network[0][0]), int(network[1][0])))
        if places is None:
            return np.empty(0, dtype=np.intp)
        others = places[(self._addresses[0][places] != high) | (self._addresses[1][places] != low)]
        return np.asarray(others[:: -(-len(others) // MOST_PEERS) or 1], dtype=np.intp)

    @cached_property
    def _addresses(self) -> tuple[UInt64, UInt64]:
        return self.rows["source_hi"].to_numpy(np.uint64), self.rows["source_lo"].to_numpy(np.uint64)

    @cached_property
    def _by_network(self) -> dict[tuple[int, int], NDArray[np.intp]]:
        high, low = _network(*self._addresses)
        order = np.lexsort((low, high))
        edges = np.flatnonzero((high[order][1:] != high[order][:-1]) | (low[order][1:] != low[order][:-1])) + 1
        parts = np.split(order, edges) if len(order) else []
        return {(int(high[part[0]]), int(low[part[0]])): part for part in parts}

    def save(self, path: Path) -> None:
        """Write the rows as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(self.rows, preserve_index=False).replace_schema_metadata()
        pq.write_table(table, path, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> "History":
        """Return the history that was saved to `path`.

        Raises:
            ModelError: the file is missing, damaged, or holds more or something else than a history.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                if file.metadata.num_rows > MOST_ROWS:
                    raise ModelError(DAMAGED)
                rows: pd.DataFrame = file.read().to_pandas()
            kinds = frame_dtypes() | dict.fromkeys(behaviour_columns(rows), "float64")
            if set(rows.columns) != set(kinds):
                raise ModelError(DAMAGED)
            return cls(rows.astype(kinds))
        except (OSError, ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            raise ModelError(f"{path} is missing or damaged: train the model again with netad train") from error


def _sample(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows with the smallest hashes of their keys, each key once (the last one), sorted."""
    parts = [frame for frame in frames if len(frame)] or list(frames[:1])
    joined = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    joined = joined.drop_duplicates(list(KEYS), keep="last")
    if len(joined) > MOST_ROWS:
        columns = [joined[name].to_numpy() for name in KEYS[:-1]]
        order = np.argsort(mix(columns, len(joined), _SEED), kind="stable")
        joined = joined.iloc[order[:MOST_ROWS]]
    kinds = frame_dtypes() | dict.fromkeys(behaviour_columns(joined), "float64")
    return joined.sort_values(list(KEYS), kind="stable", ignore_index=True)[list(kinds)].astype(kinds)


def _search(addresses: tuple[UInt64, UInt64], high: int, low: int, side: str) -> int:
    """Return where an address begins or ends among sorted ones."""
    start, end = (int(np.searchsorted(addresses[0], np.uint64(high), which)) for which in ("left", "right"))
    return start + int(np.searchsorted(addresses[1][start:end], np.uint64(low), side))  # type: ignore[call-overload]


def _network(high: UInt64, low: UInt64) -> tuple[UInt64, UInt64]:
    """Return the /24 (IPv4) or the /64 (IPv6) that each address is in."""
    v4 = (high == 0) & (low >> np.uint64(32) == _V4_LOW)
    return high, np.where(v4, low & np.uint64(0xFFFFFFFFFFFFFF00), np.uint64(0))
