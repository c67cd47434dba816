"""The agenda: which flows to look at in which second, so that what is over leaves the table without a search.

A second's flows are a linked list through their rows, its head in an array that the seconds share by their lowest
bits. As in netad.ingest.flow_table a flow is put off only when it is looked at, never by its packets.
"""

from typing import Final

from netad.core.timing import SECOND_NS
from netad.ingest.engine.compiled import compiled
from netad.ingest.engine.layout import (
    OPEN,
    R_BITS,
    R_DEADLINE,
    R_NEXT,
    R_PREVIOUS,
    R_WAKE,
    R_WINDOW,
    S_AGENDA,
    S_LATENESS,
    S_NEXT,
    S_WINDOW,
    Int64,
)

# Of R_WAKE: not on the agenda. Later than every time and deadline.
NEVER: Final = (1 << 63) - 1
_S: Final = SECOND_NS


@compiled
def start_agenda(state: Int64, now: int) -> None:
    """Let an empty agenda begin at this time."""
    state[S_AGENDA] = now // _S
    state[S_NEXT] = (now // _S + 1) * _S


@compiled
def plan(state: Int64, rows: Int64, agenda: Int64, row: int) -> None:
    """Put a flow on the agenda for its next deadline, unless it is on for an earlier second."""
    wake = rows[row, R_DEADLINE]
    if state[S_WINDOW] > 0 and rows[row, R_BITS] & OPEN:
        end = rows[row, R_WINDOW] + state[S_WINDOW]
        if state[S_LATENESS] < wake - end:  # their sum may be too large
            wake = end + state[S_LATENESS]
    # R_WAKE is a whole second: no need to round up first.
    if rows[row, R_WAKE] - _S < wake:
        return
    unplan(rows, agenda, row)
    second = -(-wake // _S)
    rows[row, R_WAKE] = second * _S
    place(state, rows, agenda, row)


@compiled
def place(state: Int64, rows: Int64, agenda: Int64, row: int) -> None:
    """Put a row that is in no list where its R_WAKE says."""
    size = agenda.size - 1
    second = rows[row, R_WAKE] // _S
    if second <= state[S_AGENDA]:
        at = size
        state[S_NEXT] = -NEVER
    else:
        # Beyond the agenda's end: to be put off when that comes.
        at = min(second, state[S_AGENDA] + size - 1) & (size - 1)
    head = agenda[at]
    rows[row, R_PREVIOUS] = -2 - at
    rows[row, R_NEXT] = head
    if head >= 0:
        rows[head, R_PREVIOUS] = row
    agenda[at] = row


@compiled
def unplan(rows: Int64, agenda: Int64, row: int) -> None:
    """Take a flow off the agenda, if it is on it."""
    if rows[row, R_WAKE] == NEVER:
        return
    previous, following = rows[row, R_PREVIOUS], rows[row, R_NEXT]
    if previous < 0:
        agenda[-2 - previous] = following
    else:
        rows[previous, R_NEXT] = following
    if following >= 0:
        rows[following, R_PREVIOUS] = previous
    rows[row, R_WAKE] = NEVER


@compiled
def turn_page(state: Int64, rows: Int64, agenda: Int64, now: int) -> bool:
    """Make the flows of the next second those due now; False when there is no further second that has come."""
    size = agenda.size - 1
    today = now // _S
    if state[S_AGENDA] >= today:
        state[S_NEXT] = (today + 1) * _S
        return False
    # After a leap of the clock every place has come once.
    second = max(state[S_AGENDA], today - size) + 1
    state[S_AGENDA] = second
    at = second & (size - 1)
    row = agenda[at]
    agenda[at] = -1
    agenda[size] = row
    if row >= 0:
        rows[row, R_PREVIOUS] = -2 - size
    return True
