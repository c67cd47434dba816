"""Ids remembered for a while."""

from netad.outputs.recent_ids import RecentIds


def test_an_id_is_new_once_and_forgotten_when_newer_ones_push_it_out():
    """Memory holds the latest ids only."""
    recent = RecentIds(kept=2)
    assert [recent.add(identity) for identity in ("a", "b", "a", "c", "b", "a")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
