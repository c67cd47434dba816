import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.profiles.item_set import LEAST_BITS, MOST_BITS, ItemSet, bits_within

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=50).map(lambda items: np.array(items, dtype=np.uint64))


def random_items(count, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


@given(HASHES, HASHES, st.integers(LEAST_BITS, MOST_BITS), st.integers(LEAST_BITS, MOST_BITS))
def test_what_was_put_in_is_found(one, other, bits, fewer):
    """Members are found in the set, after a cut, and in the union of sets of different lengths."""
    both = ItemSet.of(one, bits).union(ItemSet.of(other, fewer))
    assert ItemSet.of(one, bits).cut(fewer).holds(one).all()
    assert both.holds(np.concatenate((one, other))).all()
    assert both.sound()
    assert both.bits == min(bits, fewer)


@pytest.mark.parametrize("bits", [20, 24])
def test_strangers_are_mistaken_as_often_as_stated(bits):
    """The share of other items that are taken for members is the stated rate, within its chance."""
    items = ItemSet.of(random_items(50_000), bits)
    mistaken = items.holds(random_items(200_000, seed=1)).mean()
    deviation = np.sqrt(items.false_positive_rate / 200_000)
    assert abs(mistaken - items.false_positive_rate) < 4 * deviation


def test_nothing_is_in_an_empty_set():
    """An empty set holds nothing and is never wrong."""
    empty = ItemSet.of(np.empty(0, dtype=np.uint64))
    assert not empty.holds(random_items(3)).any()
    assert empty.false_positive_rate == 0
    assert len(empty.union(ItemSet.of(random_items(3)))) == 3


@pytest.mark.parametrize(
    ("bits", "heads"), [(40, [2, 1]), (40, [1, 1]), (12, [1 << 12]), (41, [1]), (LEAST_BITS - 1, [1])]
)
def test_unsound_sets_are_told(bits, heads):
    """Out of order, repeated, longer than its bits, of too many or too few bits."""
    assert not ItemSet(bits, np.array(heads, dtype=np.uint64)).sound()


def test_bits_are_given_up_only_where_it_helps():
    """Sets that fit keep all bits; else large ones lose bits, evenly in their rate of mistakes, and small ones none."""
    assert bits_within([1000, 0, 5], 1_000_000) == [MOST_BITS] * 3
    bits = bits_within([10_000_000, 2_500_000, 100], 20_000_000)
    assert bits[0] == bits[1] + 2 < MOST_BITS
    assert bits[2] == MOST_BITS
    assert bits_within([10_000_000], 1000)[0] >= LEAST_BITS
