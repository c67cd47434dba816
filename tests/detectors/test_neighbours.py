import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from netad.core.errors import ModelError
from netad.detectors.neighbours import Nearest


def matrix(rows, columns=7, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


@pytest.mark.parametrize(("rows", "columns"), [(3, 1), (255, 4), (256, 5), (700, 33)])
def test_distances_are_exact(rows, columns):
    """The mean distance to the three nearest is that of a library, whatever the numbers of rows and columns."""
    known, asked = matrix(rows, columns), matrix(50, columns, 1)
    expected = NearestNeighbors(n_neighbors=3).fit(known).kneighbors(asked)[0].mean(axis=1)
    assert Nearest.fit(known, 0).score(asked) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rows", [1, 2])
def test_fewer_than_three_are_all_there_is(rows):
    """With one or two references the mean is over these."""
    known = matrix(rows)
    assert Nearest.fit(known, 0).score(known + 1)[0] > 0
    assert Nearest.fit(matrix(1), 0).score(matrix(1)).tolist() == [0.0]


def test_references_are_bounded(monkeypatch):
    """Of many rows a sample is kept, the same for the same seed."""
    monkeypatch.setattr(Nearest, "most_rows", 20)
    first, again, other = (Nearest.fit(matrix(100), seed).references for seed in (1, 1, 2))
    assert len(first) == 20
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("references", [np.zeros((0, 7)), np.zeros((5, 6)), np.full((5, 7), np.nan)])
def test_made_up_references_are_refused(references):
    """None at all, others than the model's columns, and what is no number."""
    with pytest.raises(ModelError):
        Nearest.from_arrays({"references": references.astype(np.float32)}, 7)
