"""Flow records and facts of the windows that are still open: what anomalies will be explained by, and flows to ship."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State
from netad.detectors.anomaly import Anomaly
from netad.evidence import FlaggedWindows, window_of
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import SLICE, FlowBatch
from netad.profiles.windows import WindowClock

# Evidence takes no more of a record than this (netad.evidence, netad.outputs.flow_event).
_FOR_EVIDENCE: Final = frozenset((
    "first_ns", "last_ns", "opened_ns", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port",
    "protocol", "vlan", "part", *(f"{end}_{size}" for end in ("orig", "resp")
                      for size in ("ip_bytes", "frame_bytes", "payload_bytes", "packets")),
))  # fmt: skip

_Held = list[tuple[Any, NDArray[np.int64]]]


class OpenRecords:
    """Holds records until the window closes with which they count, and lets them go then.

    Slices and facts are held for evidence; whole flows, if any are to ship, until the last window closes that they were
    alive in: only then it is known whether one of those windows is anomalous.
    """

    def __init__(self, window_ns: int, lateness_ns: int, *, whole: bool) -> None:
        """Begin empty. Windows are those of WindowAggregator; `whole` is whether whole flows are held too."""
        self._clock = WindowClock(window_ns, lateness_ns)
        self._whole = whole
        self._slices: _Held = []
        self._flows: _Held = []
        self._facts: _Held = []

    def add(self, batch: FlowBatch | FactBatch) -> None:
        """Take a batch, in the order in which the aggregator of windows is given it."""
        if not len(batch):
            return
        if isinstance(batch, FactBatch):
            self._facts.append((batch, self._clock.place(batch["time_ns"])[1]))
            return
        if self._whole and len(flows := batch.whole()):
            self._flows.append((flows, self._clock.place(flows["last_ns"])[1]))
        slices = batch.select((batch["part"] & SLICE) != 0)
        if len(slices):
            columns = {name: column for name, column in slices.columns.items() if name in _FOR_EVIDENCE}
            self._slices.append((FlowBatch(columns, batch.inputs), self._clock.move(slices["last_ns"])[1]))

    @property
    def open_from(self) -> int | None:
        """The first slot that is still open, None before the first slice."""
        return self._clock.open_from

    def slices(self) -> Iterator[FlowBatch]:
        """Yield the slices that are held, with the columns that evidence takes."""
        return (batch for batch, _ in self._slices)

    def facts(self, kinds: Sequence[FactKind]) -> Iterator[FactBatch]:
        """Yield the facts of the given kinds that are held."""
        return (batch for batch, _ in self._facts if batch.kind in kinds)

    def let_go(self, before: int | None) -> list[FlowBatch]:
        """Let go of what counts with the windows before a slot, None for all; return the whole flows among it."""
        self._slices = _rest(self._slices, before)
        self._facts = _rest(self._facts, before)
        gone = [batch if before is None else batch.select(slot < before) for batch, slot in self._flows]
        self._flows = _rest(self._flows, before)
        return [batch for batch in gone if len(batch)]

    def carry(self) -> State:
        """Return what is held, for the state of a scan."""
        return {
            "clock": self._clock.carry(),
            "slices": [_state_of(*held) for held in self._slices],
            "flows": [_state_of(*held) for held in self._flows],
            "facts": [_state_of(*held) for held in self._facts],
        }

    def resume(self, state: State) -> None:
        """Take what `carry` gave."""
        self._clock.resume(state["clock"])
        self._slices = [_held_in(one) for one in state["slices"]]
        self._flows = [_held_in(one) for one in state["flows"]] if self._whole else []
        self._facts = [_held_in(one) for one in state["facts"]]


class Flagged:
    """The anomalous windows of late, for flows that end after them."""

    # How long a flow may go on after an anomalous window and still be shipped with it, and how many windows are kept.
    AGE_NS: Final = 7 * 86_400 * 1_000_000_000
    MOST: Final = 100_000

    def __init__(self) -> None:
        self._windows: list[tuple[str, int, int]] = []

    def add(self, anomalies: Iterable[Anomaly]) -> None:
        """Note the windows of anomalies; what is too old, or too much, is forgotten."""
        self._windows += map(window_of, anomalies)
        if self._windows:
            latest = max(end for _, _, end in self._windows)
            self._windows = [one for one in self._windows if one[2] > latest - self.AGE_NS][-self.MOST :]

    def among(self, flows: Iterable[FlowBatch]) -> Iterator[FlowBatch]:
        """Yield those of whole flows that were alive in an anomalous window of their originator."""
        if not self._windows:
            return
        flagged = FlaggedWindows(self._windows)
        for batch in flows:
            rows, _ = flagged.match_flows(batch)
            if len(rows):
                yield batch.select(np.unique(rows))

    def carry(self) -> State:
        """Return the windows, for the state of a scan."""
        return {"windows": [list(one) for one in self._windows]}

    def resume(self, state: State) -> None:
        """Take what `carry` gave."""
        self._windows = [(source, start, end) for source, start, end in state["windows"]]


def _rest(held: _Held, before: int | None) -> _Held:
    """Return what counts with a slot or later ones, nothing for None."""
    if before is None:
        return []
    rest: _Held = []
    for batch, slot in held:
        kept = slot >= before
        if kept.all():
            rest.append((batch, slot))
        elif kept.any():
            rest.append((batch.select(kept), slot[kept]))
    return rest


def _state_of(batch: FlowBatch | FactBatch, slot: NDArray[np.int64]) -> State:
    kind = int(batch.kind) if isinstance(batch, FactBatch) else None
    return {"kind": kind, "columns": dict(batch.columns), "inputs": list(batch.inputs), "slot": slot}


def _held_in(state: State) -> tuple[Any, NDArray[np.int64]]:
    inputs = tuple(state["inputs"])
    if state["kind"] is None:
        return FlowBatch(state["columns"], inputs), state["slot"]
    return FactBatch(FactKind(state["kind"]), state["columns"], inputs), state["slot"]
