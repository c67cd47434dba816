import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.profiles import looked_up
from netad.profiles.looked_up import LookedUp

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=20)


def columns(pairs):
    low, time = (np.array([pair[k] for pair in pairs], dtype) for k, dtype in ((0, np.uint64), (1, np.int64)))
    return np.zeros(len(pairs), dtype=np.uint64), low, time


@given(st.lists(PAIRS, max_size=3), PAIRS)
def test_the_first_answer_counts(batches, asked):
    """An address was looked up by a time when any answer up to then gave it, in whatever order they came."""
    known = LookedUp()
    for batch in batches:
        known.add(*columns(batch))
    given_at = {}
    for low, time in (pair for batch in batches for pair in batch):
        given_at[low] = min(time, given_at.get(low, time))
    assert known.by(*columns(asked)).tolist() == [given_at.get(low, 99) <= time for low, time in asked]


@given(PAIRS, PAIRS, PAIRS)
def test_what_is_carried_is_known_later(before, after, asked):
    """One that goes on from the state of another knows what both were told."""
    one, other = LookedUp(), LookedUp()
    one.add(*columns(before))
    other.resume(one.carry())
    for known in (one, other):
        known.add(*columns(after))
    assert other.by(*columns(asked)).tolist() == one.by(*columns(asked)).tolist()


def test_only_so_many_are_remembered(monkeypatch):
    """Beyond the bound the oldest answers are forgotten."""
    monkeypatch.setattr(looked_up, "MOST_ADDRESSES", 3)
    known = LookedUp()
    known.add(*columns([(k, k) for k in range(5)]))
    assert known.by(*columns([(k, 9) for k in range(5)])).tolist() == [False, False, True, True, True]


@pytest.mark.parametrize("asked", [[], [(1, 1)]])
def test_without_answers_nothing_was_looked_up(asked):
    """No answer, no address."""
    assert LookedUp().by(*columns(asked)).tolist() == [False] * len(asked)
