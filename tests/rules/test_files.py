from datetime import UTC, datetime
from pathlib import Path

import pytest

from netad.core.errors import RuleError
from netad.core.yaml_nodes import MAX_BYTES
from netad.rules import files
from netad.rules.case_runs import run_cases
from netad.rules.files import builtin_names, find_rule_files, read_contents
from netad.rules.ruleset import RuleSet

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_folders_are_searched_and_each_file_is_taken_once(tmp_path):
    """*.yml and *.yaml at any depth, in the order of their names; a file that is named twice is one file."""
    (tmp_path / "sub").mkdir()
    for name in ("z.yml", "a.yaml", "sub/m.yml", "notes.txt", "odd.rules"):
        (tmp_path / name).write_text("rules: []")
    found, problems = find_rule_files([tmp_path, tmp_path / "z.yml", str(tmp_path / "odd.rules"), tmp_path / "sub"])
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.yaml", "odd.rules", "sub/m.yml", "z.yml"]
    assert problems == []


def test_hidden_copies_are_passed_by(tmp_path):
    """A mounted ConfigMap holds each file twice: in a hidden folder, and as a link to it."""
    (tmp_path / "..2026_01_10").mkdir()
    (tmp_path / "..2026_01_10" / "rules.yml").write_text("rules: []")
    (tmp_path / "..data").symlink_to("..2026_01_10")
    (tmp_path / "rules.yml").symlink_to("..data/rules.yml")
    (tmp_path / ".#rules.yml").symlink_to("nowhere")
    assert find_rule_files([tmp_path]) == ([tmp_path / "rules.yml"], [])


def test_a_path_that_gives_no_rules_is_a_problem(tmp_path):
    """A run never starts with fewer rules than were asked for."""
    (tmp_path / "empty").mkdir()
    found, problems = find_rule_files([tmp_path / "gone.yml", tmp_path / "empty"])
    assert found == []
    assert problems == [
        f"{tmp_path}/gone.yml: there is no such file or folder",
        f"{tmp_path}/empty: there is no *.yml or *.yaml file in this folder",
    ]


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    """The number of files is bounded."""
    monkeypatch.setattr(files, "MAX_FILES", 1)
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("rules: []")
    assert find_rule_files([tmp_path]) == ([], ["2 rule files are too many, 1 are the most"])


def test_a_file_is_never_read_further_than_its_limit(tmp_path):
    """One byte more than allowed is enough to refuse it."""
    big = tmp_path / "big.yml"
    big.write_bytes(b"#" * (MAX_BYTES * 2))
    ((content, problems),) = read_contents([big])
    assert content is not None
    assert len(content) == MAX_BYTES + 1
    assert problems.lines() == []


def test_all_files_together_are_bounded(tmp_path, monkeypatch):
    """Many files of the largest size end in a sentence and not in swapping."""
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 1 << 20)
    for name in ("a.yml", "b.yml", "c.yml"):
        (tmp_path / name).write_bytes(b"#" * 700_000)
    read = list(read_contents(sorted(tmp_path.iterdir())))
    assert [content is not None for content, _ in read] == [True, False]
    assert read[1][1].lines() == [f"{tmp_path}/b.yml:1:1: all rule files together are larger than 1 MiB"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    """It went away, or may not be read."""
    ((content, problems),) = read_contents([tmp_path / "gone.yml"])
    assert content is None
    assert problems.lines() == [f"{tmp_path}/gone.yml:1:1: this file cannot be read: No such file or directory"]


def test_built_in_rules_are_found_by_name():
    """Beside files; a name that is none is told with those there are."""
    found, problems = find_rule_files(["builtin:ntp"])
    assert [path.name for path in found] == ["ntp.yml"]
    assert problems == []
    assert find_rule_files(["builtin:mulitcast"])[1] == [
        "builtin:mulitcast: there are no built-in rules of that name; did you mean 'multicast'? "
        f"(there are: {', '.join(builtin_names())})"
    ]


def test_every_built_in_rule_loads_and_passes_its_cases():
    """Each has cases: beside the rule, or here where it needs a list of the user's own."""
    names = [f"builtin:{name}" for name in builtin_names()]
    rules = RuleSet.load([*names, Path(__file__).with_name("builtin_cases.yml")], NOW)
    outcomes = list(run_cases(rules, NOW))
    assert [outcome.failures for outcome in outcomes if outcome.failures] == []
    for rule in rules.rules:
        alone = [outcome.case for outcome in outcomes if outcome.case.flow is (rule.applies_to == "flows")]
        flagged = [rules.matches_flow(case.events[0], NOW) if case.flow else rules.matching(case.events[0], NOW)
                   for case in alone]  # fmt: skip
        assert any(rule in found for found in flagged), rule.id
        assert any(rule not in found for found in flagged), rule.id


def test_a_built_in_rule_that_needs_a_list_says_which():
    """It does not load without."""
    with pytest.raises(RuleError, match=r"there is no list 'scanners'"):
        RuleSet.load(["builtin:scanners"], NOW)
