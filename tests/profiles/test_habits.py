import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.profiles import habits as module
from netad.profiles.habits import BASELINE_FLOWS, LEAST_SHARE, Habits

ENTRIES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(1, 100)), max_size=30)


def habits(*entries):
    """Habits of (host, item, flows) entries."""
    columns = list(zip(*entries, strict=True)) or [(), (), ()]
    host, item = (np.array(column, dtype=np.uint64) for column in columns[:2])
    return Habits.of(host, item, np.array(columns[2], dtype=np.int64))


def whole(items):
    return np.array(items, dtype=np.uint64)


def test_one_busy_host_is_not_the_norm():
    """The share of an item is the mean of the hosts' own shares, however many flows a host has."""
    known = habits((1, 7, 1_000_000), (2, 8, 1), (2, 7, 1))
    assert known.surprise(whole([7, 8, 9])).tolist() == pytest.approx(
        [-math.log(0.75 + LEAST_SHARE), -math.log(0.25 + LEAST_SHARE), -math.log(LEAST_SHARE)]
    )


def test_a_hosts_own_past_counts():
    """What a host does all the time surprises it less than what others do; a stranger is as surprised as all."""
    known = habits((1, 7, 990), (2, 8, 990))
    own = known.own_surprise(whole([1, 1, 3]), whole([7, 8, 8]))
    share = 0.5 * BASELINE_FLOWS / (990 + BASELINE_FLOWS)
    assert own.tolist() == pytest.approx(
        [-math.log((990 + 5) / 1000 + LEAST_SHARE), -math.log(share + LEAST_SHARE), -math.log(0.5 + LEAST_SHARE)]
    )


@given(ENTRIES, ENTRIES)
def test_merging_is_learning_from_both(one, other):
    """Habits that are merged are those of all entries together."""
    merged, together = habits(*one).merge(habits(*other)), habits(*one, *other)
    for name in ("host", "item", "count"):
        assert getattr(merged, name).tolist() == getattr(together, name).tolist()


@given(ENTRIES)
def test_pooled_hosts_are_one(entries):
    """The habits of a group are those of its hosts added up."""
    hosts = whole(range(4))
    pooled = habits(*entries).pooled(hosts, whole([5, 5, 6, 6]))
    expected = habits(*((5 + (host > 1), item, count) for host, item, count in entries))
    assert pooled.host.tolist() == expected.host.tolist()
    assert pooled.count.tolist() == expected.count.tolist()


def test_a_host_keeps_its_most_used_items(monkeypatch):
    """Of more items than a host may have the rarest are forgotten; other hosts lose nothing."""
    monkeypatch.setattr(module, "MOST_ITEMS_A_HOST", 2)
    known = habits((1, 5, 1), (1, 6, 9), (1, 7, 4), (2, 5, 1))
    assert list(zip(known.host.tolist(), known.item.tolist(), strict=True)) == [(1, 6), (1, 7), (2, 5)]


def test_without_habits_everything_surprises():
    """No host, no share."""
    empty = habits()
    assert empty.surprise(whole([1])).tolist() == pytest.approx([-math.log(LEAST_SHARE)])
    assert empty.own_surprise(whole([1]), whole([1])).tolist() == pytest.approx([-math.log(LEAST_SHARE)])
