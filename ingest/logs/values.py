"""From spans to columns: numbers, times, addresses, hashes and short texts, read exactly as they are written.

Every kernel reads column `c` of the rows `rows`. Where a field is no such thing, `faults` of the row becomes c + 1,
unless it has a fault already. Absent fields give 0 and are no fault, except where a kernel says so.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.compiled import compiled, entry_point
from netad.ingest.framing import MAX_TIME_NS
from netad.ingest.logs.lines import Bytes
from netad.ingest.logs.spans import ABSENT, COMPOSITE, Int32, Int64

UInt64 = NDArray[np.uint64]
Rows = NDArray[np.int64]
Faults = NDArray[np.int16]

BILLION: Final = 1_000_000_000
# Later times (the year 2116) are damage, as in captures; the sum of a time and a duration fits into 64 bits.
MAX_TIME: Final = MAX_TIME_NS - 1
_NONE: Final = -(1 << 63)
_MAX: Final = (1 << 63) - 1
# Another digit may be put behind a number up to this one.
_NEARLY_FULL: Final = 922_337_203_685_477_579
_V4_PREFIX: Final = 0xFFFF << 32
# Seconds above this are milliseconds: Zeek's JSON::TS_MILLIS.
_MILLIS_ABOVE: Final = 10**11

_SPACE, _ZERO, _NINE, _DOT, _MINUS, _PLUS, _COLON, _SLASH, _PERCENT, _COMMA = 32, 48, 57, 46, 45, 43, 58, 47, 37, 44
_E, _X, _T, _Z = 101, 120, 116, 122
_A, _F = 97, 102
_FNV_START: Final = np.uint64(0xCBF29CE484222325)
_FNV_PRIME: Final = np.uint64(0x100000001B3)


@compiled
def _at(data: Bytes, at: int) -> int:
    """Return the byte at `at`."""
    return int(np.int64(data[at]))


@compiled
def _bounds(starts: Int32, ends: Int32, row: int, c: int) -> tuple[int, int]:
    """Return where a field begins and ends."""
    return int(np.int64(starts[row, c])), int(np.int64(ends[row, c]))


@compiled
def _blame(faults: Faults, i: int, c: int) -> None:
    if faults[i] == 0:
        faults[i] = c + 1


@compiled
def _bare(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of a field without the blanks around it."""
    while start < end and data[start] == _SPACE:
        start += 1
    while start < end and data[end - 1] == _SPACE:
        end -= 1
    return start, end


@compiled
def _lower(byte: int) -> int:
    return byte + 32 if 65 <= byte <= 90 else byte


@compiled
def _hex(byte: int) -> int:
    """Return the value of a hex digit, -1 if it is none."""
    if _ZERO <= byte <= _NINE:
        return byte - _ZERO
    low = _lower(byte)
    return low - _A + 10 if _A <= low <= _F else -1


@compiled
def _count(data: Bytes, start: int, end: int) -> int:
    """Return a number of decimal or 0x digits, which may end in a fraction of zeros; -1 if it is none."""
    start, end = _bare(data, start, end)
    if start == end:
        return -1
    if end - start > 2 and data[start] == _ZERO and _lower(_at(data, start + 1)) == _X:
        return _hex_count(data, start + 2, end)
    value = 0
    for i in range(start, end):
        byte = _at(data, i)
        if byte == _DOT and i > start:
            return value if _all_zeros(data, i + 1, end) else -1
        if byte < _ZERO or byte > _NINE or value > _NEARLY_FULL:
            return -1
        value = value * 10 + (byte - _ZERO)
    return value


@compiled
def _hex_count(data: Bytes, start: int, end: int) -> int:
    """Return a number of hex digits, -1 if it is none or longer than 15 digits."""
    value = 0
    for i in range(start, end):
        digit = _hex(_at(data, i))
        if digit < 0 or end - start > 15:
            return -1
        value = value * 16 + digit
    return value


@compiled
def _all_zeros(data: Bytes, start: int, end: int) -> bool:
    while start < end and data[start] == _ZERO:
        start += 1
    return start == end


@compiled
def _decimal(data: Bytes, start: int, end: int) -> int:
    """Return a decimal number of seconds in ns, rounded to the nearest; the least integer if it is none."""
    start, end = _bare(data, start, end)
    negative = start < end and data[start] == _MINUS
    at = start + 1 if negative else start
    value, scale, digits, point = 0, 9, 0, False
    while at < end:
        byte = _at(data, at)
        if _ZERO <= byte <= _NINE:
            digits += 1
            if value <= _NEARLY_FULL:
                value = value * 10 + (byte - _ZERO)
                scale -= point
            elif not point:
                return _NONE
        elif byte == _DOT and not point:
            point = True
        else:
            break
        at += 1
    exponent = _exponent(data, at, end)
    if digits == 0 or exponent == _NONE:
        return _NONE
    value = _scaled(value, scale + exponent)
    return -value if negative and value != _NONE else value


@compiled
def _exponent(data: Bytes, at: int, end: int) -> int:
    """Return what an exponent at `at` says, 0 at the end; the least integer if there is something else."""
    if at == end:
        return 0
    sign, value, first = 1, 0, at + 1
    if first < end and (data[first] == _MINUS or data[first] == _PLUS):
        sign, first = -1 if data[first] == _MINUS else 1, first + 1
    if _lower(_at(data, at)) != _E or first == end or end - first > 3:
        return _NONE
    for i in range(first, end):
        byte = _at(data, i)
        if byte < _ZERO or byte > _NINE:
            return _NONE
        value = value * 10 + (byte - _ZERO)
    return sign * value


@compiled
def _scaled(value: int, scale: int) -> int:
    """Return value * 10**scale, rounded to the nearest; the least integer if it does not fit."""
    while scale > 0 and value > 0:
        if value > _MAX // 10:
            return _NONE
        value, scale = value * 10, scale - 1
    if scale >= 0:
        return value
    if scale < -18:
        return 0
    divisor = 1
    for _ in range(-scale):
        divisor *= 10
    return value // divisor + int(value % divisor >= (divisor + 1) // 2)


@compiled
def _two(data: Bytes, at: int) -> int:
    """Return the number of two digits at `at`, or a number below 0."""
    high, low = _at(data, at) - _ZERO, _at(data, at + 1) - _ZERO
    return high * 10 + low if 0 <= high <= 9 and 0 <= low <= 9 else -1000


@compiled
def _date(data: Bytes, start: int) -> int:
    """Return the days since the epoch of YYYY-MM-DD or YYYY/MM/DD, a number below 0 if it is none."""
    year = _two(data, start) * 100 + _two(data, start + 2)
    month, day = _two(data, start + 5), _two(data, start + 8)
    if year < 1970 or year > 2261 or month < 1 or month > 12 or day < 1 or day > 31:
        return -1
    if data[start + 4] != data[start + 7]:
        return -1
    # Days from civil, http://howardhinnant.github.io/date_algorithms.html
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@compiled
def _clock(data: Bytes, at: int) -> int:
    """Return the seconds of the day of HH:MM:SS, a number below 0 if it is none."""
    hour, minute, second = _two(data, at), _two(data, at + 3), _two(data, at + 6)
    if data[at + 2] != _COLON or data[at + 5] != _COLON or hour > 23 or minute > 59 or second > 60:
        return -1
    return hour * 3600 + minute * 60 + second if hour >= 0 and minute >= 0 and second >= 0 else -1


@compiled
def _zone(data: Bytes, at: int, end: int) -> int:
    """Return the seconds by which a zone (nothing, Z, +HHMM, +HH:MM) is before UTC; the least integer if it is none."""
    length = end - at
    if length == 0 or (length == 1 and _lower(_at(data, at)) == _Z):
        return 0
    if length < 5 or length > 6 or (data[at] != _PLUS and data[at] != _MINUS):
        return _NONE
    hours, minutes = _two(data, at + 1), _two(data, end - 2)
    if (length == 6 and data[at + 3] != _COLON) or hours < 0 or hours > 15 or minutes < 0 or minutes > 59:
        return _NONE
    offset = hours * 3600 + minutes * 60
    return -offset if data[at] == _MINUS else offset


@compiled
def _iso(data: Bytes, start: int, end: int) -> int:
    """Return YYYY-MM-DDTHH:MM:SS[.f][zone] in ns since the epoch; without a zone it is UTC. -1 if it is none.

    The caller has checked that there are 19 characters.
    """
    days, clock = _date(data, start), _clock(data, start + 11)
    between = _lower(_at(data, start + 10))
    if days < 0 or clock < 0 or between not in (_T, _SPACE):
        return -1
    at, fraction, unit = start + 19, 0, BILLION
    if at < end and data[at] == _DOT:
        at += 1
        while at < end and _ZERO <= data[at] <= _NINE:
            unit //= 10
            fraction += (_at(data, at) - _ZERO) * unit
            at += 1
    zone = _zone(data, at, end)
    return -1 if zone == _NONE else (days * 86400 + clock - zone) * BILLION + fraction


@entry_point
def read_times(
    data: Bytes, starts: Int32, ends: Int32, kinds: Bytes, rows: Rows, c: int, out: Int64, faults: Faults
) -> None:
    """Read times, seconds since the epoch or ISO 8601, into ns since the epoch. An absent one is a fault."""
    for i in range(len(rows)):
        row = rows[i]
        start, end = _bounds(starts, ends, row, c)
        value = -1
        if kinds[row, c] != ABSENT and kinds[row, c] != COMPOSITE:
            if end - start >= 19 and (data[start + 4] == _MINUS or data[start + 4] == _SLASH):
                value = _iso(data, start, end)
            else:
                value = _seconds(data, start, end)
        out[i] = value
        if value < 0 or value > MAX_TIME:
            out[i] = 0
            _blame(faults, i, c)


@compiled
def _seconds(data: Bytes, start: int, end: int) -> int:
    """Return seconds, or milliseconds where seconds would be after the year 5138, in ns."""
    whole = 0
    for at in range(start, min(end, start + 18)):
        byte = _at(data, at)
        if byte < _ZERO or byte > _NINE:
            break
        whole = whole * 10 + (byte - _ZERO)
    if whole < _MILLIS_ABOVE:
        return _decimal(data, start, end)
    point = start
    while point < end and data[point] != _DOT:
        if data[point] < _ZERO or data[point] > _NINE:
            return -1
        point += 1
    if point - start > 16:
        return -1
    fraction = 0
    if end - point > 1:
        fraction = _decimal(data, point, end)
        if fraction < 0 or fraction >= BILLION:
            return -1
    return -1 if whole > MAX_TIME // 1_000_000 else whole * 1_000_000 + fraction // 1000


@entry_point
def read_durations(
    data: Bytes, starts: Int32, ends: Int32, kinds: Bytes, rows: Rows, c: int, out: Int64, faults: Faults
) -> None:
    """Read durations in seconds into ns; one below 0, which clocks that are set back give, counts as 0."""
    for i in range(len(rows)):
        row = rows[i]
        out[i] = 0
        if kinds[row, c] != ABSENT:
            start, end = _bounds(starts, ends, row, c)
            value = _decimal(data, start, end)
            if value == _NONE or value > MAX_TIME or kinds[row, c] == COMPOSITE:
                _blame(faults, i, c)
            elif value > 0:
                out[i] = value


@entry_point
def read_counts(
    data: Bytes,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    rows: Rows,
    c: int,
    limit: int,
    out: Int64,
    faults: Faults,
) -> None:
    """Read numbers from 0 to `limit`; of a list of numbers the first."""
    for i in range(len(rows)):
        row = rows[i]
        out[i] = 0
        if kinds[row, c] != ABSENT:
            start, end = _bounds(starts, ends, row, c)
            if kinds[row, c] == COMPOSITE:
                start += 1
                end -= 1
                for at in range(start, end):
                    if data[at] == _COMMA:
                        end = at
                        break
                if start == end:
                    continue
            value = _count(data, start, end)
            if value < 0 or value > limit:
                _blame(faults, i, c)
            else:
                out[i] = value


@compiled
def _v4(data: Bytes, start: int, end: int) -> int:
    """Return a dotted quad as a number, -1 if it is none."""
    if end - start < 7 or end - start > 15:
        return -1
    value, octet, digits, dots = 0, 0, 0, 0
    for at in range(start, end):
        byte = _at(data, at)
        if byte == _DOT:
            if digits == 0 or dots == 3:
                return -1
            value, octet, digits, dots = value << 8 | octet, 0, 0, dots + 1
        elif _ZERO <= byte <= _NINE:
            if digits > 0 and octet == 0:
                return -1
            octet, digits = octet * 10 + (byte - _ZERO), digits + 1
            if octet > 255:
                return -1
        else:
            return -1
    return value << 8 | octet if dots == 3 and digits > 0 else -1


@compiled
def _v6(data: Bytes, start: int, end: int, groups: UInt64) -> bool:
    """Read the text form of RFC 4291 into its 8 groups; a zone (%eth0) is left out."""
    for at in range(start, end):
        if data[at] == _PERCENT:
            end = at
            break
    groups[:] = 0
    count, gap, at = 0, -1, start
    if end - start >= 2 and data[start] == _COLON and data[start + 1] == _COLON:
        gap, at = 0, start + 2
    while at < end:
        step = _group(data, at, end, groups, count)
        if step == 0:
            return False
        count += 2 if step < 0 else 1
        at += abs(step)
        if at < end and data[at] == _COLON:
            if gap >= 0:
                return False
            gap, at = count, at + 1
        elif at == end and step > 0 and data[at - 1] == _COLON:
            return False
    if gap < 0:
        return count == 8
    for i in range(count - gap):
        groups[7 - i] = groups[count - 1 - i]
        groups[count - 1 - i] = 0
    return count < 8


@compiled
def _group(data: Bytes, at: int, end: int, groups: UInt64, count: int) -> int:
    """Read the group at `at`, and the colon behind it; return how long they are, 0 if it is none.

    A dotted quad is two groups; its length is returned below 0.
    """
    value, stop = np.uint64(0), at
    while stop < end and stop - at < 5:
        digit = _hex(_at(data, stop))
        if digit < 0:
            break
        value = value << np.uint64(4) | np.uint64(digit)
        stop += 1
    if stop < end and data[stop] == _DOT:
        quad = _v4(data, at, end)
        if quad < 0 or count > 6:
            return 0
        groups[count], groups[count + 1] = np.uint64(quad >> 16), np.uint64(quad & 0xFFFF)
        return at - end
    if stop == at or stop - at > 4 or count > 7 or (stop < end and data[stop] != _COLON):
        return 0
    groups[count] = value
    return stop + (stop < end) - at


@compiled
def _half(groups: UInt64, first: int) -> np.uint64:
    """Return four groups as one number."""
    value = np.uint64(0)
    for i in range(first, first + 4):
        value = value << np.uint64(16) | groups[i]
    return value


@entry_point
def read_addresses(
    data: Bytes,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    rows: Rows,
    c: int,
    high: UInt64,
    low: UInt64,
    groups: UInt64,
    faults: Faults,
) -> None:
    """Read IP addresses into halves (netad.core.addresses). An absent one is a fault. `groups`: scratch, (8,)."""
    for i in range(len(rows)):
        row = rows[i]
        start, end = _bounds(starts, ends, row, c)
        start, end = _bare(data, start, end)
        high[i], low[i] = 0, 0
        quad = _v4(data, start, end) if kinds[row, c] != ABSENT else -1
        if quad >= 0:
            low[i] = np.uint64(_V4_PREFIX) | np.uint64(quad)
        elif kinds[row, c] != ABSENT and _v6(data, start, end, groups):
            high[i], low[i] = _half(groups, 0), _half(groups, 4)
        else:
            _blame(faults, i, c)


@entry_point
def read_hashes(
    data: Bytes, starts: Int32, ends: Int32, kinds: Bytes, rows: Rows, c: int, fold: int, out: UInt64
) -> None:
    """Hash texts (FNV-1a, 64 bits), in lower case with `fold`; 0 stands for an absent one."""
    for i in range(len(rows)):
        row = rows[i]
        out[i] = 0
        if kinds[row, c] != ABSENT:
            value = _FNV_START
            start, end = _bounds(starts, ends, row, c)
            start, end = _bare(data, start, end)
            for at in range(start, end):
                byte = _at(data, at)
                value = (value ^ np.uint64(_lower(byte) if fold else byte)) * _FNV_PRIME
            out[i] = value


@entry_point
def read_short(data: Bytes, starts: Int32, ends: Int32, kinds: Bytes, rows: Rows, c: int, out: Bytes) -> None:
    """Copy texts into `out`, shape (n, width), cut there; the rest of a row is left as it is."""
    for i in range(len(rows)):
        row = rows[i]
        if kinds[row, c] != ABSENT:
            start, end = _bounds(starts, ends, row, c)
            for at in range(min(end - start, out.shape[1])):
                out[i, at] = data[start + at]


def text_hash(text: str) -> int:
    """Return what `read_hashes` makes of a text as it is."""
    value = int(_FNV_START)
    for byte in text.encode():
        value = (value ^ byte) * int(_FNV_PRIME) & (1 << 64) - 1
    return value
