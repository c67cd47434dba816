import pytest

from netad.rules.explain import explain
from netad.rules.ruleset import nanoseconds


@pytest.fixture
def reasons(load, event, now):
    """Why a rule with these keys does not apply to the event; nothing when it does."""

    def reasons_of(keys):
        (rule,) = load(f"rules:\n- id: r\n  comment: c\n  created_by: o\n{keys}").rules
        told = explain(rule, event, nanoseconds(now))
        assert told.applies is (not told.reasons)
        return list(told.reasons)

    return reasons_of


def test_each_condition_in_the_way_is_told_with_what_the_event_has(reasons):
    """And those that hold are not."""
    assert reasons("  permanent: true\n  match:\n    source.ip|cidr: [10.5.0.0/16, 192.0.2.1]\n    tags: lab\n"
                   "    destination.port: [23, 24]\n    labels.gone: x\n") == [
        "source.ip|cidr: 10.5.0.0/16, 192.0.2.1/32 (line 7) is not so: the event has 10.4.2.2",
        "destination.port: 23, 24 (line 9) is not so: the event has 22",
        "labels.gone: 'x' (line 10) is not so: the event has no labels.gone",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("  permanent: true\n  match: {tags: lab}\n", []),
        ("  expires: 2026-05-01\n  match: {tags: lab}\n", ["it expired at 2026-05-01T00:00:00.000Z"]),
        ("  permanent: true\n  starts: 2027-01-01\n  match: {tags: lab}\n", ["it starts at 2027-01-01T00:00:00.000Z"]),
        ("  permanent: true\n  match: {tags: lab}\n  except: {observer.name: 'sensor-?'}\n",
         ["it is excepted: observer.name: 'sensor-?' (line 7)"]),
        ("  permanent: true\n  match: {tags: lab}\n  scope: {observers: x}\n",
         ["observer.name: 'x' (line 7) is not so: the event has 'sensor-1'"]),
        ("  permanent: true\n  match: {tags: lab}\n  schedule: {tz: UTC, windows: [sun]}\n",
         ["2026-05-30T06:00:00.000Z to 2026-05-30T07:00:00.000Z does not lie within its schedule (UTC)"]),
        ("  permanent: true\n  match: {not: {tags: lab}}\n", ["it must not be that tags: 'lab' (line 6)"]),
        ("  permanent: true\n  match: {not: {not: {tags: x}}}\n",
        ["it must not be that it is not that tags: 'x' (line 6)"]),
        ("  permanent: true\n  match: [{tags: x}, {tags: y}]\n",
         ["none of these ways fits: tags: 'x' (line 6) is not so: the event has 'lab', 'sensor[1]*'; or "
          "tags: 'y' (line 6) is not so: the event has 'lab', 'sensor[1]*'"]),
        ("  permanent: true\n  match: {'@timestamp|lt': 2026-01-01, netad.entity.inside: false}\n",
         ["@timestamp|lt: 2026-01-01T00:00:00.000Z (line 6) is not so: the event has 2026-05-30T07:00:00.000Z",
          "netad.entity.inside: false (line 6) is not so: the event has true"]),
        ("  permanent: true\n  match: {related.ip: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6]}\n",
         ["related.ip: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5 and 1 more (line 6) is not so: the event has "
          "10.4.2.2, 2001:db8::7"]),
    ],
)  # fmt: skip
def test_every_kind_of_reason_is_told(reasons, keys, expected):
    """Ends, exceptions, scopes, schedules, negations and alternatives."""
    assert reasons(keys) == expected


def test_an_event_without_a_time_is_told_to_have_none(reasons, event):
    """Where a schedule would need it."""
    del event["@timestamp"], event["event"]["start"]
    keys = "  permanent: true\n  match: {tags: lab}\n  schedule: {tz: UTC, windows: [sun]}\n"
    assert reasons(keys) == ["the event has no time, and the rule a schedule"]
