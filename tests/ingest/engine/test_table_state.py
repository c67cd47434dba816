"""Tests of netad.ingest.engine.table_state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import StateError
from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.engine import layout
from netad.ingest.engine.layout import R_FIELDS, R_NEXT, R_PAST, R_TOUCHED, S_OUT
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.engine.table_state import LAYOUT
from netad.ingest.flow_table import DEFAULT_LATENESS_NS
from netad.ingest.flows import FlowBatch
from netad.ingest.fragments import FragmentPorts
from netad.ingest.packet_clock import PacketClock
from tests.ingest.engine.packet_rows import packet_row
from tests.ingest.engine.test_table import OPTIONS, sessions, traffic
from tests.ingest.frames import datagram, segment


def new(window_ns=None, max_flows=1_000_000, lateness_ns=DEFAULT_LATENESS_NS):
    return FlowStore(window_ns, Timeouts(), max_flows, lateness_ns)


def records(arrivals, options, cuts=()):
    """Return the records of (packet, input) pairs in their order; at each cut another table goes on."""
    store, clock, fragments, batches = new(**options), PacketClock(), FragmentPorts(), []
    for number, (packet, input_index) in enumerate(arrivals):
        if number in cuts:
            batches += store.drain()
            state = store.carry()
            store = new(**options)
            store.resume(state)
        clock.advance(packet.time_ns)
        p = packet_row(fragments.resolve(packet, clock.now_ns), input_index)
        while code := take(p, store.arrays):
            batches += store.relieve(code, p)
    whole = FlowBatch.concat(FlowBatch(batch) for batch in [*batches, *store.finish()])
    return [(name, column.dtype.str, column.tolist()) for name, column in whole.columns.items()]


@given(traffic(), OPTIONS, st.sets(st.integers(0, 59), max_size=4))
def test_a_table_that_goes_on_makes_the_same_records_in_the_same_order(arrivals, options, cuts):
    """Whatever arrives and wherever it is cut: windows, evictions, clocks that start over."""
    assert records(arrivals, options, cuts) == records(arrivals, options)


@pytest.mark.parametrize("max_flows", [1_000_000, 50])
def test_sessions_go_on(max_flows):
    """Hundreds of connections with windows, rows that are free again, evictions from the list of the oldest."""
    arrivals, options = sessions(1, 3000, 3600), {"window_ns": 60 * SECOND_NS, "max_flows": max_flows}
    assert records(arrivals, options, range(100, 3000, 250)) == records(arrivals, options)


def test_a_table_that_has_grown_goes_on():
    """More flows than a new table has rows for; what is carried is as large as what is active."""
    arrivals = [(segment(index / 10_000, "S", index, port=index % 60_000), 0) for index in range(20_000)]
    assert records(arrivals, {}, (19_000,)) == records(arrivals, {})
    store = new()
    for packet, _ in arrivals:
        while code := take(packet_row(packet), store.arrays):
            store.relieve(code, packet_row(packet))
    take(packet_row(datagram(4000)), store.arrays)
    while store.drain():
        take(packet_row(datagram(4000)), store.arrays)
    state = store.carry()
    assert (len(store), state["rows"].shape) == (1, (1, R_FIELDS))
    assert len(state["free"]) == 19_999


def carried():
    """The state of a table with a flow that was cut, one that was not, and a free row."""
    store = new(window_ns=60 * SECOND_NS, lateness_ns=0)
    for packet in (datagram(0, src_port=1), datagram(50), datagram(100), datagram(100, src_port=2)):
        assert take(packet_row(packet), store.arrays) == 0
    store.drain()
    return store.carry()


def test_carrying_copies():
    """Packets that come to the table afterwards do not change what it gave away."""
    store = new()
    take(packet_row(datagram(0)), store.arrays)
    state = store.carry()
    before = {name: np.copy(value) for name, value in state.items()}
    take(packet_row(datagram(1)), store.arrays)
    take(packet_row(datagram(1, src_port=2)), store.arrays)
    assert all(np.array_equal(state[name], value) for name, value in before.items())


def test_records_that_wait_are_not_forgotten():
    """Carrying a table with finished records is a mistake of the program."""
    store = new()
    take(packet_row(datagram(0)), store.arrays)
    take(packet_row(datagram(4000)), store.arrays)
    assert store.arrays.state[S_OUT]
    with pytest.raises(ValueError, match="finished records wait"):
        store.carry()


def changed(state, name, place, value):
    array = state[name].copy()
    array[place] = value
    return state | {name: array}


def test_places_beyond_the_arrays_are_refused():
    """Each number by which a kernel finds a row: one too high, or far below, is an error of the state."""
    options = {"window_ns": 60 * SECOND_NS, "lateness_ns": 0}
    state = carried()
    new(**options).resume(state)
    for name, place, value in (
        ("live", 0, 7), ("agenda", 3, 99), ("agenda", 3, -2), ("rows", (0, R_NEXT), 99), ("rows", (0, R_PAST), 5),
        ("rows", (0, R_TOUCHED), 0), ("state", layout.S_USED, 99), ("state", layout.S_USED, 1 << 60),
        ("state", layout.S_LIVE, 99), ("state", layout.S_OLDEST_END, 99), ("state", layout.S_OLDEST, -1),
        ("state", S_OUT, 1),
        ("rows", (0, layout.R_PREVIOUS), -5000),
    ):  # fmt: skip
        with pytest.raises(StateError, match="contradict"):
            new(**options).resume(changed(state, name, place, value))


def test_another_layout_is_said():
    """A state of a netad whose rows mean something else is never read as if they meant the same."""
    assert carried()["layout"] == LAYOUT
    with pytest.raises(StateError, match="another version"):
        new(window_ns=60 * SECOND_NS, lateness_ns=0).resume(carried() | {"layout": LAYOUT ^ 1})
