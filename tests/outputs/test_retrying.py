"""Trying again: as often as the policy says, in smaller requests, and never for what makes no sense."""

import pytest

from netad.core.errors import OutputError
from netad.outputs.retrying import Retrying, Trouble


def events(count):
    return [{"event": {"id": str(number)}} for number in range(count)]


class Place:
    """Takes events by a script of troubles: one for each attempt, then none. `most` is what one request may hold."""

    def __init__(self, *kinds, pause_s=0.0, most=1000, poison=()):
        self.kinds = list(kinds)
        self.pause_s = pause_s
        self.most = most
        self.poison = set(poison)
        self.attempts = []

    def attempt(self, given, outcome):
        self.attempts.append([event["event"]["id"] for event in given])
        if len(given) > self.most or self.poison & set(self.attempts[-1]):
            return Trouble("smaller", OutputError("too much"), given)
        if self.kinds:
            return Trouble(self.kinds.pop(0), OutputError("trouble"), given, self.pause_s)
        outcome.delivered += len(given)
        return None


def test_what_passes_is_tried_again_with_growing_pauses(pauses):
    """And then delivered."""
    place = Place("again", "again", "again")
    outcome = Retrying(pauses.policy()).send(events(3), place.attempt)
    assert (outcome.delivered, outcome.unsent, outcome.failure) == (3, [], None)
    assert pauses.slept == [1.0, 2.0, 4.0]


def test_what_does_not_pass_is_left_after_so_many_attempts(pauses):
    """Then it makes no sense to try the next ones either."""
    place = Place(*["again"] * 100)
    outcome = Retrying(pauses.policy(retries=2)).send(events(3), place.attempt)
    assert len(place.attempts) == 3
    assert [reason for _, reason in outcome.unsent] == ["trouble"] * 3
    assert outcome.failure is not None


def test_the_time_of_a_run_is_bounded_over_all_its_chunks(pauses):
    """What one chunk has spent the next cannot spend again."""
    place = Place(*["again"] * 100)
    retrying = Retrying(pauses.policy(budget_s=10.0))
    retrying.send(events(1), place.attempt)
    assert pauses.slept == [1.0, 2.0, 4.0]
    retrying.send(events(1), place.attempt)
    assert pauses.slept == [1.0, 2.0, 4.0, 1.0, 2.0]
    retrying.send(events(1), place.attempt)
    assert sum(pauses.slept) == 10.0


def test_a_pause_that_was_asked_for_is_kept_if_there_is_time(pauses):
    """Otherwise the events wait on disk instead."""
    Retrying(pauses.policy()).send(events(1), Place("again", pause_s=20.0).attempt)
    assert pauses.slept == [20.0]
    outcome = Retrying(pauses.policy()).send(events(1), Place("again", pause_s=3600.0).attempt)
    assert len(outcome.unsent) == 1
    assert pauses.slept == [20.0]


def test_too_many_at_once_are_halved(pauses):
    """Down to one."""
    place = Place(most=2)
    assert Retrying(pauses.policy()).send(events(7), place.attempt).delivered == 7
    assert max(map(len, place.attempts[-1:])) <= 2
    assert pauses.slept == []


def test_the_one_that_does_not_please_is_found_and_refused(pauses):
    """The others arrive."""
    outcome = Retrying(pauses.policy()).send(events(8), Place(poison={"3"}).attempt)
    assert outcome.delivered == 7
    assert [(event["event"]["id"], reason) for event, reason in outcome.refused] == [("3", "too much")]
    assert outcome.failure is None


@pytest.mark.parametrize("count", [1, 5])
def test_what_trying_again_cannot_change_stops_at_once(pauses, count):
    """Not a single pause, and what was halved before is not tried either."""
    place = Place("stop", most=2)
    outcome = Retrying(pauses.policy()).send(events(count), place.attempt)
    assert len(outcome.unsent) == count
    assert outcome.failure is not None
    assert pauses.slept == []
