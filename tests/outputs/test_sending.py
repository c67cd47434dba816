"""When to try again, and what became of events."""

from netad.core.errors import OutputError
from netad.outputs.sending import Outcome, Patience, RetryPolicy


def test_pauses_double_up_to_the_longest_and_are_shortened_by_chance():
    """The whole pause with luck 1, half of it with luck 0; a large attempt number does no harm."""
    late, early = RetryPolicy(chance=lambda: 1.0), RetryPolicy(chance=lambda: 0.0)
    assert [late.pause_s(attempt) for attempt in (0, 1, 2, 9, 10_000)] == [1.0, 2.0, 4.0, 30.0, 30.0]
    assert early.pause_s(1) == 1.0


def test_patience_is_that_of_a_whole_run(pauses):
    """What one chunk has spent another cannot spend again; a pause that was asked for counts like any other."""
    patience = Patience(pauses.policy())
    patience.limit(10.0)
    with patience.spending():
        assert patience.wait(0, asked_s=6.0)
    with patience.spending():
        assert not patience.wait(0, asked_s=5.0)
        assert patience.wait(2)
    assert pauses.slept == [6.0, 4.0]


def test_time_that_two_chunks_wait_together_counts_once(pauses):
    """Chunks of two threads that are in trouble at the same time do not use up the patience twice as fast."""
    patience = Patience(pauses.policy(budget_s=10.0))
    with patience.spending():
        assert patience.wait(1)
        with patience.spending():
            assert patience.wait(2)
    with patience.spending():
        assert patience.wait(2)
        assert not patience.wait(0)
    assert pauses.slept == [2.0, 4.0, 4.0]


def test_the_first_reason_to_stop_stays():
    """What stops sending is told as it was met first; events keep the reasons of their own."""
    outcome = Outcome()
    outcome.leave([{"event": {"id": "a"}}], OutputError("busy"), stop=False)
    outcome.leave([{"event": {"id": "b"}}], OutputError("gone"), stop=True)
    outcome.leave([{"event": {"id": "c"}}], OutputError("later"), stop=True)
    assert [(event["event"]["id"], reason) for event, reason in outcome.unsent] == [
        ("a", "busy"), ("b", "gone"), ("c", "later"),
    ]  # fmt: skip
    assert outcome.failure is not None
    assert outcome.failure.message == "gone"
