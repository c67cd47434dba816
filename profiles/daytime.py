"""Which times lie in the night of a time zone."""

from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from netad.core.timing import SECOND_NS
from netad.profiles.groups import Mask

Int64 = NDArray[np.int64]

NIGHT_FROM, NIGHT_TO = 22, 6  # o'clock
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S, _QUARTER_S = 86_400, 900


def is_night(times_ns: Int64, zone: tzinfo) -> Mask:
    """Tell which times (ns since the epoch) lie between 22 and 6 o'clock in a time zone, shape (n,)."""
    seconds = times_ns // SECOND_NS
    if zone is not UTC:
        seconds = seconds + _offsets(seconds, zone)
    hour = seconds % _DAY_S // 3600
    return np.asarray((hour >= NIGHT_FROM) | (hour < NIGHT_TO))


def _offsets(seconds: Int64, zone: tzinfo) -> Int64:
    """Return what to add to UTC, in s, shape (n,): asked for once a day, each quarter of an hour where it changes."""
    days, place = np.unique(seconds // _DAY_S, return_inverse=True)
    begin = np.array([_offset(day * _DAY_S, zone) for day in days.tolist()])
    end = np.array([_offset((day + 1) * _DAY_S, zone) for day in days.tolist()])
    result = begin[place]
    changing = np.flatnonzero((begin != end)[place])
    quarters, where = np.unique(seconds[changing] // _QUARTER_S, return_inverse=True)
    exact = np.array([_offset(quarter * _QUARTER_S, zone) for quarter in quarters.tolist()], dtype=np.int64)
    result[changing] = exact[where]
    return result


def _offset(seconds: int, zone: tzinfo) -> int:
    offset = zone.utcoffset((_EPOCH + timedelta(seconds=seconds)).astimezone(zone))
    return 0 if offset is None else round(offset.total_seconds())
