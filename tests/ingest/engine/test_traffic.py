"""Tests of netad.ingest.engine.traffic."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.engine.layout import (
    PART_A,
    PART_B,
    PART_FIELDS,
    R_FIELDS,
    R_PART,
    R_PAST,
    T_BYTES,
    T_FIELDS,
    T_GAPS_HIGH,
    T_GAPS_LOW,
    T_LAST,
    T_PACKETS,
    T_START,
)
from netad.ingest.engine.packet_row import P_FIELDS, P_FLAGS, P_LENGTH, P_TIME, P_TTL, P_WINDOW
from netad.ingest.engine.traffic import GAP_BITS, add_square, count_packet, join_part


def squares(rows, block):
    return (int(rows[0, block + T_GAPS_HIGH]) << GAP_BITS) + int(rows[0, block + T_GAPS_LOW])


@given(st.lists(st.integers(0, 62).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)), max_size=4))
def test_squares_are_exact(gaps):
    """From nanoseconds to a century: nothing is rounded, as long as all gaps fit in the time there is."""
    gaps = [gap for gap, total in zip(gaps, np.cumsum([float(gap) for gap in gaps]), strict=True) if total < 2**62]
    rows = np.zeros((1, T_FIELDS), np.int64)
    for gap in gaps:
        add_square(rows, 0, 0, gap)
    assert squares(rows, 0) == sum(gap * gap for gap in gaps)


def arrival(time, length=100, ttl=64, flags=-1, window=-1):
    p = np.zeros(P_FIELDS, np.int64)
    p[P_TIME], p[P_LENGTH], p[P_TTL], p[P_FLAGS], p[P_WINDOW] = time, length, ttl, flags, window
    return p


def test_parts_join_to_what_one_part_would_be():
    """The gap between the parts counts, and a side that was silent in one of them loses nothing."""
    arrivals = [(5, 0), (3 << 31, 0), (1 << 33, 1), (1 << 34, 0), ((1 << 34) - 9, 0), (1 << 36, 1), (1 << 37, 1)]
    whole, rows = np.zeros((1, R_FIELDS), np.int64), np.zeros((1, R_FIELDS), np.int64)
    past = np.zeros((1, PART_FIELDS), np.int64)
    whole[0, R_PAST] = -1
    for index, (time, is_b) in enumerate(arrivals):
        p = arrival(time, 60 + index, 64 - index, 0x10 | index, index)
        count_packet(whole, 0, past, is_b, p)
        count_packet(rows, 0, past, is_b, p)
        if index in (2, 3, 5, 6):
            join_part(rows, 0, past, 0)
    for part in (PART_A, PART_B):
        block = R_PART + part
        np.testing.assert_array_equal(past[0, part : part + T_FIELDS], whole[0, block : block + T_FIELDS])
    assert not rows[0, R_PART : R_PART + PART_FIELDS].any()


def test_a_clock_that_runs_back_makes_no_gaps():
    """Packets from before the last one count, but not their times."""
    rows, past = np.zeros((1, R_FIELDS), np.int64), np.zeros((1, PART_FIELDS), np.int64)
    rows[0, R_PAST] = -1
    for time in (100, 40, 160):
        count_packet(rows, 0, past, 0, arrival(time))
    block = R_PART + PART_A
    assert rows[0, [block + T_PACKETS, block + T_BYTES, block + T_START, block + T_LAST]].tolist() == [3, 300, 100, 160]
    assert squares(rows, block) == 60 * 60
