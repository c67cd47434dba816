from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.problems import Problems
from netad.core.yaml_nodes import read_document
from netad.rules import index
from netad.rules.conditions import MatchReader
from netad.rules.index import RuleIndex
from netad.rules.lists import Lists
from netad.rules.matching import Compiler
from netad.rules.view import EventView

TEXTS = st.text("abC.", min_size=1, max_size=6)


def expression(text):
    problems = Problems("a.yml")
    found = MatchReader(Lists(), problems).read(read_document(text.encode(), problems), "match")
    assert not problems.lines(), problems.lines()
    return found


def quoted(values):
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


conditions = st.one_of(
    st.builds(lambda values, cased: f"labels.a{cased}: {quoted(values)}",
              st.lists(st.text("abC.*?", min_size=1, max_size=5), min_size=1, max_size=3),
              st.sampled_from(["", "|cased", "|neq", "|all", "|only"])),
    st.builds(lambda modifier, value: f"labels.a|{modifier}: '{value}'",
              st.sampled_from(["contains", "startswith", "endswith", "contains|cased", "startswith|cased"]),
              st.text("abC*?", min_size=1, max_size=5)),
    st.builds(lambda value: f"labels.a|domain: {value}", st.sampled_from(["a.b", "b", "c"])),
    st.builds(lambda number, bits: f"source.ip|cidr: {(number >> (8 - bits)) << (8 - bits)}.0.0.0/{bits}",
              st.integers(0, 255), st.integers(0, 8)),
    st.builds(lambda number: f"either.ip: {number}.0.0.0", st.integers(0, 255)),
    st.builds(lambda number: f"destination.port|gt: {number}", st.integers(0, 5)),
    st.builds(lambda number: f"destination.port: [{number}, 9]", st.integers(0, 5)),
    st.sampled_from(["labels.a|exists: false", "labels.a|re: 'a.C'", "not: {labels.a: a}"]),
)  # fmt: skip
matches = st.one_of(
    conditions,
    st.lists(conditions, min_size=2, max_size=3).map(lambda each: "[{" + "}, {".join(each) + "}]"),
    st.lists(conditions, min_size=2, max_size=3).map(lambda each: "all: [{" + "}, {".join(each) + "}]"),
)
events = st.fixed_dictionaries(
    {},
    optional={
        "source.ip": st.integers(0, 255).map(lambda number: f"{number}.0.0.0"),
        "destination.ip": st.integers(0, 255).map(lambda number: f"{number}.0.0.0"),
        "destination.port": st.integers(0, 9),
        "labels.a": st.one_of(TEXTS, st.lists(TEXTS, max_size=3)),
    },
)


@given(st.lists(matches, max_size=6), st.lists(events, min_size=1, max_size=4))
def test_the_index_finds_what_asking_each_rule_finds(texts, found):
    """Whatever the conditions are and the event holds; a second look finds the same."""
    expressions = [expression(text) for text in texts]
    compiler = Compiler()
    predicates = [compiler.predicate(each) for each in expressions]
    table = RuleIndex(expressions)
    for event in [*found, *found]:
        expected = [number for number, holds in enumerate(predicates) if holds(EventView(event))]
        assert table.matching(EventView(event)) == expected


@pytest.mark.parametrize(
    "text",
    ["source.ip|cidr: 10.0.0.0/8", "labels.a: '*longest*'", "labels.a: 'start*'", "labels.a: '*end'",
     "labels.a|contains: abc", "labels.a|domain: example.com", "tags: x\ndestination.port|gt: 5"],
)  # fmt: skip
def test_only_rules_that_may_match_are_asked(text, monkeypatch):
    """An event that has none of what a rule asks for costs that rule nothing."""
    asked: list[Any] = []
    monkeypatch.setattr(
        index.Compiler,
        "predicate",
        lambda _self, each: lambda _view: asked.append(each),  # type: ignore[func-returns-value]
    )
    table = RuleIndex([expression(text)])
    table.matching(EventView({"source": {"ip": "192.0.2.1"}, "labels": {"a": "nothing"}, "tags": ["y"]}))
    assert asked == []


def test_what_is_remembered_is_bounded(monkeypatch):
    """Values come and go, the answers stay right."""
    monkeypatch.setattr(index, "_REMEMBERED", 3)
    table = RuleIndex([expression("labels.a|startswith: x")])
    found = [table.matching(EventView({"labels": {"a": f"{letter}{n}"}})) for n in range(9) for letter in "xy"]
    assert found == [[0], []] * 9


def test_a_long_list_is_looked_up_once_for_all_rules_that_use_it():
    """Many rules share it: the table holds its values once."""
    values = quoted([f"v{number}" for number in range(200)])
    one = expression(f"labels.a: {values}\nsource.ip: 10.0.0.1")
    table = RuleIndex([one, one, expression(f"labels.a: {values}")])
    view = EventView({"labels": {"a": "v7"}, "source": {"ip": "10.0.0.1"}})
    assert table.matching(view) == [0, 1, 2]
