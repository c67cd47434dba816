import numpy as np
import pandas as pd
import pytest

from netad.profiles.frame import KEY_COLUMNS, empty_frame, feature_matrix, frame_dtypes, join_frames, large_pieces
from netad.profiles.registry import FEATURES


def test_an_empty_frame_has_the_columns_of_a_full_one(profile, flow):
    """Columns, their order and their dtypes do not depend on whether there are rows."""
    full, empty = profile([flow()]), empty_frame()
    assert list(full.columns) == list(empty.columns) == [*KEY_COLUMNS, *FEATURES.names()] == list(frame_dtypes())
    assert full.dtypes.tolist() == empty.dtypes.tolist()
    assert len(empty) == 0


def test_frames_are_joined_in_order(profile, flow):
    """Rows follow each other as the frames did and are numbered anew; no frames make an empty one."""
    one, two = profile([flow(source="10.0.0.9")]), profile([flow(source="10.0.0.1"), flow(source="10.0.0.2")])
    joined = join_frames([one, empty_frame(), two])
    assert joined["source"].tolist() == ["10.0.0.9", "10.0.0.1", "10.0.0.2"]
    assert joined.index.tolist() == [0, 1, 2]
    pd.testing.assert_frame_equal(join_frames([]), empty_frame())


def test_the_feature_matrix_is_transformed_as_registered(profile, flow):
    """Logarithms where they are registered, values as they are elsewhere, and the frame itself stays as it was."""
    frame = profile([flow(start=k) for k in range(4)])
    frame = frame[frame.columns[::-1]]
    before = frame.copy()
    matrix = feature_matrix(frame)
    assert tuple(matrix.columns) == FEATURES.names()
    assert matrix.loc[0, "flows"] == np.log1p(4)
    assert matrix.loc[0, "tcp_share"] == 1
    pd.testing.assert_frame_equal(frame, before)


def test_the_logarithm_of_less_than_nothing(profile, flow):
    """Negative values count as zero, missing ones stay missing."""
    matrix = feature_matrix(profile([flow()]).assign(flows=-5.0, bytes_out=np.nan))
    assert matrix.loc[0, "flows"] == 0
    assert np.isnan(matrix.loc[0, "bytes_out"])


def test_a_frame_of_other_features_is_refused(profile, flow):
    """A frame without one of the features is no ProfileFrame."""
    with pytest.raises(KeyError, match="ttl_min"):
        feature_matrix(profile([flow()]).drop(columns="ttl_min"))


@pytest.mark.parametrize(("sizes", "pieces"), [((), [0]), ((1,), [1]), ((2, 1, 1, 5, 1), [3, 6, 1]), ((3, 3), [3, 3])])
def test_large_pieces_hold_every_row_in_order(sizes, pieces):
    """Small frames are joined until there are enough rows; no row is lost, and there is always a piece."""
    numbers = iter(range(100))
    frames = [
        empty_frame().reindex(range(size)).assign(flows=[float(next(numbers)) for _ in range(size)]) for size in sizes
    ]
    joined = list(large_pieces(frames, 3))
    assert [len(piece) for piece in joined] == pieces
    assert [value for piece in joined for value in piece["flows"]] == [float(value) for value in range(sum(sizes))]
