"""Flows and facts to profiles, window by window, as input time passes.

Input time is the largest `last_ns` seen so far; facts do not move it. A slice belongs to the window that holds its
`last_ns`; its *slot* is the window it is reported with: its own, or, if that one has closed already, the next one to
close. Both follow from the slices and their order alone, so it does not matter how the input was cut into batches. A
fact counts in the window that holds its `time_ns`, with a slot like that of a slice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import V4_PREFIX, Networks, UInt64, format_addresses
from netad.core.carried import State, array_of, list_of, number_of, part_of, same_setting, texts_of, time_of
from netad.core.timing import SECOND_NS
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import DTYPES, SLICE, Column, FlowBatch
from netad.profiles.batch import ProfileBatch
from netad.profiles.daytime import is_night
from netad.profiles.digest import DIGEST_COLUMNS, set_digests
from netad.profiles.features import MEASURED_COLUMNS, compute_features
from netad.profiles.frame import KEY_DTYPES
from netad.profiles.groups import Groups, Mask, is_inside
from netad.profiles.held_facts import HeldFacts
from netad.profiles.looked_up import LookedUp
from netad.profiles.meeting_table import meetings_of
from netad.profiles.meetings import texts_hash
from netad.profiles.row_facts import RowFacts
from netad.profiles.said import said_of

LATENESS_NS = 600 * SECOND_NS

# Addresses that no host has: unspecified, multicast, broadcast. Link-local ones are hosts'.
NO_HOST = Networks.parse(("0.0.0.0/32", "::/128", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"))

_KEPT = MEASURED_COLUMNS | set(DIGEST_COLUMNS) | {"part", "service"}
_PLACES = {"window": np.dtype(np.int64), "slot": np.dtype(np.int64), "carries": np.dtype(np.int16)}
_INT64 = np.iinfo(np.int64)
_NO_TIMES = np.empty(0, dtype=np.int64)

Int64 = NDArray[np.int64]


class WindowClock:
    """Tells where a time counts: its window, and the slot that the window is reported with.

    Attributes:
        input_time_ns: the largest time that moved it, None before the first.
    """

    def __init__(self, window_ns: int | None, lateness_ns: int) -> None:
        """Begin before the first slice; None for one window that takes everything and never closes.

        Raises:
            ValueError: a window of no length, or a negative lateness.
        """
        if (window_ns is not None and window_ns <= 0) or lateness_ns < 0:
            raise ValueError("a window has a length, and lateness is not negative")
        self.input_time_ns: int | None = None
        self._window_ns = window_ns
        self._lateness_ns = min(lateness_ns, int(_INT64.max))

    @property
    def open_from(self) -> int | None:
        """The first slot that is still open; None before the first slice, and where nothing ever closes."""
        if self._window_ns is None or self.input_time_ns is None:
            return None
        return (self.input_time_ns - self._lateness_ns) // self._window_ns

    def move(self, last_ns: Int64) -> tuple[Int64, Int64]:
        """Move input time on with slices in their order, one at least; return window and slot of each, shape (n,)."""
        clock = np.maximum.accumulate(last_ns)
        if self.input_time_ns is not None:
            clock = np.maximum(clock, self.input_time_ns)
        self.input_time_ns = int(clock[-1])
        return self._at(last_ns, clock)

    def place(self, times_ns: Int64) -> tuple[Int64, Int64]:
        """Return window and slot of times that do not move input time, shape (n,) each."""
        clock = times_ns if self.input_time_ns is None else np.array(self.input_time_ns)
        return self._at(times_ns, clock)

    def carry(self) -> State:
        """Return input time, and the settings that windows and slots depend on."""
        settings = {"window_ns": self._window_ns, "lateness_ns": self._lateness_ns}
        return {**settings, "input_time_ns": self.input_time_ns}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        same_setting(state, "window_ns", self._window_ns, "window")
        same_setting(state, "lateness_ns", self._lateness_ns, "lateness")
        self.input_time_ns = time_of(state, "input_time_ns")

    def _at(self, times_ns: Int64, clock: Int64) -> tuple[Int64, Int64]:
        if self._window_ns is None:
            window = np.zeros(len(times_ns), dtype=np.int64)
            return window, window
        window = times_ns // self._window_ns
        # The clock is held above the least time that lateness can be taken from.
        closing = (np.maximum(clock, _INT64.min + self._lateness_ns) - self._lateness_ns) // self._window_ns
        return window, np.maximum(window, closing)


class WindowAggregator:
    """Turns slices of flows into profiles. Windows are aligned to the epoch; memory is that of the open windows.

    Slices of a window that has closed already make supplementary rows, which come with the next window that closes,
    before its own; their digests are never empty.

    Attributes:
        late: slices that came after their window had closed.
        left_out: slices whose source is no host (unspecified, multicast, broadcast address).
    """

    def __init__(
        self,
        window_ns: int | None,
        inside: Networks,
        lateness_ns: int = LATENESS_NS,
        *,
        facts: Iterable[FactKind] = (),
        zone: tzinfo = UTC,
    ) -> None:
        """Begin without open windows.

        Args:
            window_ns: length of a window; None ("capture") for one window from the first to the last packet, which
                always has a digest, for nothing says that the capture is all there will be.
            inside: the networks whose addresses count as inside.
            lateness_ns: how long a window stays open after its end, in input time.
            facts: kinds of facts that the input is searched for: without one of them a source has none, where for
                other kinds nothing is known. A FactBatch, even an empty one, says the same from its arrival on.
            zone: the time zone in which it is night.

        Raises:
            ValueError: a window of no length, or a negative lateness.
        """
        self._clock = WindowClock(window_ns, lateness_ns)
        self.late = 0
        self.left_out = 0
        self._first_ns = int(_INT64.max)
        self._window_ns = window_ns
        self._inside = inside
        self._carried: list[frozenset[str]] = []
        self._held: list[FlowBatch] = []
        self._next_slot = int(_INT64.max)
        self._facts = HeldFacts(facts)
        self._looked_up = LookedUp()
        self._zone = zone

    @property
    def input_time_ns(self) -> int | None:
        """The largest `last_ns` seen, None before the first slice."""
        return self._clock.input_time_ns

    @property
    def homeless_facts(self) -> int:
        """Facts so far whose source had no flow in their window: they make no profile."""
        return self._facts.homeless

    def add(self, batch: FlowBatch | FactBatch) -> list[ProfileBatch]:
        """Take slices or facts; return the profiles of the windows that closed by it: one batch, or none.

        Rows are sorted by slot, window and address: by window and address but for what came late.
        """
        if isinstance(batch, FactBatch):
            self._facts.hold(batch, *self._clock.place(batch["time_ns"] if len(batch) else _NO_TIMES))
            return []
        # Narrowed first, so that only what is kept is copied.
        slices = FlowBatch({name: column for name, column in batch.columns.items() if name in _KEPT})
        if not (slices["part"] & SLICE).all():
            slices = slices.slices()
        if "service" in slices:
            slices = FlowBatch({**slices.columns, "service": texts_hash(slices["service"])})
        if not len(slices):
            return []
        window, slot = self._clock.move(slices["last_ns"])
        self._first_ns = min(self._first_ns, int(slices["first_ns"].min()))
        hosts = _are_hosts(slices["orig_hi"], slices["orig_lo"])
        self.left_out += len(slices) - int(np.count_nonzero(hosts))
        self.late += int(np.count_nonzero((slot > window) & hosts))
        self._hold(slices, window, slot, hosts)
        open_from = self._clock.open_from
        return [] if open_from is None or self._next_slot >= open_from else self._close(before=open_from)

    def finish(self) -> list[ProfileBatch]:
        """Close the windows that are still open and return their profiles, in one batch or none: the last call."""
        if self._held:
            return self._close(before=None)
        self._facts.place(self._facts.release(before=None), None)
        return []

    def carry(self) -> State:
        """Return input time and what the open windows hold (netad.core.carried)."""
        return {
            "clock": self._clock.carry(),
            "facts": self._facts.carry(),
            "looked_up": self._looked_up.carry(),
            "held": dict(_join(self._held).columns) if self._held else {},
            "carried": [sorted(carries) for carries in self._carried],
            "first_ns": self._first_ns,
            "late": self.late,
            "left_out": self.left_out,
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._clock.resume(part_of(state, "clock"))
        self._facts.resume(part_of(state, "facts"))
        self._looked_up.resume(part_of(state, "looked_up"))
        self._first_ns, self.late, self.left_out = (number_of(state, name) for name in ("first_ns", "late", "left_out"))
        sets = {str(at): each for at, each in enumerate(list_of(state, "carried"))}
        self._carried = [frozenset(texts_of(sets, at)) for at in sets]
        held = part_of(state, "held")
        if held:
            dtypes = {name: _dtype(name) for name in held if name in _KEPT} | _PLACES
            length = array_of(held, "window", np.int64).shape
            rows = FlowBatch({name: array_of(held, name, dtype, length) for name, dtype in dtypes.items()})
            self._held, self._next_slot = [rows], int(rows["slot"].min())

    def _hold(self, slices: FlowBatch, window: NDArray[np.int64], slot: NDArray[np.int64], hosts: Mask) -> None:
        if not hosts.any():
            return
        carries = frozenset(slices.columns)
        if carries not in self._carried:
            self._carried.append(carries)
        code = np.full(len(slices), self._carried.index(carries), dtype=np.int16)
        columns = {name: column for name, column in slices.columns.items() if name != "part"}
        rows = FlowBatch({**columns, "window": window, "slot": slot, "carries": code})
        self._held.append(rows if hosts.all() else rows.select(hosts))
        self._next_slot = min(self._next_slot, int(self._held[-1]["slot"].min()))

    def _close(self, before: int | None) -> list[ProfileBatch]:
        """Make profiles of the slots before a slot, or of all, and keep the rest."""
        joined = _join(self._held)
        closing = np.ones(len(joined), dtype=bool) if before is None else joined["slot"] < before
        rest = joined.select(np.flatnonzero(~closing))
        self._held = [rest] if len(rest) else []
        self._next_slot = int(rest["slot"].min()) if len(rest) else int(_INT64.max)
        released = self._facts.release(before)
        which = None if closing.all() else closing
        groups = Groups.build(joined.columns, self._inside, tuple(self._carried), MEASURED_COLUMNS, which)
        self._add_times(groups, released.get(FactKind.ANSWER))
        facts = self._facts.place(released, groups)
        met, said = meetings_of(groups, facts), said_of(groups, facts)
        return [ProfileBatch(self._frame(groups, facts), met, groups, facts, said)]

    def _add_times(self, groups: Groups, answers: Sequence[FactBatch] | None) -> None:
        """Add columns that say when a slice was: in the night, after an answer that gave its destination."""
        groups.columns.add("night", is_night(groups["first_ns"], self._zone))
        if answers is not None:
            for batch in answers:
                self._looked_up.add(batch["address_hi"], batch["address_lo"], batch["time_ns"])
            looked_up = self._looked_up.by(groups["resp_hi"], groups["resp_lo"], groups["last_ns"])
            groups.columns.add("looked_up", looked_up)

    def _frame(self, groups: Groups, facts: Mapping[FactKind, RowFacts]) -> pd.DataFrame:
        starts = groups.starts
        slot, window = groups["slot"][starts], groups["window"][starts]
        high, low = groups["orig_hi"][starts], groups["orig_lo"][starts]
        begin, end = self._spans(window)
        keys: dict[str, Column] = {
            "source": format_addresses(high, low),
            "source_hi": high,
            "source_lo": low,
            "window_start_ns": begin,
            "window_end_ns": end,
            "inside": is_inside(self._inside, high, low),
            "window_digest": self._digests(groups, window, slot, end),
            "known_source": np.ones(len(groups), dtype=bool),
        }
        return pd.DataFrame({**keys, **compute_features(groups, facts)}).astype(KEY_DTYPES)

    def _spans(self, window: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return start and end of windows, shape (n,) each; what does not fit into 64 bits is cut there."""
        if self._window_ns is None:
            last = min(self.input_time_ns or 0, _INT64.max - 1)
            return np.full(len(window), self._first_ns), np.full(len(window), last + 1)
        distinct, inverse = np.unique(window, return_inverse=True)
        begin = [max(number * self._window_ns, _INT64.min) for number in distinct.tolist()]
        end = [min((number + 1) * self._window_ns, _INT64.max) for number in distinct.tolist()]
        return np.array(begin, dtype=np.int64)[inverse], np.array(end, dtype=np.int64)[inverse]

    def _digests(
        self, groups: Groups, window: NDArray[np.int64], slot: NDArray[np.int64], end: NDArray[np.int64]
    ) -> Column:
        """Return the digest of each group's window: over the slices of all its groups; empty where it is complete."""
        digests = np.full(len(groups), "", dtype=object)
        cut = (slot > window) | (end > (self.input_time_ns or 0)) | (self._window_ns is None)
        if cut.any():
            rows = cut[groups.index]
            names = (*DIGEST_COLUMNS, "window", "slot")
            columns = {name: groups[name][rows] for name in names if name in groups.columns}
            each = np.flatnonzero(_changes(columns["window"], columns["slot"]))
            period = np.cumsum(_changes(window[cut], slot[cut])) - 1
            digests[cut] = np.array(set_digests(columns, each), dtype=object)[period]
        return digests


def _are_hosts(high: UInt64, low: UInt64) -> Mask:
    """Tell which addresses a host can have, shape (n,)."""
    # Nearly all are plain IPv4 ones, which takes three comparisons to see.
    hosts = (high == 0) & (low > np.uint64(V4_PREFIX)) & (low < np.uint64(V4_PREFIX | 224 << 24))
    rest = np.flatnonzero(~hosts)
    hosts[rest] = ~NO_HOST.contains(high[rest], low[rest])
    return np.asarray(hosts, dtype=bool)


def _changes(*keys: Column) -> Mask:
    """Tell where a row differs from the one before it, shape (n,); the first row does."""
    changed = np.zeros(len(keys[0]), dtype=bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed


def _dtype(name: str) -> np.dtype[np.generic]:
    """Return how a column is held: text as its hash."""
    return np.dtype(np.uint64) if name == "service" else DTYPES[name]


def _join(batches: Sequence[FlowBatch]) -> FlowBatch:
    """Join batches; what one of them does not carry is zero there (the column `carries` remembers)."""
    if len(batches) == 1:
        return batches[0]
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    return FlowBatch(
        {
            name: np.concatenate(
                [batch[name] if name in batch else np.zeros(len(batch), _dtype(name)) for batch in batches]
            )
            for name in names
        }
    )
