"""What an output could not deliver: kept in the spool, counted by reason, brought home later, and told at the end."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from netad.core.errors import OutputError, SpoolError
from netad.outputs.base import Delivery, Event
from netad.outputs.reasons import Reasons
from netad.outputs.sending import Outcome
from netad.outputs.spool import Spool
from netad.outputs.wording import counted

Send = Callable[[list[Event]], Outcome]


class Undelivered:
    """The spool of one output in one run, and the counts of what went into it and came home from it.

    `lost` says why nothing more can be kept, once that has happened.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.lost: SpoolError | None = None
        self.drained = 0
        self.problems: list[str] = []
        self._buried = 0
        self._unsent_reasons = Reasons()
        self._dead_reasons = Reasons()

    def take(self, outcome: Outcome) -> None:
        """Keep what a chunk left unsent, and what of it was refused.

        Raises:
            SpoolError: it cannot be kept.
        """
        self._buried += len(outcome.refused)
        try:
            self._bury(outcome)
            for event, reason in outcome.unsent:
                self._unsent_reasons.add(reason)
                self.spool.keep(event)
        except SpoolError as error:
            self.lost = error
            raise

    def bring_home(self, paths: Iterable[Path], send: Send, at_once: int) -> OutputError | None:
        """Send the events of spool files, `at_once` at a time; files whose events have all been dealt with go.

        Returns why it stopped, None if it did not. A damaged file is moved away and named.
        """
        for path in paths:
            try:
                failure = self._send_file(self.spool.read(path), send, at_once)
            except FileNotFoundError:
                continue  # another run has sent it in the meantime
            except SpoolError as error:
                self.lost = error
                raise
            except OutputError as error:
                self.problems.append(f"{error}; moved to {self.spool.set_aside(path)}")
                continue
            if failure is not None:
                return failure
            self.spool.remove(path)
        return None

    def finish(self) -> None:
        """Make safe on disk what was kept; what cannot be is lost, and `account` says so."""
        try:
            self.spool.close()
        except SpoolError as error:
            self.give_up(error)

    def give_up(self, error: SpoolError) -> None:
        """Note at the end of a run that nothing more can be kept: there is nobody left to raise it to."""
        self.lost = error
        self.problems.append(error.message)

    def account(self, delivery: Delivery, given: int, place: str, failure: OutputError | None) -> None:
        """Fill in what became of the events that were not delivered: `given` came in, `failure` ended the sending."""
        delivery.drained = self.drained
        delivery.spooled = self.spool.kept
        delivery.waiting_files, delivery.waiting_bytes = self.spool.waiting()
        # What was given and is nowhere (the spool failed) counts as dead beside what was refused.
        lost = given - delivery.delivered - delivery.duplicates - delivery.spooled - self._buried
        delivery.dead, delivery.lost = self._dead_reasons.total + lost, lost
        delivery.problems += self.problems
        if delivery.spooled:
            why = "; ".join(reason for reason, _ in self._unsent_reasons.told())
            waiting = f"{counted(delivery.spooled, 'event')} wait in {self.spool.pending_folder} for the next run"
            delivery.problems.append(f"{waiting}: {why}")
        elif failure is not None and self.lost is None:
            waiting = "events of earlier runs still wait in the spool" if self.spool.pending() else "nothing was sent"
            delivery.problems.append(f"{waiting}: {failure.message}")
        for reason, count in self._dead_reasons.told():
            refused = f"{place} refused {counted(count, 'event')}, kept in {self.spool.dead_folder}"
            delivery.problems.append(f"{refused}: {reason}")
        if lost:
            delivery.problems.append(f"{counted(lost, 'event')} could neither be sent nor kept")

    def _bury(self, outcome: Outcome) -> None:
        for event, reason in outcome.refused:
            self._dead_reasons.add(reason)
            self.spool.bury(event, reason)

    def _send_file(self, events: Iterator[Event], send: Send, at_once: int) -> OutputError | None:
        while batch := list(islice(events, at_once)):
            outcome = send(batch)
            self.drained += outcome.delivered + outcome.duplicates
            self._bury(outcome)
            if outcome.unsent:  # the file stays: what of it has gone is known by its ids next time
                return outcome.failure or OutputError(outcome.unsent[0][1])
        return None
