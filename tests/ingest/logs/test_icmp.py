"""Tests of netad.ingest.logs.icmp."""

import numpy as np

from netad.ingest.icmp_ports import icmp_ports
from netad.ingest.logs.icmp import ports_of_messages


def test_ports_are_those_of_captures():
    """For every type of ICMP and ICMPv6; other protocols have none."""
    kinds = np.tile(np.arange(256), 3)
    protocol = np.repeat([1, 58, 6], 256)
    first, second = ports_of_messages(protocol, kinds, np.full(len(kinds), 7))
    expected = [
        icmp_ports(p, k, 7) if p != 6 else (0, 0) for p, k in zip(protocol.tolist(), kinds.tolist(), strict=True)
    ]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected
