from netad.rules.ruleset import nanoseconds
from netad.rules.stored_lint import lint_stored


def text(identity, match, rest="permanent: true"):
    return f"- {{id: {identity}, comment: c, created_by: o, match: {match}, {rest}}}\n"


def events(*sources):
    return [
        {"@timestamp": "2026-05-30T12:00:00Z", "source": {"ip": source}, "event": {"kind": "alert", "severity": 47}}
        for source in sources
    ]


def warned(load, now, tmp_path, rules, found, broad=0.2):
    warnings, _ = lint_stored(load("rules:\n" + rules).rules, found, nanoseconds(now), 30, broad)
    return [line.replace(f"{tmp_path}/", "") for line in warnings]


def test_a_rule_that_fits_nothing_is_told(load, now, tmp_path):
    """Not one that is over, that drops (what it drops is not stored), or that is about flows."""
    rules = (
        text("a", "{source.ip: 10.0.0.9}")
        + text("b", "{source.ip: 10.0.0.9}", "expires: 2026-01-01")
        + text("c", "{source.ip: 10.0.0.8}", "permanent: true, action: drop")
        + text("d", "{source.ip: 10.0.0.9}", "permanent: true, applies_to: flows")
        + text("e", "{source.ip: 10.0.0.1}")
    )
    assert warned(load, now, tmp_path, rules, events("10.0.0.1", "10.0.0.2")) == [
        "a.yml:2:3: rule 'a' fits none of the 2 events of the last 30 days"
    ]
    assert warned(load, now, tmp_path, rules, []) == []


def test_a_schedule_counts(load, now, tmp_path):
    """A rule for Mondays fits nothing of a Saturday."""
    rules = text("a", "{source.ip: 10.0.0.1}", "permanent: true, schedule: {tz: UTC, windows: [mon]}")
    assert "fits none" in warned(load, now, tmp_path, rules, events("10.0.0.1"))[0]


def test_a_broad_rule_is_told(load, now, tmp_path):
    """By its share of the events; tags do no harm, and a share of very few says nothing."""
    rules = text("a", "{source.ip|cidr: 10.0.0.0/24}") + text("b", "{source.ip: 10.0.0.1}", "permanent: true, tag: [x]")
    found = ["10.0.0.1"] * 10 + ["10.0.9.9"] * 30
    assert warned(load, now, tmp_path, rules, events(*found)) == [
        "a.yml:2:3: rule 'a' (suppress) is broad: it fits 10 of the 40 events of the last 30 days "
        "(25 %, more than 20 %)"
    ]
    assert warned(load, now, tmp_path, rules, events(*found), broad=0.25) == []
    assert warned(load, now, tmp_path, rules, events(*found[1:])) == []


def test_rules_meet_the_events_as_they_came(load, now, tmp_path):
    """Not as other rules left them."""
    (event,) = events("10.0.0.1")
    event["event"]["severity"] = 21
    event["netad"] = {"suppression": {"suppressed": False, "original": {"severity": 99}}}
    assert warned(load, now, tmp_path, text("a", "{event.severity|gte: 73}"), [event]) == []
