"""Tests of netad.ingest.engine.octets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.engine.octets import be16, be32, be64, u8, u16, u32

BLOCKS = st.binary(min_size=8, max_size=16)


@given(BLOCKS)
def test_numbers_are_what_the_bytes_say(data):
    """Every width in both byte orders, wherever it stands; 64 bits as a signed number."""
    block, at = np.frombuffer(data, np.uint8), len(data) - 8
    tail = data[at:]
    assert u8(block, at) == tail[0]
    assert be16(block, at) == u16(block, at, 1) == int.from_bytes(tail[:2], "big")
    assert be32(block, at) == u32(block, at, 1) == int.from_bytes(tail[:4], "big")
    assert be64(block, at) == int.from_bytes(tail, "big", signed=True)
    assert u16(block, at, 0) == int.from_bytes(tail[:2], "little")
    assert u32(block, at, 0) == int.from_bytes(tail[:4], "little")
