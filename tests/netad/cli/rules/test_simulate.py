import json

import pytest

from tests.netad.cli.rules.conftest import stored

STORE = ("--store", "parquet:s")


@pytest.fixture
def events(store):
    """Four anomalies: three of one host, the last of them a true positive, and one of another host."""
    said = {"label": "true_positive", "by": "ann", "comment": "C2 \x1b[31m", "at": "2026-11-24T08:00:00.000Z"}
    return store(stored(0), stored(1, severity=99), stored(2, verdict=said), stored(3, "10.0.0.9"))


def test_what_rules_would_change_is_told(run, events, write_rule):
    """Counts by severity and rule, the events that change sides, and true positives one by one; exit code 10."""
    code, out, _ = run("rules", "simulate", write_rule("r"), *STORE, "--since", "all")
    assert code == 10
    lines = out.splitlines()
    assert lines[:12] == [
        "4 events of namespace default in parquet:s: 1 rule beside what is in the store",
        "",
        "severity  shown   tagged  lowered  hidden  dropped",
        "critical  1 -> 0  0       0        0 -> 1  0",
        "medium    3 -> 1  0       0        0 -> 2  0",
        "all       4 -> 1  0       0        0 -> 3  0",
        "",
        "rule  effect  events",
        "r     hidden  0 -> 3",
        "",
        "newly hidden: 3",
        f"  {events[0]['@timestamp'][:19]}Z  medium  10.0.0.8  {events[0]['event']['id']}  r",
    ]
    assert lines[-2] == "marked true positive, but hidden: 1"
    assert lines[-1].endswith(f"{events[2]['event']['id']}  r; ann: C2 \\x1b[31m")


def test_rules_that_hide_no_true_positive_are_fine(run, events, write_rule):
    """Exit code 0; counts that stay may be left out."""
    files = write_rule("r", source="10.0.0.9"), write_rule("idle", source="10.9.9.9")
    code, out, _ = run("rules", "simulate", *files, *STORE, "--changed-only")
    assert code == 0
    assert "idle" not in out
    assert "critical" not in out
    assert "newly hidden: 1\n" in out
    code, out, _ = run("rules", "simulate", "idle.yml", *STORE, "--changed-only")
    assert out.splitlines()[1:] == []


def test_rules_are_compared_with_other_rules(run, events, write_rule):
    """What only the old ones hid would be shown."""
    _, out, _ = run("rules", "simulate", write_rule("new", source="10.0.0.9"), "--against", write_rule("old"), *STORE)
    assert "1 rule beside the rules they are compared with" in out
    assert "new   hidden  0 -> 1\nold   hidden  3 -> 0\n" in out
    assert "newly shown: 3\n" in out


def test_it_is_json_on_demand(run, events, write_rule):
    """All events that change sides, however many."""
    code, out, _ = run("rules", "simulate", write_rule("r"), *STORE, "--format", "json")
    found = json.loads(out)
    assert code == 10
    assert found["store"] == "parquet:s"
    assert [each["id"] for each in found["newly_hidden"]] == [each["event"]["id"] for each in events[:3]]
    assert [each["verdict"]["by"] for each in found["true_positives_hidden"]] == ["ann"]


def test_long_lists_are_cut(run, store, write_rule):
    """With how many more there are."""
    store(*(stored(hour) for hour in range(12)))
    _, out, _ = run("rules", "simulate", write_rule("r"), *STORE)
    assert out.endswith("  and 2 more (--format json names all)\n")


def test_a_limit_counts_from_the_start_of_its_period(run, store, write_rule):
    """Events before --since take their places, but are not told."""
    events = store(stored(0), stored(1), stored(2))
    limit = write_rule("r", "limit: {group_by: source.ip, count: 2, per: 1d}")
    _, out, _ = run("rules", "simulate", limit, *STORE, "--since", events[1]["@timestamp"])
    assert out.startswith("2 events")
    assert f"newly hidden: 1\n  {events[2]['@timestamp'][:19]}" in out


def test_nothing_is_changed(run, events, write_rule, tmp_path):
    """The store is as it was."""
    before = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*.parquet")}
    run("rules", "simulate", write_rule("r"), *STORE)
    assert {path: path.read_bytes() for path in (tmp_path / "s").rglob("*.parquet")} == before
