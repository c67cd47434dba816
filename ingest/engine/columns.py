"""Finished records of the flow table's kernel as the columns of a FlowBatch, whole columns at a time."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.layout import (
    O_FIRST,
    O_HISTORY,
    O_KIND,
    O_ORIG_HI,
    O_ORIG_LO,
    O_ORIGIN,
    O_PORTS,
    O_RESP_HI,
    O_RESP_LO,
    PART_A,
    PART_B,
    PART_FIRST,
    PART_LAST,
    T_ACK_URG,
    T_BITS,
    T_BYTES,
    T_GAPS_HIGH,
    T_GAPS_LOW,
    T_LAST,
    T_LENGTHS,
    T_PACKETS,
    T_PAYLOAD,
    T_RST_PSH,
    T_SQUARES,
    T_START,
    T_SYN_FIN,
    Int64,
)
from netad.ingest.engine.traffic import GAP_BITS
from netad.ingest.flows import DTYPES

_LOW: Final = 0xFFFF_FFFF
_BYTE: Final = 0xFF
# Below this, count * squares is exact in int64 whatever the count.
_SMALL: Final = 1 << 31


def flow_columns(out: Int64) -> dict[str, NDArray[Any]]:
    """Return every column of FLOW_COLUMNS, each (n,), of n records (n, O_FIELDS); nothing refers to `out`."""
    fields = np.ascontiguousarray(out.T)
    ports, kind, origin = fields[O_PORTS], fields[O_KIND], fields[O_ORIGIN]
    history = np.ascontiguousarray(out[:, O_HISTORY : O_HISTORY + 3]).astype("<i8").view("S24").reshape(len(out))
    values = {
        "first_ns": fields[O_FIRST + PART_FIRST],
        "last_ns": fields[O_FIRST + PART_LAST],
        "orig_hi": fields[O_ORIG_HI].view(np.uint64),
        "orig_lo": fields[O_ORIG_LO].view(np.uint64),
        "resp_hi": fields[O_RESP_HI].view(np.uint64),
        "resp_lo": fields[O_RESP_LO].view(np.uint64),
        "orig_port": ports >> 16,
        "resp_port": ports & 0xFFFF,
        "protocol": kind & _BYTE,
        "tunnel": (origin >> 16) & 0xFFFF,
        "vlan": origin & 0xFFFF,
        **_side("orig", fields[O_FIRST + PART_A :]),
        **_side("resp", fields[O_FIRST + PART_B :]),
        "conn_state": (kind >> 8) & _BYTE,
        "history": history,
        "input": origin >> 32,
        "part": kind >> 16,
    }
    return {name: values[name].astype(dtype) for name, dtype in DTYPES.items()}


def _side(prefix: str, block: Int64) -> dict[str, NDArray[Any]]:
    """Return the columns of one end's block, (T_FIELDS or more, n)."""
    packets, bits, lengths = block[T_PACKETS], block[T_BITS], block[T_LENGTHS]
    zero = np.zeros_like(packets)
    length_mean, length_std = moments(packets, block[T_BYTES], zero, block[T_SQUARES])
    squares_low = block[T_GAPS_LOW] | (block[T_GAPS_HIGH] << GAP_BITS)
    gap_mean, gap_std = moments(
        np.maximum(packets - 1, 0), block[T_LAST] - block[T_START], block[T_GAPS_HIGH] >> (64 - GAP_BITS), squares_low
    )
    values = {
        "packets": packets,
        "ip_bytes": block[T_BYTES],
        "payload_bytes": block[T_PAYLOAD],
        "length_min": lengths & _LOW,
        "length_max": lengths >> 32,
        "length_mean": length_mean,
        "length_std": length_std,
        "gap_mean_ns": gap_mean,
        "gap_std_ns": gap_std,
        "ttl_min": bits & _BYTE,
        "ttl_max": (bits >> 8) & _BYTE,
        "tcp_flags": (bits >> 16) & _BYTE,
        "window": (bits >> 24) - 1,
    }
    pairs = (("syn", "fin", T_SYN_FIN), ("rst", "psh", T_RST_PSH), ("ack", "urg", T_ACK_URG))
    for low, high, field in pairs:
        values[low], values[high] = block[field] & _LOW, block[field] >> 32
    return {f"{prefix}_{name}": column for name, column in values.items()}


def moments(
    count: Int64, total: Int64, squares_high: Int64, squares_low: Int64
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and population standard deviation of non-negative integers; 0 for none. All shapes (n,).

    Of each set `count` are given with their sum and the two halves (64 bits each) of the sum of their squares. The sum
    of squared distances from the mean, rounded down, is exact; only what follows is rounded.
    """
    several = np.maximum(count, 1)
    mean = np.where(count > 0, total / several, 0.0)
    middle = total // several
    rest = total - middle * several
    # squares - middle * (total + rest), modulo 2**128: the result is not negative.
    taken_high, taken_low = _product(middle.view(np.uint64), (total + rest).view(np.uint64))
    low = squares_low.view(np.uint64) - taken_low
    high = squares_high.view(np.uint64) - taken_high - (squares_low.view(np.uint64) < taken_low)
    around = high.astype(np.float64) * 2.0**64 + low.astype(np.float64)
    exact = (high == 0) & (low < _SMALL) & (several < _SMALL)
    small = np.where(exact, low, 0).astype(np.int64)
    # count * squares - total ** 2, of the distances from the mean instead of the integers themselves.
    rounded = several * around - rest.astype(np.float64) ** 2
    spread = np.where(exact, (several * small - rest * rest).astype(np.float64), np.maximum(rounded, 0.0))
    return mean, np.where(count > 0, np.sqrt(spread) / several, 0.0)


def _product(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the halves of a product of 128 bits."""
    shift, mask = np.uint64(32), np.uint64(_LOW)
    a, b, c, d = one >> shift, one & mask, other >> shift, other & mask
    low = b * d
    middle = a * d + (low >> shift)
    cross = b * c + (middle & mask)
    return a * c + (middle >> shift) + (cross >> shift), (cross << shift) | (low & mask)
