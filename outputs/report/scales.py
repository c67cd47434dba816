"""Axes of charts: where a value lies, and which round values get a label."""

from dataclasses import dataclass
from math import floor, log10

from netad.core.timing import SECOND_NS, iso

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS = (1, 5, 15, 30, *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)), *(_HOUR * n for n in (1, 2, 3, 6, 12)),
          *(_DAY * n for n in (1, 2, 7, 14, 28, 91, 364)))  # fmt: skip
MOST_TICKS = 50


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values in [low, high] to places in [start, end] of a drawing, linearly; others to the nearer end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value lies."""
        if self.high <= self.low:
            return self.start
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return self.start + share * (self.end - self.start)


def number_ticks(high: float, most: int = 3) -> list[float]:
    """Return round values from 0 up to `high`, about `most` of them after 0, in steps of 1, 2 or 5 times 10^n."""
    if high <= 0:
        return [0.0]
    rough = high / most
    magnitude = 10.0 ** floor(log10(rough))
    steps = [factor * magnitude for factor in (1, 2, 5, 10)]
    wide = next(step for step in steps if step >= rough * 0.999)
    step = wide if wide <= high else max(step for step in steps if step <= high)
    return [step * number for number in range(int(high / step + 1e-9) + 1)]


def time_ticks(start_ns: int, end_ns: int, most: int = 6) -> list[tuple[int, str]]:
    """Return round moments in [start_ns, end_ns] with labels: times of day, or dates where they are days apart.

    A date has its year where the axis goes over the end of one.
    """
    span_s = max(end_ns - start_ns, SECOND_NS) / SECOND_NS
    step = next((step for step in _STEPS if span_s / step <= most), _STEPS[-1]) * SECOND_NS
    first = -(-start_ns // step) * step
    moments = range(first, end_ns + 1, step)[:MOST_TICKS]
    if step >= _DAY * SECOND_NS:
        digits = 0 if iso(start_ns)[:4] != iso(end_ns)[:4] else 5
        return [(moment, iso(moment)[digits:10]) for moment in moments]
    digits = 16 if step >= _MINUTE * SECOND_NS else 19
    return [(moment, iso(moment)[11:digits]) for moment in moments]
