"""When things happen: the working day, each host's presence in it, and reproducible random times and sizes."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from netad.core.timing import SECOND_NS, parse_time

HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
FIRST_MORNING_NS = parse_time("2026-03-02T08:00:00Z")  # a Monday; the office lives in UTC

Level = Callable[[int], float]

_HIGHEST_LEVEL = 3.0
# How busy people are by the hour of the day, before lunch, arrival and departure.
_BY_HOUR = (0, 0, 0, 0, 0, 0, 0.3, 0.7, 0.9, 1.1, 1.2, 1.0, 0.9, 0.9, 1.1, 1.1, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
_LUNCH_LEVEL = 0.2


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of packet time, `end_ns` excluded."""

    start_ns: int
    end_ns: int

    @property
    def length_ns(self) -> int:
        """How long it is, in ns."""
        return self.end_ns - self.start_ns

    def at(self, share: float) -> int:
        """Return the time at a share (0..1) of the span, in ns."""
        return self.start_ns + int(self.length_ns * share)


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody works, as seconds of the day, and what `moods` (24, by hour) make of each hour."""

    arrive_s: int
    leave_s: int
    lunch_s: int
    lunch_length_s: int
    moods: tuple[float, ...]

    def level(self, time_ns: int) -> float:
        """Return how busy the person is, 0 when away, about 1 on average when there."""
        second = time_ns // SECOND_NS % 86_400
        if not self.arrive_s <= second < self.leave_s:
            return 0.0
        busy = _BY_HOUR[second // 3600] * self.moods[second // 3600]
        at_lunch = self.lunch_s <= second < self.lunch_s + self.lunch_length_s
        return min(_HIGHEST_LEVEL, busy * (_LUNCH_LEVEL if at_lunch else 1.0))

    def there(self, time_ns: int) -> float:
        """Return 1 while the machine of that person is on, else 0."""
        return 1.0 if self.arrive_s - 120 <= time_ns // SECOND_NS % 86_400 < self.leave_s + 300 else 0.0


def working_day(day: int, hours: float) -> Span:
    """Return the span of working day `day` (1 is the first Monday, 6 the Monday after), from 08:00."""
    weeks, weekday = divmod(day - 1, 5)
    start = FIRST_MORNING_NS + (7 * weeks + weekday) * DAY_NS
    return Span(start, start + round(hours * 3600) * SECOND_NS)


def random_stream(*parts: int | str) -> Random:
    """Return a random generator that depends on the parts alone: the same parts, the same numbers."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - traffic, not secrets


def always(_time_ns: int) -> float:
    """Be a level that is 1 at any time."""
    return 1.0


def heavy(rng: Random, median: float, sigma: float, ceiling: int) -> int:
    """Draw a lognormal size of at least 1 and at most `ceiling`."""
    return max(1, min(ceiling, int(median * math.exp(rng.gauss(0.0, sigma)))))


def arrivals(rng: Random, span: Span, per_hour: float, level: Level = always) -> Iterator[int]:
    """Yield the times (ns) of a Poisson process of `per_hour` times the level at that time, by thinning."""
    if per_hour <= 0:
        return
    mean_ns = HOUR_NS / (per_hour * _HIGHEST_LEVEL)
    time = span.start_ns + int(rng.expovariate(1.0) * mean_ns)
    while time < span.end_ns:
        if rng.random() * _HIGHEST_LEVEL < level(time):
            yield time
        time += 1 + int(rng.expovariate(1.0) * mean_ns)


def every(rng: Random, span: Span, interval_s: float, jitter: float, level: Level = always) -> Iterator[int]:
    """Yield times (ns) one interval apart, each off by up to `jitter` (share of it), from a random phase on."""
    time = span.start_ns + int(rng.random() * interval_s * SECOND_NS)
    while time < span.end_ns:
        if level(time) > 0:
            yield time
        time += max(1, int(interval_s * SECOND_NS * (1 + jitter * (2 * rng.random() - 1))))
