"""Tests of netad.ingest.engine.packet_row."""

import numpy as np
import pytest

from netad.core.addresses import parse_address
from netad.ingest.decode import TCP, UDP
from netad.ingest.engine import packet_row
from netad.ingest.engine.packet_row import P_FIELDS, fill_row
from tests.ingest.frames import datagram, ping, segment


def filled(packet, input_index=0):
    row = np.full(P_FIELDS, 77, np.int64)
    fill_row(row, packet, input_index)
    return {name: int(row[place]) for name, place in vars(packet_row).items() if name.startswith("P_") and place < 19}


def test_every_field_of_a_packet_is_there():
    """A TCP segment with everything in it."""
    packet = segment(1, "SA", seq=5, ack=6, size=7, window=8)
    src, dst = parse_address("10.0.0.1"), parse_address("192.0.2.7")
    assert filled(packet, 3) == {
        "P_TIME": 10**9, "P_SRC_HI": 0, "P_SRC_LO": src[1], "P_DST_HI": 0, "P_DST_LO": dst[1], "P_PROTOCOL": TCP,
        "P_SRC_PORT": 40000, "P_DST_PORT": 8080, "P_ONE_WAY": 0, "P_LENGTH": 47, "P_PAYLOAD": 7, "P_TTL": 64,
        "P_VLAN": 0, "P_TUNNEL": 0, "P_FLAGS": 0x12, "P_WINDOW": 8, "P_SEQ": 5, "P_ACK": 6, "P_INPUT": 3,
    }  # fmt: skip


def test_what_is_not_there_is_minus_one():
    """A datagram has no TCP fields."""
    row = filled(datagram(0, vlan=5, tunnel=3))
    assert [row[name] for name in ("P_FLAGS", "P_WINDOW", "P_SEQ", "P_ACK")] == [-1] * 4
    assert (row["P_PROTOCOL"], row["P_VLAN"], row["P_TUNNEL"]) == (UDP, 5, 3)


@pytest.mark.parametrize(("kind", "one_way"), [(8, 0), (3, 1)])
def test_icmp_without_answers_goes_one_way(kind, one_way):
    """An echo request is answered, an unreachable is not."""
    assert filled(ping(0, kind=kind))["P_ONE_WAY"] == one_way


def test_addresses_keep_their_bits():
    """An address half above 2 to the 63 is the negative number with the same bits."""
    row = filled(datagram(0, src="fe80::8000:0:0:1", dst="::1"))
    assert np.array([row["P_SRC_HI"], row["P_SRC_LO"]]).astype(np.uint64).tolist() == [0xFE80 << 48, 1 << 63 | 1]
