"""What behaviours are usual for a source: a backup host sends much every night, an updater calls home every minute."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.behaviour_detector import behaviour_columns
from netad.detectors.bundle import DAMAGED

Float64 = NDArray[np.float64]

_COLUMNS = {"source_hi": "uint64", "source_lo": "uint64", "behaviour": "str", "first": "float64", "second": "float64"}
_KEYS = ["source_hi", "source_lo", "behaviour"]
MOST_ENTRIES = 1_000_000


@dataclass(frozen=True)
class BehaviourHabits:
    """The two greatest strengths of each behaviour that each source showed in training, in different windows.

    What a source did in two windows of its normal past is its habit, up to the lesser of both strengths: one attack
    among the training windows makes none. `table` has the columns source_hi, source_lo, behaviour, first, second
    (first >= second, decades), sorted; pairs without a second strength above 0 have 0 there.
    """

    table: pd.DataFrame

    @classmethod
    def learn(cls, profiles: pd.DataFrame) -> "BehaviourHabits":
        """Return the habits in a ProfileFrame with `behaviour.<name>` columns."""
        return cls._greatest(_long(profiles))

    def merge(self, other: "BehaviourHabits") -> "BehaviourHabits":
        """Return the habits of both."""
        parts = [
            table[[*_KEYS, column]].rename(columns={column: "strength"})
            for table in (self.table, other.table)
            for column in ("first", "second")
        ]
        return self._greatest(pd.concat(parts, ignore_index=True))

    @classmethod
    def _greatest(cls, strengths: pd.DataFrame) -> "BehaviourHabits":
        ordered = strengths[strengths["strength"] > 0].sort_values(
            [*_KEYS, "strength"], ascending=[True, True, True, False], kind="stable", ignore_index=True
        )
        rank = ordered.groupby(_KEYS, sort=False).cumcount()
        first, second = (ordered[rank == number].rename(columns={"strength": name})
                         for number, name in enumerate(("first", "second")))  # fmt: skip
        table = first.merge(second, how="left", on=_KEYS).fillna({"second": 0.0})
        return cls(table.iloc[:MOST_ENTRIES].astype(_COLUMNS)[list(_COLUMNS)])

    def discounted(self, profiles: pd.DataFrame) -> pd.DataFrame:
        """Return a ProfileFrame with the strength of each behaviour less what is the source's habit, at least 0."""
        if self.table.empty:
            return profiles
        return _less(profiles, self._habit(profiles, "second"))

    @staticmethod
    def discounted_training(profiles: pd.DataFrame) -> pd.DataFrame:
        """Return the same of training profiles, each by the habits that the source has in its other windows."""
        long = _long(profiles)
        if long.empty:
            return profiles
        long = long.sort_values([*_KEYS, "strength"], ascending=[True, True, True, False], kind="stable")
        groups = long.groupby(_KEYS, sort=False)["strength"]
        rank = groups.cumcount()
        # The second greatest of the others: for the two greatest themselves it is the third.
        by_rank = {number: long["strength"].where(rank == number).groupby([long[key] for key in _KEYS], sort=False)
                   .transform("max").fillna(0.0) for number in (1, 2)}  # fmt: skip
        long = long.assign(habit=np.where(rank < 2, by_rank[2], by_rank[1]))
        return _less(profiles, {
            str(name): _scattered(part, len(profiles)) for name, part in long.groupby("behaviour", sort=True)
        })  # fmt: skip

    def _habit(self, profiles: pd.DataFrame, column: str) -> dict[str, Float64]:
        """Return the habits of rows that have a strength, 0 for the others: looking up all takes many times as long."""
        keys, found = ["source_hi", "source_lo"], {}
        for name in behaviour_columns(profiles):
            rows = np.flatnonzero(profiles[name].to_numpy(np.float64) > 0)
            found[name] = np.zeros(len(profiles))
            if len(rows) and name in self._by_behaviour:
                held = profiles[keys].iloc[rows].merge(self._by_behaviour[name], how="left", on=keys)[column]
                found[name][rows] = held.fillna(0.0).to_numpy(np.float64)
        return found

    @cached_property
    def _by_behaviour(self) -> dict[str, pd.DataFrame]:
        return {str(name): part for name, part in self.table.groupby("behaviour", sort=False)}

    def save(self, path: Path) -> None:
        """Write the table as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pandas(self.table, preserve_index=False).replace_schema_metadata(), path)

    @classmethod
    def load(cls, path: Path) -> "BehaviourHabits":
        """Return the habits that were saved to `path`.

        Raises:
            ModelError: the file is missing, damaged, or no table of habits.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                if file.metadata.num_rows > MOST_ENTRIES:
                    raise ModelError(DAMAGED)
                table: pd.DataFrame = file.read().to_pandas()
            if list(table.columns) != list(_COLUMNS) or table.duplicated(_KEYS).any():
                raise ModelError(DAMAGED)
            return cls(table.astype(_COLUMNS))
        except (OSError, ValueError, TypeError, pa.ArrowException) as error:
            raise ModelError(f"{path} is missing or damaged: train the model again with netad train") from error


def _long(profiles: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each strength above 0: source, behaviour, strength, and the row it is from."""
    kinds = {"source_hi": "uint64", "source_lo": "uint64", "behaviour": "str", "strength": "float64", "row": "int64"}
    parts = [pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})]
    for name in behaviour_columns(profiles):
        values = profiles[name].to_numpy(np.float64)
        rows = np.flatnonzero(np.isfinite(values) & (values > 0))
        if len(rows):
            parts.append(pd.DataFrame({
                "source_hi": profiles["source_hi"].to_numpy(np.uint64)[rows],
                "source_lo": profiles["source_lo"].to_numpy(np.uint64)[rows],
                "behaviour": name, "strength": values[rows], "row": rows,
            }))  # fmt: skip
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _scattered(part: pd.DataFrame, rows: int) -> Float64:
    values = np.zeros(rows)
    values[part["row"].to_numpy(np.int64)] = part["habit"].to_numpy(np.float64)
    return values


def _less(profiles: pd.DataFrame, habits: dict[str, Float64]) -> pd.DataFrame:
    columns = {name: np.maximum(profiles[name].to_numpy(np.float64) - habit, 0.0) for name, habit in habits.items()}
    return profiles.assign(**columns)
