"""Reading numbers out of a block of bytes, for kernels. The caller has checked that the bytes are there.

Indexes are unsigned, which spares the test for negative ones; several bytes in a row become one load.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.compiled import compiled

Bytes = NDArray[np.uint8]
Words = NDArray[np.int64]

_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_3: Final = np.uint64(3)


@compiled
def u8(block: Bytes, at: int) -> int:
    """Return the byte at `at`."""
    return int(np.int64(block[np.uint64(at)]))


@compiled
def be16(block: Bytes, at: int) -> int:
    """Return the big-endian 16-bit number at `at`."""
    i = np.uint64(at)
    return int(np.int64(block[i]) << 8 | np.int64(block[i + _1]))


@compiled
def be32(block: Bytes, at: int) -> int:
    """Return the big-endian 32-bit number at `at`."""
    i = np.uint64(at)
    value = (
        np.int64(block[i]) << 24
        | np.int64(block[i + _1]) << 16
        | np.int64(block[i + _2]) << 8
        | np.int64(block[i + _3])
    )
    return int(value)


@compiled
def be64(block: Bytes, at: int) -> int:
    """Return the big-endian 64-bit number at `at`, bit for bit as int64."""
    return int(np.int64(be32(block, at)) << 32 | be32(block, at + 4))


@compiled
def u16(block: Bytes, at: int, big_endian: int) -> int:
    """Return the 16-bit number at `at` in the byte order given."""
    value = be16(block, at)
    return value if big_endian else (value & 0xFF) << 8 | value >> 8


@compiled
def u32(block: Bytes, at: int, big_endian: int) -> int:
    """Return the 32-bit number at `at` in the byte order given."""
    if big_endian:
        return be32(block, at)
    i = np.uint64(at)
    value = (
        np.int64(block[i])
        | np.int64(block[i + _1]) << 8
        | np.int64(block[i + _2]) << 16
        | np.int64(block[i + _3]) << 24
    )
    return int(value)
