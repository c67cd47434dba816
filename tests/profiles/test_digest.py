import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.profiles.digest import DIGEST_COLUMNS, mix, set_digests

ALL = np.array([0])


@given(data=st.data())
def test_the_order_does_not_matter(data, flow_lists, make_batch):
    """The digest of a set of flows is the same in every order."""
    records = data.draw(flow_lists())
    shuffled = data.draw(st.permutations(records))
    assert set_digests(make_batch(records).columns, ALL) == set_digests(make_batch(shuffled).columns, ALL)


@pytest.mark.parametrize("column", DIGEST_COLUMNS)
def test_every_column_matters(flow, make_batch, column):
    """Two sets that differ in one column of one flow have different digests, in both halves."""
    record = flow()
    changed = record | {column: record[column] + 1}
    one, other = (set_digests(make_batch([flow(start=5), r]).columns, ALL)[0] for r in (record, changed))
    assert len(one) == 32
    assert one[:16] != other[:16]
    assert one[16:] != other[16:]


def test_how_often_a_flow_occurs_matters(flow, make_batch):
    """A flow that occurs twice does not cancel out."""
    once, twice, never = (set_digests(make_batch([flow(start=1)] + [flow()] * n).columns, ALL) for n in (1, 2, 0))
    assert len({*once, *twice, *never}) == 3


def test_runs_have_their_own_digests(flow, make_batch):
    """Each run of rows has the digest it would have alone."""
    records = [flow(start=k) for k in range(5)]
    both = set_digests(make_batch(records).columns, np.array([0, 2]))
    assert both == [set_digests(make_batch(part).columns, ALL)[0] for part in (records[:2], records[2:])]
    assert set_digests(make_batch([]).columns, np.array([], dtype=np.intp)) == []


def test_mixing_tells_columns_apart():
    """The same numbers in another column, or a column more, give other results; a missing column counts as zeros."""
    a, b, zeros = np.array([1, 2], np.int64), np.array([0.5, -0.5]), np.zeros(2, np.uint8)
    assert not np.any(mix([a, b], 2, 7) == mix([b, a], 2, 7))
    assert not np.any(mix([a], 2, 7) == mix([a], 2, 8))
    assert mix([a, None], 2, 7).tolist() == mix([a, zeros], 2, 7).tolist()
