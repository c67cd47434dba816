"""Verdicts by source and window."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ModelError
from netad.detectors.verdicts import FALSE_POSITIVE, TRUE_POSITIVE, Verdicts, left_out


def rows(*windows, source="10.0.0.1"):
    frame = pd.DataFrame(windows, columns=["window_start_ns", "window_end_ns"], index=range(7, 7 + len(windows)))
    return frame.assign(source=source)


TOLD = Verdicts.of([
    ("10.0.0.1", 10, 20, TRUE_POSITIVE),
    ("10.0.0.1", 30, 60, FALSE_POSITIVE),
    ("10.0.0.1", 70, 80, None),
    ("10.0.0.1", 80, 90, "maybe"),
    ("10.0.0.2", 0, 100, TRUE_POSITIVE),
])  # fmt: skip


@pytest.mark.parametrize(("window", "kind"), [
    ((10, 20), "true"), ((0, 11), "true"), ((19, 30), "true"), ((0, 100), "true"), ((0, 10), None), ((20, 30), None),
    ((30, 60), "false"), ((40, 50), "false"), ((29, 60), "open"), ((50, 61), "open"),
    ((70, 80), "open"), ((75, 76), "open"), ((85, 95), "open"), ((60, 70), None), ((90, 95), None),
])  # fmt: skip
def test_a_window_is_at_most_one_of_them(window, kind):
    """What touches a confirmed anomaly is true; what lies in a dismissed one is false; what else has one is open."""
    row = rows(window)
    found = {name: bool(getattr(TOLD, name)(row)[0]) for name in ("true", "false", "open")}
    assert found == {name: name == kind for name in found}
    assert not any(getattr(TOLD, name)(rows(window, source="10.0.0.3"))[0] for name in found)


def test_a_confirmed_anomaly_in_a_dismissed_window_wins():
    """Nothing that was an attack counts as normal."""
    told = Verdicts.of([("a", 0, 100, FALSE_POSITIVE), ("a", 10, 20, TRUE_POSITIVE)])
    window = rows((10, 20), (20, 30), source="a")
    assert (told.true(window).tolist(), told.false(window).tolist()) == ([True, False], [False, True])


def test_without_verdicts_nothing_is_said():
    """Neither of rows nor of no rows."""
    for told in (Verdicts(), Verdicts.of([])):
        assert not told.true(rows((0, 1))).any()
        assert not told.open(rows((0, 1))).any()
    assert TOLD.false(rows()).shape == (0,)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(1, 4),
                          st.sampled_from([TRUE_POSITIVE, FALSE_POSITIVE, None]))), st.randoms())  # fmt: skip
def test_the_order_of_rows_and_of_verdicts_does_not_matter(told, draw):
    """Each row is judged by itself."""
    spans = [(source, start, start + length, label) for source, start, length, label in told]
    verdicts = Verdicts.of(spans)
    draw.shuffle(spans)
    table = pd.concat([rows(*((start, start + 2) for start in range(10)), source=source) for source in "ab"])
    order = np.array(draw.sample(range(20), 20))
    for name in ("true", "false", "open"):
        assert (getattr(Verdicts.of(spans), name)(table.iloc[order]) == getattr(verdicts, name)(table)[order]).all()


def test_what_trains_is_told_apart():
    """True anomalies go, false alarms are counted; nothing is said where nothing was judged."""
    kept, notes = TOLD.to_learn_from(rows((10, 20), (30, 40), (200, 210)))
    assert kept["window_start_ns"].tolist() == [30, 200]
    assert notes == [
        "left out: 1 profile that analysts marked as true anomalies",
        "normal, however odd: 1 profile that analysts marked as false alarms",
    ]
    assert TOLD.to_learn_from(rows((200, 210)))[1] == []
    with pytest.raises(ModelError, match="none is left to learn from"):
        TOLD.to_learn_from(rows((10, 20)))
    assert left_out(np.array([True, True])) == "left out: 2 profiles that analysts marked as true anomalies"
