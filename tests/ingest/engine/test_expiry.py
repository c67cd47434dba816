"""Tests of netad.ingest.engine.expiry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS
from netad.ingest.engine.expiry import NEVER, plan, start_agenda, turn_page, unplan
from netad.ingest.engine.layout import R_DEADLINE, R_FIELDS, R_NEXT, R_WAKE, S_FIELDS, S_NEXT

SIZE = 8


def empty(rows, now=0):
    """Return state, rows and an agenda of eight seconds."""
    state, table = np.zeros(S_FIELDS, np.int64), np.zeros((rows, R_FIELDS), np.int64)
    table[:, R_WAKE] = NEVER
    start_agenda(state, now)
    return state, table, np.full(SIZE + 1, -1, np.int64)


def due(state, rows, agenda, now):
    """Return the rows that the agenda names until it has come to `now`, in sets, one a second."""
    pages = []
    while True:
        page = set()
        while agenda[SIZE] >= 0:
            row = int(agenda[SIZE])
            page.add(row)
            unplan(rows, agenda, row)
        if page:
            pages.append(page)
        if not turn_page(state, rows, agenda, now):
            return pages


@given(st.lists(st.integers(1, 7 * SECOND_NS), min_size=1, max_size=12), st.integers(0, 9 * SECOND_NS))
def test_flows_are_due_in_the_second_after_their_deadline(deadlines, now):
    """Each once, none early, whatever lies between."""
    state, rows, agenda = empty(len(deadlines))
    for row, deadline in enumerate(deadlines):
        rows[row, R_DEADLINE] = deadline
        plan(state, rows, agenda, row)
    pages = due(state, rows, agenda, now)
    expected = {row for row, deadline in enumerate(deadlines) if -(-deadline // SECOND_NS) <= now // SECOND_NS}
    assert set().union(*pages) == expected
    assert sum(map(len, pages)) == len(expected)
    assert state[S_NEXT] == (now // SECOND_NS + 1) * SECOND_NS


def test_a_later_deadline_changes_nothing_an_earlier_one_does():
    """A flow is put off when it is looked at, not by its packets."""
    state, rows, agenda = empty(1)
    for deadline, wake in ((5, 5), (7, 5), (3, 3)):
        rows[0, R_DEADLINE] = deadline * SECOND_NS - 1
        plan(state, rows, agenda, 0)
        assert rows[0, R_WAKE] == wake * SECOND_NS
    assert due(state, rows, agenda, 3 * SECOND_NS) == [{0}]


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_any_flow_of_a_second_can_be_taken_off(removed):
    """First, last or between: the others stay."""
    state, rows, agenda = empty(3)
    rows[:, R_DEADLINE] = 2 * SECOND_NS
    for row in range(3):
        plan(state, rows, agenda, row)
    unplan(rows, agenda, removed)
    unplan(rows, agenda, removed)
    assert due(state, rows, agenda, 2 * SECOND_NS) == [{0, 1, 2} - {removed}]


def test_what_is_due_already_is_looked_at_next():
    """The slice of a late packet may be over when it opens."""
    state, rows, agenda = empty(1, 100 * SECOND_NS)
    rows[0, R_DEADLINE] = 50 * SECOND_NS
    plan(state, rows, agenda, 0)
    assert state[S_NEXT] < 0
    assert due(state, rows, agenda, 100 * SECOND_NS) == [{0}]


def test_a_leap_of_the_clock_visits_every_second_once():
    """A century costs no more than the agenda is long, and finds what lay beyond its end."""
    state, rows, agenda = empty(2)
    rows[:, R_DEADLINE] = [3 * SECOND_NS, 1000 * SECOND_NS]
    for row in range(2):
        plan(state, rows, agenda, row)
    assert rows[1, R_NEXT] == -1
    assert set().union(*due(state, rows, agenda, 3_000_000_000 * SECOND_NS)) == {0, 1}
