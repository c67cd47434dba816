import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import Networks
from netad.profiles.features import MEASURED_COLUMNS
from netad.profiles.groups import Contacts, Groups, dense_codes, is_inside, ratio


@given(st.lists(st.tuples(*[st.integers(0, 3) | st.integers(0, 2**64 - 1)] * 3), min_size=1, max_size=30))
def test_codes_are_ordered_as_the_rows(rows):
    """Codes number the distinct rows of the columns in ascending order, without gaps."""
    keys = [np.array(column, dtype=np.uint64) for column in zip(*rows, strict=True)]
    codes, size = dense_codes(*keys)
    expected = {row: code for code, row in enumerate(sorted(set(rows)))}
    assert codes.tolist() == [expected[row] for row in rows]
    assert size == len(expected)


def test_ratio_of_nothing():
    """A ratio to nothing is what the caller says."""
    assert ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]), -1.0).tolist() == [0.5, -1]


def test_contacts_of_a_group_that_met_none():
    """A group without contacts has no unique ones, no top share and no entropy."""
    met = Contacts(np.array([0, 0]), np.array([4, 7]), np.array([3, 1]), np.array([1, 0]), 2)
    assert met.unique().tolist() == [2, 0]
    assert met.top_share().tolist() == [0.75, 0]
    assert met.entropy().tolist() == pytest.approx([-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)), 0], abs=1e-6)


def test_link_local_is_inside_whatever_the_networks():
    """Link-local addresses count as inside though no network names them."""
    inside = Networks.parse(("10.0.0.0/8",))
    low = np.array([0xFFFF_0A000001, 0xFFFF_A9FE0001, 0xFFFF_08080808], dtype=np.uint64)
    assert is_inside(inside, np.zeros(3, dtype=np.uint64), low).tolist() == [True, True, False]


@given(data=st.data())
def test_the_order_of_slices_is_forgotten(data, flow_lists, make_batch, inside):
    """Any order of the same slices gives groups whose columns agree row by row, but for equal slices."""
    records = data.draw(flow_lists())
    shuffled = data.draw(st.permutations(records))
    one, other = (_groups(make_batch(rows), inside) for rows in (records, shuffled))
    assert one.starts.tolist() == other.starts.tolist()
    for name in MEASURED_COLUMNS & set(one.columns) - {"resp_hi", "resp_lo"}:
        assert one[name].tolist() == other[name].tolist(), name


def test_times_too_far_apart_for_one_key(flow, make_batch, inside):
    """Starts that span more than a sort key can hold next to the group are still put in order."""
    firsts = [2**62, -(2**62), 5, 0]
    records = [flow(source=f"10.0.0.{k % 2 + 1}", first_ns=first, last_ns=first) for k, first in enumerate(firsts)]
    groups = _groups(make_batch(records), inside)
    assert groups["first_ns"].tolist() == [5, 2**62, -(2**62), 0]
    assert groups.index.tolist() == [0, 0, 1, 1]


def _groups(batch, inside):
    extra = {name: np.zeros(len(batch), dtype=np.int64) for name in ("slot", "window", "carries")}
    return Groups.build(dict(batch.columns) | extra, inside, (frozenset(batch.columns),), MEASURED_COLUMNS)


def test_least_and_greatest_of_named_slices(flow, make_batch, inside):
    """Only slices that the mask names count; a group without any has no least and no greatest."""
    records = [flow(source=source) for source in ("10.0.0.1", "10.0.0.1", "10.0.0.2")]
    groups = _groups(make_batch(records), inside)
    values, which = np.array([3, 7, 5]), np.array([False, True, False])
    assert groups.min(values).tolist() == [3, 5]
    np.testing.assert_array_equal(groups.min(values, which), [7, np.nan])
    np.testing.assert_array_equal(groups.max(values, which), [7, np.nan])


@given(data=st.data())
def test_contacts_are_counted_alike_with_few_and_wide_codes(data, flow_lists, make_batch, inside):
    """Things with small codes are counted in a table, others by sorting: both as by hand, failures too."""
    groups = _groups(make_batch(data.draw(flow_lists())), inside)
    rows = len(groups.index)
    codes = np.array(data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)))
    which = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    counted = Counter(zip(groups.index[which].tolist(), codes[which].tolist(), strict=True))
    failed = Counter(
        zip(groups.index[which & groups.failed].tolist(), codes[which & groups.failed].tolist(), strict=True)
    )
    for factor in (1, 1 << 30):
        met = groups.contacts(codes * factor, which)
        pairs = list(zip(met.group.tolist(), (met.code // factor).tolist(), strict=True))
        assert pairs == sorted(counted)
        assert met.count.tolist() == [counted[pair] for pair in pairs]
        assert met.failed.tolist() == [failed[pair] for pair in pairs]
        assert met.total().sum() == which.sum()


def test_coarser_things_add_up():
    """Contacts under new codes: pairs that become equal are one, with their counts and failures together."""
    met = Contacts(np.array([0, 0, 1]), np.array([4, 7, 4]), np.array([3, 1, 2]), np.array([1, 1, 0]), 2)
    coarse = met.renamed(met.code * 0)
    assert (coarse.count.tolist(), coarse.failed.tolist()) == ([4, 2], [2, 0])
    assert met.select(met.failed > 0).unique().tolist() == [2, 0]


def test_medians_of_extreme_values(flow, make_batch, inside):
    """Values beyond 2^40 count as that, negative ones as nothing."""
    groups = _groups(make_batch([flow(source=f"10.0.0.{k // 3}", start=k) for k in range(6)]), inside)
    assert groups.median(np.array([-5, -5, 7, 2**62, 2**50, 1])).tolist() == [0, 2**40 - 1]
