"""Flows of a log that lists them by when they began, put in the order in which they ended.

Without it the first long flow would move input time to its end, and what comes after it in the log would be late.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from netad.ingest.logs.parser import Part

if TYPE_CHECKING:
    from netad.ingest.flows import Column

_HELD_MAX: Final = 1 << 18


class HeldFlows:
    """Holds flows until others began after they had ended; at most 262,144, of which those that ended first go."""

    def __init__(self) -> None:
        self._held: dict[str, Column] | None = None
        self._now_ns = -1

    def pass_on(self, part: Part) -> Iterator[Part]:
        """Take flows, and yield those that ended before the latest of all began, in the order of their ends."""
        columns = dict(part.columns)
        if not len(part):
            return
        if self._held is not None and self._held.keys() != columns.keys():
            yield from self.rest()
        if self._held is not None:
            columns = {name: np.concatenate([self._held[name], column]) for name, column in columns.items()}
        self._now_ns = max(self._now_ns, int(part.columns["first_ns"].max()))
        order = np.argsort(columns["last_ns"], kind="stable")
        ready = int(np.searchsorted(columns["last_ns"][order], self._now_ns, side="right"))
        ready = max(ready, len(order) - _HELD_MAX)
        self._held = {name: column[order[ready:]] for name, column in columns.items()}
        yield Part(None, {name: column[order[:ready]] for name, column in columns.items()})

    def rest(self) -> Iterator[Part]:
        """Yield what is left, in the order of the ends."""
        if self._held is not None:
            held, self._held = self._held, None
            yield Part(None, held)
