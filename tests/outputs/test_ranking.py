"""Sources ranked in bounded memory."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.ranking import KEPT_WINDOWS, Ranking

HOUR_NS = 3600 * 10**9


def event_of(source, score, number=0):
    """The part of an anomaly event that ranking looks at."""
    return {
        "source": {"ip": source},
        "event": {"id": f"{source}-{number}", "start": f"2026-01-11T{number:02d}:00:00.000Z", "severity": 47},
        "netad": {"anomaly": {"score": score, "window": "1h"}},
    }


def test_the_worst_window_stays_whole_whenever_it_comes(anomaly, origin):
    """Others of the source become lines, the highest score first kept."""
    ranking = Ranking()
    for hour, score in enumerate([0.5, 0.9, 0.7]):
        start = anomaly.window_start_ns + hour * HOUR_NS
        moved = replace(anomaly, score=score, window_start_ns=start, window_end_ns=start + HOUR_NS)
        ranking.add(anomaly_event(moved, origin, "now"))
    (found,) = ranking.best()
    assert found.worst["netad"]["anomaly"]["score"] == 0.9
    assert sorted(window.score for window in found.others) == [0.5, 0.7]
    assert found.windows == 3


def test_lines_of_a_source_are_bounded():
    """A source that is anomalous for days keeps its highest windows and a count."""
    ranking = Ranking()
    for number in range(24):
        ranking.add(event_of("10.0.0.1", number / 100, number))
    (found,) = ranking.best()
    assert found.windows == 24
    assert sorted(window.score for window in found.others) == [n / 100 for n in range(23 - KEPT_WINDOWS, 23)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 100)), max_size=60))
def test_no_window_is_lost_from_the_count(pairs):
    """Listed and unlisted windows are all there were, and sources come by score."""
    ranking = Ranking(kept=3)
    for number, (source, score) in enumerate(pairs):
        ranking.add(event_of(f"10.0.0.{source}", score / 100, number % 24))
    best = ranking.best()
    scores = [found.worst["netad"]["anomaly"]["score"] for found in best]
    assert scores == sorted(scores, reverse=True)
    assert len(best) <= 3
    assert sum(found.windows for found in best) + ranking.unlisted() == len(pairs)
    if pairs:
        assert scores[0] == max(score for _, score in pairs) / 100


@pytest.mark.parametrize("step", [1, -1])
def test_equal_scores_rank_the_same_in_any_order(step):
    """The report does not depend on the order of arrival."""
    ranking = Ranking()
    for source in ["10.0.0.1", "10.0.0.2", "10.0.0.3"][::step]:
        ranking.add(event_of(source, 0.5))
    assert [found.worst["source"]["ip"] for found in ranking.best()] == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]


def test_scores_that_ended_at_one_rank_by_rarity():
    """Scores end at one in a million; what is rarer still comes first all the same."""
    ranking = Ranking()
    for source, tail in [("10.0.0.1", 1e-9), ("10.0.0.3", 1e-7), ("10.0.0.2", 1e-8)]:
        event = event_of(source, 1.0)
        event["netad"]["anomaly"]["tail"] = tail
        ranking.add(event)
    assert [found.worst["source"]["ip"] for found in ranking.best()] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
