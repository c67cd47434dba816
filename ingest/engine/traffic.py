"""netad.ingest.traffic over blocks of a row: counting what one end sent, and joining the parts of a flow.

Sums are exact: of squared gaps there are two numbers, for they need more than 64 bits.
"""

from typing import Final

from netad.ingest.engine.compiled import compiled
from netad.ingest.engine.layout import (
    PART_A,
    PART_B,
    PART_FIELDS,
    PART_FIRST,
    PART_LAST,
    R_PART,
    R_PAST,
    T_ACK_URG,
    T_BITS,
    T_BYTES,
    T_FIELDS,
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
from netad.ingest.engine.packet_row import P_FLAGS, P_LENGTH, P_PAYLOAD, P_TIME, P_TTL, P_WINDOW

GAP_BITS: Final = 62  # in T_GAPS_LOW
_GAP_MASK: Final = (1 << GAP_BITS) - 1
_HALF_BITS: Final = GAP_BITS // 2
_HALF_MASK: Final = (1 << _HALF_BITS) - 1
_LOW: Final = 0xFFFF_FFFF
_BYTE: Final = 0xFF


@compiled
def count_packet(rows: Int64, row: int, past: Int64, is_b: int, p: Int64) -> None:
    """Count a packet that end `a` (is_b 0) or `b` (1) sent in the open part."""
    part = PART_A + is_b * T_FIELDS
    block = R_PART + part
    time, length, ttl = p[P_TIME], p[P_LENGTH], p[P_TTL]
    packets = rows[row, block + T_PACKETS]
    bits = rows[row, block + T_BITS]
    if packets == 0:
        cut = rows[row, R_PAST]
        start = time
        if cut >= 0 and past[cut, part + T_PACKETS] > 0:
            start = max(time, past[cut, part + T_LAST])
        rows[row, block + T_START] = start
        rows[row, block + T_LAST] = start
        rows[row, block + T_LENGTHS] = length | (length << 32)
        bits |= ttl | (ttl << 8)
    else:
        gap = time - rows[row, block + T_LAST]
        if gap > 0:
            rows[row, block + T_LAST] = time
            add_square(rows, row, block, gap)
        lengths = rows[row, block + T_LENGTHS]
        if length < lengths & _LOW or length > lengths >> 32:
            rows[row, block + T_LENGTHS] = min(length, lengths & _LOW) | (max(length, lengths >> 32) << 32)
        if ttl != bits & _BYTE or ttl != (bits >> 8) & _BYTE:
            bits = (bits & ~0xFFFF) | min(ttl, bits & _BYTE) | (max(ttl, (bits >> 8) & _BYTE) << 8)
    rows[row, block + T_PACKETS] = packets + 1
    rows[row, block + T_BYTES] += length
    rows[row, block + T_PAYLOAD] += p[P_PAYLOAD]
    rows[row, block + T_SQUARES] += length * length
    flags = p[P_FLAGS]
    if flags >= 0:
        bits |= flags << 16
        if bits >> 24 == 0:
            bits |= (p[P_WINDOW] + 1) << 24
        rows[row, block + T_SYN_FIN] += ((flags >> 1) & 1) | ((flags & 1) << 32)
        rows[row, block + T_RST_PSH] += ((flags >> 2) & 1) | ((flags & 8) << 29)
        rows[row, block + T_ACK_URG] += ((flags >> 4) & 1) | ((flags & 32) << 27)
    rows[row, block + T_BITS] = bits


@compiled
def add_square(rows: Int64, row: int, block: int, gap: int) -> None:
    """Add the square of a gap of less than 2**62 ns."""
    low = rows[row, block + T_GAPS_LOW]
    if gap <= _HALF_MASK:
        low += gap * gap
    else:
        upper, lower = gap >> _HALF_BITS, gap & _HALF_MASK
        # Twice their product, that many bits further up.
        middle = upper * lower
        low += (middle << (_HALF_BITS + 1)) & _GAP_MASK
        rows[row, block + T_GAPS_HIGH] += upper * upper + (middle >> (_HALF_BITS - 1)) + (low >> GAP_BITS)
        low = (low & _GAP_MASK) + lower * lower
    rows[row, block + T_GAPS_HIGH] += low >> GAP_BITS
    rows[row, block + T_GAPS_LOW] = low & _GAP_MASK


@compiled
def join_part(rows: Int64, row: int, past: Int64, cut: int) -> None:
    """Add the open part of a row to what was cut off before, and leave an empty one."""
    joined = past[cut, PART_A + T_PACKETS] + past[cut, PART_B + T_PACKETS] > 0
    first, last = rows[row, R_PART + PART_FIRST], rows[row, R_PART + PART_LAST]
    past[cut, PART_FIRST] = min(past[cut, PART_FIRST], first) if joined else first
    past[cut, PART_LAST] = max(past[cut, PART_LAST], last) if joined else last
    for part in (PART_A, PART_B):
        _join_block(past, cut, part, rows, row, R_PART + part)
    for field in range(PART_FIELDS):
        rows[row, R_PART + field] = 0


@compiled
def _join_block(past: Int64, cut: int, block: int, rows: Int64, row: int, later: int) -> None:
    if rows[row, later + T_PACKETS] == 0:
        return
    if past[cut, block + T_PACKETS] == 0:
        for field in range(T_FIELDS):
            past[cut, block + field] = rows[row, later + field]
        return
    # The gap between the parts, which neither of them has counted.
    add_square(past, cut, block, rows[row, later + T_START] - past[cut, block + T_LAST])
    low = past[cut, block + T_GAPS_LOW] + rows[row, later + T_GAPS_LOW]
    past[cut, block + T_GAPS_LOW] = low & _GAP_MASK
    past[cut, block + T_GAPS_HIGH] += rows[row, later + T_GAPS_HIGH] + (low >> GAP_BITS)
    past[cut, block + T_LAST] = rows[row, later + T_LAST]
    for field in (T_PACKETS, T_BYTES, T_PAYLOAD, T_SQUARES, T_SYN_FIN, T_RST_PSH, T_ACK_URG):
        past[cut, block + field] += rows[row, later + field]
    one, other = past[cut, block + T_LENGTHS], rows[row, later + T_LENGTHS]
    past[cut, block + T_LENGTHS] = min(one & _LOW, other & _LOW) | (max(one >> 32, other >> 32) << 32)
    one, other = past[cut, block + T_BITS], rows[row, later + T_BITS]
    ttl = min(one & _BYTE, other & _BYTE) | (max((one >> 8) & _BYTE, (other >> 8) & _BYTE) << 8)
    first = one if one >> 24 else other
    past[cut, block + T_BITS] = ttl | ((one | other) & (_BYTE << 16)) | (first >> 24 << 24)
