"""Rules made of one event."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest

from netad.rules.ruleset import RuleSet
from netad.rules.suggestion import WHOSE, WHY, suggested_rule, suggestions

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
EVENT = {
    "@timestamp": "2026-01-11T07:00:00.000Z",
    "event": {"id": "019bab8f5f2a-5f1c0b6a9d3e4c77a1b2", "kind": "event", "severity": 47, "risk_score": 99.0},
    "source": {"ip": "10.0.0.8"},
    "netad": {
        "behaviours": ["beacon"],
        "suppression": {"suppressed": True, "rule_ids": ["old"], "original": {"severity": 73}},
    },
}


def test_a_suggested_rule_hides_its_event(tmp_path):
    """It loads as it stands, says what to fill in, ends after 90 days, and the event is not touched."""
    before = deepcopy(EVENT)
    text = suggestions(NOW)(EVENT)
    assert before == EVENT
    path = tmp_path / "rule.yml"
    path.write_text(text)
    rules = RuleSet.load([path])
    (rule,) = rules.event_rules
    assert (rule.comment, rule.created_by) == (WHY, WHOSE)
    assert 'expires: "2026-04-12T09:00:00Z"' in text
    fresh = deepcopy(EVENT)
    fresh["event"] |= {"kind": "alert", "severity": 73}
    fresh["netad"]["suppression"] = {"suppressed": False}
    other = deepcopy(fresh) | {"source": {"ip": "10.0.0.9"}}
    verdicts = rules.judge([fresh, other], NOW, None)
    assert [verdict.hidden for verdict in verdicts.verdicts] == [True, False]


def test_a_rule_meets_the_event_as_it_came():
    """The severity before other rules lowered it counts, and not what they made of it."""
    rule = suggested_rule(EVENT, "why", {"created_by": "kim", "permanent": True}, "mine", "SEC-1")
    assert rule["match"]["event.severity|lte"] == 73
    assert list(rule) == ["id", "comment", "created_by", "permanent", "ticket", "match"]


def test_no_rule_is_made_of_an_event_without_a_source():
    """It would hide too much."""
    with pytest.raises(ValueError, match=r"no source\.ip"):
        suggestions(NOW)({"event": {"id": "x"}, "netad": {}})
