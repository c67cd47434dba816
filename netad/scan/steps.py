"""Arrivals in steps: what is read together, in the order of its traffic, before it is kept how far the scan has got."""

from collections.abc import Sequence
from typing import Final

from netad.ingest.logs.detect import Format
from netad.scan.inbox import Arrival

# Logs of one hour belong together; more are taken until there is so much to read.
_BYTES: Final = 64 << 20


def in_steps(arrivals: Sequence[Arrival], window_ns: int) -> list[list[Arrival]]:
    """Return the arrivals, which are in the order of their traffic, in steps.

    Each capture is one. Logs that begin in the same window are read together, with captures of that time: what one of
    them says of a window is late when the other was read long before.
    """
    steps: list[list[Arrival]] = []
    size = 0
    for arrival in arrivals:
        step = steps[-1] if steps else []
        captures = all(one.source.format is Format.CAPTURE for one in (*step, arrival))
        if not step or captures or (_window(arrival, window_ns) > _window(step[-1], window_ns) and size >= _BYTES):
            steps.append([arrival])
            size = 0
        else:
            step.append(arrival)
        size += arrival.stat.st_size
    return steps


def _window(arrival: Arrival, window_ns: int) -> int:
    return (arrival.source.time_ns or 0) // window_ns
