"""Packets of the reference as rows for the engine's flow table, and that table driven like the reference."""

import numpy as np

from netad.ingest.conn_state import Timeouts
from netad.ingest.engine.packet_row import P_FIELDS, fill_row
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.flow_table import DEFAULT_LATENESS_NS
from netad.ingest.flows import DTYPES, FlowBatch
from netad.ingest.fragments import FragmentPorts
from netad.ingest.packet_clock import PacketClock


def packet_row(packet, input_index=0):
    """Return a Packet, its fragment resolved, as a row."""
    p = np.zeros(P_FIELDS, np.int64)
    fill_row(p, packet, input_index)
    return p


def small_store(window_ns=None, timeouts=None, max_flows=1_000_000, lateness_ns=DEFAULT_LATENESS_NS):
    """Return a FlowStore whose arrays are as small as can be, so that it needs relief at every turn."""
    store = FlowStore(window_ns, timeouts or Timeouts(), max_flows, lateness_ns)
    arrays = store.arrays
    store.arrays = arrays._replace(
        slots=np.zeros(2, np.int64),
        rows=arrays.rows[:1].copy(),
        past=arrays.past[:1].copy(),
        out=arrays.out[:2].copy(),
        agenda=np.full(4 + 1, -1, np.int64),
        oldest=arrays.oldest[:2].copy(),
    )
    return store


def engine_records(packets, store):
    """Return the records that a FlowStore makes of (packet, input) pairs, and of their end."""
    clock, fragments, batches = PacketClock(), FragmentPorts(), []
    for packet, input_index in packets:
        clock.advance(packet.time_ns)
        p = packet_row(fragments.resolve(packet, clock.now_ns), input_index)
        while code := take(p, store.arrays):
            batches += store.relieve(code, p)
    return FlowBatch.concat(FlowBatch(batch) for batch in [*batches, *store.finish()])


def reference_records(packets, table):
    """Return the records that a FlowTable makes of the same."""
    records = [record for packet, input_index in packets for record in table.add(packet, input_index)]
    return FlowBatch.from_records([*records, *table.finish()])


def assert_same_records(engine, reference):
    """Compare two FlowBatches but for their order: moments to nine digits, all else exactly."""
    assert len(engine) == len(reference)
    moments = [name for name in reference.columns if name.endswith(("_mean", "_std", "_mean_ns", "_std_ns"))]
    exact = [name for name in reference.columns if name not in moments]
    orders = [np.lexsort([batch[name] for name in (*moments, *reversed(exact))]) for batch in (engine, reference)]
    for name in exact:
        np.testing.assert_array_equal(engine[name][orders[0]], reference[name][orders[1]], err_msg=name)
        assert engine[name].dtype == reference[name].dtype == DTYPES.get(name, np.int64)
    for name in moments:
        ours, theirs = engine[name][orders[0]], reference[name][orders[1]]
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0, err_msg=name)
