"""The flow table of netad.ingest.flow_table as a kernel: the same records, packet for packet, in another order.

`take` is the kernel, FlowStore owns its arrays and does what a kernel cannot: make them larger, hand records out.
"""

import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP
from netad.ingest.engine.columns import flow_columns
from netad.ingest.engine.compiled import compiled, compiled_apart, entry_point, sources
from netad.ingest.engine.endings import cut_flow, end_flow, has_room, may_cut
from netad.ingest.engine.expiry import place, plan, start_agenda, turn_page, unplan
from netad.ingest.engine.hashing import hash_ends, insert, rehash_slots
from netad.ingest.engine.history import add_letter
from netad.ingest.engine.layout import (
    CACHE_LINE,
    CLOCK_RESTARTED,
    HEARD_A,
    LONG_ENDS,
    O_FIELDS,
    OLDEST_UNKNOWN,
    OPEN,
    ORIGINATOR_IS_B,
    OUTPUT_FULL,
    PART_FIELDS,
    PART_FIRST,
    PART_LAST,
    PAST_FULL,
    R_A_HI,
    R_A_LO,
    R_B_HI,
    R_B_LO,
    R_BITS,
    R_DEADLINE,
    R_FIELDS,
    R_KEY,
    R_PART,
    R_TOUCHED,
    R_WAKE,
    R_WINDOW,
    ROWS_FULL,
    S_BEHIND,
    S_DNS_INACTIVITY,
    S_EVICTED,
    S_FIELDS,
    S_FREE,
    S_ICMP_INACTIVITY,
    S_LATENESS,
    S_LIVE,
    S_MAX_FLOWS,
    S_NEXT,
    S_NOW,
    S_OLDEST,
    S_OLDEST_END,
    S_OTHER_INACTIVITY,
    S_OUT,
    S_PAST_FREE,
    S_SEED,
    S_SOURCES,
    S_TCP_ATTEMPT,
    S_TCP_CLOSE,
    S_TCP_INACTIVITY,
    S_TCP_LINGER,
    S_TOUCHES,
    S_UDP_INACTIVITY,
    S_USED,
    S_WINDOW,
    SERVES_DNS,
    SERVES_TCP,
    SERVES_UDP,
    SHORT_LIVED,
    TAKEN,
    Arrays,
    Int64,
)
from netad.ingest.engine.notes import NOTED, SILENT, is_said
from netad.ingest.engine.opening import open_flow, source_is_b
from netad.ingest.engine.packet_row import (
    P_DST_HI,
    P_DST_LO,
    P_DST_PORT,
    P_FLAGS,
    P_HINT,
    P_ONE_WAY,
    P_PROTOCOL,
    P_SRC_HI,
    P_SRC_LO,
    P_SRC_PORT,
    P_TIME,
)
from netad.ingest.engine.table_state import carried_table, restore_table
from netad.ingest.engine.tcp import tcp_deadline, tcp_restarts, tcp_update
from netad.ingest.engine.traffic import count_packet
from netad.ingest.packet_clock import BELIEVED_AFTER, DISORDER_NS
from netad.ingest.server_ports import DNS_PORTS, TCP_PORTS, UDP_PORTS

Records = dict[str, NDArray[Any]]

_HIGH: Final = ~0xFFFF_FFFF
_LOW: Final = 0xFFFF_FFFF
_LETTER_D: Final = 68
_SYN: Final = 2
# Durations beyond this many ns (36 years) are cut to it, so that sums with packet times fit in int64.
_LONGEST: Final = 1 << 60
# Rows to begin with; all grow by doubling.
_ROWS: Final = 1 << 14
_PAST: Final = 1 << 10
_OUT: Final = 1 << 13
_AGENDA: Final = 1 << 10
_OLDEST: Final = 1 << 16


@compiled
def take(p: Int64, arrays: Arrays) -> int:
    """Take a packet, a row int64 (P_FIELDS,); TAKEN, or what the table lacks to take it.

    Then the packet has not been counted: after FlowStore.relieve it is to be given again. Of P_HINT is left whether to
    note the packet.
    """
    state, rows = arrays.state, arrays.rows
    time, now, behind = p[P_TIME], state[S_NOW], 0
    if time >= now:
        if now < 0:
            start_agenda(state, time)
        now = time
        state[S_NOW] = now
    elif now - time > DISORDER_NS:
        behind = state[S_BEHIND] + 1
        if behind >= BELIEVED_AFTER:
            return CLOCK_RESTARTED
    if now >= state[S_NEXT]:
        code = _sweep(arrays, now)
        if code != TAKEN:
            return code
    is_b = source_is_b(p)
    found = _find_or_open(p, arrays, is_b, now)
    if found < 0:
        return -found
    row = found
    if rows[row, R_BITS] & OPEN and state[S_WINDOW] > 0:
        into = time - rows[row, R_WINDOW]
        if into < 0 or into >= state[S_WINDOW] or _is_over(state, rows, row, now):
            if not has_room(arrays):
                return OUTPUT_FULL
            if not may_cut(arrays, row):
                return PAST_FULL
            cut_flow(arrays, row)
    state[S_BEHIND] = behind
    state[S_TOUCHES] += 1
    rows[row, R_TOUCHED] = state[S_TOUCHES]
    if p[P_HINT] > NOTED:
        p[P_HINT] = NOTED if is_said(rows, row, arrays.past, is_b, p) else SILENT
    _add(p, arrays, row, is_b, now)
    plan(state, rows, arrays.agenda, row)
    return TAKEN


@compiled
def _find_or_open(p: Int64, arrays: Arrays, is_b: bool, now: int) -> int:
    """Return the row of the packet's flow, a new one if need be; below 0: what the table lacks."""
    state, rows, slots = arrays.state, arrays.rows, arrays.slots
    if is_b:
        a_hi, a_lo, b_hi, b_lo = p[P_DST_HI], p[P_DST_LO], p[P_SRC_HI], p[P_SRC_LO]
        ports = (p[P_DST_PORT] << 25) | (p[P_SRC_PORT] << 9)
    else:
        a_hi, a_lo, b_hi, b_lo = p[P_SRC_HI], p[P_SRC_LO], p[P_DST_HI], p[P_DST_LO]
        ports = (p[P_SRC_PORT] << 25) | (p[P_DST_PORT] << 9)
    key = ports | (p[P_PROTOCOL] << 1) | p[P_ONE_WAY]
    if a_hi != 0 or b_hi != 0:
        key |= LONG_ENDS
    mixed = hash_ends(state[S_SEED], a_hi, a_lo, b_hi, b_lo, key)
    mask = slots.size - 1
    slot = (mixed >> 32) & mask
    while slots[slot] != 0:
        if (slots[slot] ^ mixed) & _HIGH == 0:
            row = (slots[slot] & _LOW) - 1
            same_ends = rows[row, R_A_LO] == a_lo and rows[row, R_B_LO] == b_lo and rows[row, R_KEY] == key
            if same_ends and key & LONG_ENDS:
                same_ends = rows[row, R_A_HI] == a_hi and rows[row, R_B_HI] == b_hi
            if same_ends:
                if not _begins_anew(rows, row, p, now):
                    return int(row)
                if not has_room(arrays):
                    return -OUTPUT_FULL
                end_flow(arrays, row)
                break
        slot = (slot + 1) & mask
    if state[S_LIVE] >= state[S_MAX_FLOWS]:
        code = _evict(arrays)
        if code != TAKEN:
            return -code
    row = open_flow(arrays, p, is_b, key)
    if row < 0:
        return -ROWS_FULL
    insert(slots, mixed, row)
    return int(row)


@compiled
def _begins_anew(rows: Int64, row: int, p: Int64, now: int) -> bool:
    """Tell whether a packet of a flow's ends is not of that flow: it is over, or the packet opens a new one."""
    if rows[row, R_DEADLINE] <= now:
        return True
    if p[P_PROTOCOL] == TCP and p[P_FLAGS] >= 0 and p[P_FLAGS] & _SYN:
        return tcp_restarts(rows, row, p)
    return False


@compiled
def _add(p: Int64, arrays: Arrays, row: int, is_b: bool, now: int) -> None:
    """Count a packet in its flow's open part, and follow its connection."""
    state, rows, time = arrays.state, arrays.rows, p[P_TIME]
    first, last = R_PART + PART_FIRST, R_PART + PART_LAST
    bits = rows[row, R_BITS]
    if not bits & OPEN:
        bits |= OPEN
        rows[row, R_BITS] = bits
        if state[S_WINDOW] > 0:
            rows[row, R_WINDOW] = time // state[S_WINDOW] * state[S_WINDOW]
        rows[row, first] = time
        rows[row, last] = time
    elif time > rows[row, last]:
        rows[row, last] = time
    elif time < rows[row, first]:
        rows[row, first] = time
    # With both ends the same, whoever sends is the originator: it is `a` then, as is every sender.
    from_originator = is_b == (bits & ORIGINATOR_IS_B != 0)
    count_packet(rows, row, arrays.past, 1 if is_b else 0, p)
    protocol = p[P_PROTOCOL]
    if protocol == TCP:
        if p[P_FLAGS] >= 0:
            tcp_update(rows, row, p, from_originator, state, now)
        rows[row, R_DEADLINE] = tcp_deadline(rows, row, state, now)
    elif protocol == UDP:
        heard = HEARD_A << (1 if is_b else 0)
        if not bits & heard:
            rows[row, R_BITS] = bits | heard
            add_letter(rows, row, _LETTER_D, from_originator)
        rows[row, R_DEADLINE] = now + state[S_DNS_INACTIVITY if bits & SHORT_LIVED else S_UDP_INACTIVITY]
    elif protocol in (ICMP, ICMP6):
        rows[row, R_DEADLINE] = now + state[S_ICMP_INACTIVITY]
    else:
        rows[row, R_DEADLINE] = now + state[S_OTHER_INACTIVITY]


@compiled
def _is_over(state: Int64, rows: Int64, row: int, now: int) -> bool:
    """Tell whether the open part's window is so long past that it is cut off."""
    return bool(rows[row, R_WINDOW] + state[S_WINDOW] <= now - state[S_LATENESS])


@compiled_apart
def _sweep(arrays: Arrays, now: int) -> int:
    """End the flows and cut the slices whose time is over, second by second."""
    state, rows, agenda = arrays.state, arrays.rows, arrays.agenda
    due = agenda.size - 1
    while True:
        row = agenda[due]
        if row < 0:
            if not turn_page(state, rows, agenda, now):
                return TAKEN
            continue
        if not has_room(arrays):
            return OUTPUT_FULL
        if not may_cut(arrays, row):
            return PAST_FULL
        wake = rows[row, R_WAKE]
        unplan(rows, agenda, row)
        if wake > now:
            rows[row, R_WAKE] = wake
            place(state, rows, agenda, row)
        elif rows[row, R_DEADLINE] <= now:
            end_flow(arrays, row)
        else:
            if state[S_WINDOW] > 0 and rows[row, R_BITS] & OPEN and _is_over(state, rows, row, now):
                cut_flow(arrays, row)
            plan(state, rows, agenda, row)


@compiled_apart
def _evict(arrays: Arrays) -> int:
    """End the flow that was silent for longest: the first in `oldest` that was not active since that was made."""
    state, oldest = arrays.state, arrays.oldest
    while state[S_OLDEST] < state[S_OLDEST_END]:
        row, touched = oldest[state[S_OLDEST], 0], oldest[state[S_OLDEST], 1]
        if arrays.rows[row, R_TOUCHED] == touched:
            if not has_room(arrays):
                return OUTPUT_FULL
            end_flow(arrays, row)
            state[S_EVICTED] += 1
            state[S_OLDEST] += 1
            return TAKEN
        state[S_OLDEST] += 1
    return OLDEST_UNKNOWN


def _kernels(digest: int) -> tuple[Callable[[Arrays, int], int], Callable[[Int64, Arrays], None]]:
    """Return the kernels that only Python calls; `digest` in their closures is for numba's cache."""

    @entry_point
    def end_rows(arrays: Arrays, row: int) -> int:
        """End the flows from a row on; the row to go on from when the output is full, -1 when all are done."""
        arrays.state[S_SOURCES] = digest
        for at in range(row, arrays.state[S_USED]):
            if arrays.rows[at, R_TOUCHED] > 0:
                if not has_room(arrays):
                    return at
                end_flow(arrays, at)
        return -1

    @entry_point
    def rehash(old: Int64, arrays: Arrays) -> None:
        """Enter all rows of an old, smaller table."""
        arrays.state[S_SOURCES] = digest
        rehash_slots(old, arrays.slots)

    return end_rows, rehash


_end_rows, _rehash = _kernels(sources())


class FlowStore:
    """The flow table's arrays, and what a kernel cannot do with them.

    `arrays` is what `take` needs, the same types and dimensions for good but other arrays whenever the table has
    grown: read it again after every call. `window_ns`, `timeouts`, `max_flows` and `lateness_ns` are those of
    netad.ingest.flow_table.FlowTable.
    """

    def __init__(self, window_ns: int | None, timeouts: Timeouts, max_flows: int, lateness_ns: int) -> None:
        max_flows = max(max_flows, 1)
        state = np.zeros(S_FIELDS, np.int64)
        state[[S_NOW, S_FREE, S_PAST_FREE]] = -1
        state[S_MAX_FLOWS] = max_flows
        state[S_SEED] = secrets.randbits(63)
        state[S_WINDOW] = min(window_ns or 0, _LONGEST)
        state[S_LATENESS] = min(lateness_ns, _LONGEST)
        for field, duration_ns in (
            (S_TCP_INACTIVITY, timeouts.tcp_inactivity_ns),
            (S_TCP_ATTEMPT, timeouts.tcp_attempt_ns),
            (S_TCP_CLOSE, timeouts.tcp_close_ns),
            (S_TCP_LINGER, timeouts.tcp_linger_ns),
            (S_UDP_INACTIVITY, timeouts.udp_inactivity_ns),
            (S_DNS_INACTIVITY, timeouts.dns_inactivity_ns),
            (S_ICMP_INACTIVITY, timeouts.icmp_inactivity_ns),
            (S_OTHER_INACTIVITY, timeouts.other_inactivity_ns),
        ):
            state[field] = min(duration_ns, _LONGEST)
        rows = min(_ROWS, max_flows)
        self._ended = 0  # rows before this one hold no flow any more, while all are being ended
        self.arrays = Arrays(
            state=state,
            slots=np.zeros(_slots_for(rows), np.int64),
            rows=_cache_lines(rows),
            past=np.empty((_PAST, PART_FIELDS), np.int64),
            out=np.empty((_OUT, O_FIELDS), np.int64),
            agenda=np.full(_AGENDA + 1, -1, np.int64),
            oldest=np.empty((_OLDEST, 2), np.int64),
            ports=_served_ports(),
        )

    def __len__(self) -> int:
        """Return the number of active flows."""
        return int(self.arrays.state[S_LIVE])

    @property
    def evicted(self) -> int:
        """Flows that were ended early for `max_flows`."""
        return int(self.arrays.state[S_EVICTED])

    def begin_input(self) -> None:
        """Take the packets that come from now on for those of another input (netad.ingest.packet_clock)."""
        self.arrays.state[S_BEHIND] = BELIEVED_AFTER - 1

    def relieve(self, code: int, p: Int64) -> list[Records]:  # noqa: ARG002 - of what any code may need
        """Give the table what it lacked when `take` returned `code` for the packet `p`; return records it finished."""
        if code == OUTPUT_FULL:
            return self.drain()
        if code == CLOCK_RESTARTED:
            if self._end_some():
                self.arrays.state[[S_NOW, S_BEHIND]] = -1, 0
            return self.drain()
        if code == ROWS_FULL:
            self._grow_rows()
        elif code == PAST_FULL:
            self._grow_past()
        elif code == OLDEST_UNKNOWN:
            self._find_oldest()
        else:
            raise ValueError(f"no code of the flow table: {code}")
        return []

    def drain(self) -> list[Records]:
        """Return the finished records that wait: columns of FLOW_COLUMNS, none or one set of them."""
        waiting = int(self.arrays.state[S_OUT])
        if not waiting:
            return []
        self.arrays.state[S_OUT] = 0
        return [flow_columns(self.arrays.out[:waiting])]

    def finish(self) -> Iterator[Records]:
        """End every flow; yield all records that are left, not many at a time."""
        self._ended, ended = 0, False
        while not ended:
            ended = self._end_some()
            yield from self.drain()

    def carry(self) -> State:
        """Return the active flows (netad.core.carried); finished records have to be drained before."""
        return carried_table(self.arrays)

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self.arrays = restore_table(state, self.arrays, self._grown)

    def _grown(self, used: int, past_used: int) -> Arrays:
        """Return the arrays of the empty table, grown as they would have been with so many rows in use."""
        rows, past = len(self.arrays.rows), len(self.arrays.past)
        while rows < used:
            rows = min(2 * rows, int(self.arrays.state[S_MAX_FLOWS]))
        while past < past_used:
            past *= 2
        return self.arrays._replace(
            rows=_cache_lines(rows),
            slots=np.zeros(_slots_for(rows), np.int64),
            past=np.empty((past, PART_FIELDS), np.int64),
        )

    def _end_some(self) -> bool:
        """End flows until the output is full or none is left; True then."""
        row = _end_rows(self.arrays, self._ended)
        self._ended = max(row, 0)
        return row < 0

    def _grow_rows(self) -> None:
        arrays = self.arrays
        rows = min(2 * len(arrays.rows), int(arrays.state[S_MAX_FLOWS]))
        slots = np.zeros(_slots_for(rows), np.int64)
        longer = _cache_lines(rows)
        longer[: len(arrays.rows)] = arrays.rows
        self.arrays = arrays._replace(rows=longer, slots=slots)
        _rehash(arrays.slots, self.arrays)

    def _grow_past(self) -> None:
        past = self.arrays.past
        longer = np.empty((2 * len(past), PART_FIELDS), np.int64)
        longer[: len(past)] = past
        self.arrays = self.arrays._replace(past=longer)

    def _find_oldest(self) -> None:
        """List the flows that were silent for longest. All others, and all that come, were active later."""
        state, oldest = self.arrays.state, self.arrays.oldest
        touched = self.arrays.rows[: state[S_USED], R_TOUCHED]
        active = np.flatnonzero(touched)
        # A share of them, for they have to be gone through again each time.
        wanted = min(len(oldest), len(active) // 16 + 256)
        if wanted < len(active):
            active = active[np.argpartition(touched[active], wanted)[:wanted]]
        active = active[np.argsort(touched[active])]
        oldest[: len(active), 0], oldest[: len(active), 1] = active, touched[active]
        state[S_OLDEST], state[S_OLDEST_END] = 0, len(active)


def _slots_for(rows: int) -> int:
    """Return the size of the hash table: a power of two, half empty at least."""
    return 1 << (2 * rows - 1).bit_length()


def _cache_lines(rows: int) -> Int64:
    """Return rows that begin where a cache line does; memory is taken as they are used."""
    numbers = np.empty(rows * R_FIELDS + CACHE_LINE, np.int64)
    start = -(numbers.ctypes.data // 8) % CACHE_LINE
    return numbers[start : start + rows * R_FIELDS].reshape(rows, R_FIELDS)


def _served_ports() -> NDArray[np.uint8]:
    served = np.zeros(1 << 16, np.uint8)
    for ports, mark in ((TCP_PORTS, SERVES_TCP), (UDP_PORTS, SERVES_UDP), (DNS_PORTS, SERVES_DNS)):
        served[list(ports)] |= mark
    return served
