from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ConfigError, OutputError, RuleError
from netad.core.problems import Problems
from netad.core.yaml_nodes import Mapping, Scalar, read_document
from netad.rules.ruleset import RuleSet
from netad.rules.writing import append_rule, end_of, rule_text, rules_text

RULE = {"id": "r", "comment": "why: \"so\" # yes", "created_by": "o", "permanent": True,
        "match": {"source.ip|cidr": "10.0.0.0/8", "tags|all": ["a", "b"], "not": {"destination.port": 22}}}  # fmt: skip
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_written_file_loads_as_it_was_meant(tmp_path):
    """With a heading, and with no rule at all."""
    path = tmp_path / "r.yml"
    path.write_text(rules_text([RULE, {**RULE, "id": "s"}], "made by hand\nin two lines"))
    assert path.read_text().startswith("# made by hand\n# in two lines\nversion: 1\n")
    assert [rule.comment for rule in RuleSet.load([path]).rules] == ['why: "so" # yes'] * 2
    path.write_text(rules_text([]))
    assert len(RuleSet.load([path])) == 0


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]), max_size=20))
def test_texts_survive_being_written(text):
    """Whatever is in them."""
    problems = Problems("r.yml")
    root = read_document(rules_text([{"id": text}]).encode(), problems)
    assert not problems.lines()
    assert isinstance(root, Mapping)
    (_, rules) = root.entries[1]
    assert isinstance(rules.nodes[0].entries[0][1], Scalar)
    assert rules.nodes[0].entries[0][1].text == text


@pytest.mark.parametrize(
    "before", ["", "version: 1\nrules:\n  - id: a\n", "rules:\n- id: a\n", "rules:\n    - id: a\n"]
)
def test_a_rule_is_added_to_the_end_of_a_file(tmp_path, before):
    """In the indentation that is there; a file that is not there is made."""
    path = tmp_path / "r.yml"
    if before:
        pad = " " * (before.index("- id") - before.rindex("\n", 0, before.index("- id")) + 1)
        rest = "".join(f"{pad}{line}\n" for line in ("comment: c", "created_by: o", "permanent: true",
                                                     "match: {tags: x}  # a comment that stays"))  # fmt: skip
        path.write_text(f"{before}{rest}".rstrip("\n"))
    append_rule(path, RULE)
    assert [rule.id for rule in RuleSet.load([path]).rules] == (["a", "r"] if before else ["r"])
    assert ("a comment that stays" in path.read_text()) is bool(before)
    assert [each.name for each in tmp_path.iterdir()] == ["r.yml"]


@pytest.mark.parametrize("before", ["rules: []\n", "lists: {l: [a]}\n", "rules: [{id: a, comment: c, created_by: o, "
                                    "permanent: true, match: {tags: x}}]\n"])  # fmt: skip
def test_a_file_that_cannot_be_added_to_stays_as_it_is(tmp_path, before):
    """And the reason is told."""
    path = tmp_path / "r.yml"
    path.write_text(before)
    with pytest.raises(OutputError, match="write the rule to another file"):
        append_rule(path, RULE)
    assert path.read_text() == before


def test_a_rule_that_would_not_load_is_not_written(tmp_path):
    """The problem is told with the name of the file it was meant for."""
    path = tmp_path / "r.yml"
    with pytest.raises(RuleError) as error:
        append_rule(path, {**RULE, "id": "Not An Id"})
    assert error.value.problems[0].startswith(f"{path}:3:9: an id is made of small letters")
    assert not path.exists()
    path.write_text("rules: {")
    with pytest.raises(RuleError, match="this is not valid YAML"):
        append_rule(path, RULE)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        append_rule(tmp_path / "file" / "r.yml", RULE)


def test_what_follows_the_rules_stays_behind_them(tmp_path):
    """With the comments that belong to it."""
    path = tmp_path / "r.yml"
    rest = "\n# cases\ntests:\n- {name: n, event: {tags: x}, expect: suppress}\n"
    path.write_text(f"rules:\n- {{id: a, comment: c, created_by: o, permanent: true, match: {{tags: x}}}}\n{rest}")
    append_rule(path, RULE)
    assert path.read_text().endswith(rest)
    assert len(RuleSet.load([path])) == 2


def test_ends_are_durations_or_times():
    """From now on; what is over already is refused."""
    assert end_of(None) == {"permanent": True}
    assert end_of("30d", NOW) == {"expires": "2026-07-01T12:00:00Z"}
    assert end_of("2026-12-31", NOW) == {"expires": "2026-12-31T00:00:00Z"}
    for wrong in ("2026-01-01", "soon"):
        with pytest.raises(ConfigError):
            end_of(wrong, NOW)


def test_one_rule_is_an_entry_of_a_list():
    """Indented as asked."""
    assert rule_text({"id": "r", "tag": ["x"]}, 4) == '    - id: "r"\n      tag: ["x"]\n'
