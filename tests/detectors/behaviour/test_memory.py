import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import StateError
from netad.detectors.behaviour.memory import Memory, Prevalence, Remembers

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


@given(st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=6), st.integers(0, 5))
def test_memory_and_prevalence_are_carried(parts, cut):
    """Wherever others go on: the same rows, the same counts, the same number forgotten."""

    def remembered(place):
        memory, prevalence = Memory(COLUMNS, most=7, each={"key": 3}, age_ns=1 << 62), Prevalence(most=6)
        for number, part in enumerate(parts):
            if number == place:
                states = memory.carry(), prevalence.carry()
                memory, prevalence = Memory(COLUMNS, most=7, each={"key": 3}, age_ns=1 << 62), Prevalence(most=6)
                memory.resume(states[0])
                prevalence.resume(states[1])
            memory.add(0, key=uints(*part), time_ns=np.full(len(part), number))
            prevalence.add(uints(*part), uints(*(value % 3 for value in part)))
        things = prevalence.count(uints(*range(5))).tolist()
        return memory.rows.tolist(), memory.forgotten, things, prevalence.sources, prevalence.forgotten

    assert remembered(cut) == remembered(-1)


def test_a_memory_of_other_columns_is_refused():
    """A state whose rows mean something else is never read as if they meant the same."""
    with pytest.raises(StateError):
        Memory([("time_ns", "i8")], most=1, age_ns=1).resume(Memory(COLUMNS, most=1, age_ns=1).carry())


class Watcher(Remembers):
    """What a behaviour may have: settings, memories, arrays, numbers."""

    def __init__(self) -> None:
        self._p = self._inside = object()
        self._met = Memory(COLUMNS, most=7, age_ns=1)
        self._known = uints(1, 2)
        self._turn = 3


def test_what_remembers_carries_all_it_has():
    """Every attribute but parameters and networks comes back."""
    one, other = Watcher(), Watcher()
    one._turn, one._known = 8, uints(9)
    one._met.add(0, key=uints(5), time_ns=np.array([6]))
    other.resume(one.carry())
    assert set(one.carry()) == {"_met", "_known", "_turn"}
    assert (other._turn, other._known.tolist(), other._met.rows.tolist()) == (8, [9], [(5, 6)])


@pytest.mark.parametrize("value", [{1}, {}, None, 1.5, True])
def test_what_cannot_be_carried_is_said(value):
    """An attribute of another kind would be forgotten: that is a mistake of the program, not a silent one."""
    watcher = Watcher()
    watcher._more = value
    with pytest.raises(TypeError, match="_more"):
        watcher.carry()
