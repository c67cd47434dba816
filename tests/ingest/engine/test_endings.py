"""Tests of netad.ingest.engine.endings."""

import numpy as np

from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.engine.layout import OUTPUT_FULL, PAST_FULL, S_LIVE, S_PAST_FREE, S_PAST_USED, S_USED, TAKEN
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.flows import SLICE, WHOLE
from tests.ingest.engine.packet_rows import packet_row
from tests.ingest.frames import datagram

MINUTE = 60 * SECOND_NS


def parts(batches):
    return [int(part) for batch in batches for part in batch["part"]]


def test_rows_and_places_are_used_again():
    """A thousand flows one after the other need one row, and one place for what was cut off."""
    store = FlowStore(MINUTE, Timeouts(), 10, 0)
    for index in range(1000):
        for time in (59.5, 60.5):
            assert take(packet_row(datagram(index * 180 + time)), store.arrays) == TAKEN
    assert store.arrays.state[[S_USED, S_LIVE, S_PAST_USED, S_PAST_FREE]].tolist() == [1, 1, 1, -1]
    assert np.count_nonzero(store.arrays.slots) == 1
    assert parts(store.finish())[-2:] == [SLICE, WHOLE]
    assert store.arrays.state[S_PAST_FREE] == 0


def test_a_packet_waits_for_room():
    """Nothing is cut while there is no room for the records, or for what is cut off."""
    store = FlowStore(MINUTE, Timeouts(), 10, 0)
    full = store.arrays
    store.arrays = full._replace(out=full.out[:1])
    rows = [packet_row(datagram(time)) for time in (30, 61)]
    assert [take(p, store.arrays) for p in rows] == [TAKEN, OUTPUT_FULL]
    assert store.relieve(OUTPUT_FULL, rows[1]) == []
    store.arrays = full._replace(past=full.past[:0])
    assert take(rows[1], store.arrays) == PAST_FULL
    store.arrays = full
    assert take(rows[1], store.arrays) == TAKEN
    assert parts(store.finish()) == [SLICE, SLICE, WHOLE]


def test_slices_say_when_their_flow_began():
    """Every slice and the whole name the first packet so far; one that is older still counts from then on."""
    store = FlowStore(MINUTE, Timeouts(), 10, 0)
    for time in (30, 61, 25, 100):
        p = packet_row(datagram(time))
        assert take(p, store.arrays) == TAKEN
    (records,) = store.finish()
    assert records["part"].tolist() == [SLICE] * 4 + [WHOLE]
    assert (records["first_ns"] // SECOND_NS).tolist() == [30, 61, 25, 100, 25]
    assert (records["opened_ns"] // SECOND_NS).tolist() == [30, 30, 25, 25, 25]
