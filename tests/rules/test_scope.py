import pytest

RULE = "rules: [{id: r, comment: c, created_by: o, permanent: true, match: {source.ip: 10.4.2.2}, scope: "


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("{detectors: [isolation*, ecod]}", True), ("{detectors: ecod}", False), ("{observers: sensor-1}", True),
     ("{observers: [sensor-2]}", False), ("{behaviours: scan}", True), ("{behaviours: [beacon, dga]}", False),
     ("{namespaces: lab}", True), ("{namespaces: lab, detectors: ecod}", False),
     ("{namespaces: lab, behaviours: [beacon, scan]}", True)],
)  # fmt: skip
def test_a_scope_narrows_a_rule(load, event, now, scope, expected):
    """Every key must hold; any of its values will do, and they may hold wildcards."""
    event["netad"]["detector"] = "isolation_forest"
    event["netad"]["behaviours"] = ["scan"]
    event["data_stream"] = {"namespace": "lab"}
    assert bool(load(f"{RULE}{scope}}}]").matching(event, now)) is expected


def test_an_event_without_the_field_is_out_of_scope(load, event, now):
    """A missing field never matches."""
    assert not load(f"{RULE}{{behaviours: '*'}}}}]").matching(event, now)


@pytest.mark.parametrize(
    ("scope", "problem"),
    [("{detector: x}", "1:99: unknown key 'detector'; did you mean 'detectors'?"),
     ("{detectors: []}", "1:110: the list of values is empty, so that the condition would never match"),
     ("x", "1:98: this must be a map such as {detectors: [isolation_forest]}")],
)  # fmt: skip
def test_what_is_wrong_with_a_scope(problems, scope, problem):
    """At the place where it stands."""
    assert problems(f"{RULE}{scope}}}]") == [f"a.yml:{problem}"]


def test_rules_for_flows_have_the_scopes_that_flows_have(load, problems):
    """No detector has seen a flow yet."""
    flows = RULE.replace("match", "applies_to: flows, match")
    assert problems(f"{flows}{{detectors: x}}}}]") == [
        "a.yml:1:129: a flow is seen before any of the detectors is asked: leave 'detectors' out"
    ]
    assert len(load(f"{flows}{{observers: sensor-1}}}}]").flow_rules) == 1
