import copy
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.core.timing import parse_time
from netad.rules import replay as module
from netad.rules.marking import mark
from netad.rules.replay import Outcome, context_end, context_start, remarked, replay, stored_outcome
from netad.rules.ruleset import RuleSet

HOUR_NS = 3600 * 10**9
NOON_NS = parse_time("2026-05-30T12:30:00Z")


def rule(identity, rest, match="{source.ip: 10.0.0.1}", end="permanent: true"):
    return f"rules: [{{id: {identity}, comment: c, created_by: o, {end}, match: {match}, {rest}}}]"


def event(identity, minute=0, source="10.0.0.1", severity=47, **more):
    time = f"2026-05-30T{12 + minute // 60:02d}:{minute % 60:02d}:00.000Z"
    return {
        "@timestamp": time,
        "event": {"id": identity, "kind": "alert", "severity": severity, "risk_score": 60.0, "start": time,
                  "created": "2026-05-31T00:00:00.000Z"},
        "source": {"ip": source},
        "observer": {"name": "sensor"},
        "data_stream": {"namespace": "default"},
        "netad": {"suppression": {"suppressed": False}},
        **more,
    }  # fmt: skip


def ran(rules, events, now):
    """Return the events as a run with these rules ships them."""
    for each, verdict in zip(events, rules.judge(events, now).verdicts, strict=True):
        mark(each, verdict)
    return events


def fates(found):
    return {each.id: (each.before.fate, each.after.fate) for each in found.tried}


def test_a_new_rule_is_compared_with_what_is_in_the_store(load):
    """What it hides, lowers, tags and would drop."""
    for action, fate in (("action: suppress", "hidden"), ("action: drop", "dropped"), ("tag: [x]", "tagged"),
                         ("lower: {severity_by: 1}", "lowered")):  # fmt: skip
        found = replay([event("a"), event("b", source="10.0.0.2")], load(rule("r", action)))
        assert fates(found) == {"a": ("shown", fate), "b": ("shown", "shown")}
        assert found.tried[0].after.rule_ids == ("r",)


def test_events_are_judged_as_they_came(load, now):
    """What rules of earlier runs made of them is taken out: a lowered event has its own severity again."""
    lowered = ran(load(rule("low", "lower: {severity: low}")), [event("a", severity=99)], now)
    assert lowered[0]["event"]["severity"] == 21
    (tried,) = replay(lowered, load(rule("r", "action: suppress", "{event.severity|gte: 90}"))).tried
    assert (tried.before.fate, tried.after.fate, tried.severity) == ("lowered", "hidden", 99)
    assert tried.newly_hidden


def test_two_sets_of_rules_are_compared(load):
    """The old ones say what was, whatever stands in the store."""
    old, new = load(rule("old", "action: suppress")), load(rule("new", "action: suppress", "{source.ip: 10.0.0.2}"))
    found = replay([event("a"), event("b", source="10.0.0.2")], new, old)
    assert fates(found) == {"a": ("hidden", "shown"), "b": ("shown", "hidden")}
    assert [each.id for each in found.tried if each.newly_shown] == ["a"]
    assert found.tried[0].before.rule_ids == ("old",)


def test_a_rule_counts_for_the_events_made_while_it_was_in_force(load):
    """One that is over hides what it hid; one that begins later does not reach back."""
    over = rule("r", "action: suppress", end="expires: 2026-06-01")
    assert fates(replay([event("a")], load(over))) == {"a": ("shown", "hidden")}
    assert fates(replay([event("a")], load(rule("r", "starts: 2026-05-31T00:00:01Z")))) == {"a": ("shown", "shown")}
    unmade = event("a")
    del unmade["event"]["created"]
    assert fates(replay([unmade], load(over))) == {"a": ("shown", "hidden")}


def test_limits_and_inhibition_look_at_the_whole_period(load):
    """Whatever the runs were in which the events were made; sensors stay apart."""
    limit = rule("r", "limit: {group_by: source.ip, count: 1, per: 1d}")
    events = [event("a", 0), event("b", 60), event("c", 120, observer={"name": "other"})]
    assert [each.after.fate for each in replay(events, load(limit)).tried] == ["shown", "hidden", "shown"]
    inhibit = rule("r", "inhibit: {by: any, within: 1h}")
    events = [event("a", 0), event("b", 30, severity=99), event("c", 20, observer={"name": "other"})]
    assert [each.after.fate for each in replay(events, load(inhibit)).tried] == ["hidden", "shown", "shown"]


def test_events_before_the_period_count_but_are_not_told(load):
    """A limit's period may have begun before the one that is looked at."""
    rules = load(rule("r", "limit: {group_by: source.ip, count: 1, per: 1d}"))
    found = replay([event("a", 0), event("b", 60)], rules, since_ns=NOON_NS)
    assert fates(found) == {"b": ("shown", "hidden")}


def test_what_must_be_seen_before_and_after(load):
    """From the start of a limit's period; an inhibiting event may lie a window and `within` away."""
    assert context_start(load(rule("r", "action: suppress")).rules, NOON_NS) == NOON_NS
    limit = load(rule("r", "limit: {group_by: source.ip, per: 1h}")).rules
    assert context_start(limit, NOON_NS) == NOON_NS - HOUR_NS // 2
    inhibit = load(rule("r", "inhibit: {by: any, within: 1h}")).rules
    assert context_start(inhibit, NOON_NS) == NOON_NS - 25 * HOUR_NS
    assert context_start(inhibit, 0) == 0
    assert context_start(inhibit, None) is None
    assert context_end(inhibit, NOON_NS) == NOON_NS + 25 * HOUR_NS
    assert NOON_NS < context_end(limit, NOON_NS) < NOON_NS + HOUR_NS


def test_true_positives_that_would_be_hidden_stand_out(load):
    """Only those: not false positives, not those that stay."""
    said = {"label": "true_positive", "by": "ann"}
    events = [event("a", netad={"verdict": said}), event("b", netad={"verdict": {"label": "false_positive"}}),
              event("c", source="10.0.0.2", netad={"verdict": said})]  # fmt: skip
    found = replay(events, load(rule("r", "action: drop")))
    assert [each.id for each in found.tried if each.lost] == ["a"]


def test_what_stands_in_a_store_is_read_from_it(load, now):
    """Also where a mark says less than netad writes."""
    limited = ran(load(rule("r", "limit: {group_by: source.ip, count: 1, per: 1h}")), [event("a"), event("b", 1)], now)
    assert list(map(stored_outcome, limited)) == [Outcome(), Outcome("hidden", ("r",))]
    assert stored_outcome({"netad": {"suppression": {"suppressed": True}}}) == Outcome("hidden")
    assert stored_outcome({}) == Outcome()


def test_only_what_changes_is_marked_anew(load, now):
    """And once it is, nothing changes any more."""
    before = ran(load(rule("old", "tag: [x]")), [event("a"), event("b", source="10.0.0.2"), event("c", 5)], now)
    rules = load(rule("new", "action: suppress", "{source.ip: 10.0.0.1, event.id: [a, b]}"))
    verdicts = replay(copy.deepcopy(before), rules).verdicts
    del verdicts["c"]  # as if it had come in meanwhile
    (changed,) = remarked(before, verdicts)
    assert changed["event"]["kind"] == "event"
    assert "tags" not in changed
    assert changed["netad"]["suppression"]["rule_ids"] == ["new"]
    assert before[0]["tags"] == ["x"]
    assert list(remarked([changed, before[1]], verdicts)) == []


def test_what_a_rule_drops_is_hidden_where_it_is_stored(load):
    """It cannot be unmade, but nobody is alerted; without the rule it is shown again."""
    rules = load(rule("r", "action: drop"))
    (hidden,) = remarked([event("a")], replay([event("a")], rules).verdicts)
    assert hidden["event"]["kind"] == "event"
    assert hidden["netad"]["suppression"]["suppressed"] is True
    other = load(rule("r", "action: drop", "{source.ip: 10.0.0.9}"))
    (shown,) = remarked([hidden], replay([copy.deepcopy(hidden)], other).verdicts)
    assert shown == event("a")


def test_a_period_is_bounded(load, monkeypatch):
    """Past the bound the sentence says what to do."""
    monkeypatch.setattr(module, "MAX_EVENTS", 1)
    with pytest.raises(ConfigError, match="choose a shorter one"):
        replay([event("a"), event("b")], load(rule("r", "action: suppress")))


ACTIONS = ("action: suppress", "action: drop", "tag: [x]", "lower: {severity_by: 1, score_by: 5}",
           "limit: {group_by: source.ip, count: 1, per: 1h}", "inhibit: {by: any, within: 1h}")  # fmt: skip
sets = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, 3)), max_size=4)
runs = st.lists(st.tuples(st.integers(0, 180), st.integers(1, 3), st.sampled_from([21, 47, 73, 99])), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sets, sets, runs)
def test_marking_anew_is_as_if_the_rules_had_been_there(tmp_path, old, new, found):
    """Whatever rules marked the events before: the result is that of one run with the new ones, and it is stable."""
    now = datetime(2026, 5, 31, tzinfo=UTC)

    def load_rules(name, chosen):
        lines = [f"- {{id: {name}{n}, comment: c, created_by: o, permanent: true, match: {{source.ip: 10.0.0.{host}}},"
                 f" {action}}}" for n, (action, host) in enumerate(chosen)]  # fmt: skip
        path = tmp_path / f"{name}.yml"
        path.write_text("rules:\n" + "\n".join(lines) if lines else "rules: []")
        return RuleSet.load_what_can([path], now)

    plain = [event(f"{n}", minute, f"10.0.0.{host}", severity) for n, (minute, host, severity) in enumerate(found)]
    stored = ran(load_rules("old", old), copy.deepcopy(plain), now)
    rules = load_rules("new", new)
    verdicts = replay(copy.deepcopy(stored), rules).verdicts
    changed = {each["event"]["id"]: each for each in remarked(stored, verdicts)}
    after = [changed.get(each["event"]["id"], each) for each in stored]
    assert after == ran(rules, copy.deepcopy(plain), now)
    assert list(remarked(after, replay(copy.deepcopy(after), rules).verdicts)) == []
