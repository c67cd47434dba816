"""Tests of netad.ingest.engine.columns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.engine.columns import flow_columns, moments
from netad.ingest.engine.layout import (
    O_FIELDS,
    O_FIRST,
    O_HISTORY,
    O_KIND,
    O_OPENED,
    O_ORIG_HI,
    O_ORIGIN,
    O_PORTS,
    PART_A,
    PART_B,
    PART_FIRST,
    PART_LAST,
    T_ACK_URG,
    T_BITS,
    T_BYTES,
    T_GAPS_LOW,
    T_LAST,
    T_LENGTHS,
    T_PACKETS,
    T_PAYLOAD,
    T_RST_PSH,
    T_SQUARES,
    T_START,
    T_SYN_FIN,
)
from netad.ingest.flows import DTYPES


def moments_of(count, total, squares):
    """Return what the kernel's `moments` does, its numbers as int64, those of 64 bits with their sign."""
    halves = np.array([squares >> 64, squares & (1 << 64) - 1], np.uint64).view(np.int64)
    return moments(np.int64(count), np.int64(total), *halves)


@given(st.lists(st.integers(0, 62).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)), max_size=8))
def test_moments_are_those_of_the_numbers(numbers):
    """Of numbers far apart as of neighbours far from 0, to the last digits."""
    numbers = numbers if sum(numbers) < 1 << 62 else numbers[:1]
    count, total, squares = len(numbers), sum(numbers), sum(number * number for number in numbers)
    mean, std = moments_of(count, total, squares)
    spread = math.sqrt(count * squares - total * total) / count if count else 0.0
    assert mean == pytest.approx(total / count if count else 0.0, rel=1e-15)
    assert std == pytest.approx(spread, rel=1e-14, abs=0)


def test_a_single_odd_one_among_millions_shows():
    """Where squares minus squared mean would leave nothing but rounding."""
    for count, odd in ((10_000_000, 1), (3_000_000, 2_999_999), (1 << 30, 12345)):
        value = 4 * 10**9
        total, squares = count * value + odd, (count - odd) * value**2 + odd * (value + 1) ** 2
        _, std = moments_of(count, total, squares)
        assert std == pytest.approx(math.sqrt(count * squares - total * total) / count, rel=1e-15)


def test_records_become_columns():
    """Every column of FLOW_COLUMNS and OPENED in its type, and nothing that changes with the buffer."""
    out = np.zeros((2, O_FIELDS), np.int64)
    out[0, [O_ORIG_HI, O_PORTS, O_KIND, O_ORIGIN]] = (
        -1,
        65535 << 16 | 1,
        17 | 2 << 8 | 3 << 16,
        4095 | 6 << 16 | 9 << 32,
    )
    out[0, O_OPENED] = 77
    out[0, O_HISTORY : O_HISTORY + 3] = np.frombuffer(b"ShADadFfTtWwRrQqIi^^^^^Z", "<i8")
    columns = flow_columns(out)
    out[:] = 7
    assert {name: values.dtype for name, values in columns.items()} == DTYPES | {"opened_ns": np.dtype(np.int64)}
    assert columns["opened_ns"].tolist() == [77, 0]
    names = (
        "orig_hi",
        "orig_port",
        "resp_port",
        "protocol",
        "conn_state",
        "part",
        "vlan",
        "tunnel",
        "input",
    )
    assert [columns[name][0] for name in names] == [(1 << 64) - 1, 65535, 1, 17, 2, 3, 4095, 6, 9]
    assert columns["orig_window"].tolist() == [-1, -1]
    assert columns["orig_gap_mean_ns"].tolist() == [0.0, 0.0]
    assert columns["history"].tolist() == [b"ShADadFfTtWwRrQqIi^^^^^Z", b""]


def test_both_sides_become_columns():
    """Each field of a side's block in its column, the originator's and the responder's."""
    out = np.zeros((1, O_FIELDS), np.int64)
    out[0, [O_FIRST + PART_FIRST, O_FIRST + PART_LAST]] = 11, 12
    wanted = {}
    for side, part, base in (("orig", PART_A, 100), ("resp", PART_B, 200)):
        block = out[0, O_FIRST + part :]
        block[[T_PACKETS, T_BYTES, T_PAYLOAD, T_START, T_LAST]] = 2, 2 * base, base + 1, 1000, 1000 + base
        block[[T_LENGTHS, T_SQUARES, T_GAPS_LOW]] = (base - 9) | (base + 9) << 32, 2 * base**2 + 162, base**2
        block[T_BITS] = 61 | 62 << 8 | 63 << 16 | (base + 2) << 24
        block[[T_SYN_FIN, T_RST_PSH, T_ACK_URG]] = 1 | 2 << 32, 3 | 4 << 32, 5 | 6 << 32
        values = {
            "packets": 2, "ip_bytes": 2 * base, "payload_bytes": base + 1, "length_min": base - 9,
            "length_max": base + 9, "length_mean": base, "length_std": 9, "gap_mean_ns": base, "gap_std_ns": 0,
            "ttl_min": 61, "ttl_max": 62, "tcp_flags": 63, "window": base + 1,
            "syn": 1, "fin": 2, "rst": 3, "psh": 4, "ack": 5, "urg": 6,
        }  # fmt: skip
        wanted |= {f"{side}_{name}": [value] for name, value in values.items()}
    columns = flow_columns(out)
    assert {name: columns[name].tolist() for name in wanted} == wanted
    assert (columns["first_ns"].tolist(), columns["last_ns"].tolist()) == ([11], [12])
