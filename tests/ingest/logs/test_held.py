"""Tests of netad.ingest.logs.held."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.logs import held as module
from netad.ingest.logs.held import HeldFlows
from netad.ingest.logs.parser import Part


def part(flows, **more):
    """Return a part of flows (begin, length)."""
    first = np.array([begin for begin, _ in flows], np.int64)
    return Part(
        None, {"first_ns": first, "last_ns": first + np.array([length for _, length in flows], np.int64)} | more
    )


def ends(parts):
    return [time for one in parts for time in one.times.tolist()]


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=6), max_size=6))
def test_flows_leave_in_the_order_of_their_ends(steps):
    """Whatever their length, if they come in the order of their beginnings; none is lost."""
    held, now, given_, taken = HeldFlows(), 0, [], []
    for step in steps:
        flows = []
        for wait, length in step:
            now += wait
            flows.append((now, length))
        given_ += [begin + length for begin, length in flows]
        taken += ends(held.pass_on(part(flows)))
        assert all(time <= now for time in taken)
    taken += ends(held.rest())
    assert taken == sorted(given_)


def test_no_more_than_so_many_are_held(monkeypatch):
    """Beyond that those that ended first go, though others may still end before them."""
    monkeypatch.setattr(module, "_HELD_MAX", 2)
    held = HeldFlows()
    assert ends(held.pass_on(part([(0, 90), (0, 80), (0, 70), (0, 60)]))) == [60, 70]
    assert ends(held.rest()) == [80, 90]
    assert ends(held.rest()) == []


def test_other_columns_begin_anew():
    """Nothing is made up for what a part lacks."""
    held = HeldFlows()
    assert ends(held.pass_on(part([(0, 9)]))) == []
    parts = list(held.pass_on(part([(1, 0)], more=np.array([1]))))
    assert [sorted(one.columns) for one in parts] == [["first_ns", "last_ns"], ["first_ns", "last_ns", "more"]]
