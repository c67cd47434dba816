"""Sends the events of one chunk as often as a policy allows, in smaller requests where they are too many for one."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from netad.core.errors import OutputError
from netad.outputs.base import Event
from netad.outputs.sending import Outcome, Patience, RetryPolicy


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the events in `left` are not settled, and what makes sense: `again`, `smaller` (halve them), or `stop`.

    `pause_s` is how long the far side asked to be left alone, in seconds.
    """

    kind: Literal["again", "smaller", "stop"]
    why: OutputError
    left: list[Event]
    pause_s: float = 0.0


Attempt = Callable[[list[Event], Outcome], Trouble | None]


class Retrying:
    """Calls an attempt until everything is settled, and remembers over a whole run how long it has tried again.

    An attempt sends events once, counts in the outcome what is settled, and returns the trouble with the rest. Chunks
    of several threads may be sent at once.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self.patience = Patience(policy)

    def send(self, events: list[Event], attempt: Attempt) -> Outcome:
        """Send events and say what became of each. Nothing is raised for what the far side or the network does."""
        outcome = Outcome()
        parts = [events]
        while parts:
            part = parts.pop(0)
            if outcome.failure is not None:
                outcome.leave(part, outcome.failure, stop=True)
            elif halves := self._send_part(part, attempt, outcome):
                parts[:0] = halves
        return outcome

    def _send_part(self, events: list[Event], attempt: Attempt, outcome: Outcome) -> list[list[Event]]:
        """Send events, again as long as the policy allows; return the two halves of those that are too many."""
        before, tries = outcome.delivered + outcome.duplicates, 0
        with contextlib.ExitStack() as stack:
            while (trouble := attempt(events, outcome)) is not None:
                events = trouble.left
                if trouble.kind == "smaller" and len(events) > 1:
                    return [events[: len(events) // 2], events[len(events) // 2 :]]
                if trouble.kind == "smaller":
                    outcome.refused += [(event, trouble.why.message) for event in events]
                    break
                if not tries:
                    stack.enter_context(self.patience.spending())
                if trouble.kind == "stop" or not self.patience.wait(tries, trouble.pause_s):
                    nothing_went = outcome.delivered + outcome.duplicates == before
                    outcome.leave(events, trouble.why, stop=trouble.kind == "stop" or nothing_went)
                    break
                tries += 1
        return []
