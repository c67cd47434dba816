from netad.rules import stats
from netad.rules.stats import Hits, count_hits


def event(minute, *rules, action=None):
    marks = {"rule_ids": [rule for rule, _ in rules], "actions": [action for _, action in rules],
             "owner": ["soc"] * len(rules)}  # fmt: skip
    return {"@timestamp": f"2026-05-30T12:{minute:02d}:00.000Z",
            "netad": {"suppression": marks | ({"action": action} if action else {})}}  # fmt: skip


def test_hits_are_read_from_the_marks():
    """How often a rule matched, how often its action was the one that counted, and when first and last."""
    events = [
        event(1, ("a", "suppress"), ("b", "tag"), action="suppress"),
        event(2, ("b", "tag"), action="tag"),
        event(3, ("b", "limit")),
        {"netad": {}},
    ]
    total, hits = count_hits(events)
    assert total == 4
    first, second, third = (f"2026-05-30T12:0{minute}:00.000Z" for minute in (1, 2, 3))
    assert hits["a"] == Hits(1, 1, first, first, "suppress", "soc")
    assert hits["b"] == Hits(3, 1, first, third, "limit", "soc")
    assert second < hits["b"].last


def test_the_ids_are_bounded(monkeypatch):
    """A store that somebody filled with made-up ids costs no more than this."""
    monkeypatch.setattr(stats, "MAX_RULES", 1)
    _, hits = count_hits([event(1, ("a", "tag")), event(2, ("b", "tag")), event(3, ("a", "tag"))])
    assert list(hits) == ["a"]
    assert hits["a"].matched == 2
