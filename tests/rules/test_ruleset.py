import copy
import itertools
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ExitCode, RuleError
from netad.rules.case_runs import run_cases
from netad.rules.marking import mark
from netad.rules.ruleset import RuleSet

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "rules.yml"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def text(identity: str, match: str, end: str = "permanent: true", owner: str = "o", comment: str = "c") -> str:
    return f"- {{id: {identity}, comment: {comment}, created_by: {owner}, {end}, match: {match}}}\n"


def test_a_suppressed_event_is_marked_and_stays(load, event, now):
    """Kind and suppression change, and nothing else; rules are listed by id, ends where there are any."""
    rules = load(
        "rules:\n"
        + text("b", "{source.ip: 10.4.2.2}", "expires: 2026-12-31", "soc", "weekly scan")
        + text("c", "{destination.port: 22}", owner="netops", comment="ssh")
        + text("a", "{tags: lab}", "expires: 2026-07-01T00:00Z", "lab", "students")
        + text("d", "{tags: nothing}")
    )
    before = copy.deepcopy(event)
    assert rules.apply(event, now) is True
    assert event["event"].pop("kind") == "event"
    assert event["netad"].pop("suppression") == {
        "suppressed": True,
        "action": "suppress",
        "rule_ids": ["a", "b", "c"],
        "actions": ["suppress"] * 3,
        "owner": ["lab", "soc", "netops"],
        "reason": ["students", "weekly scan", "ssh"],
        "expires": ["2026-07-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z"],
    }
    del before["event"]["kind"], before["netad"]["suppression"]
    assert event == before


def test_permanent_rules_have_no_end_to_tell(rule, event, now):
    """`expires` is absent when no matching rule has one."""
    rule("tags: lab\n").apply(event, now)
    assert "expires" not in event["netad"]["suppression"]


def test_an_event_that_no_rule_matches_is_left_alone(rule, event, now):
    """Nothing in it changes."""
    rules = rule("tags: nothing\n")
    before = copy.deepcopy(event)
    assert rules.apply(event, now) is False
    assert event == before


def test_applying_twice_marks_the_same(load, event, now):
    """All rules see the event as it came, and a mark stays when the rule that asks for an alert no longer matches."""
    rules = load(
        "rules:\n" + text("a", "{tags: lab, event.kind: alert}") + text("b", "{labels.site: hq, event.kind: alert}")
    )
    assert rules.apply(event, now) is True
    marked = copy.deepcopy(event)
    assert marked["netad"]["suppression"]["rule_ids"] == ["a", "b"]
    assert rules.apply(event, now) is False
    assert event == marked


def test_the_wall_clock_decides_and_not_the_event(load, event):
    """A rule is in force from its start to its end, whenever the traffic was."""
    end = "starts: 2026-06-01, expires: 2026-06-02"
    rules = load("rules:\n" + text("a", "{tags: lab}", end))
    start = datetime(2026, 6, 1, tzinfo=UTC)
    moments = [start - timedelta(microseconds=1), start, start + timedelta(hours=23), start + timedelta(days=1)]
    assert [bool(rules.matching(event, moment)) for moment in moments] == [False, True, True, False]
    assert rules.matching(event, start.astimezone(None))


def test_expired_rules_load_with_a_warning_and_never_match(load, event, now, tmp_path):
    """Files are not broken by time passing, and nobody is left to wonder."""
    rules = load("rules:\n" + text("a", "{tags: lab}", "expires: 2026-06-01T12:00Z", "soc"))
    assert rules.warnings == [
        f"{tmp_path}/a.yml:2:3: rule 'a' of soc expired at 2026-06-01T12:00:00.000Z and matches nothing"
    ]
    assert len(rules) == 1
    assert rules.apply(event, now) is False


def test_rules_load_whole_or_not_at_all(tmp_path):
    """One error carries every problem of every path, and ends the command with the usage code."""
    (tmp_path / "bad.yml").write_text("rules: 1")
    (tmp_path / "good.yml").write_text("rules:\n" + text("a", "{tags: lab}"))
    with pytest.raises(RuleError) as error:
        RuleSet.load([tmp_path, tmp_path / "gone"], NOW)
    assert error.value.problems == [
        f"{tmp_path}/gone: there is no such file or folder",
        f"{tmp_path}/bad.yml:1:8: 'rules' must be a list of rules",
    ]
    assert error.value.exit_code is ExitCode.USAGE


def test_a_yaml_bomb_ends_fast_with_an_error(load):
    """Nested aliases that would be 10^9 values, and a list that holds itself."""
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    started = time.process_time()
    for hostile in (bomb, "rules: &r [*r]\n", "[" * 500_000, "rules: " + "{a: " * 100_000, "- " * 200_000):
        with pytest.raises(RuleError):
            load(hostile)
    assert time.process_time() - started < 5


def test_the_example_of_the_documentation_does_what_it_says(event, now):
    """docs/examples/rules.yml loads without a warning, and its rules match what their comments promise."""
    rules = RuleSet.load([EXAMPLE], now)
    assert rules.warnings == []
    assert [rule.id for rule in rules.rules] == [
        "backup-flows", "backup-volume", "lab-network", "nessus-weekly", "beacon-once-an-hour", "maintenance",
    ]  # fmt: skip
    assert rules.apply(event, now) is False
    scan = {**event, "source": {"ip": "10.9.0.7"}}
    assert [rule.id for rule in rules.matching(scan, now)] == ["nessus-weekly"]
    assert not rules.matching({**scan, "related": {"ip": ["10.9.0.7", "10.0.99.1"]}}, now)
    assert not rules.matching({**scan, "event": {"risk_score": 96.0}}, now)
    backup = {"source": {"ip": "10.20.0.10"}, "destination": {"port": 873}}
    backup["netad"] = {"anomaly": {"top_features": ["packets", "bytes_out"]}}
    assert [rule.id for rule in rules.matching(backup, now)] == ["backup-volume"]
    lab = {"labels": {"site": "lab"}, "observer": {"name": "sensor-lab-3"}}
    assert [rule.id for rule in rules.matching(lab, now)] == ["lab-network"]
    assert [rule.id for rule in rules.matching({"destination": {"ip": "192.168.78.5"}, "event": {"severity": 21}}, now)]


def test_the_default_clock_is_the_wall_clock():
    """Without a time the warnings are about today."""
    assert len(RuleSet.load([EXAMPLE])) == 6
    assert [outcome.failures for outcome in run_cases(RuleSet.load([EXAMPLE]), NOW)] == [()] * 4


addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.1.0.1", "2001:db8::1"])
actions = st.sampled_from(
    ["action: suppress", "action: drop", "tag: [x]", "lower: {severity_by: 1, score_by: 10}",
     "limit: {group_by: source.ip, per: 1h}", "inhibit: {by: any}"]
)  # fmt: skip
matches = st.one_of(
    addresses.map(lambda address: f"{{either.ip: '{address}'}}"),
    st.sampled_from(["10.0.0.0/16", "10.1.0.0/16", "2001:db8::/64"]).map(lambda net: f"{{source.ip|cidr: '{net}'}}"),
    st.integers(1, 99).map(lambda score: f"{{event.risk_score|gte: {score}}}"),
    st.integers(1, 4).map(lambda port: f"[{{destination.port: {port}}}, {{source.ip|neq: 10.0.0.1}}]"),
)
ends = st.sampled_from(
    ["permanent: true", "expires: 2026-06-02", "expires: 2026-05-31", "permanent: true, starts: 2027-01-01"]
)
bodies = st.lists(st.tuples(matches, ends, actions), min_size=1, max_size=5)
hiding = st.lists(
    st.tuples(matches, ends, st.sampled_from(["action: suppress", "action: drop"])), min_size=1, max_size=3
)
events = st.fixed_dictionaries(
    {
        "@timestamp": st.sampled_from(["2026-05-30T07:00:00Z", "2026-05-30T07:30:00Z", "2026-05-30T08:00:00Z"]),
        "event": st.fixed_dictionaries(
            {
                "kind": st.just("alert"),
                "id": st.sampled_from("abcdefgh"),
                "severity": st.sampled_from([21, 47, 73, 99]),
                "risk_score": st.floats(0, 100),
            }
        ),
        "source": st.fixed_dictionaries({"ip": addresses}),
        "destination": st.fixed_dictionaries({}, optional={"ip": addresses, "port": st.integers(1, 4)}),
        "netad": st.fixed_dictionaries({"anomaly": st.fixed_dictionaries({"score": st.floats(0, 1)})}),
    }
)
runs = st.lists(events, min_size=1, max_size=6, unique_by=lambda event: event["event"]["id"])


def rule_set(files: list[list[str]]) -> RuleSet:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, rules in enumerate(files):
            path = Path(folder, f"{number}.yml")
            path.write_text("rules:\n" + "".join(rules) if rules else "rules: []")
            paths.append(path)
        # Rules made by chance may be for the same events: that is another test's matter.
        return RuleSet.load_what_can(paths, NOW)


def written(rules: list[tuple[str, str, str]], prefix: str = "r") -> list[str]:
    return [text(f"{prefix}{number}", match, f"{end}, {action}") for number, (match, end, action) in enumerate(rules)]


def judged(rules: RuleSet, run: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """Mark copies of the events of a run; None stands for those that do not ship."""
    copies = copy.deepcopy(run)
    verdicts = rules.judge(copies, NOW).verdicts
    for event, verdict in zip(copies, verdicts, strict=True):
        mark(event, verdict)
    return [None if verdict.dropped else event for event, verdict in zip(copies, verdicts, strict=True)]


def hidden(event: dict[str, Any] | None) -> bool:
    return event is None or bool(event["netad"].get("suppression", {}).get("suppressed"))


@given(bodies, runs)
def test_only_lowering_changes_a_score(rules, run):
    """Suppressed, inhibited, limited and tagged events keep severity and scores; what is anomalous stays for ever."""
    for before, after in zip(run, judged(rule_set([written(rules)]), run), strict=True):
        if after is None:
            continue
        assert after["netad"]["anomaly"] == before["netad"]["anomaly"]
        suppression = after["netad"].get("suppression", {})
        assert after["event"]["kind"] == ("event" if suppression.get("suppressed") else "alert")
        if suppression.get("action") != "lower":
            assert {**after["event"], "kind": "alert"} == before["event"]
        else:
            assert after["event"]["severity"] <= before["event"]["severity"]
            assert after["event"]["risk_score"] <= before["event"]["risk_score"]


@given(bodies, hiding, runs)
def test_adding_a_rule_that_hides_never_shows_a_hidden_event_again(rules, more, run):
    """What fewer rules hide, more rules hide, and the rules that hid it are still named."""
    few = judged(rule_set([written(rules)]), run)
    many = judged(rule_set([written(rules), written(more, "s")]), run)
    for before, after in zip(few, many, strict=True):
        if hidden(before):
            assert hidden(after)
        if before is None:
            assert after is None
        elif after is not None and hidden(before):
            assert set(before["netad"]["suppression"]["rule_ids"]) <= set(after["netad"]["suppression"]["rule_ids"])


@given(bodies, runs, st.randoms(use_true_random=False))
def test_the_order_of_rules_files_and_events_does_not_matter(rules, run, random):
    """However rules are spread over files and events over the run, each event is marked alike."""
    marks = []
    everything, order = written(rules), list(run)
    for cut in (0, random.randint(0, len(everything))):
        random.shuffle(everything)
        random.shuffle(order)
        found = judged(rule_set([everything[cut:], everything[:cut]]), order)
        marks.append({event["event"]["id"]: after for event, after in zip(order, found, strict=True)})
    assert all(first == second for first, second in itertools.pairwise(marks))


@given(bodies, runs)
def test_judging_changes_nothing_and_says_the_same_again(rules, run):
    """Verdicts are apart from events, and counted."""
    before, rule_sets = copy.deepcopy(run), rule_set([written(rules)])
    verdicts = rule_sets.judge(run, NOW)
    assert run == before
    assert rule_sets.judge(run, NOW) == verdicts
    assert verdicts.suppressed == sum(verdict.hidden for verdict in verdicts.verdicts)
    assert sum(verdicts.hits.values()) == sum(len(verdict.rules) for verdict in verdicts.verdicts)
    assert sum(verdicts.hiding.values()) <= sum(verdicts.effects.values()) <= sum(verdicts.hits.values())


def test_what_can_be_loaded_is_loaded_on_demand(tmp_path, event):
    """The good rules work, the problems are there to be told."""
    (tmp_path / "bad.yml").write_text("rules:\n" + text("b", "{tags: lab, sorce.ip: 1}"))
    (tmp_path / "good.yml").write_text("rules:\n" + text("a", "{tags: lab}"))
    rules = RuleSet.load_what_can([tmp_path], NOW)
    assert [rule.id for rule in rules.matching(event, NOW)] == ["a"]
    assert rules.problems == [f"{tmp_path}/bad.yml:2:74: unknown field 'sorce.ip'; did you mean 'source.ip'?"]


def test_rules_for_flows_and_for_events_are_apart(load, event, now):
    """A rule for flows hides no event, and keeps out a flow that a case describes."""
    rules = load("rules:\n" + text("a", "{source.ip: 10.4.2.2}", "permanent: true, applies_to: flows"))
    assert rules.apply(event, now) is False
    assert [rule.id for rule in rules.matches_flow({"source": {"ip": "10.4.2.2"}}, now)] == ["a"]
    assert rules.matches_flow({"source.ip": "10.4.2.3"}, now) == ()
    assert [rule.id for rule in rules.flow_filter(now).rules] == ["a"]
