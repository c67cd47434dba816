"""What outputs that keep unsent events in a spool have in common, whatever they send to."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netad.outputs.base import Delivery, Event
from netad.outputs.sending import Limits, Outcome, Patience
from netad.outputs.spool import Spool, Waiting
from netad.outputs.undelivered import Undelivered

if TYPE_CHECKING:
    from netad.core.errors import OutputError


class KeepingOutput(ABC):
    """Collects chunks of `at_once` events; what waits in the spool for the same target is to be sent before them.

    Once sending anything further makes no sense, everything goes to the spool. `place` names the target in messages.

    Raises:
        SpoolError: (`write`, `replay`) events could neither be sent nor kept.
    """

    def __init__(self, place: str, spool: Spool, patience: Patience, at_once: int) -> None:
        self._place = place
        self._undelivered = Undelivered(spool)
        self._patience = patience
        self._at_once = at_once
        self._waiting: list[Event] = []
        self._given = 0
        self._started = False
        self._failure: OutputError | None = None  # why nothing more is sent
        self._delivery = Delivery()

    def limit(self, limits: Limits) -> None:
        """See `netad.outputs.sending.Limited`."""
        self._patience.limit(limits.budget_s)
        self._undelivered.spool.folder_bytes = limits.spool_bytes

    def write(self, events: Iterable[Event]) -> None:
        """Take events, and send full chunks of them."""
        for event in events:
            self._given += 1
            self._waiting.append(event)
            if len(self._waiting) >= self._at_once:
                self._flush()

    def waiting(self) -> list[Waiting]:
        """Return every file of the spool, also those of other targets."""
        return self._undelivered.spool.files()

    def replay(self, *, dead: bool) -> Delivery:
        """Send what waits in the spool, with `dead` also what was refused; stands instead of `write` and `close`."""
        try:
            refused = self._undelivered.spool.dead() if dead else []  # listed before pending ones add to them
            self._start()
            if self._failure is None:
                self._bring_home(refused)
        finally:
            self._let_go()
        return self._account()

    @abstractmethod
    def _prepare(self) -> None:
        """Do what comes before the first event, and set `_failure` if it shows that nothing can be sent."""

    @abstractmethod
    def _flush(self) -> None:
        """Send the events in `_waiting`, or have them sent."""

    @abstractmethod
    def _deliver(self, events: list[Event]) -> Outcome:
        """Send events now, and say what became of each."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Let go of the target, and of what is known of it."""

    def _notes(self) -> Sequence[str]:
        """Return what to say of the events that were sent, beside their number."""
        return ()

    def _start(self) -> None:
        self._started = True
        self._prepare()
        if self._failure is None:
            self._bring_home(self._undelivered.spool.pending())

    def _bring_home(self, paths: Iterable[Path]) -> None:
        failure = self._undelivered.bring_home(paths, self._send, self._at_once)
        self._failure = self._failure or failure

    def _send(self, events: list[Event]) -> Outcome:
        if self._failure is None:
            outcome = self._deliver(events)
            self._failure = self._failure or outcome.failure
        else:
            outcome = Outcome()
            outcome.leave(events, self._failure, stop=True)
        return outcome

    def _let_go(self) -> None:
        self._disconnect()
        self._undelivered.finish()

    def _account(self) -> Delivery:
        delivery = replace(self._delivery, problems=[], where="; ".join((self._place, *self._notes())))
        self._undelivered.account(delivery, self._given, self._place, self._failure)
        return delivery
