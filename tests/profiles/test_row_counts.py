import numpy as np

from netad.profiles.row_counts import RowCounts


def test_rows_without_any_are_not_known():
    """Counts are 0; a share, mean or maximum of nothing is NaN."""
    counts = RowCounts(np.array([0, 0, 2]), 3)
    values = np.array([1.0, 3.0, -5.0])
    assert counts.count.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(counts.mean(values), [2, np.nan, -5])
    np.testing.assert_array_equal(counts.max(values), [3, np.nan, -5])
    np.testing.assert_array_equal(counts.share(values > 1), [0.5, np.nan, 0])
