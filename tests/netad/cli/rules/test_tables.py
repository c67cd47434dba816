from netad.cli.rules.tables import table


def test_columns_are_as_wide_as_they_need_to_be():
    """And no line ends with blanks."""
    assert list(table([("id", "what"), ("longer", "a b"), ("x", "")])) == ["id      what", "longer  a b", "x"]
