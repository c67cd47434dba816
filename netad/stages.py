"""How long the stages of a run take, by the wall clock."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class Stages:
    """Seconds by stage. Stages are nested, for each pulls on the one before it; time counts for the innermost only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._inside: list[str] = []
        self._since = clock()
        self._seconds: dict[str, float] = {}

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds that each stage has taken so far."""
        self._settle()
        return dict(self._seconds)

    @contextlib.contextmanager
    def during(self, stage: str) -> Iterator[None]:
        """Count the time inside for a stage."""
        self._settle()
        self._inside.append(stage)
        try:
            yield
        finally:
            self._settle()
            self._inside.pop()

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count the time that each of them takes to come for a stage."""
        coming = iter(items)
        while True:
            with self.during(stage):
                try:
                    item = next(coming)
                except StopIteration:
                    return
            yield item

    def _settle(self) -> None:
        now = self._clock()
        if self._inside:
            stage = self._inside[-1]
            self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._since
        self._since = now
