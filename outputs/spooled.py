"""Outputs to places that cannot be asked what they hold: each event goes there once a machine, waits, or is named."""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from netad.core.errors import OutputError, SpoolError
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.keeping import KeepingOutput
from netad.outputs.ledger import Ledger
from netad.outputs.retrying import Retrying, Trouble
from netad.outputs.selection import Selection
from netad.outputs.sending import Outcome, RetryPolicy
from netad.outputs.spool import Spool


class Sender(Protocol):
    """The way to one place. `target` names it in spool and ledger, `place` in messages; neither holds a secret.

    `at_once` is how many events one attempt takes, `notes` what the operator should know of those that went.
    """

    target: str
    place: str
    at_once: int

    @property
    def notes(self) -> Sequence[str]:
        """What to say of the events that were sent, beside their number."""
        ...

    def open(self) -> None:
        """Reach the place, as far as that can be known without an event; raises OutputError."""
        ...

    def attempt(self, events: list[Event], outcome: Outcome) -> Trouble | None:
        """Send events once: see `netad.outputs.retrying`."""
        ...

    def close(self) -> None:
        """Let go of the place."""
        ...


class SpooledOutput(KeepingOutput):
    """Sends the events that `selection` wants, those left out that the ledger knows as delivered.

    The ledger learns of events once they are sent: a run that is killed in between sends at most `sender.at_once`
    events again.
    """

    name: ClassVar[str]

    def __init__(
        self, sender: Sender, spool: Spool, ledger: Ledger, selection: Selection, retry: RetryPolicy | None = None
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._selection = selection
        self._retrying = Retrying(retry or RetryPolicy())
        super().__init__(sender.place, spool, self._retrying.patience, sender.at_once)

    @property
    def target(self) -> str:
        """What the place is called in the spool: no secret is in it, as one may be in what was typed."""
        return self._sender.target

    def write(self, events: Iterable[Event]) -> None:
        """Take events, and send full chunks of those that are wanted."""
        super().write(self._wanted(events))

    def commit(self) -> None:
        """Send or keep what was written so far (netad.outputs.base.Commits)."""
        self._flush()
        self._undelivered.finish()
        if self._undelivered.lost is not None:
            raise self._undelivered.lost

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Send or keep what is left, and say what became of everything."""
        try:
            if self._undelivered.lost is None:
                self._flush()
                if not self._started:
                    self._start()
                if not self._given and self._failure is None:
                    self._check()
        except SpoolError as error:
            self._undelivered.give_up(error)
        finally:
            self._let_go()
        return self._account()

    def _wanted(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if self._selection.wants(event):
                yield event
            else:
                self._delivery.left_out += 1

    def _notes(self) -> Sequence[str]:
        return self._sender.notes

    def _disconnect(self) -> None:
        self._sender.close()
        self._ledger.close()

    def _prepare(self) -> None:
        """Nothing: the place is reached with the first event."""

    def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        if not self._started:
            self._start()
        outcome = self._send(events)
        self._delivery.delivered += outcome.delivered
        self._delivery.duplicates += outcome.duplicates
        self._undelivered.take(outcome)

    def _check(self) -> None:
        """Reach the place without events: a wrong address must not show only on the day there is something to send."""
        try:
            self._sender.open()
        except OutputError as error:
            self._failure = error

    def _deliver(self, events: list[Event]) -> Outcome:
        """Send those events that the ledger does not know; two processes take turns at one target."""
        try:
            with _turn(self._ledger.path.parent, self._sender.target):
                return self._send_unknown(events)
        except OutputError as error:  # without the ledger nothing can be sent but perhaps twice
            outcome = Outcome()
            outcome.leave(events, error, stop=True)
            return outcome

    def _send_unknown(self, events: list[Event]) -> Outcome:
        target = self._sender.target
        fresh = {event["event"]["id"]: event for event in events}
        for stream, ids in _by_dataset(fresh.values()).items():
            for known in self._ledger.known(target, stream, ids):
                del fresh[known]
        outcome = self._retrying.send(list(fresh.values()), self._sender.attempt) if fresh else Outcome()
        outcome.duplicates += len(events) - len(fresh)
        for event, _ in (*outcome.refused, *outcome.unsent):
            del fresh[event["event"]["id"]]
        for stream, ids in _by_dataset(fresh.values()).items():
            self._ledger.add(target, stream, ids)
        return outcome


def _by_dataset(events: Iterable[Event]) -> dict[str, list[str]]:
    """Return ids by the stream that the ledger keeps them under."""
    ids: dict[str, list[str]] = {}
    for event in events:
        ids.setdefault(event["data_stream"]["dataset"], []).append(event["event"]["id"])
    return ids


@contextlib.contextmanager
def _turn(folder: Path, target: str) -> Iterator[None]:
    """Hold the target for this process: between looking an id up and noting it as sent nobody else may send it."""
    path = folder / f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.lock"
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(path.open("w")), fcntl.LOCK_EX)
        except OSError as error:
            raise OutputError(f"{path} cannot be locked ({error.strerror or error})") from error
        yield
