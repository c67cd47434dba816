import pytest

from netad.rules.lint import lint
from netad.rules.ruleset import nanoseconds


def rule(identity, match, more="permanent: true"):
    return f"- {{id: {identity}, comment: c, created_by: o, match: {match}, {more}}}\n"


@pytest.fixture
def warnings(load, now, tmp_path):
    """The warnings about rules, each in a file of its own: a.yml, b.yml, ..."""

    def warnings_of(*rules):
        rule_set = load(*(f"rules:\n{each}" for each in rules))
        return [line.replace(f"{tmp_path}/", "") for line in lint(rule_set.rules, nanoseconds(now))]

    return warnings_of


def test_ends_are_told_when_they_are_over_or_near(warnings):
    """Within 14 days; the clock of these tests stands at noon of 2026-06-01."""
    assert warnings(rule("a", "{tags: x}", "expires: 2026-05-01")) == [
        "a.yml:2:3: rule 'a' of o expired at 2026-05-01T00:00:00.000Z and matches nothing"
    ]
    assert warnings(rule("a", "{tags: x}", "expires: 2026-06-15T12:00Z")) == [
        "a.yml:2:3: rule 'a' of o expires in 14 days, at 2026-06-15T12:00:00.000Z"
    ]
    assert warnings(rule("a", "{tags: x}", "expires: 2026-06-01T18:00Z")) == [
        "a.yml:2:3: rule 'a' of o expires within a day, at 2026-06-01T18:00:00.000Z"
    ]
    assert warnings(rule("a", "{tags: x}", "expires: 2026-06-15T12:00:01Z")) == []


def test_a_rule_that_another_leaves_nothing_to_do_is_named(warnings):
    """It never changes anything: the other is for all of its events, as strong, and lives as long."""
    wide, narrow = rule("wide", "{source.ip|cidr: 10.0.0.0/8}"), rule("x-narrow", "{source.ip: 10.1.1.1, tags: x}")
    assert warnings(wide, narrow) == [
        "b.yml:2:3: rule 'x-narrow' does nothing: 'wide' (suppress) at a.yml:2:3 is for all of its events"
    ]
    lowered = rule("a", "{source.ip: 10.1.1.1}", "permanent: true, lower: {severity_by: 1}")
    assert warnings(wide, lowered) == [
        "b.yml:2:3: rule 'a' does nothing: 'wide' (suppress) at a.yml:2:3 is for all of its events"
    ]


@pytest.mark.parametrize(
    "wide",
    ["permanent: true, tag: [y]", "expires: 2027-01-01", "permanent: true, starts: 2027-01-01",
     "permanent: true, schedule: {tz: UTC, windows: [sat]}", "permanent: true, except: {tags: z}",
     "permanent: true, limit: {group_by: source.ip, per: 1h}"],
)  # fmt: skip
def test_a_rule_that_still_has_something_to_do_is_not(warnings, wide):
    """When the other is weaker, ends earlier, begins later, or is not for all of its events and times."""
    found = warnings(rule("a", "{source.ip|cidr: 10.0.0.0/8}", wide), rule("b", "{source.ip: 10.1.1.1}"))
    assert not any("does nothing" in line for line in found)


def test_overlaps_are_told_once(warnings):
    """With the actions, so that one sees which wins."""
    found = warnings(rule("a", "{source.ip: 10.1.1.1}"),
                     rule("b", "{either.ip: 10.1.1.1, tags: x}", "permanent: true, tag: [y]"))  # fmt: skip
    assert found == ["b.yml:2:3: rule 'b' (tag) overlaps 'a' (suppress) at a.yml:2:3: some events fit both"]


def test_rules_that_never_meet_are_fine(warnings):
    """In their events, in time, or because one is for flows."""
    assert warnings(rule("a", "{source.ip: 10.1.1.1}"), rule("b", "{source.ip: 10.1.1.2}")) == []
    assert warnings(rule("a", "{tags: x}", "expires: 2027-01-01"),
                    rule("b", "{tags: x}", "permanent: true, starts: 2027-01-01")) == []  # fmt: skip
    assert warnings(rule("a", "{source.ip: 10.1.1.1}"),
                    rule("b", "{source.ip: 10.1.1.1}", "permanent: true, applies_to: flows")) == []  # fmt: skip
