"""How flows become records: slices cut off at window edges, and flows that end."""

from typing import Final

from netad.ingest.decode import TCP, UDP
from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.expiry import unplan
from netad.ingest.engine.hashing import hash_row, remove
from netad.ingest.engine.layout import (
    HEARD_A,
    HEARD_B,
    O_FIRST,
    O_HISTORY,
    O_KIND,
    O_OPENED,
    O_ORIG_HI,
    O_ORIG_LO,
    O_ORIGIN,
    O_PORTS,
    O_RESP_HI,
    O_RESP_LO,
    OPEN,
    ORIGINATOR_IS_B,
    PART_A,
    PART_B,
    PART_FIELDS,
    PART_FIRST,
    PART_LAST,
    R_A_HI,
    R_A_LO,
    R_B_HI,
    R_B_LO,
    R_BITS,
    R_HISTORY,
    R_KEY,
    R_NEXT,
    R_ORIGIN,
    R_PART,
    R_PAST,
    R_TOUCHED,
    S_FREE,
    S_LIVE,
    S_OUT,
    S_PAST_FREE,
    S_PAST_USED,
    S_SEED,
    T_FIELDS,
    Arrays,
    Int64,
)
from netad.ingest.engine.tcp import tcp_conn_state
from netad.ingest.engine.traffic import join_part
from netad.ingest.flows import CONN_STATES, SLICE, WHOLE

# A flow that ends or is cut writes no more records than this at once.
RECORDS_AT_ONCE: Final = 2
_PORT: Final = 0xFFFF
_S0: Final = CONN_STATES.index("S0")
_SF: Final = CONN_STATES.index("SF")
_SHR: Final = CONN_STATES.index("SHR")
_OTH: Final = CONN_STATES.index("OTH")


@compiled
def has_room(arrays: Arrays) -> bool:
    """Tell whether a flow may end or be cut now."""
    return bool(arrays.state[S_OUT] + RECORDS_AT_ONCE <= arrays.out.shape[0])


@compiled
def may_cut(arrays: Arrays, row: int) -> bool:
    """Tell whether there is a place for what a flow has sent before its cut."""
    state = arrays.state
    known = arrays.rows[row, R_PAST] >= 0 or state[S_PAST_FREE] >= 0
    return bool(known or state[S_PAST_USED] < arrays.past.shape[0])


@compiled_apart
def cut_flow(arrays: Arrays, row: int) -> None:
    """Write the open part of a flow as a SLICE, and keep it for the WHOLE. `has_room` and `may_cut` were asked."""
    state, rows, past = arrays.state, arrays.rows, arrays.past
    cut = rows[row, R_PAST]
    opened = rows[row, R_PART + PART_FIRST]
    if cut >= 0:
        opened = min(opened, past[cut, PART_FIRST])
    _write(state, rows, row, rows, row, R_PART, SLICE, opened, arrays.out)
    if cut < 0:
        cut = state[S_PAST_FREE]
        if cut >= 0:
            state[S_PAST_FREE] = past[cut, 0]
        else:
            cut = state[S_PAST_USED]
            state[S_PAST_USED] = cut + 1
        for field in range(PART_FIELDS):
            past[cut, field] = 0
        rows[row, R_PAST] = cut
    join_part(rows, row, past, cut)
    rows[row, R_BITS] &= ~OPEN


@compiled_apart
def end_flow(arrays: Arrays, row: int) -> None:
    """Write the last records of a flow and give its row back. `has_room` was asked."""
    state, rows, past = arrays.state, arrays.rows, arrays.past
    cut = rows[row, R_PAST]
    if cut < 0:
        _write(state, rows, row, rows, row, R_PART, WHOLE | SLICE, rows[row, R_PART + PART_FIRST], arrays.out)
    else:
        if rows[row, R_BITS] & OPEN:
            cut_flow(arrays, row)
        _write(state, rows, row, past, cut, 0, WHOLE, past[cut, PART_FIRST], arrays.out)
        past[cut, 0] = state[S_PAST_FREE]
        state[S_PAST_FREE] = cut
    unplan(rows, arrays.agenda, row)
    remove(arrays.slots, hash_row(state[S_SEED], rows, row), row)
    rows[row, R_TOUCHED] = 0
    rows[row, R_NEXT] = state[S_FREE]
    state[S_FREE] = row
    state[S_LIVE] -= 1


@compiled
def _write(
    state: Int64, rows: Int64, row: int, parts: Int64, part_row: int, part: int, which: int, opened: int, out: Int64
) -> None:
    """Write a record of the part that begins at `part` in a row of `parts`; the flow began at `opened`."""
    to = state[S_OUT]
    state[S_OUT] = to + 1
    key, bits = rows[row, R_KEY], rows[row, R_BITS]
    ports = (key >> 25) & _PORT, (key >> 9) & _PORT
    turned = bits & ORIGINATOR_IS_B
    out[to, O_ORIG_HI] = rows[row, R_B_HI if turned else R_A_HI]
    out[to, O_ORIG_LO] = rows[row, R_B_LO if turned else R_A_LO]
    out[to, O_RESP_HI] = rows[row, R_A_HI if turned else R_B_HI]
    out[to, O_RESP_LO] = rows[row, R_A_LO if turned else R_B_LO]
    out[to, O_PORTS] = (ports[1] << 16) | ports[0] if turned else (ports[0] << 16) | ports[1]
    protocol = (key >> 1) & 0xFF
    out[to, O_KIND] = protocol | (_conn_state(rows, row, protocol) << 8) | (which << 16)
    out[to, O_ORIGIN] = rows[row, R_ORIGIN]
    for place in range(3):
        out[to, O_HISTORY + place] = rows[row, R_HISTORY + place]
    out[to, O_OPENED] = opened
    out[to, O_FIRST + PART_FIRST] = parts[part_row, part + PART_FIRST]
    out[to, O_FIRST + PART_LAST] = parts[part_row, part + PART_LAST]
    originator, responder = (PART_B, PART_A) if turned else (PART_A, PART_B)
    for field in range(T_FIELDS):
        out[to, O_FIRST + PART_A + field] = parts[part_row, part + originator + field]
        out[to, O_FIRST + PART_B + field] = parts[part_row, part + responder + field]


@compiled
def _conn_state(rows: Int64, row: int, protocol: int) -> int:
    if protocol == TCP:
        return tcp_conn_state(rows, row)
    if protocol != UDP:
        return _OTH
    bits = rows[row, R_BITS]
    turned = bits & ORIGINATOR_IS_B
    originator, responder = bits & (HEARD_B if turned else HEARD_A), bits & (HEARD_A if turned else HEARD_B)
    if originator:
        return _SF if responder else _S0
    return _SHR if responder else _OTH
