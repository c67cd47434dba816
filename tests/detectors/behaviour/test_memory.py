import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.detectors.behaviour.memory import Memory, Prevalence

COLUMNS = [("key", "u8"), ("time_ns", "i8")]


def uints(*values):
    return np.array(values, dtype=np.uint64)


def test_old_rows_go():
    """By their own time, and they are not counted as forgotten."""
    memory = Memory(COLUMNS, most=10, age_ns=5)
    memory.add(0, key=uints(1, 2), time_ns=np.array([0, 3]))
    memory.add(7, key=uints(3), time_ns=np.array([7]))
    assert memory.rows["key"].tolist() == [2, 3]
    assert memory.forgotten == 0
    assert memory.has("key", uints(1, 2, 3)).tolist() == [False, True, True]


@given(st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=6))
def test_bounds_hold_and_are_counted(parts):
    """Never more rows than allowed, in all and for each value; the newest stay; every other one was counted."""
    memory = Memory(COLUMNS, most=7, each={"key": 3}, age_ns=1 << 62)
    everything: list[int] = []
    for part in parts:
        memory.add(0, key=uints(*part), time_ns=np.zeros(len(part)))
        everything += part
    kept = memory.rows["key"].tolist()
    assert len(kept) <= 7
    assert all(kept.count(key) <= 3 for key in set(kept))
    assert len(kept) + memory.forgotten == len(everything)
    assert kept == [] or kept[-1] == everything[-1]


def test_what_is_not_needed_goes_silently():
    """More than `needed` of a value tells nothing."""
    memory = Memory(COLUMNS, most=100, needed={"key": 2}, age_ns=1 << 62)
    memory.add(0, key=uints(1, 1, 1, 2), time_ns=np.arange(4))
    assert memory.rows["time_ns"].tolist() == [1, 2, 3]
    assert memory.forgotten == 0


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6), max_size=5))
def test_prevalence_counts_distinct_sources(parts):
    """Of each thing, over all parts."""
    prevalence, met = Prevalence(), set()
    for part in parts:
        prevalence.add(uints(*(thing for thing, _ in part)), uints(*(source for _, source in part)))
        met |= set(part)
    counts = prevalence.count(uints(0, 1, 2, 3)).tolist()
    assert counts == [len({source for thing, source in met if thing == one}) for one in range(4)]
    assert prevalence.sources == len({source for _, source in met})


def test_prevalence_is_bounded():
    """Pairs beyond the bound are counted as forgotten."""
    prevalence = Prevalence(most=3)
    prevalence.add(uints(1, 2, 3, 4, 5), uints(1, 1, 1, 1, 1))
    assert prevalence.forgotten == 2
    assert sum(prevalence.count(uints(1, 2, 3, 4, 5)).tolist()) == 3
