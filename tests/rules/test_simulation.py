from netad.rules.replay import Outcome, Tried
from netad.rules.simulation import Change, Simulation, severity_name

RULE = "rules: [{id: r, comment: c, created_by: o, permanent: true, match: {tags: x}}]"


def tried(identity, before, after, severity=47, **verdict):
    return Tried(identity, "2026-05-30T12:00:00.000Z", "10.0.0.1", severity, verdict, before, after)


SHOWN, HIDDEN = Outcome(), Outcome("hidden", ("r",))


def test_events_are_counted_by_severity_and_rule(load):
    """As they were and as they would be; rules that do nothing, and rules that only the store knows, are there too."""
    events = [tried("a", SHOWN, HIDDEN), tried("b", SHOWN, SHOWN, 99), tried("c", Outcome("tagged", ("gone",)), SHOWN)]
    found = Simulation(events, load(RULE))
    assert list(found.by_severity) == ["critical", "medium", "all"]
    assert found.by_severity["medium"]["hidden"] == Change(0, 1)
    assert found.by_severity["all"]["shown"] == Change(2, 2)
    assert found.by_rule == {("r", "hidden"): Change(0, 1), ("gone", "tagged"): Change(1, 0)}
    assert [each.id for each in found.newly_hidden] == ["a"]
    assert found.newly_shown == []
    assert Simulation([], load(RULE)).by_rule == {("r", "hidden"): Change(0, 0)}


def test_it_is_plain_values_for_programs(load):
    """With every event that changes sides; counts that stay can be left out."""
    events = [
        tried("a", SHOWN, HIDDEN, label="true_positive", by="ann"),
        tried("b", HIDDEN, SHOWN),
        tried("c", SHOWN, SHOWN),
    ]
    found = Simulation(events, load(RULE)).to_json()
    assert found["events"] == 3
    assert found["by_rule"] == [{"rule": "r", "fate": "hidden", "before": 1, "after": 1}]
    assert (
        found["true_positives_hidden"]
        == found["newly_hidden"]
        == [
            {
                "id": "a",
                "@timestamp": "2026-05-30T12:00:00.000Z",
                "source": "10.0.0.1",
                "severity": "medium",
                "before": {"fate": "shown", "rules": []},
                "after": {"fate": "hidden", "rules": ["r"]},
                "verdict": {"label": "true_positive", "by": "ann"},
            }
        ]
    )
    assert [each["id"] for each in found["newly_shown"]] == ["b"]
    changed = Simulation(events, load(RULE)).to_json(changed_only=True)
    assert (changed["by_rule"], changed["by_severity"]) == ([], {})


def test_severities_have_names():
    """Numbers of others stay numbers."""
    assert [severity_name(number) for number in (21, 99, 50, None)] == ["low", "critical", "50", "none"]
