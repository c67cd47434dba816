"""What could not be delivered: kept, counted, brought home, and every event accounted for."""

import pytest

from netad.core.errors import OutputError, SpoolError
from netad.outputs.base import Delivery
from netad.outputs.sending import Outcome
from netad.outputs.undelivered import Undelivered


def event(number):
    place = {"type": "logs", "dataset": "netad.flow", "namespace": "x"}
    return {"event": {"id": str(number)}, "data_stream": place}


def outcome(unsent=(), refused=(), delivered=0):
    made = Outcome(delivered=delivered, refused=[(event(number), "no") for number in refused])
    made.leave([event(number) for number in unsent], OutputError("away"), stop=False)
    return made


def account(undelivered, given, delivered=0, failure=None):
    undelivered.spool.close()
    delivery = Delivery(delivered=delivered)
    undelivered.account(delivery, given, "http://a", failure)
    return delivery


def test_what_was_left_is_kept_and_told(make_spool):
    """Unsent and refused events are on disk, in the counts, and in two sentences with their reasons."""
    undelivered = Undelivered(make_spool("http://a"))
    undelivered.take(outcome(unsent=(1, 2), refused=(3,), delivered=1))
    delivery = account(undelivered, 4, delivered=1)
    assert (delivery.spooled, delivery.dead) == (2, 1)
    assert [problem.rpartition(": ")[2] for problem in delivery.problems] == ["away", "no"]


def test_what_waited_comes_home(make_spool):
    """Files of earlier runs are sent and removed, those that could not be sent stay."""
    before = Undelivered(make_spool("http://a"))
    before.take(outcome(unsent=(1, 2, 3)))
    before.spool.close()
    undelivered = Undelivered(make_spool("http://a"))
    failure = undelivered.bring_home(undelivered.spool.pending(), lambda _: outcome(unsent=(1,)), 2)
    assert failure.message == "away"
    assert account(undelivered, 0, failure=failure).problems == ["events of earlier runs still wait in the spool: away"]
    sent = []

    def send(events):
        sent.append([found["event"]["id"] for found in events])
        return Outcome(delivered=len(events))

    assert undelivered.bring_home(undelivered.spool.pending(), send, 2) is None
    assert sent == [["1", "2"], ["3"]]
    assert undelivered.drained == 3
    assert undelivered.spool.pending() == []


def test_what_is_nowhere_is_counted(make_spool, tmp_path):
    """When the spool fails, the events that are neither sent nor kept are named by their number."""
    (tmp_path / "spool").write_text("a file where the folder should be")
    undelivered = Undelivered(make_spool("http://a"))
    with pytest.raises(SpoolError):
        undelivered.take(outcome(unsent=(1, 2)))
    assert undelivered.lost is not None
    delivery = account(undelivered, 3, delivered=1)
    assert delivery.dead == 2
    assert delivery.problems == ["2 events could neither be sent nor kept"]
