"""Charts as marks with places."""

import pytest

from netad.core.timing import SECOND_NS, parse_time
from netad.outputs.report.charts import (
    HEIGHT,
    LEFT,
    MOST_BINS,
    MOST_DOTS,
    MOST_TITLES,
    WIDTH,
    Span,
    bytes_chart,
    interval_chart,
    score_chart,
    severity_kind,
    timeline,
)

START_NS = parse_time("2026-01-11T06:00:00Z")
HOUR_NS = 3600 * SECOND_NS


def hours(*values, **fields):
    return [Span(START_NS + hour * HOUR_NS, START_NS + (hour + 1) * HOUR_NS, **dict.fromkeys(fields, value),
                 kind="high" if "score" in fields and value > 0.5 else "")
            for hour, value in enumerate(values)]  # fmt: skip


@pytest.mark.parametrize(("number", "kind"), [(99, "critical"), (98, "high"), (73, "high"), (47, "medium"), (3, "low")])
def test_a_severity_is_the_one_at_or_below(number, kind):
    """ECS leaves numbers free, and rules of others may lower to any."""
    assert severity_kind(number) == kind


def test_scores_are_bars_beside_the_threshold():
    """Higher is nearer the top; what is no anomaly is quiet; the words say what the picture shows."""
    chart = score_chart(hours(0.1, 0.9, 0.5, score=0), 0.6)
    assert [bar.kind for bar in chart.bars] == ["quiet", "high", "quiet"]
    assert chart.bars[1].height > chart.bars[2].height > chart.bars[0].height
    assert chart.bars[1].title == "2026-01-11 07:00:00 UTC: score 0.900"
    (threshold,) = chart.rules
    assert chart.bars[1].y < threshold.y < chart.bars[2].y
    assert chart.told == ("Scores of 3 windows from 2026-01-11 06:00:00 UTC on, 1 of them anomalous; "
                          "the highest is 0.900, the threshold 0.600.")  # fmt: skip


def test_many_marks_have_no_titles():
    """They would take more room than the marks."""
    assert not any(bar.title for bar in score_chart(hours(*[0.5] * (MOST_TITLES + 1), score=0), 0.6).bars)
    assert not any(bar.title for bar in score_chart(hours(0.5, score=0), 0.6, titles=False).bars)


def test_bytes_go_up_and_down_from_one_line():
    """Sent above, received below, both on one scale; nothing is no bar."""
    spans = [
        Span(START_NS, START_NS + HOUR_NS, bytes_out=1000, bytes_in=500),
        Span(START_NS + HOUR_NS, START_NS + 2 * HOUR_NS),
    ]
    chart = bytes_chart(spans, "Bytes")
    out, received = chart.bars
    (axis,) = chart.rules
    assert (out.kind, received.kind) == ("out", "in")
    assert out.y + out.height == received.y == axis.y
    assert out.height == pytest.approx(2 * received.height, rel=0.2)
    assert chart.told.startswith("1 kB sent and 500 bytes received between 2026-01-11 06:00:00 UTC and")


def test_every_mark_lies_in_the_drawing():
    """Also of the smallest and the largest values."""
    spans = hours(0, 1, 10**15, bytes_out=0, bytes_in=0)
    for chart in (bytes_chart(spans, "Bytes"), score_chart(hours(0, 1, score=0), 1)):
        for bar in chart.bars:
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
            assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH


def test_intervals_are_dots_around_the_usual_one():
    """A late contact lies above, an early one below; what is far off is at the top and does not flatten the rest."""
    times = [START_NS + second * SECOND_NS for second in (0, 60, 115, 180, 2000)]
    chart = interval_chart(times, 60.0)
    (usual,) = chart.rules
    assert [y < usual.y for _, y in chart.dots] == [False, False, True, True]
    assert min(y for _, y in chart.dots) == chart.dots[3][1] > 0
    assert chart.told == ("5 contacts; half of the intervals are 62.5 s or shorter, the shortest 55 s, "
                          "the longest 30m20s.")  # fmt: skip


def test_two_contacts_are_no_rhythm():
    """One interval is drawn nowhere; the latest of very many contacts are."""
    assert interval_chart([START_NS, START_NS, START_NS + SECOND_NS], 1.0) is None
    assert len(interval_chart([START_NS + n * SECOND_NS for n in range(2000)], 1.0).dots) == MOST_DOTS - 1


def test_the_timeline_counts_by_lane_and_time():
    """Anomalies of one lane and time are one mark with their number."""
    counts = [("high", START_NS, 2), ("high", START_NS, 1), ("low", START_NS + 2 * HOUR_NS, 1)]
    chart = timeline(counts, ["high", "low"], HOUR_NS)
    assert [(bar.kind, bar.text) for bar in chart.bars] == [("high", "3"), ("low", "1")]
    assert chart.bars[0].title == "3 anomalies (high) from 2026-01-11 06:00:00 UTC, 1h"
    assert chart.told.startswith("3 high, 1 low, the first in the window from 2026-01-11 06:00:00 UTC")
    assert timeline([], ["high"], HOUR_NS) is None


@pytest.mark.parametrize("days", [0, 1, 30, 4000])
def test_the_timeline_has_a_bounded_number_of_bins(days):
    """However long the time is."""
    counts = [("high", START_NS, 1), ("high", START_NS + days * 86_400 * SECOND_NS, 1)]
    chart = timeline(counts, ["high"], HOUR_NS)
    assert all(bar.x + bar.width <= chart.right for bar in chart.bars)
    assert chart.bars[0].width >= (chart.right - chart.left) / (MOST_BINS + 2) - 2
