import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.rules import limits
from netad.rules.limits import LimitState

RULE = """
rules:
- id: a
  comment: c
  created_by: o
  permanent: true
  match: {{source.ip|cidr: 10.0.0.0/8}}
  limit: {{group_by: {group}, count: {count}, per: 1h}}
"""


def event(identity, minute, source="10.0.0.1", **more):
    time = f"2026-05-30T{7 + minute // 60:02d}:{minute % 60:02d}:00Z"
    return {"@timestamp": time, "event": {"id": identity, "kind": "alert"}, "source": {"ip": source}, **more}


def limited(rules, events, now, state=None):
    verdicts = rules.judge(events, now, state).verdicts
    return [each["event"]["id"] for each, verdict in zip(events, verdicts, strict=True) if verdict.hidden]


def test_the_first_of_each_group_and_period_pass(load, now):
    """By time, then id, whatever the order they come in; periods are counted from the epoch."""
    rules = load(RULE.format(group="source.ip", count=1))
    events = [event("c", 20), event("b", 10), event("a", 10), event("d", 59), event("e", 60), event("f", 61),
              event("g", 30, "10.0.0.2")]  # fmt: skip
    assert limited(rules, events, now) == ["c", "b", "d", "f"]


def test_all_matches_count_those_that_others_hide_too(load, now):
    """A suppressed event takes its place among the first."""
    hidden = """
        rules:
        - {id: b, comment: c, created_by: o, permanent: true, match: {tags: x}}
    """
    rules = load(RULE.format(group="source.ip", count=1), hidden)
    events = [event("a", 1, tags=["x"]), event("b", 2)]
    assert limited(rules, events, now) == ["a", "b"]
    assert rules.judge(events, now).verdicts[1].action == "limit"


def test_an_event_without_a_field_of_the_group_is_not_limited(load, now):
    """Nor is one without a time."""
    rules = load(RULE.format(group="[source.ip, destination.ip]", count=0))
    assert limited(rules, [event("a", 1), event("b", 2, destination={"ip": "10.0.0.9"})], now) == ["b"]
    timeless = event("c", 3, destination={"ip": "10.0.0.9"})
    del timeless["@timestamp"]
    assert limited(rules, [timeless], now) == []


def test_what_passed_passes_again_when_earlier_events_turn_up(load, now):
    """The state remembers ids: a second run over more of the same traffic decides as the first did."""
    rules, state = load(RULE.format(group="source.ip", count=1)), LimitState()
    assert limited(rules, [event("b", 20), event("c", 30)], now, state) == ["c"]
    kept = LimitState.from_json(state.to_json())
    assert limited(rules, [event("a", 10), event("b", 20), event("c", 30)], now, kept) == ["a", "c"]
    assert limited(rules, [event("a", 10), event("b", 20), event("c", 30)], now) == ["b", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.integers(0, 180)), max_size=8,
unique_by=lambda each: each[0]),
       st.integers(0, 3), st.randoms(use_true_random=False))  # fmt: skip
def test_a_rerun_decides_the_same(found, count, random):
    """In whichever order the events come, and however often."""
    from netad.rules.fields import find_field
    from netad.rules.limits import Limits
    from netad.rules.rule import AllOf, Limit, Location, Rule
    from netad.rules.view import EventView

    rule = Rule("r", "c", "o", AllOf(()), Location("r.yml", 1, 1), action="limit",
                limit=Limit((find_field("source.ip"),), count, 3_600 * 10**9))  # fmt: skip
    state, decisions = LimitState(), []
    for _ in range(3):
        random.shuffle(found)
        counted = Limits(state)
        for number, (identity, minute) in enumerate(found):
            counted.note(number, rule, EventView(event(identity, minute)))
        decisions.append({found[number][0] for number, _ in counted.decide()})
        state = LimitState.from_json(copy.deepcopy(state).to_json())
    assert decisions[0] == decisions[1] == decisions[2]


def test_the_state_is_bounded(monkeypatch, load, now):
    """The oldest periods are forgotten first."""
    monkeypatch.setattr(limits, "MAX_PASSED", 2)
    rules, state = load(RULE.format(group="source.ip", count=1)), LimitState()
    rules.judge([event("a", 0), event("b", 60), event("c", 120)], now, state)
    assert sorted(identity for ids in state.passed.values() for identity in ids) == ["b", "c"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "passed": {}}', '{"version": 1, "passed": {"a": [1]}}', "[" * 9999]
)
def test_a_damaged_state_is_refused(text):
    """With a sentence, and never half read."""
    with pytest.raises(ValueError, match="state of limits"):
        LimitState.from_json(text)
