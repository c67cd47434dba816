import numpy as np

from netad.ingest.flows import CONN_STATES, FlowBatch
from netad.rules.fields import FLOW_FIELDS
from netad.rules.flow_fields import FlowColumns


def batch(**columns):
    defaults = {
        "first_ns": [0, 5], "last_ns": [3, 4], "orig_hi": [0, 1], "orig_lo": [0xFFFF << 32 | 10 << 24 | 1, 2],
        "resp_hi": [0, 0], "resp_lo": [0xFFFF << 32 | 1, 0xFFFF << 32 | 1], "orig_port": [1024, 8], "resp_port": [53,
        0],
        "protocol": [17, 1], "conn_state": [2, 0], "orig_ip_bytes": [10, 20], "resp_ip_bytes": [5, 0],
        "orig_packets": [1, 2], "resp_packets": [1, 0], "vlan": [0, 7], "tunnel": [0, 1],
    }  # fmt: skip
    kinds = {"orig_hi": np.uint64, "orig_lo": np.uint64, "resp_hi": np.uint64, "resp_lo": np.uint64}
    given = defaults | columns
    return FlowBatch(
        {name: np.array(values, dtype=object if name == "service" else kinds.get(name, np.int64))
         for name, values in given.items() if values is not None}
    )  # fmt: skip


def values(flows, name, **constants):
    found, places = FlowColumns(flows, constants).distinct(name)
    return [None if place < 0 else found[place] for place in places]


def test_every_field_is_read_from_its_columns():
    """In the form in which rules compare values; ports only where the protocol has them."""
    flows = batch(service=["dns", ""])
    expected = {
        "source.ip": [(4, 10 << 24 | 1), (6, 1 << 64 | 2)], "destination.ip": [(4, 1), (4, 1)],
        "source.port": [1024, None], "destination.port": [53, None], "network.transport": ["udp", "icmp"],
        "network.iana_number": [17, 1], "network.protocol": ["dns", None],
        "netad.flow.state": [CONN_STATES[2], CONN_STATES[0]], "netad.flow.tunnel": [None, "gre"],
        "event.duration": [3, 0], "source.bytes": [10, 20], "destination.bytes": [5, 0], "network.bytes": [15, 20],
        "source.packets": [1, 2], "destination.packets": [1, 0], "network.packets": [2, 2],
        "network.vlan.id": [None, 7], "observer.name": ["s", "s"], "data_stream.namespace": ["d", "d"],
    }  # fmt: skip
    constants = {"observer.name": "s", "data_stream.namespace": "d"}
    assert {name: values(flows, name, **constants) for name in expected} == expected
    assert set(FLOW_FIELDS) == {*expected, "either.ip"}


def test_a_column_that_is_not_there_is_a_missing_field():
    """As from a log that does not carry it."""
    flows = batch(orig_ip_bytes=None, conn_state=None, vlan=None)
    for name in ("source.bytes", "network.bytes", "netad.flow.state", "network.vlan.id", "network.protocol"):
        assert values(flows, name) == [None, None]


def test_a_protocol_without_a_name_has_its_number_only():
    """Rules ask for it by network.iana_number."""
    assert values(batch(protocol=[200, 6]), "network.transport") == [None, "tcp"]
