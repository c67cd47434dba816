"""What behaviours remember of earlier windows of a run: tables with bounds, the oldest rows go first."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import Carried, State, array_of, number_of, part_of
from netad.detectors.behaviour.segments import frequent
from netad.detectors.behaviour.sight import Int64, UInt64, keyed

Rows = NDArray[np.void]

# What a run is told when it begins, so that nothing of it is carried.
_SETTINGS = frozenset(("_p", "_inside"))


class Remembers:
    """A behaviour that goes on in the next run: all that it has but parameters and networks is carried.

    Each attribute is something carried (netad.core.carried), an array or a whole number, so that none is forgotten.
    """

    def carry(self) -> State:
        """Return every attribute.

        Raises:
            TypeError: one of them cannot be carried.
        """
        return {name: _left(name, value) for name, value in vars(self).items() if name not in _SETTINGS}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned."""
        for name, value in vars(self).items():
            if name in _SETTINGS:
                continue
            if isinstance(value, Carried):
                value.resume(part_of(state, name))
            elif isinstance(value, np.ndarray):
                setattr(self, name, array_of(state, name, value.dtype, (-1,) * value.ndim))
            else:
                setattr(self, name, number_of(state, name))


def _left(name: str, value: object) -> object:
    if isinstance(value, Carried):
        return value.carry()
    if isinstance(value, np.ndarray | int) and not isinstance(value, bool):
        return value
    raise TypeError(f"{name} cannot be carried to the next run: it is a {type(value).__name__}")


class Memory:
    """A table of rows with a column `time_ns`, in the order in which they were remembered.

    Attributes:
        rows: the rows, a structured array of shape (n,).
        forgotten: rows that went because of `most` and `each`, not because they were old or no longer needed.
    """

    def __init__(
        self,
        columns: list[tuple[str, str]],
        *,
        most: int,
        age_ns: int,
        each: Mapping[str, int] = MappingProxyType({}),
        needed: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Begin empty.

        Args:
            columns: names and dtypes, `time_ns` among them.
            most: rows in all.
            age_ns: how far back it reaches.
            each: for a column the rows kept for each of its values, the newest.
            needed: the same, where more would tell nothing.
        """
        self.rows: Rows = np.empty(0, dtype=columns)
        self.forgotten = 0
        self._most = most
        self._each, self._needed = dict(each), dict(needed)
        self._age_ns = age_ns

    def add(self, now_ns: int, **columns: NDArray[Any]) -> None:
        """Remember rows, and forget what is too old at `now_ns` or too much."""
        rows = np.empty(len(columns["time_ns"]), dtype=self.rows.dtype)
        for name, column in columns.items():
            rows[name] = column
        joined = np.concatenate((self.rows, rows))
        old = joined["time_ns"] < now_ns - self._age_ns
        if old.any():
            joined = joined[~old]
        for name, limit in self._needed.items():
            joined = _newest_of_each(joined, name, limit)
        before = len(joined)
        for name, limit in self._each.items():
            joined = _newest_of_each(joined, name, limit)
        self.rows = joined[-self._most :]
        self.forgotten += before - len(self.rows)

    def carry(self) -> State:
        """Return the rows (netad.core.carried)."""
        return {"rows": self.rows, "forgotten": self.forgotten}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self.rows = array_of(state, "rows", self.rows.dtype)
        self.forgotten = number_of(state, "forgotten")

    def has(self, name: str, values: UInt64) -> NDArray[np.bool_]:
        """Tell which values a column holds, shape of `values`."""
        return _among(values, np.sort(self.rows[name]))


def _among(values: UInt64, known: UInt64) -> NDArray[np.bool_]:
    """Tell which values are among sorted known ones, shape of `values`."""
    if not len(known):
        return np.zeros(len(values), dtype=bool)
    return np.asarray(known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values)


def _newest_of_each(rows: Rows, name: str, limit: int) -> Rows:
    if len(rows) <= limit or not frequent(rows[name], np.ones(len(rows), dtype=bool), limit + 1).any():
        return rows
    order = np.argsort(rows[name], kind="stable")
    key = rows[name][order]
    ends = np.flatnonzero(np.concatenate((key[1:] != key[:-1], [True])))
    sizes = np.diff(ends, prepend=-1)
    if sizes.max() <= limit:
        return rows
    from_end = np.repeat(ends, sizes) - np.arange(len(rows))
    kept = np.zeros(len(rows), dtype=bool)
    kept[order[from_end < limit]] = True
    return rows[kept]


class Prevalence:
    """How many inside sources met each thing (a destination, a service) in a run so far.

    Attributes:
        forgotten: meetings that were not counted because there were too many.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        """Begin empty; `most` distinct pairs of thing and source are counted."""
        self.forgotten = 0
        self._most = most
        self._pairs = np.empty(0, dtype=np.uint64)
        self._things = np.empty(0, dtype=np.uint64)
        self._sources = np.empty(0, dtype=np.uint64)

    def add(self, things: UInt64, sources: UInt64) -> None:
        """Note who met what, shape (n,) each."""
        pairs, first = np.unique(keyed(things, sources), return_index=True)
        new = ~_among(pairs, self._pairs)
        room = self._most - len(self._pairs)
        self.forgotten += max(0, int(np.count_nonzero(new)) - room)
        fresh = np.flatnonzero(new)[:room]
        if len(fresh):
            self._pairs = np.sort(np.concatenate((self._pairs, pairs[fresh])))
            self._things = np.sort(np.concatenate((self._things, things[first[fresh]])))
        self._sources = np.union1d(self._sources, sources)[: self._most]

    def carry(self) -> State:
        """Return who met what (netad.core.carried)."""
        known = {"pairs": self._pairs, "things": self._things, "sources": self._sources}
        return {**known, "forgotten": self.forgotten}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._pairs, self._things, self._sources = (
            array_of(state, name, np.uint64) for name in ("pairs", "things", "sources")
        )
        self.forgotten = number_of(state, "forgotten")

    @property
    def sources(self) -> int:
        """How many sources there were."""
        return len(self._sources)

    def count(self, things: UInt64) -> Int64:
        """Return how many sources met each thing, shape of `things`."""
        right = np.searchsorted(self._things, things, side="right")
        return np.asarray(right - np.searchsorted(self._things, things, side="left"), dtype=np.int64)
