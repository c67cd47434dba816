"""Flows to ProfileFrames, window by window, as input time passes.

Input time is the largest `last_ns` seen so far. A slice belongs to the window that holds its `last_ns`; its *slot* is
the window it is reported with: its own, or, if that one has closed already, the next one to close. Both follow from
the slices and their order alone, so it does not matter how the input was cut into batches.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks, format_addresses
from netad.core.timing import SECOND_NS
from netad.ingest.flows import DTYPES, Column, FlowBatch
from netad.profiles.digest import DIGEST_COLUMNS, set_digests
from netad.profiles.features import MEASURED_COLUMNS, compute_features
from netad.profiles.frame import KEY_DTYPES
from netad.profiles.groups import Groups, Mask, is_inside

LATENESS_NS = 600 * SECOND_NS

# Addresses that no host has: unspecified, multicast, broadcast. Link-local ones are hosts'.
NO_HOST = Networks.parse(("0.0.0.0/32", "::/128", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"))

_KEPT = MEASURED_COLUMNS | set(DIGEST_COLUMNS) | {"part"}
_INT64 = np.iinfo(np.int64)


class WindowAggregator:
    """Turns slices of flows into profiles. Windows are aligned to the epoch; memory is that of the open windows.

    Slices of a window that has closed already make a supplementary frame, which is emitted with the next window that
    closes; it may hold rows of several windows, and its digests are never empty.

    Attributes:
        late: slices that came after their window had closed.
        left_out: slices whose source is no host (unspecified, multicast, broadcast address).
        input_time_ns: the largest `last_ns` seen, None before the first slice.
    """

    def __init__(self, window_ns: int | None, inside: Networks, lateness_ns: int = LATENESS_NS) -> None:
        """Begin without open windows.

        Args:
            window_ns: length of a window; None ("capture") for one window from the first to the last packet, which
                always has a digest, for nothing says that the capture is all there will be.
            inside: the networks whose addresses count as inside.
            lateness_ns: how long a window stays open after its end, in input time.

        Raises:
            ValueError: a window of no length, or a negative lateness.
        """
        if (window_ns is not None and window_ns <= 0) or lateness_ns < 0:
            raise ValueError("a window has a length, and lateness is not negative")
        self.late = 0
        self.left_out = 0
        self.input_time_ns: int | None = None
        self._first_ns = int(_INT64.max)
        self._window_ns = window_ns
        self._inside = inside
        self._lateness_ns = min(lateness_ns, int(_INT64.max))
        self._carried: list[frozenset[str]] = []
        self._held: list[FlowBatch] = []
        self._next_slot = int(_INT64.max)

    def add(self, batch: FlowBatch) -> list[pd.DataFrame]:
        """Take the slices of a batch; return the ProfileFrames of the windows that closed, in order.

        Rows of a frame are sorted by window (a supplementary frame may have several) and address.
        """
        # Narrowed first, so that only what is kept is copied.
        slices = FlowBatch({name: column for name, column in batch.columns.items() if name in _KEPT}).slices()
        if not len(slices):
            return []
        window, slot = self._place(slices)
        hosts = ~NO_HOST.contains(slices["orig_hi"], slices["orig_lo"])
        self.left_out += len(slices) - int(np.count_nonzero(hosts))
        self.late += int(np.count_nonzero((slot > window) & hosts))
        self._hold(slices, window, slot, hosts)
        if self._window_ns is None or self.input_time_ns is None:
            return []
        open_from = (self.input_time_ns - self._lateness_ns) // self._window_ns
        return self._close(before=open_from) if self._next_slot < open_from else []

    def finish(self) -> list[pd.DataFrame]:
        """Close the windows that are still open and return their ProfileFrames, in order: the last call."""
        return self._close(before=None) if self._held else []

    def _place(self, slices: FlowBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Move input time on and return window and slot of each slice, shape (n,) each."""
        last = slices["last_ns"]
        clock = np.maximum.accumulate(last)
        if self.input_time_ns is not None:
            clock = np.maximum(clock, self.input_time_ns)
        self.input_time_ns = int(clock[-1])
        self._first_ns = min(self._first_ns, int(slices["first_ns"].min()))
        if self._window_ns is None:
            window = np.zeros(len(last), dtype=np.int64)
            return window, window
        window = last // self._window_ns
        # The clock is held above the least time that lateness can be taken from.
        closing = (np.maximum(clock, _INT64.min + self._lateness_ns) - self._lateness_ns) // self._window_ns
        return window, np.maximum(window, closing)

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

    def _close(self, before: int | None) -> list[pd.DataFrame]:
        """Make frames of the slots before a slot, or of all, and keep the rest."""
        joined = _join(self._held)
        closing = np.ones(len(joined), dtype=bool) if before is None else joined["slot"] < before
        rest = joined.select(~closing)
        self._held = [rest] if len(rest) else []
        self._next_slot = int(rest["slot"].min()) if len(rest) else int(_INT64.max)
        columns = joined.select(closing).columns
        groups = Groups.build(columns, self._inside, tuple(self._carried), MEASURED_COLUMNS)
        return self._frames(groups)

    def _frames(self, groups: Groups) -> list[pd.DataFrame]:
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
        }
        table = pd.DataFrame({**keys, **compute_features(groups)}).astype(KEY_DTYPES)
        late = slot > window
        edges = np.flatnonzero((slot[1:] != slot[:-1]) | (late[1:] != late[:-1])) + 1
        bounds = [0, *edges.tolist(), len(table)]
        return [table.iloc[a:b].reset_index(drop=True) for a, b in pairwise(bounds)]

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
            columns = {name: column[rows] for name, column in groups.columns.items()}
            each = np.flatnonzero(_changes(columns["window"], columns["slot"]))
            period = np.cumsum(_changes(window[cut], slot[cut])) - 1
            digests[cut] = np.array(set_digests(columns, each), dtype=object)[period]
        return digests


def _changes(*keys: Column) -> Mask:
    """Tell where a row differs from the one before it, shape (n,); the first row does."""
    changed = np.zeros(len(keys[0]), dtype=bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed


def _join(batches: Sequence[FlowBatch]) -> FlowBatch:
    """Join batches; what one of them does not carry is zero there (the column `carries` remembers)."""
    if len(batches) == 1:
        return batches[0]
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    return FlowBatch(
        {
            name: np.concatenate(
                [batch[name] if name in batch else np.zeros(len(batch), DTYPES[name]) for batch in batches]
            )
            for name in names
        }
    )
