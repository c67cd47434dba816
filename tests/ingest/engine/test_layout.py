"""Tests of netad.ingest.engine.layout."""

from netad.ingest.engine import layout


def fields(prefix, first, end):
    """Return the indices of a kind that lie in a range, from the constants of that name."""
    values = (value for name, value in vars(layout).items() if name.startswith(prefix) and name[2:] != "FIELDS")
    return sorted(value for value in values if first <= value < end)


def test_no_two_fields_share_a_place():
    """Every index of the state, a block, a record's head and a row is there once."""
    assert fields("S_", 0, layout.S_FIELDS) == list(range(layout.S_FIELDS))
    assert fields("T_", 0, layout.T_FIELDS) == list(range(layout.T_FIELDS))
    heads = fields("O_", 0, layout.O_FIELDS)
    assert heads == [*range(layout.O_HISTORY + 1), layout.O_OPENED, layout.O_FIRST]
    rows = fields("R_", 0, layout.R_FIELDS)
    assert len(set(rows)) == len(rows)


def test_what_has_several_numbers_has_room():
    """The open part, the history and both endpoints end where the next field begins."""
    assert layout.R_PART + layout.PART_FIELDS == layout.R_WINDOW
    assert layout.R_HISTORY + 3 == layout.R_ORIGIN
    assert layout.R_ORIGIN < layout.R_ENDPOINTS
    places = sorted(
        end * layout.E_FIELDS + value
        for end in range(2)
        for name, value in vars(layout).items()
        if name.startswith("E_") and name != "E_FIELDS"
    )
    assert places == list(range(layout.R_A_HI - layout.R_ENDPOINTS))
    assert layout.O_HISTORY + 3 == layout.O_OPENED


def test_lines_of_the_cache_are_used_well():
    """Rows are whole lines; lookups and deadlines need the first, endpoints one of their own."""
    assert layout.R_FIELDS % layout.CACHE_LINE == 0
    first = ("R_A_LO", "R_B_LO", "R_KEY", "R_BITS", "R_DEADLINE", "R_WAKE", "R_TOUCHED")
    assert all(getattr(layout, name) < layout.CACHE_LINE for name in first)
    assert layout.R_ENDPOINTS % layout.CACHE_LINE == 0
