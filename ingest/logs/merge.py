"""Several sources of batches as one, in the order of time, with bounded memory."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import FlowBatch

Batch = FlowBatch | FactBatch
# Lists of batches, each of one stretch of a source.
Stretches = Iterator[list[Batch]]

_OPEN_MAX: Final = 64
_LAST: Final = (1 << 63) - 1
_FIRST: Final = -(1 << 63)


@dataclass(frozen=True, slots=True)
class Lane:
    """A source: when it begins, as far as that is known (None: it is opened at once), and how it is opened."""

    begin_ns: int | None
    open: Callable[[], Stretches]


def merged(lanes: Sequence[Lane], step_ns: int | None) -> Iterator[Batch]:
    """Yield the batches of all lanes, cut so that none runs ahead of another by more than `step_ns`.

    A flow counts where it ended, a fact when it was said. The batches of a stretch are put in the order of time, so
    that a lane need be in that order only nearly. Of what is within a step, facts come first. `step_ns` None cuts
    nothing: stretches come in the order in which they begin. At most 64 lanes are open at a time; if more overlap, the
    rest wait.
    """
    waiting = [(_FIRST if lane.begin_ns is None else lane.begin_ns, number, lane) for number, lane in enumerate(lanes)]
    heapq.heapify(waiting)
    active: list[_Head] = []
    while waiting or active:
        while waiting and len(active) < _OPEN_MAX:
            begin, number, lane = waiting[0]
            if active and begin > _end_of_step(min(head.time_ns for head in active), step_ns):
                break
            heapq.heappop(waiting)
            head = _Head(number, lane.open())
            if head.advance():
                active.append(head)
        if not active:
            continue
        lowest = min(active, key=lambda head: (head.time_ns, head.number))
        if step_ns is None:
            yield from lowest.rest()
        else:
            limit = _LAST if len(active) == 1 and not waiting and len(lowest.batches) == 1 else lowest.time_ns + step_ns
            active.sort(key=lambda head: head.number)
            taken = [batch for head in active for batch in head.before(limit)]
            yield from sorted(taken, key=lambda batch: isinstance(batch, FlowBatch))
        active = [head for head in active if head.batches or head.advance()]


def _end_of_step(begin_ns: int, step_ns: int | None) -> int:
    return begin_ns if step_ns is None else begin_ns + step_ns


class _Head:
    """An open lane: what of its present stretch was not taken yet."""

    def __init__(self, number: int, stretches: Stretches) -> None:
        self.number = number
        self._stretches = stretches
        self.batches: list[_Clocked] = []

    @property
    def time_ns(self) -> int:
        """When what is left of the stretch begins."""
        return min(int(batch.clock[0]) for batch in self.batches)

    def advance(self) -> bool:
        """Go on to the next stretch that holds something; False at the end."""
        for stretch in self._stretches:
            self.batches = [_Clocked.of(batch) for batch in stretch if len(batch)]
            if self.batches:
                return True
        return False

    def rest(self) -> list[Batch]:
        """Take all that is left of the stretch."""
        taken, self.batches = [batch.rows for batch in self.batches], []
        return taken

    def before(self, limit_ns: int) -> list[Batch]:
        """Take what is before a time."""
        taken: list[Batch] = []
        left: list[_Clocked] = []
        for batch in self.batches:
            first, second = batch.cut(limit_ns)
            taken += [first] if first is not None else []
            left += [second] if second is not None else []
        self.batches = left
        return taken


@dataclass(frozen=True, slots=True)
class _Clocked:
    """A batch in the order of time, and the time of each row, shape (n,)."""

    rows: Batch
    clock: NDArray[np.int64]

    @classmethod
    def of(cls, batch: Batch) -> "_Clocked":
        times = batch["last_ns"] if isinstance(batch, FlowBatch) else batch["time_ns"]
        if (times[1:] < times[:-1]).any():
            order = np.argsort(times, kind="stable")
            return cls(batch.select(order), times[order])
        return cls(batch, times)

    def cut(self, limit_ns: int) -> "tuple[Batch | None, _Clocked | None]":
        """Return what is before a time, and what is not."""
        if self.clock[-1] < limit_ns:
            return self.rows, None
        at = int(np.searchsorted(self.clock, limit_ns))
        if not at:
            return None, self
        return _slice(self.rows, 0, at), _Clocked(_slice(self.rows, at, len(self.clock)), self.clock[at:])


def _slice(batch: Batch, start: int, end: int) -> Batch:
    columns = {name: column[start:end] for name, column in batch.columns.items()}
    if isinstance(batch, FlowBatch):
        return FlowBatch(columns, batch.inputs)
    return FactBatch(batch.kind, columns, batch.inputs)
