"""What outputs that keep unsent events have in common: the spool goes first, and a failure ends the sending."""

import pytest

from netad.core.errors import OutputError
from netad.outputs.keeping import KeepingOutput
from netad.outputs.sending import Limits, Outcome, Patience, RetryPolicy


class Recorded(KeepingOutput):
    """An output that notes what it was to deliver; after `fails_after` chunks it can reach nobody any more."""

    def __init__(self, spool, fails_after=1000):
        super().__init__("the place", spool, Patience(RetryPolicy()), 2)
        self.chunks = []
        self.fails_after = fails_after
        self.connected = True

    def _prepare(self):
        assert self.chunks == []

    def _flush(self):
        if not self._started:
            self._start()
        events, self._waiting = self._waiting, []
        outcome = self._send(events)
        self._delivery.delivered += outcome.delivered
        self._undelivered.take(outcome)

    def _deliver(self, events):
        outcome = Outcome()
        if len(self.chunks) >= self.fails_after:
            outcome.leave(events, OutputError("gone"), stop=True)
        else:
            self.chunks.append([event["event"]["id"] for event in events])
            outcome.delivered += len(events)
        return outcome

    def _notes(self):
        return [f"{len(self.chunks)} chunks"]

    def _disconnect(self):
        self.connected = False

    def end(self):
        self._let_go()
        return self._account()


@pytest.fixture
def events():
    """Six events."""
    place = {"type": "logs", "dataset": "netad.flow", "namespace": "test"}
    return [{"event": {"id": str(number)}, "data_stream": place} for number in range(6)]


def test_a_failure_keeps_that_chunk_and_all_that_follow(make_spool, events):
    """The place is not tried again in this run; what was delivered before counts."""
    output = Recorded(make_spool("place"), fails_after=1)
    output.write(events)
    delivery = output.end()
    assert (delivery.delivered, delivery.spooled, delivery.where) == (2, 4, "the place; 1 chunks")
    assert output.chunks == [["0", "1"]]
    assert not output.connected


def test_what_waits_goes_before_what_is_new(make_spool, events):
    """Older events first, in chunks of the same size; their file goes with them."""
    failing = Recorded(make_spool("place"), fails_after=0)
    failing.write(events[:4])
    failing.end()
    output = Recorded(make_spool("place"))
    output.write(events[4:])
    assert (output.end().drained, output.chunks) == (4, [["0", "1"], ["2", "3"], ["4", "5"]])
    assert output.waiting() == []


def test_a_replay_sends_what_waits_and_with_dead_what_was_refused(make_spool, events):
    """It stands instead of writing and closing: the place is let go afterwards."""
    spool = make_spool("place")
    spool.keep(events[0])
    spool.bury(events[1], "no")
    spool.close()
    assert [file.dead for file in Recorded(make_spool("place")).waiting()] == [False, True]
    output = Recorded(make_spool("place"))
    assert output.replay(dead=False).drained == 1
    assert not output.connected
    output = Recorded(make_spool("place"))
    assert output.replay(dead=True).drained == 1
    assert output.chunks == [["1"]]


def test_limits_are_those_of_the_settings(make_spool):
    """The budget for trying again and the ceiling of the spool are taken over."""
    spool = make_spool("place")
    output = Recorded(spool)
    output.limit(Limits(budget_s=7.0, spool_bytes=9))
    assert (output._patience.policy.budget_s, spool.folder_bytes) == (7.0, 9)
