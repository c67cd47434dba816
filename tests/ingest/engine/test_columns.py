"""Tests of netad.ingest.engine.columns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.engine.columns import flow_columns, moments
from netad.ingest.engine.layout import O_FIELDS, O_HISTORY, O_KIND, O_ORIG_HI, O_ORIGIN, O_PORTS
from netad.ingest.flows import DTYPES


def column(*numbers):
    """Return numbers as int64, those of 64 bits with their sign."""
    return np.array([number - (1 << 64) if number >> 63 else number for number in numbers], np.int64)


@given(st.lists(st.integers(0, 62).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)), max_size=8))
def test_moments_are_those_of_the_numbers(numbers):
    """Of numbers far apart as of neighbours far from 0, to the last digits."""
    numbers = numbers if sum(numbers) < 1 << 62 else numbers[:1]
    count, total, squares = len(numbers), sum(numbers), sum(number * number for number in numbers)
    mean, std = moments(column(count), column(total), column(squares >> 64), column(squares & (1 << 64) - 1))
    spread = math.sqrt(count * squares - total * total) / count if count else 0.0
    assert mean[0] == pytest.approx(total / count if count else 0.0, rel=1e-15)
    assert std[0] == pytest.approx(spread, rel=1e-14, abs=0)


def test_a_single_odd_one_among_millions_shows():
    """Where squares minus squared mean would leave nothing but rounding."""
    for count, odd in ((10_000_000, 1), (3_000_000, 2_999_999), (1 << 30, 12345)):
        value = 4 * 10**9
        total, squares = count * value + odd, (count - odd) * value**2 + odd * (value + 1) ** 2
        _, std = moments(column(count), column(total), column(squares >> 64), column(squares & (1 << 64) - 1))
        assert std[0] == pytest.approx(math.sqrt(count * squares - total * total) / count, rel=1e-15)


def test_records_become_columns():
    """Every column of FLOW_COLUMNS in its type, and nothing that changes with the buffer."""
    out = np.zeros((2, O_FIELDS), np.int64)
    out[0, [O_ORIG_HI, O_PORTS, O_KIND, O_ORIGIN]] = (
        -1,
        65535 << 16 | 1,
        17 | 2 << 8 | 3 << 16,
        4095 | 6 << 16 | 9 << 32,
    )
    out[0, O_HISTORY : O_HISTORY + 3] = np.frombuffer(b"ShADadFfTtWwRrQqIi^^^^^Z", "<i8")
    columns = flow_columns(out)
    out[:] = 7
    assert {name: values.dtype for name, values in columns.items()} == dict(DTYPES)
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
    assert columns["history"].tolist() == [b"ShADadFfTtWwRrQqIi^^^^^Z", b""]
