"""Which rules marked an anomaly."""

from netad.outputs.report.marks import Mark, marks


def test_each_rule_stands_with_what_is_its_own(beacon, suppress):
    """None where none matched."""
    assert marks(beacon) == []
    assert marks(suppress(beacon)) == [Mark("backup", "kim", "nightly backup", "2026-06-01T00:00:00.000Z", "suppress")]


def test_an_end_that_may_be_of_either_rule_is_told_of_none(beacon, suppress):
    """Two rules of which one is permanent have one end between them."""
    both = suppress(beacon, rule_ids=["a", "b"], owner=["kim", "lee"], reason=["x", "y"], actions=["suppress", "tag"])
    assert marks(both) == [Mark("a", "kim", "x", "", "suppress"), Mark("b", "lee", "y", "", "tag")]
