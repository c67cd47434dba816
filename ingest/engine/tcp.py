"""netad.ingest.tcp_state over a row of the flow table: endpoint states, history, conn_state, and when it is over.

Rule for rule what the reference says, under the same names; the reasons are written there.
"""

from typing import Final

from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.history import add_letter, is_reset_attempt, note_repeated
from netad.ingest.engine.layout import (
    ATTEMPT_LIMIT,
    CLOSE_LIMIT,
    E_ACKED,
    E_FIELDS,
    E_FIN_AT,
    E_FIRST,
    E_RST_AT,
    E_SENT,
    E_STATE,
    E_SYN_AT,
    ORIGINATOR_IS_B,
    R_BITS,
    R_ENDPOINTS,
    R_LIMIT,
    S_TCP_ATTEMPT,
    S_TCP_CLOSE,
    S_TCP_INACTIVITY,
    S_TCP_LINGER,
    Int64,
)
from netad.ingest.engine.packet_row import P_ACK, P_FLAGS, P_PAYLOAD, P_SEQ, P_WINDOW
from netad.ingest.flows import CONN_STATES

INACTIVE: Final = 0
SYN_SENT: Final = 1
SYN_ACK_SENT: Final = 2
PARTIAL: Final = 3
ESTABLISHED: Final = 4
CLOSED: Final = 5
RESET: Final = 6

_FIN: Final = 1
_SYN: Final = 2
_RST: Final = 4
_ACK: Final = 16

# Marks in E_STATE, above the two states of three bits each
_FIN_SEEN: Final = 1 << 6
_HAS_CLOSED: Final = 1 << 7
_NOTED: Final = 1 << 8  # letters that an endpoint has once: I, Q, D, A

_LOW: Final = 0xFFFF_FFFF
_HALF: Final = 1 << 31
_LARGE_JUMP: Final = 1 << 20

_S0: Final = CONN_STATES.index("S0")
_S1: Final = CONN_STATES.index("S1")
_SF: Final = CONN_STATES.index("SF")
_REJ: Final = CONN_STATES.index("REJ")
_S2: Final = CONN_STATES.index("S2")
_S3: Final = CONN_STATES.index("S3")
_RSTO: Final = CONN_STATES.index("RSTO")
_RSTR: Final = CONN_STATES.index("RSTR")
_RSTOS0: Final = CONN_STATES.index("RSTOS0")
_RSTRH: Final = CONN_STATES.index("RSTRH")
_SH: Final = CONN_STATES.index("SH")
_SHR: Final = CONN_STATES.index("SHR")
_OTH: Final = CONN_STATES.index("OTH")


@compiled
def tcp_endpoint(bits: int, originator: bool) -> int:
    """Return where the originator's or the responder's endpoint begins in a row with these R_BITS."""
    is_b = bits & ORIGINATOR_IS_B if originator else (bits & ORIGINATOR_IS_B) ^ 1
    return R_ENDPOINTS + is_b * E_FIELDS


@compiled
def tcp_update(rows: Int64, row: int, p: Int64, from_originator: bool, timing: Int64, now: int) -> bool:
    """Take a segment (P_FLAGS are there); True when originator and responder change places, as R_BITS then says."""
    flags = p[P_FLAGS]
    me = tcp_endpoint(rows[row, R_BITS], from_originator)
    peer = tcp_endpoint(rows[row, R_BITS], not from_originator)
    length = p[P_PAYLOAD]
    octets = (0 if flags & _RST else length) + ((flags >> 1) & 1) + (flags & 1)
    _number(rows, row, me, flags, p[P_SEQ], octets)
    at = rows[row, me + E_SENT] + _distance(p[P_SEQ], rows[row, me + E_FIRST] + rows[row, me + E_SENT])
    _note(rows, row, me, flags, at, length, from_originator)
    state = rows[row, me + E_STATE]
    if p[P_WINDOW] == 0 and not flags & _RST and rows[row, peer + E_STATE] & 7 != CLOSED and state & 7 != RESET:
        note_repeated(rows, row, me, 87, 0, from_originator)  # W
    if flags & _FIN:
        rows[row, me + E_STATE] |= _FIN_SEEN
    if flags & _ACK:
        _acknowledge(rows, row, peer, flags, p[P_ACK])
    if _advance(rows, row, me, flags, p[P_SEQ] + octets, length):
        note_repeated(rows, row, me, 84, 32, from_originator)  # T
    return _transition(rows, row, me, peer, p, from_originator, timing, now)


@compiled_apart
def tcp_restarts(rows: Int64, row: int, p: Int64) -> bool:
    """Tell whether a SYN (P_FLAGS have one) opens a new connection."""
    bits = rows[row, R_BITS]
    originator, responder = tcp_endpoint(bits, True), tcp_endpoint(bits, False)
    opener = originator
    acks = p[P_FLAGS] & _ACK
    if acks:
        if rows[row, originator + E_STATE] & 7 != INACTIVE:
            return False
        opener = responder
    if (rows[row, originator + E_STATE] | rows[row, responder + E_STATE]) & _HAS_CLOSED:
        return True
    reversed_handshake = (
        not acks
        and rows[row, opener + E_STATE] & 7 == SYN_ACK_SENT
        and rows[row, responder + E_STATE] & 7 == INACTIVE
        and p[P_SEQ] == rows[row, responder + E_FIRST]
    )
    return p[P_SEQ] != rows[row, opener + E_FIRST] and not reversed_handshake


@compiled
def tcp_deadline(rows: Int64, row: int, timing: Int64, last: int) -> int:
    """Return the end of whichever timeout applies; `last` is when the last packet came."""
    bits = rows[row, R_BITS]
    if bits & CLOSE_LIMIT:
        return int(rows[row, R_LIMIT])
    one, other = rows[row, tcp_endpoint(bits, True) + E_STATE], rows[row, tcp_endpoint(bits, False) + E_STATE]
    deadline = last + timing[S_TCP_INACTIVITY]
    if other & 7 == INACTIVE and (one & 7 == SYN_SENT or one & 7 == SYN_ACK_SENT) and bits & ATTEMPT_LIMIT:
        return int(min(deadline, rows[row, R_LIMIT]))
    if (one | other) & _HAS_CLOSED and (one & 7 == RESET or other & 7 == RESET):
        return int(min(deadline, last + timing[S_TCP_LINGER]))
    return int(deadline)


@compiled
def tcp_conn_state(rows: Int64, row: int) -> int:
    """Return Zeek's conn_state, an index into CONN_STATES."""
    bits = rows[row, R_BITS]
    one = rows[row, tcp_endpoint(bits, True) + E_STATE] & 7
    other = rows[row, tcp_endpoint(bits, False) + E_STATE] & 7
    if RESET in (one, other):
        return _reset_state(rows, row, one, other)
    if one == CLOSED:
        if other == CLOSED:
            return _SF
        return _SH if other in (INACTIVE, PARTIAL) else _S2
    if other == CLOSED:
        return _SHR if one in (INACTIVE, PARTIAL) else _S3
    if one == SYN_SENT and other == INACTIVE:
        return _S0
    return _S1 if one == ESTABLISHED and other == ESTABLISHED else _OTH


@compiled
def _reset_state(rows: Int64, row: int, one: int, other: int) -> int:
    if other != RESET:
        if other not in (INACTIVE, PARTIAL):
            return _RSTO
        return _RSTOS0 if is_reset_attempt(rows, row) else _OTH
    bits = rows[row, R_BITS]
    originator, responder = tcp_endpoint(bits, True), tcp_endpoint(bits, False)
    sent = _payload_sent(rows, row, originator, responder) or _payload_sent(rows, row, responder, originator)
    if one in (SYN_SENT, SYN_ACK_SENT) or (one == RESET and not sent):
        return _REJ
    return _RSTRH if one in (INACTIVE, PARTIAL) else _RSTR


@compiled
def _payload_sent(rows: Int64, row: int, me: int, peer: int) -> bool:
    """Tell whether sequence numbers say that it sent payload."""
    state, acked = rows[row, me + E_STATE], rows[row, me + E_ACKED]
    aborted = (state >> 3) & 7 == SYN_SENT and state & 7 == RESET
    if aborted and rows[row, peer + E_STATE] & 7 == INACTIVE and acked > 1:
        return False
    octets = max(rows[row, me + E_SENT], acked)
    if octets != 0:
        octets -= 1
    if octets != 0 and state & _FIN_SEEN:
        octets -= 1
    return bool(octets != 0)


@compiled
def _distance(left: int, right: int) -> int:
    """Return left - right in 32-bit sequence space, between -2**31 and 2**31 - 1."""
    return ((left - right + _HALF) & _LOW) - _HALF


@compiled
def _enter(rows: Int64, row: int, endpoint: int, state: int) -> None:
    bits = rows[row, endpoint + E_STATE]
    if bits & 7 != state:
        rows[row, endpoint + E_STATE] = (bits & ~63) | ((bits & 7) << 3) | state


@compiled
def _number(rows: Int64, row: int, me: int, flags: int, seq: int, octets: int) -> None:
    bits = rows[row, me + E_STATE]
    state = bits & 7
    if state == INACTIVE:
        if flags & _SYN:
            _start(rows, row, me, seq, octets)
        else:
            _start(rows, row, me, seq - 1, 1)
    elif flags & _SYN and (
        (state in (SYN_SENT, SYN_ACK_SENT) and seq != rows[row, me + E_FIRST])
        or state in (ESTABLISHED, PARTIAL)
        or (state == RESET and (bits >> 3) & 7 == INACTIVE)
    ):
        _start(rows, row, me, seq, octets)


@compiled
def _start(rows: Int64, row: int, endpoint: int, first: int, sent: int) -> None:
    rows[row, endpoint + E_FIRST] = first & _LOW
    rows[row, endpoint + E_SENT] = sent
    rows[row, endpoint + E_ACKED] = 0


@compiled
def _acknowledge(rows: Int64, row: int, peer: int, flags: int, ack: int) -> None:
    if rows[row, peer + E_STATE] & 7 == INACTIVE:
        _start(rows, row, peer, ack - 1, 0)
        return
    acked = rows[row, peer + E_ACKED]
    step = _distance(ack, rows[row, peer + E_FIRST] + acked)
    empty = ack == 0 and step > _LARGE_JUMP
    if step > 0 and not flags & _RST and not empty:
        rows[row, peer + E_ACKED] = acked + step


@compiled
def _advance(rows: Int64, row: int, me: int, flags: int, end: int, length: int) -> bool:
    sent = rows[row, me + E_SENT]
    step = _distance(end, rows[row, me + E_FIRST] + sent)
    if flags & (_SYN | _RST) and abs(step) > _LARGE_JUMP:
        return False
    if flags & _FIN and sent == 1:
        rows[row, me + E_SENT] = sent + step
        return False
    if rows[row, me + E_STATE] & 7 == RESET:
        return False
    if step > 0:
        rows[row, me + E_SENT] = sent + step
        return False
    return length > 0


@compiled
def _note(rows: Int64, row: int, me: int, flags: int, at: int, length: int, from_originator: bool) -> None:
    marks = flags & (_SYN | _FIN | _RST)
    if marks == 0:
        if length:
            _note_mark(rows, row, me, 2, 68, from_originator)  # D
        elif flags & _ACK:
            _note_mark(rows, row, me, 3, 65, from_originator)  # A
    elif marks == _SYN:
        _note_at(rows, row, me + E_SYN_AT, at, 72 if flags & _ACK else 83, from_originator)  # H, S
    elif marks == _FIN:
        _note_at(rows, row, me + E_FIN_AT, at + length, 70, from_originator)  # F
    elif marks == _RST:
        _note_at(rows, row, me + E_RST_AT, at, 82, from_originator)  # R
    elif marks & _FIN and marks & _RST:
        _note_mark(rows, row, me, 0, 73, from_originator)  # I
    else:
        _note_mark(rows, row, me, 1, 81, from_originator)  # Q


@compiled
def _note_mark(rows: Int64, row: int, me: int, mark: int, letter: int, from_originator: bool) -> None:
    if not rows[row, me + E_STATE] & (_NOTED << mark):
        rows[row, me + E_STATE] |= _NOTED << mark
        add_letter(rows, row, letter, from_originator)


@compiled
def _note_at(rows: Int64, row: int, field: int, at: int, letter: int, from_originator: bool) -> None:
    if rows[row, field] != at:
        rows[row, field] = at
        add_letter(rows, row, letter, from_originator)


@compiled
def _transition(
    rows: Int64, row: int, me: int, peer: int, p: Int64, from_originator: bool, timing: Int64, now: int
) -> bool:
    flags = p[P_FLAGS]
    state = rows[row, me + E_STATE] & 7
    flipped = False
    if state == INACTIVE:
        flipped = _wake(rows, row, me, peer, p, from_originator, timing, now)
    elif state in (SYN_SENT, SYN_ACK_SENT):
        if flags & _FIN:
            _enter(rows, row, me, CLOSED)
        if flags & _RST:
            _enter(rows, row, me, RESET)
    elif state in (ESTABLISHED, PARTIAL):
        _go_on(rows, row, me, peer, flags)
    elif state == CLOSED and flags & _RST and rows[row, peer + E_STATE] & 7 != CLOSED:
        _enter(rows, row, me, RESET)
        _close(rows, row, me, peer, timing, now)
        return False
    else:
        return False
    if flags & (_FIN | _RST):
        _close(rows, row, me, peer, timing, now)
    return flipped


@compiled
def _wake(rows: Int64, row: int, me: int, peer: int, p: Int64, from_originator: bool, timing: Int64, now: int) -> bool:
    flags = p[P_FLAGS]
    flipped = False
    if flags & _SYN and from_originator:
        _enter(rows, row, me, SYN_ACK_SENT if flags & _ACK else SYN_SENT)
        if not rows[row, R_BITS] & CLOSE_LIMIT:
            rows[row, R_LIMIT] = now + timing[S_TCP_ATTEMPT]
            rows[row, R_BITS] |= ATTEMPT_LIMIT
    elif flags & _SYN:
        same = p[P_SEQ] == rows[row, me + E_FIRST]
        if not flags & _ACK and rows[row, peer + E_STATE] & 7 == SYN_ACK_SENT and same:
            rows[row, R_BITS] ^= ORIGINATOR_IS_B
            add_letter(rows, row, 94, True)
            _enter(rows, row, peer, ESTABLISHED)
            flipped = True
        if rows[row, peer + E_STATE] & 7 == SYN_SENT:
            _enter(rows, row, peer, ESTABLISHED)
        _enter(rows, row, me, ESTABLISHED)
    if flags & _FIN:
        _enter(rows, row, me, CLOSED)
    if flags & _RST:
        _enter(rows, row, me, RESET)
    if rows[row, me + E_STATE] & 7 == INACTIVE:
        opposite = rows[row, peer + E_STATE] & 7
        waiting = not from_originator and p[P_PAYLOAD] == 0 and opposite == SYN_SENT
        if not waiting:
            _enter(rows, row, me, ESTABLISHED if flags & _ACK and opposite == ESTABLISHED else PARTIAL)
    return flipped


@compiled
def _go_on(rows: Int64, row: int, me: int, peer: int, flags: int) -> None:
    state, opposite = rows[row, me + E_STATE] & 7, rows[row, peer + E_STATE]
    if flags & _SYN and not flags & _ACK and state == PARTIAL and opposite & 7 == INACTIVE:
        _enter(rows, row, me, SYN_SENT)
    if flags & _FIN and not flags & _RST:
        _enter(rows, row, me, CLOSED)
        if opposite & 7 == RESET and (opposite >> 3) & 7 == CLOSED:
            _enter(rows, row, peer, CLOSED)
    if flags & _RST:
        _enter(rows, row, me, RESET)


@compiled
def _close(rows: Int64, row: int, me: int, peer: int, timing: Int64, now: int) -> None:
    state, opposite = rows[row, me + E_STATE], rows[row, peer + E_STATE]
    if state & _HAS_CLOSED:
        return
    rows[row, me + E_STATE] = state | _HAS_CLOSED
    if state & 7 == RESET or opposite & _HAS_CLOSED or opposite & 7 == INACTIVE:
        rows[row, R_LIMIT] = now + timing[S_TCP_CLOSE]
        rows[row, R_BITS] = (rows[row, R_BITS] & ~ATTEMPT_LIMIT) | CLOSE_LIMIT
