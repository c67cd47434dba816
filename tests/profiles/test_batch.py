import numpy as np
import pandas as pd
import pytest

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.batch import ProfileBatch


@pytest.fixture
def batch(flow, closed):
    """Three sources that met one, two and three destinations."""
    return closed([flow(source=f"10.0.0.{k}", destination=f"192.0.2.{d}") for k in (1, 2, 3) for d in range(k)])


def destinations(batch):
    return np.bincount(batch.meetings.of_kind(0).row, minlength=len(batch)).tolist()


def test_group_i_is_row_i(batch):
    """The slices of a group are those of the source in that row."""
    starts = batch.groups.starts
    assert batch.groups["orig_lo"][starts].tolist() == batch.frame["source_lo"].tolist()
    assert batch.groups.count.tolist() == batch.frame["flows"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("rows", [np.array([False, True, True]), np.array([2, 1]), np.array([], dtype=np.intp)])
def test_selected_rows_come_with_their_meetings(batch, rows):
    """A mask or places: the rows in that order, each with what it met."""
    chosen = batch.select(rows)
    pd.testing.assert_frame_equal(chosen.frame, batch.frame.iloc[rows].reset_index(drop=True) if rows.dtype != bool
                                  else batch.frame[rows].reset_index(drop=True))  # fmt: skip
    assert destinations(chosen) == chosen.frame["unique_destinations"].tolist()
    assert chosen.groups is None


def test_joined_batches_keep_their_meetings(batch):
    """The rows of all, in order, each with what it met; slices and facts are let go."""
    whole = ProfileBatch.join([batch, batch.select(np.array([1])), batch])
    assert len(whole) == 7
    assert destinations(whole) == [1, 2, 3, 2, 1, 2, 3]
    assert whole.groups is None
    assert not whole.facts
    assert len(ProfileBatch.join([])) == 0


def test_facts_are_counted(flow, fact, closed):
    """The facts of a row are as many as it has."""
    facts = closed([flow()], FactBatch.from_rows(FactKind.DNS, [fact(), fact()])).facts
    assert len(facts[FactKind.DNS]) == 2
