"""The flow table's arrays as a state for the next run (netad.core.carried), and back: as large as the active flows."""

import zlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of, number_of, same_setting
from netad.core.errors import StateError
from netad.ingest.engine import layout
from netad.ingest.engine.compiled import entry_point, sources
from netad.ingest.engine.hashing import hash_row, insert
from netad.ingest.engine.layout import (
    PART_FIELDS,
    R_FIELDS,
    R_NEXT,
    R_PAST,
    R_PREVIOUS,
    R_TOUCHED,
    S_EVICTED,
    S_FIELDS,
    S_FREE,
    S_LATENESS,
    S_LIVE,
    S_MAX_FLOWS,
    S_OLDEST,
    S_OLDEST_END,
    S_OTHER_INACTIVITY,
    S_OUT,
    S_PAST_FREE,
    S_PAST_USED,
    S_SEED,
    S_SOURCES,
    S_TCP_INACTIVITY,
    S_USED,
    S_WINDOW,
    Arrays,
    Int64,
)

# To be counted up when rows come to mean something else although the layout stays as it is.
_VERSION: Final = 1
_NAMES: Final = sorted((name, value) for name, value in vars(layout).items() if isinstance(value, int))
LAYOUT: Final = zlib.crc32(repr((_VERSION, _NAMES)).encode())
_SETTINGS: Final = {
    S_WINDOW: "window",
    S_LATENESS: "lateness",
    S_MAX_FLOWS: "ceiling of active flows",
    **dict.fromkeys(range(S_TCP_INACTIVITY, S_OTHER_INACTIVITY + 1), "set of timeouts"),
}


def carried_table(arrays: Arrays) -> State:
    """Return what is in the flow table; its finished records have to be drained before.

    Free rows are named in the order in which they are taken again, so that what comes lies where it would have lain.
    """
    state = arrays.state
    if state[S_OUT]:
        raise ValueError("finished records wait")
    rows, past = arrays.rows[: state[S_USED]], arrays.past[: state[S_PAST_USED]]
    live = np.flatnonzero(rows[:, R_TOUCHED])
    parts = rows[live, R_PAST]
    parts = np.sort(parts[parts >= 0])
    return {
        "layout": LAYOUT,
        "state": state.copy(),
        "live": live,
        "rows": rows[live],
        "free": _chain(int(state[S_FREE]), rows[:, R_NEXT]),
        "parts": parts,
        "past": past[parts],
        "past_free": _chain(int(state[S_PAST_FREE]), past[:, 0]),
        "agenda": arrays.agenda.copy(),
        "oldest": arrays.oldest[: state[S_OLDEST_END]].copy(),
    }


def restore_table(carried: State, arrays: Arrays, grown: Callable[[int, int], Arrays]) -> Arrays:
    """Return the arrays of an empty table, filled with what `carried_table` returned.

    `grown` returns its arrays with room for so many rows and so many rows of `past`.

    Raises:
        StateError: the state is of another version or of other settings, or contradicts itself.
    """
    if number_of(carried, "layout") != LAYOUT:
        raise StateError("the state's open flows were left by another version of netad: begin with a new state")
    state = array_of(carried, "state", np.int64, (S_FIELDS,))
    for field, what in _SETTINGS.items():
        same_setting({"": int(state[field])}, "", int(arrays.state[field]), what)
    table = _Table(carried, state)
    table.check(len(arrays.agenda), len(arrays.oldest), int(arrays.state[S_MAX_FLOWS]))
    arrays = grown(int(state[S_USED]), int(state[S_PAST_USED]))
    table.fill(arrays)
    _enter_rows(arrays)
    return arrays


class _Table:
    """The parts of a carried table."""

    def __init__(self, carried: State, state: Int64) -> None:
        self._state = state
        self._live, self._free, self._parts, self._past_free, self._agenda = (
            array_of(carried, name, np.int64) for name in ("live", "free", "parts", "past_free", "agenda")
        )
        self._rows = array_of(carried, "rows", np.int64, (len(self._live), R_FIELDS))
        self._past = array_of(carried, "past", np.int64, (len(self._parts), PART_FIELDS))
        self._oldest = array_of(carried, "oldest", np.int64, (-1, 2))

    def check(self, agenda: int, oldest: int, most: int) -> None:
        """Raise StateError where a kernel would leave its arrays: no number that is a place may be none."""
        used, past_used = int(self._state[S_USED]), int(self._state[S_PAST_USED])
        rows, live = self._rows, self._live
        sound = (
            0 <= used <= most
            and _are_all(used, live, self._free)
            and _are_all(past_used, self._parts, self._past_free)
            and len(live) == self._state[S_LIVE]
            and len(self._agenda) == agenda
            and 0 <= self._state[S_OLDEST] <= len(self._oldest) == self._state[S_OLDEST_END] <= oldest
            and _within(self._agenda, -1, used)
            and _within(self._oldest[:, 0], 0, used)
            and _within(rows[:, R_PREVIOUS], -1 - agenda, used)
            and _within(rows[:, R_NEXT], -1, used)
            and bool((rows[:, R_TOUCHED] > 0).all())
            and np.array_equal(np.sort(rows[:, R_PAST][rows[:, R_PAST] >= 0]), self._parts)
            and not self._state[S_OUT]
        )
        if not sound:
            raise StateError("the state's open flows contradict each other: begin with a new state")

    def fill(self, arrays: Arrays) -> None:
        """Put everything where it was. What was counted in the run before stays there."""
        kept = arrays.state[S_SOURCES]
        arrays.state[:] = self._state
        arrays.state[S_SOURCES], arrays.state[S_EVICTED] = kept, 0
        arrays.rows[self._live] = self._rows
        arrays.rows[self._free, R_TOUCHED] = 0
        arrays.rows[self._free[:-1], R_NEXT] = self._free[1:]
        arrays.rows[self._free[-1:], R_NEXT] = -1
        arrays.past[self._parts] = self._past
        arrays.past[self._past_free[:-1], 0] = self._past_free[1:]
        arrays.past[self._past_free[-1:], 0] = -1
        arrays.state[S_FREE] = self._free[0] if len(self._free) else -1
        arrays.state[S_PAST_FREE] = self._past_free[0] if len(self._past_free) else -1
        arrays.agenda[:] = self._agenda
        arrays.oldest[: len(self._oldest)] = self._oldest


def _chain(first: int, following: Int64) -> Int64:
    """Return a linked list's places in its order."""
    places: list[int] = []
    links = following.tolist()
    while first >= 0:
        places.append(first)
        first = links[first]
    return np.array(places, np.int64)


def _are_all(count: int, one: Int64, other: Int64) -> bool:
    """Tell whether two arrays together hold every place below `count` once."""
    return len(one) + len(other) == count and np.array_equal(np.sort(np.concatenate((one, other))), np.arange(count))


def _within(places: NDArray[Any], low: int, end: int) -> bool:
    return bool(((places >= low) & (places < end)).all())


def _kernel(digest: int) -> Callable[[Arrays], None]:
    """Return the kernel that enters the active flows in the slots; `digest` in its closure is for numba's cache."""

    @entry_point
    def enter_rows(arrays: Arrays) -> None:
        arrays.state[S_SOURCES] = digest
        for row in range(arrays.state[S_USED]):
            if arrays.rows[row, R_TOUCHED] > 0:
                insert(arrays.slots, hash_row(arrays.state[S_SEED], arrays.rows, row), row)

    return enter_rows


_enter_rows: Final = _kernel(sources())
