"""Charts as marks with places: what the template draws as SVG. Sizes are those of the drawing, not of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from netad.core.figures import figure, size
from netad.core.timing import SECOND_NS, format_duration, iso
from netad.detectors.anomaly import Severity
from netad.outputs.event_words import moment
from netad.outputs.report.scales import Scale, number_ticks, time_ticks
from netad.outputs.wording import counted, score_text

WIDTH, HEIGHT = 440, 150
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 14, 24
WIDE, LANE = 960, 26
MOST_BINS = 36
LEAST_BAR = 1.5
# Where there are more marks, none says anything of its own when pointed at: they take a tenth of the room.
MOST_TITLES = 32
MOST_DOTS = 400


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `kind` is its class, `title` what it says when pointed at (may be empty), `text` stands on it."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the whole drawing at a height, with a label at its right end."""

    y: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its heading and, for those who do not see it, what it shows in one sentence."""

    heading: str
    told: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bars: Sequence[Bar] = ()
    dots: Sequence[tuple[float, float]] = ()
    rules: Sequence[Rule] = ()
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    legend: Sequence[tuple[str, str]] = ()

    @property
    def right(self) -> float:
        """Where the lines of the grid end."""
        return self.width - RIGHT


@dataclass(frozen=True, slots=True)
class Span:
    """Something measured over a stretch of time; `kind` says how it is drawn."""

    start_ns: int
    end_ns: int
    kind: str = ""
    score: float = 0.0
    bytes_out: int = 0
    bytes_in: int = 0

    @property
    def when(self) -> str:
        """When it began, in words."""
        return f"{moment(iso(self.start_ns))} UTC"


def severity_kind(severity: int) -> str:
    """Return the class of marks of this severity: that at or below the number, as ECS leaves numbers free."""
    at_most = [one for one in Severity if one <= severity] or [Severity.LOW]
    return max(at_most).name.lower()


def score_chart(windows: Sequence[Span], threshold: float, titles: bool = True) -> Chart:
    """Return the score of each known window of a source beside the threshold."""
    x, y = _time_scale(windows), Scale(0, 1, HEIGHT - BOTTOM, TOP)
    titled = titles and len(windows) <= MOST_TITLES
    bars = [
        _bar(x, one, y(one.score), y(0), one.kind or "quiet", f"score {score_text(one.score)}", titled)
        for one in windows
    ]
    above = sum(1 for one in windows if one.kind)
    return Chart(
        heading="Score by window",
        told=f"Scores of {counted(len(windows), 'window')} from {windows[0].when} on, {above:,} of them anomalous; "
        f"the highest is {score_text(max(one.score for one in windows))}, the threshold {score_text(threshold)}.",
        bars=bars,
        rules=[Rule(y(threshold), "limit", f"threshold {score_text(threshold)}")],
        x_ticks=_time_axis(x),
        y_ticks=[Tick(y(value), figure(value)) for value in (0.0, 0.5, 1.0)],
    )


def bytes_chart(spans: Sequence[Span], heading: str, titles: bool = True) -> Chart:
    """Return bytes sent (upwards) and received (downwards) over time."""
    x, titled = _time_scale(spans), titles and len(spans) <= MOST_TITLES
    most = max(1, *(max(one.bytes_out, one.bytes_in) for one in spans))
    up, down = Scale(0, most, HEIGHT / 2 - 6, TOP), Scale(0, most, HEIGHT / 2 - 6, HEIGHT - BOTTOM)
    bars = []
    for one in spans:
        bars.append(_bar(x, one, up(one.bytes_out), up(0), "out", f"{size(one.bytes_out)} sent", titled))
        bars.append(_bar(x, one, down(0), down(one.bytes_in), "in", f"{size(one.bytes_in)} received", titled))
    ticks = number_ticks(most, 2)
    out, received = (sum(getattr(one, name) for one in spans) for name in ("bytes_out", "bytes_in"))
    return Chart(
        heading=heading,
        told=f"{size(out)} sent and {size(received)} received between {spans[0].when} and "
        f"{moment(iso(spans[-1].end_ns))} UTC.",
        bars=[bar for bar in bars if bar.height > 0],
        rules=[Rule(up(0), "axis", "")],
        x_ticks=_time_axis(x),
        y_ticks=[Tick(up(value), size(int(value))) for value in ticks]
        + [Tick(down(value), size(int(value))) for value in ticks[1:]],
        legend=(("out", "sent (up)"), ("in", "received (down)")),
    )


def interval_chart(times_ns: Sequence[int], usual_s: float) -> Chart | None:
    """Return the time from each contact to the one before it; None for fewer than three contacts."""
    times = sorted(set(times_ns))[-MOST_DOTS:]
    gaps = [(later, (later - earlier) / SECOND_NS) for earlier, later in pairwise(times)]
    if len(gaps) < 2:
        return None
    # What is far above the usual interval would flatten all else: it is drawn at the top.
    high = max(min(max(gap for _, gap in gaps), 4 * usual_s), usual_s * 1.5)
    x = Scale(times[0], times[-1], LEFT, WIDTH - RIGHT)
    y = Scale(0, high, HEIGHT - BOTTOM, TOP)
    dots = [(x(when), y(gap)) for when, gap in gaps]
    middle = median(gap for _, gap in gaps)
    return Chart(
        heading="Interval between contacts",
        told=f"{counted(len(times), 'contact')}; half of the intervals are {_seconds(middle)} or shorter, "
        f"the shortest {_seconds(min(gap for _, gap in gaps))}, the longest {_seconds(max(gap for _, gap in gaps))}.",
        dots=dots,
        rules=[Rule(y(usual_s), "limit", f"every {_seconds(usual_s)}")],
        x_ticks=[Tick(x(when), label) for when, label in time_ticks(times[0], times[-1], 5)],
        y_ticks=[Tick(y(value), _seconds(value)) for value in number_ticks(high)],
    )


def timeline(counts: Iterable[tuple[str, int, int]], lanes: Sequence[str], window_ns: int) -> Chart | None:
    """Return how many anomalies of each lane began when, of (lane, start in ns, count); None where there are none.

    `window_ns` is the length of the shortest window.
    """
    given = list(counts)
    if not given:
        return None
    first, last = min(start for _, start, _ in given), max(start for _, start, _ in given)
    width_ns = _bin_width(last - first, window_ns)
    earliest, first = first, first // width_ns * width_ns
    bins = (last - first) // width_ns + 1
    x = Scale(0, max(bins, 12), LEFT + 26, WIDE - RIGHT)
    cells: dict[tuple[int, int], int] = {}
    for lane, start, count in given:
        place = lanes.index(lane), (start - first) // width_ns
        cells[place] = cells.get(place, 0) + count
    bars = [
        Bar(x(number) + 1, TOP + row * LANE + 2, x(1) - x(0) - 2, LANE - 4, lanes[row],
            f"{counted(count, 'anomaly', 'anomalies')} ({lanes[row]}) from {moment(iso(first + number * width_ns))} "
            f"UTC, {format_duration(width_ns)}", _short(count))
        for (row, number), count in sorted(cells.items())
    ]  # fmt: skip
    end = first + max(bins, 12) * width_ns
    by_lane = {lane: sum(count for name, _, count in given if name == lane) for lane in lanes}
    return Chart(
        heading="Anomalies over time",
        told=", ".join(f"{count:,} {lane}" for lane, count in by_lane.items() if count)
        + f", the first in the window from {moment(iso(earliest))} UTC, the last from {moment(iso(last))} UTC.",
        width=WIDE,
        height=TOP + len(lanes) * LANE + BOTTOM,
        left=LEFT + 26,
        bars=bars,
        x_ticks=[Tick(x((when - first) / width_ns), label) for when, label in time_ticks(first, end, 10)],
        y_ticks=[Tick(TOP + row * LANE + LANE / 2, lane) for row, lane in enumerate(lanes)],
    )


def _short(count: int) -> str:
    """Return a count that fits on a mark."""
    return f"{count}" if count < 1000 else f"{count / 1000:.2g}k" if count < 99_500 else ">99k"


def _bin_width(span_ns: int, window_ns: int) -> int:
    """Return the width of bins, whole minutes and no less than a window, so that `MOST_BINS` hold the span."""
    minute = 60 * SECOND_NS
    steps = (1, 5, 15, 30, 60, 120, 180, 360, 720, 1440)
    wanted = max(span_ns / MOST_BINS, window_ns)
    fitting = (step * minute for step in steps if step * minute >= wanted)
    return next(fitting, (int(wanted) // (1440 * minute) + 1) * 1440 * minute)


def _time_scale(spans: Sequence[Span]) -> Scale:
    return Scale(spans[0].start_ns, max(one.end_ns for one in spans), LEFT, WIDTH - RIGHT)


def _time_axis(x: Scale) -> list[Tick]:
    return [Tick(x(when), label) for when, label in time_ticks(int(x.low), int(x.high), 5)]


def _bar(x: Scale, span: Span, top: float, bottom: float, kind: str, told: str, titled: bool) -> Bar:
    """Return the bar of a span, which says `told` when pointed at if it is `titled`."""
    left, right = x(span.start_ns), x(span.end_ns)
    gap = 1 if right - left > 4 else 0
    height = bottom - top
    shown = max(height, LEAST_BAR) if height > 0 else 0.0
    y = top if kind == "in" else bottom - shown
    title = f"{span.when}: {told}" if titled else ""
    return Bar(left + gap / 2, y, round(max(right - left - gap, LEAST_BAR), 1), shown, kind, title)


def _seconds(seconds: float) -> str:
    return f"{figure(seconds)} s" if seconds < 120 else format_duration(round(seconds) * SECOND_NS)
