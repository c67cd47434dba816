"""Tests of netad.ingest.engine.tcp: netad.ingest.tcp_state is the judge, segment by segment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.engine.history import letter_at
from netad.ingest.engine.layout import ORIGINATOR_IS_B, R_BITS, R_DEADLINE
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.engine.tcp import tcp_conn_state, tcp_restarts
from netad.ingest.flows import CONN_STATES
from netad.ingest.tcp_state import TcpState
from tests.ingest.engine.packet_rows import packet_row
from tests.ingest.frames import segment

NUMBERS = (0, 1, 2, 99, 100, 101, 111, 1 << 20, 3 << 20, (1 << 31) + 3, (1 << 32) - 1)
SEGMENTS = st.lists(
    st.tuples(
        st.sampled_from(("S", "SA", "A", "PA", "FA", "F", "R", "RA", "", "SF", "FR", "SFR", "SR")),
        st.sampled_from(NUMBERS),
        st.sampled_from(NUMBERS),
        st.sampled_from((0, 0, 1, 10)),
        st.booleans(),
        st.sampled_from((0, 1000)),
    ),
    min_size=1,
    max_size=30,
)


@given(SEGMENTS)
def test_states_follow_the_reference_after_every_segment(steps):
    """conn_state, history, deadline, roles and whether the next segment restarts, for segments in any order."""
    reference, store = TcpState(Timeouts()), FlowStore(None, Timeouts(), 10, 0)
    client_is_originator = not steps[0][4]  # neither port is a server's: the first sender opened the flow
    rows = store.arrays.rows
    for number, (flags, seq, ack, size, back, window) in enumerate(steps):
        packet = segment(number / 1000, flags, seq, ack, size, back, window=window, port=40001, server_port=40000)
        p = packet_row(packet)
        if number and "S" in flags:
            assert bool(tcp_restarts(rows, 0, p)) == reference.restarts(packet)
            if reference.restarts(packet):
                return
        from_originator = client_is_originator != back
        if reference.update(packet, from_originator, packet.time_ns):
            client_is_originator = not client_is_originator
        assert take(p, store.arrays) == 0
        history = "".join(chr(letter_at(rows, 0, place)) for place in range(24)).rstrip("\0")
        assert history == str(reference.history)
        assert CONN_STATES[tcp_conn_state(rows, 0)] == reference.conn_state()
        assert rows[0, R_DEADLINE] == reference.deadline_ns(packet.time_ns)
        # The client's address is the lower one: it is end a.
        assert (rows[0, R_BITS] & ORIGINATOR_IS_B == 0) == client_is_originator


def test_timeouts_come_from_the_table():
    """An attempt, a close and silence end a connection when the options say."""
    store = FlowStore(None, Timeouts(300 * SECOND_NS, 2 * SECOND_NS, 3 * SECOND_NS), 10, 0)
    deadlines = []
    for number, (flags, back) in enumerate((("S", False), ("SA", True), ("FA", False), ("FA", True))):
        take(packet_row(segment(number, flags, 1, 2, back=back)), store.arrays)
        deadlines.append(int(store.arrays.rows[0, R_DEADLINE]) // SECOND_NS)
    assert deadlines == [2, 301, 302, 6]
    assert np.count_nonzero(store.arrays.slots) == 1
