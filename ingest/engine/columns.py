"""Finished records of the flow table's kernel as the columns of a FlowBatch."""

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.compiled import compiled, entry_point, sources
from netad.ingest.engine.layout import (
    O_FIRST,
    O_HISTORY,
    O_KIND,
    O_OPENED,
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
from netad.ingest.flows import DTYPES, OPENED

if TYPE_CHECKING:
    from collections.abc import Callable

Bytes = NDArray[np.uint8]
Int16 = NDArray[np.uint16]
Int32 = NDArray[np.int32]
Float64 = NDArray[np.float64]

# The columns by type, one row of an array each, in the order in which the kernel fills them.
_SIDES: Final = ("orig", "resp")
_WIDE: Final = (
    "first_ns",
    "last_ns",
    "orig_hi",
    "orig_lo",
    "resp_hi",
    "resp_lo",
    *(f"{side}_{name}" for side in _SIDES for name in ("packets", "ip_bytes", "payload_bytes")),
)
_COUNTS: Final = ("length_min", "length_max", "window", "syn", "fin", "rst", "psh", "ack", "urg")
_INTS: Final = ("input", *(f"{side}_{name}" for side in _SIDES for name in _COUNTS))
_MOMENTS: Final = ("length_mean", "length_std", "gap_mean_ns", "gap_std_ns")
_FLOATS: Final = tuple(f"{side}_{name}" for side in _SIDES for name in _MOMENTS)
_SHORTS: Final = ("orig_port", "resp_port", "vlan")
_SMALL: Final = (
    "protocol",
    "tunnel",
    "conn_state",
    "part",
    *(f"{side}_{name}" for side in _SIDES for name in ("ttl_min", "ttl_max", "tcp_flags")),
)
# The first of each side's in those.
_WIDE_SIDE, _WIDE_EACH = 6, 3
_INT_SIDE, _FLOAT_EACH = 1, len(_MOMENTS)
_SMALL_SIDE, _SMALL_EACH = 4, 3

_LOW: Final = 0xFFFF_FFFF
_SHORT: Final = 0xFFFF
_BYTE: Final = 0xFF
_SIGN: Final = -(1 << 63)
# Below this, count * squares is exact in int64 whatever the count.
_EXACT: Final = 1 << 31


def flow_columns(out: Int64) -> dict[str, NDArray[Any]]:
    """Return all of FLOW_COLUMNS and OPENED, each (n,), of n records (n, O_FIELDS); nothing refers to `out`."""
    count = len(out)
    wide = np.empty((len(_WIDE), count), np.int64)
    ints = np.empty((len(_INTS), count), np.int32)
    floats = np.empty((len(_FLOATS), count), np.float64)
    shorts = np.empty((len(_SHORTS), count), np.uint16)
    small = np.empty((len(_SMALL), count), np.uint8)
    _fill(out, wide, ints, floats, shorts, small)
    history = np.ascontiguousarray(out[:, O_HISTORY : O_HISTORY + 3]).astype("<i8").view("S24").reshape(count)
    found: dict[str, NDArray[Any]] = {"history": history}
    for names, arrays in ((_WIDE, wide), (_INTS, ints), (_FLOATS, floats), (_SHORTS, shorts), (_SMALL, small)):
        found.update(zip(names, arrays, strict=True))
    columns = {name: found[name].view(dtype) for name, dtype in DTYPES.items()}
    return {**columns, OPENED.name: out[:, O_OPENED].copy()}


def _kernel(digest: int) -> "Callable[[Int64, Int64, Int32, Float64, Int16, Bytes], int]":
    """Return the kernel that fills the columns; `digest` is in its closure for the sake of the cache."""

    @entry_point
    def fill(out: Int64, wide: Int64, ints: Int32, floats: Float64, shorts: Int16, small: Bytes) -> int:
        """Fill all columns but the history."""
        for at in range(out.shape[0]):
            ports, kind, origin = out[at, O_PORTS], out[at, O_KIND], out[at, O_ORIGIN]
            wide[0, at] = out[at, O_FIRST + PART_FIRST]
            wide[1, at] = out[at, O_FIRST + PART_LAST]
            wide[2, at] = out[at, O_ORIG_HI]
            wide[3, at] = out[at, O_ORIG_LO]
            wide[4, at] = out[at, O_RESP_HI]
            wide[5, at] = out[at, O_RESP_LO]
            ints[0, at] = origin >> 32
            shorts[0, at] = ports >> 16
            shorts[1, at] = ports & _SHORT
            shorts[2, at] = origin & _SHORT
            small[0, at] = kind & _BYTE
            small[1, at] = (origin >> 16) & _BYTE
            small[2, at] = (kind >> 8) & _BYTE
            small[3, at] = kind >> 16
            for side in range(2):
                _fill_side(out, at, side, wide, ints, floats, small)
        return digest

    return fill


@compiled
def _fill_side(out: Int64, at: int, side: int, wide: Int64, ints: Int32, floats: Float64, small: Bytes) -> None:
    """Fill the columns of the originator (0) or the responder (1)."""
    block = O_FIRST + (PART_B if side else PART_A)
    packets, total, bits = out[at, block + T_PACKETS], out[at, block + T_BYTES], out[at, block + T_BITS]
    to = _WIDE_SIDE + side * _WIDE_EACH
    wide[to, at] = packets
    wide[to + 1, at] = total
    wide[to + 2, at] = out[at, block + T_PAYLOAD]
    lengths, handshakes = out[at, block + T_LENGTHS], out[at, block + T_SYN_FIN]
    pushes, urgents = out[at, block + T_RST_PSH], out[at, block + T_ACK_URG]
    to = _INT_SIDE + side * len(_COUNTS)
    ints[to, at] = lengths & _LOW
    ints[to + 1, at] = lengths >> 32
    ints[to + 2, at] = (bits >> 24) - 1
    ints[to + 3, at] = handshakes & _LOW
    ints[to + 4, at] = handshakes >> 32
    ints[to + 5, at] = pushes & _LOW
    ints[to + 6, at] = pushes >> 32
    ints[to + 7, at] = urgents & _LOW
    ints[to + 8, at] = urgents >> 32
    to = _SMALL_SIDE + side * _SMALL_EACH
    small[to, at] = bits & _BYTE
    small[to + 1, at] = (bits >> 8) & _BYTE
    small[to + 2, at] = (bits >> 16) & _BYTE
    to = side * _FLOAT_EACH
    floats[to, at], floats[to + 1, at] = moments(packets, total, 0, out[at, block + T_SQUARES])
    high = out[at, block + T_GAPS_HIGH]
    low = out[at, block + T_GAPS_LOW] | (high << GAP_BITS)
    gaps = out[at, block + T_LAST] - out[at, block + T_START]
    floats[to + 2, at], floats[to + 3, at] = moments(packets - 1, gaps, high >> (64 - GAP_BITS), low)


@compiled
def moments(count: int, total: int, squares_high: int, squares_low: int) -> tuple[float, float]:
    """Return mean and population standard deviation of `count` non-negative integers; 0 for none.

    They are given by their sum and the two halves (64 bits each) of the sum of their squares. The sum of squared
    distances from the mean, rounded down, is exact; only what follows is rounded.
    """
    if count <= 0:
        return 0.0, 0.0
    middle = total // count
    rest = total - middle * count
    # squares - middle * (total + rest), modulo 2**128: the result is not negative.
    taken_high, taken_low = _product(middle, total + rest)
    low = squares_low - taken_low
    high = squares_high - taken_high
    if (squares_low ^ _SIGN) < (taken_low ^ _SIGN):
        high -= 1
    # count * squares - total ** 2, of the distances from the mean instead of the integers themselves.
    if high == 0 and 0 <= low < _EXACT and count < _EXACT:
        spread = float(count * low - rest * rest)
    else:
        around = high * 2.0**64 + float(np.uint64(low))
        spread = max(count * around - float(rest) ** 2, 0.0)
    return total / count, math.sqrt(spread) / count


@compiled
def _product(one: int, other: int) -> tuple[int, int]:
    """Return the halves, 64 bits each, of a product of two non-negative numbers."""
    a, b, c, d = one >> 32, one & _LOW, other >> 32, other & _LOW
    low = b * d
    middle = a * d + ((low >> 32) & _LOW)
    cross = b * c + (middle & _LOW)
    return a * c + (middle >> 32) + (cross >> 32), (cross << 32) | (low & _LOW)


_fill: Final = _kernel(sources())
