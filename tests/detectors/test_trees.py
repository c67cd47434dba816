import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from netad.detectors.trees import average_path, grow_trees


def grown(matrix, seed=3, count=20, columns=None):
    """Trees over a matrix, one dictionary of node arrays a tree."""
    columns = np.arange(matrix.shape[1]) if columns is None else columns
    trees = grow_trees(matrix, columns, count, 64, seed)
    edges = np.cumsum(trees["sizes"])[:-1]
    parts = {name: np.split(trees[name], edges) for name in ("feature", "threshold", "left", "path")}
    return [{name: part[number] for name, part in parts.items()} for number in range(count)]


def in_levels(tree):
    """The nodes of one of scikit-learn's trees in the order in which netad keeps them."""
    order = [0]
    for node in order:
        if tree.children_left[node] >= 0:
            order += [tree.children_left[node], tree.children_right[node]]
    return np.array(order)


def made(kind, rows):
    """Values without ties, with many ties, or with columns that tell nothing."""
    matrix = np.random.default_rng(rows).normal(size=(rows, 9))
    if kind == "ties":
        matrix = np.round(matrix)
    if kind == "constant":
        matrix[:, ::2] = 1.5
        matrix[5:, 1] = 0.0
    return matrix.astype(np.float32)


@pytest.mark.parametrize("rows", [2, 50, 700])
@pytest.mark.parametrize("kind", ["plain", "ties", "constant"])
def test_trees_are_those_of_scikit_learn(kind, rows):
    """Every cut is at the same value of the same column, and every leaf as deep and as full."""
    matrix = made(kind, rows)
    forest = IsolationForest(n_estimators=20, max_samples=min(64, rows), random_state=3).fit(matrix)
    for tree, one in zip(grown(matrix), forest.estimators_, strict=True):
        theirs, order = one.tree_, in_levels(one.tree_)
        inner = theirs.children_left[order] >= 0
        assert np.array_equal(tree["left"] != np.arange(len(order)), inner)
        assert np.array_equal(tree["feature"][inner], theirs.feature[order][inner])
        assert tree["threshold"][inner] == pytest.approx(theirs.threshold[order][inner], rel=1e-6)
        leaves = order[~inner]
        depths = theirs.compute_node_depths()[leaves] - 1
        assert tree["path"][~inner] == pytest.approx(depths + average_path(theirs.n_node_samples[leaves] * 1.0))


def test_trees_look_only_at_the_columns_they_are_given():
    """Cuts name columns of the whole matrix, and no others than the given ones."""
    columns = np.array([2, 7])
    cuts = [tree["feature"][tree["threshold"] < np.inf] for tree in grown(made("plain", 100), columns=columns)]
    assert set(np.concatenate(cuts).tolist()) == {2, 7}


def test_equal_rows_are_not_cut():
    """Where all rows are alike a tree is one leaf, as deep as a search among them would be."""
    for tree in grown(np.ones((40, 3), dtype=np.float32)):
        assert tree["path"].tolist() == pytest.approx(average_path(np.array([40.0])).tolist())


def test_another_seed_grows_other_trees():
    """The trees depend on the seed."""
    matrix = made("plain", 300)
    assert not np.array_equal(grown(matrix, seed=1)[0]["threshold"], grown(matrix, seed=2)[0]["threshold"])
