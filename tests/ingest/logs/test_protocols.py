"""Tests of netad.ingest.logs.protocols."""

import numpy as np

from netad.ingest.flows import CONN_STATES
from netad.ingest.logs.protocols import OTH, PROTOCOLS, STATES, UNKNOWN_PROTOCOL
from netad.ingest.logs.values import text_hash


def codes(table, *names):
    return table.of(np.array([text_hash(name) for name in names], dtype=np.uint64)).tolist()


def test_protocols():
    """Names in lower case, as Zeek, Suricata, Argus and nfdump have them, and numbers."""
    assert codes(PROTOCOLS, "tcp", "udp", "icmp", "ipv6-icmp", "icmp6", "gre", "sctp") == [6, 17, 1, 58, 58, 47, 132]
    assert codes(PROTOCOLS, "6", "006", "255", "unknown_transport") == [6, 6, 255, UNKNOWN_PROTOCOL]


def test_states():
    """Every conn_state is its code, anything else OTH."""
    assert codes(STATES, *CONN_STATES) == list(range(len(CONN_STATES)))
    assert codes(STATES, "XYZ", "sf") == [OTH, OTH]
