import numpy as np

from netad.profiles.in_order import InOrder


def test_columns_are_seen_in_the_order_of_the_rows():
    """Chosen rows in their order, the same array each time; what is added is taken as it is."""
    columns = InOrder({"a": np.array([1, 2, 3]), "b": np.array([4, 5, 6])}, np.array([2, 0]))
    columns.add("c", np.array([7, 8]))
    assert {name: column.tolist() for name, column in columns.items()} == {"a": [3, 1], "b": [6, 4], "c": [7, 8]}
    assert columns["a"] is columns["a"]
    assert len(columns) == 3
    assert "c" in columns
    assert "d" not in columns
