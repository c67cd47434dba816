from netad.rules.case_runs import run_cases

RULES = """
rules:
- {id: a, comment: c, created_by: o, expires: 2026-12-31, match: {tags: x}}
- {id: f, comment: c, created_by: o, permanent: true, applies_to: flows, match: {destination.port: 53}}
tests:
"""


def failures(load, now, case):
    (outcome,) = run_cases(load(RULES + case), now)
    return list(outcome.failures)


def test_a_case_that_comes_out_as_expected_has_no_failures(load, now):
    """For events and for flows."""
    for case in ("- {name: n, event: {tags: x}, expect: suppress, rules: a}",
                 "- {name: n, event: {tags: y}, expect: none, rules: []}",
                 "- {name: n, now: 2027-01-01, event: {tags: x}, expect: none}",
                 "- {name: n, flow: {destination.port: 53}, expect: drop, rules: [f]}",
                 "- {name: n, flow: {destination.port: 54}, expect: none}"):  # fmt: skip
        assert failures(load, now, case) == []


def test_what_came_out_otherwise_is_told(load, now):
    """The outcome, and the rules behind it."""
    assert failures(load, now, "- {name: n, event: {tags: x}, expect: none, rules: []}") == [
        "the event came to suppress, not none (rules that match: a)",
        "rules that match: a; expected: none",
    ]
    assert failures(load, now, "- {name: n, events: [{tags: x}, {tags: y}], expect: suppress}") == [
        "event 2 came to none, not suppress (rules that match: none)"
    ]
    assert failures(load, now, "- {name: n, flow: {destination.port: 53}, expect: none, rules: [a]}") == [
        "the flow came to drop, not none (rules that match: f)",
        "rules that match: f; expected: a",
    ]
