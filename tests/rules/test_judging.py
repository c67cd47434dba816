import pytest

from netad.rules.judging import lowered_severity

HEAD = "rules:\n"


def rule(identity, action="", match="{source.ip: 10.4.2.2}"):
    extra = f", {action}" if action else ""
    return f"- {{id: {identity}, comment: c, created_by: o, permanent: true, match: {match}{extra}}}\n"


def test_the_strongest_action_wins_and_every_rule_is_named(load, event, now):
    """Drop, suppress, inhibit, limit, lower, tag, in this order; tags are added whatever wins."""
    texts = {
        "f": "tag: [known]", "e": "lower: {severity_by: 1}", "d": "limit: {group_by: source.ip, count: 0, per: 1h}",
        "b": "action: suppress", "a": "action: drop",
    }  # fmt: skip
    expected = ["tag", "lower", "limit", "suppress", "drop"]
    for count, action in enumerate(expected, 1):
        chosen = dict(list(texts.items())[:count])
        rules = load(HEAD + "".join(rule(name, what, f"{{source.ip: 10.4.2.2, labels.floor: ['3', '{name}']}}")
                                    for name, what in chosen.items()))  # fmt: skip
        (verdict,) = rules.judge([event], now).verdicts
        assert verdict.action == action
        assert [each.id for each in verdict.rules] == sorted(chosen)
        assert verdict.tags == ("known",)


def test_counts_are_by_rule(load, event, now):
    """What a rule matched, what it did, and what it hid."""
    other = {**event, "source": {"ip": "10.4.2.3"}}
    rules = load(HEAD + rule("a") + rule("b", "tag: x", "{either.ip|cidr: 10.4.0.0/16}"))
    verdicts = rules.judge([event, other], now)
    assert verdicts.hits == {"a": 1, "b": 2}
    assert (+verdicts.effects, +verdicts.hiding) == ({"a": 1, "b": 1}, {"a": 1})
    assert (verdicts.suppressed, verdicts.dropped) == (1, 0)


@pytest.mark.parametrize(
    ("severity", "steps", "most", "expected"),
    [(99, 1, None, 73), (99, 3, None, 21), (47, 3, None, 21), (21, 1, None, 21), (99, 0, 47, 47), (21, 0, 47, 21),
     (99, 1, 21, 21), (60, 1, None, 47), (5, 1, None, 5), (150, 1, None, 150)],
)  # fmt: skip
def test_severities_go_down_by_steps(severity, steps, most, expected):
    """Never up, and the lowest stays."""
    assert lowered_severity(severity, steps, most) == expected


def test_the_most_lowering_of_several_rules_counts(load, event, now):
    """However many ask, the order does not matter; the score ends at nought."""
    rules = load(
        HEAD + rule("a", "lower: {score_by: 10}") + rule("b", "lower: {severity: low, score_by: 99}", "{tags: lab}")
    )
    (verdict,) = rules.judge([event], now).verdicts
    assert (verdict.severity, verdict.risk_score) == (21, 0.0)


def test_a_schedule_is_about_the_time_of_the_event(load, event, now):
    """2026-05-30 is a Saturday; an event without a time is in no window."""
    for window, expected in (("sat 06:00-07:00", True), ("sat 06:30-08:00", False), ("sun", False)):
        rules = load(HEAD + rule("a", f"schedule: {{tz: UTC, windows: [{window}]}}"))
        assert bool(rules.matching(event, now)) is expected
    del event["@timestamp"], event["event"]["start"]
    assert not load(HEAD + rule("a", "schedule: {tz: UTC, windows: [sat]}")).matching(event, now)


def test_events_may_come_one_by_one(load, event, now):
    """The decision is that of judging them together."""
    rules = load(HEAD + rule("a", "limit: {group_by: source.ip, count: 1, per: 1d}") + rule("b", "tag: x"))
    events = [{**event, "event": {**event["event"], "id": each, "created": "2026-05-31T00:00:00Z"}} for each in "cab"]
    judging = rules.judge_stored()
    for each in events:
        judging.add(each)
    assert judging.decide() == rules.judge(events, now)


def test_stored_events_are_judged_by_the_clock_that_made_them(load, event):
    """A rule that is over now was in force then; one that began later was not."""
    for end, expected in (("expires: 2026-05-31", 1), ("expires: 2026-05-30", 0), ("permanent: true", 1),
                          ("permanent: true, starts: 2026-05-31", 0)):  # fmt: skip
        rules = load(HEAD + rule("a").replace("permanent: true", end))
        for created in ("2026-05-30T08:00:00Z", None):
            judging = rules.judge_stored()
            judging.add({**event, "event": {**event["event"], "created": created}})
            assert len(judging.decide().verdicts[0].rules) == expected
