import copy

import pytest

from netad.rules.marking import MARKS, mark, unmark


def rule(action, identity="a", match="{source.ip: 10.4.2.2}"):
    return f"rules: [{{id: {identity}, comment: why, created_by: soc, expires: 2026-12-31, match: {match}, {action}}}]"


def marked(load, event, now, *rules):
    found = load(*rules)
    (verdict,) = found.judge([event], now).verdicts
    mark(event, verdict)
    return event["netad"]["suppression"]


def test_lowering_says_what_it_was(load, event, now):
    """The alert stays an alert; severity and both scores go down, what is anomalous about it does not."""
    event["event"]["risk_score_norm"] = 87.4
    found = marked(load, event, now, rule("lower: {severity_by: 1, score_by: 20}"))
    assert (found["suppressed"], found["action"]) == (False, "lower")
    assert found["original"] == {"severity": 73, "risk_score": 87.4}
    block = event["event"]
    assert (block["kind"], block["severity"], block["risk_score"], block["risk_score_norm"]) == (
        "alert",
        47,
        67.4,
        67.4,
    )
    assert event["netad"]["anomaly"]["score"] == 0.874


def test_tags_are_added_once(load, event, now):
    """To those that are there."""
    found = marked(load, event, now, rule("tag: [lab, known]"))
    assert event["tags"] == ["lab", "sensor[1]*", "known"]
    assert (found["suppressed"], found["action"], found["tags"]) == (False, "tag", ["known"])
    assert event["event"]["kind"] == "alert"


def test_a_limit_that_lets_an_event_pass_is_named_without_an_action(load, event, now):
    """Whoever looks at the event sees that it was counted."""
    event["event"]["id"] = "1"
    found = marked(load, event, now, rule("limit: {group_by: source.ip, count: 1, per: 1h}"))
    assert (found["suppressed"], found["rule_ids"], found["actions"]) == (False, ["a"], ["limit"])
    assert "action" not in found


def test_the_event_that_inhibits_is_named(load, event, now):
    """By its id."""
    stronger = copy.deepcopy(event)
    stronger["event"] |= {"id": "strong", "severity": 99}
    rules = load(rule("inhibit: {by: any}"))
    verdict = rules.judge([event, stronger], now).verdicts[0]
    mark(event, verdict)
    assert event["netad"]["suppression"]["inhibited_by"] == "strong"
    assert event["event"]["kind"] == "event"


def test_what_was_marked_can_be_taken_out_again(load, event, now):
    """So that other rules may judge the event anew, as it came."""
    event["event"]["risk_score_norm"] = 87.4
    before = copy.deepcopy(event)
    for action in ("action: suppress", "lower: {severity: low, score_by: 5}", "tag: [x, y]"):
        marked(load, event, now, rule(action))
        assert event != before
        unmark(event)
        assert event == before
    unmark(event)
    assert event == before


def test_tags_that_were_not_there_leave_nothing_behind(load, event, now):
    """And an event that is none does no harm."""
    del event["tags"]
    marked(load, event, now, rule("tag: [x]"))
    unmark(event)
    assert "tags" not in event
    nothing: dict[str, object] = {}
    unmark(nothing)
    assert nothing == {}


@pytest.mark.parametrize("action", ["action: drop", "action: suppress", "lower: {severity: low}", "tag: [x]"])
def test_marks_are_all_that_changes(load, event, now, action):
    """Whoever writes marked events back needs to write no more than these fields."""
    event["event"]["risk_score_norm"] = 87.4
    before = copy.deepcopy(event)
    marked(load, event, now, rule(action))
    for name in MARKS:
        *path, last = name.split(".")
        for each in (before, event):
            block = each
            for part in path:
                block = block[part]
            block.pop(last, None)
    assert event == before


def test_an_event_that_would_be_dropped_but_is_there_is_hidden(load, event, now):
    """Nobody is alerted, and its mark says by what."""
    before = copy.deepcopy(event)
    found = marked(load, event, now, rule("action: drop"))
    assert (found["suppressed"], found["action"], event["event"]["kind"]) == (True, "drop", "event")
    unmark(event)
    assert event == before
