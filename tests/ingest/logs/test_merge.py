"""Tests of netad.ingest.logs.merge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.ingest.logs import merge as module
from netad.ingest.logs.merge import Lane, merged


def flows(*times):
    return FlowBatch({"last_ns": np.array(times, np.int64)}, ("f",))


def facts(*times):
    return FactBatch(FactKind.DNS, {"time_ns": np.array(times, np.int64)}, ("d",))


def lane(*stretches, begin=0):
    return Lane(begin, lambda: iter([list(stretch) for stretch in stretches]))


def said(batches):
    """Return the kind and the times of every batch."""
    return [("flows", one["last_ns"].tolist()) if isinstance(one, FlowBatch) else ("facts", one["time_ns"].tolist())
            for one in batches]  # fmt: skip


def test_none_runs_ahead_of_another():
    """Within a step facts come first, and both are cut there."""
    lanes = [lane([flows(0, 5, 10, 25)]), lane([facts(1, 11)], [facts(12, 26)], begin=1)]
    assert said(merged(lanes, 10)) == [
        ("facts", [1]), ("flows", [0, 5]), ("facts", [11]), ("flows", [10]), ("facts", [12]), ("facts", [26]),
        ("flows", [25]),
    ]  # fmt: skip


def test_a_lane_alone_is_not_cut():
    """There is nothing to wait for."""
    assert said(merged([lane([flows(0, 100, 1000)])], 10)) == [("flows", [0, 100, 1000])]


def test_a_stretch_is_put_in_order():
    """Lanes are only nearly sorted."""
    assert said(merged([lane([flows(5, 0, 3)])], 10)) == [("flows", [0, 3, 5])]


def test_without_a_step_nothing_is_cut():
    """Stretches come in the order in which they begin."""
    lanes = [lane([flows(5, 50)], [flows(51)], begin=5), lane([facts(7)], begin=7), lane([flows(0, 60)])]
    assert said(merged(lanes, None)) == [("flows", [0, 60]), ("flows", [5, 50]), ("facts", [7]), ("flows", [51])]


def test_lanes_are_opened_when_their_time_comes():
    """So that a tree of rotated logs holds few files open; one whose time is not known is opened at once."""
    opened = []

    def watched(name, begin, *stretches):
        def start():
            opened.append(name)
            yield from ([stretch] for stretch in stretches)

        return Lane(begin, start)

    reading = merged(
        [watched("late", 1000, flows(1000)), watched("early", 0, flows(0), flows(5)), watched("now", None, facts(2))],
        10,
    )
    next(reading)
    assert sorted(opened) == ["early", "now"]
    assert [time for _, times in said(reading) for time in times][-1] == 1000


def test_no_more_than_so_many_are_open(monkeypatch):
    """Others wait until one has ended; nothing is lost."""
    monkeypatch.setattr(module, "_OPEN_MAX", 2)
    lanes = [lane([flows(0)], [flows(n)]) for n in range(1, 6)]
    assert sorted(time for _, times in said(merged(lanes, 10)) for time in times) == [0] * 5 + [1, 2, 3, 4, 5]


@pytest.mark.parametrize("step", [10, None])
def test_empty_lanes(step):
    """Nothing comes of nothing."""
    assert said(merged([lane(), lane([flows()]), lane([], [facts()])], step)) == []
    assert said(merged([], step)) == []


@given(st.lists(st.lists(st.lists(st.integers(0, 100), max_size=5), max_size=4), max_size=4), st.integers(1, 50))
def test_everything_comes_once_and_in_steps(lanes, step):
    """Of sorted lanes nothing comes after something that is a step later."""
    sources = []
    for number, lengths in enumerate(lanes):
        stretches, now = [], 0
        for stretch in lengths:
            times = []
            for wait in stretch:
                now += wait
                times.append(now)
            stretches.append([facts(*times) if number % 2 else flows(*times)])
        first = next((batch["time_ns" if number % 2 else "last_ns"][0] for (batch,) in stretches if len(batch)), 0)
        sources.append((int(first), stretches))
    found = [time for _, times in said(merged([lane(*s, begin=b) for b, s in sources], step)) for time in times]
    expected = [time for _, s in sources for (batch,) in s for time in next(iter(batch.columns.values())).tolist()]
    assert sorted(found) == sorted(expected)
    latest = 0
    for time in found:
        assert time > latest - step
        latest = max(latest, time)
