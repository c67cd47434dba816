"""What outputs that send over a network share: when to try again, and what became of the events of one chunk."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import SystemRandom
from typing import Protocol, runtime_checkable

from netad.core.errors import OutputError
from netad.outputs.base import Delivery, Event
from netad.outputs.spool import Waiting


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings allow an output that keeps what it cannot send.

    `budget_s` is the most seconds that a run spends on trying again, `spool_bytes` the most that may wait on disk.
    """

    budget_s: float = 300.0
    spool_bytes: int = 1 << 30


@runtime_checkable
class Limited(Protocol):
    """An output with limits of its own, to be set before anything is written."""

    def limit(self, limits: Limits) -> None:
        """Set the limits."""
        ...


@runtime_checkable
class Replays(Protocol):
    """An output that keeps what it could not deliver in a spool, and can send it later."""

    def waiting(self) -> list[Waiting]:
        """Return every file of the spool, also those of other targets."""
        ...

    def replay(self, *, dead: bool) -> Delivery:
        """Send what waits in the spool, with `dead` also what was refused; stands instead of `write` and `close`."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try again when the far side is busy or a connection breaks.

    Pauses double from `first_pause_s` to `longest_pause_s`, each shortened by chance to half of it at most;
    `budget_s` is the most a whole run spends on trying again, so that a scheduled run never meets the next one.
    """

    retries: int = 8
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    budget_s: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = SystemRandom().random

    def pause_s(self, attempt: int) -> float:
        """Return the seconds to wait after failed attempt number `attempt` (from 0)."""
        whole = min(self.first_pause_s * 2.0 ** min(attempt, 30), self.longest_pause_s)
        return whole * (0.5 + self.chance() / 2)


class Patience:
    """What a run has spent on trying again, of what its policy allows; chunks of several threads share it.

    Attributes:
        policy: what is allowed.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self._spent_s = 0.0
        self._in_trouble = 0
        self._since = 0.0  # when the first of those that are in trouble met it
        self._lock = threading.Lock()

    def limit(self, budget_s: float) -> None:
        """Allow other seconds in all; to be said before the first event."""
        self.policy = replace(self.policy, budget_s=budget_s)

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time until the end of the block as spent on trying again, once for all that do so together."""
        with self._lock:
            if not self._in_trouble:
                self._since = self.policy.clock()
            self._in_trouble += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_trouble -= 1
                if not self._in_trouble:
                    self._spent_s += self.policy.clock() - self._since

    def wait(self, tries: int, asked_s: float = 0.0) -> bool:
        """Pause before try number `tries` (from 0) is made again, `asked_s` at least; False when it shall not be.

        To be called within `spending`.
        """
        pause = max(self.policy.pause_s(tries), asked_s)
        with self._lock:
            spent = self._spent_s + self.policy.clock() - self._since
        if tries >= self.policy.retries or spent + pause > self.policy.budget_s:
            return False
        self.policy.sleep(pause)
        return True


@dataclass(slots=True)
class Outcome:
    """What became of the events of one chunk. `failure` says why sending anything further makes no sense."""

    delivered: int = 0
    duplicates: int = 0
    refused: list[tuple[Event, str]] = field(default_factory=list)
    unsent: list[tuple[Event, str]] = field(default_factory=list)
    failure: OutputError | None = None

    def leave(self, events: Iterable[Event], why: OutputError, stop: bool) -> None:
        """Note events that stay unsent; `stop` when the same would happen to all others."""
        self.unsent += [(event, why.message) for event in events]
        if stop and self.failure is None:
            self.failure = why
