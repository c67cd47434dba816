import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.problems import Problems
from netad.core.yaml_nodes import read_document
from netad.rules.conditions import MatchReader
from netad.rules.implication import example, implies
from netad.rules.lists import Lists
from netad.rules.matching import Compiler
from netad.rules.view import EventView


def expression(text):
    problems = Problems("a.yml")
    found = MatchReader(Lists(), problems).read(read_document(text.encode(), problems), "match")
    assert not problems.lines(), problems.lines()
    return found


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("source.ip: 10.0.0.1", "source.ip: [10.0.0.1, 10.0.0.2]", True),
        ("source.ip: 10.0.0.1", "source.ip|cidr: 10.0.0.0/8", True),
        ("source.ip: 10.0.0.1", "either.ip|cidr: 10.0.0.0/8", True),
        ("either.ip: 10.0.0.1", "source.ip|cidr: 10.0.0.0/8", False),
        ("source.ip|cidr: 10.1.0.0/16", "source.ip|cidr: 10.0.0.0/8", True),
        ("source.ip|cidr: 10.0.0.0/8", "source.ip|cidr: 10.1.0.0/16", False),
        ("source.ip|cidr: '2001:db8::/32'", "source.ip|cidr: 10.0.0.0/8", False),
        ("tags: abc", "tags: 'a*'", True), ("tags: 'a*'", "tags: abc", False), ("tags: ABC", "tags|cased: abc", False),
        ("tags|cased: ABC", "tags: abc", True), ("tags|startswith: abc", "tags|contains: bc", True),
        ("tags|endswith: .b.example", "tags|endswith: example", True), ("tags: a.example", "tags|domain: example",
        True),
        ("tags|domain: b.example", "tags|domain: example", True), ("tags|domain: example", "tags|domain: b.example",
        False),
        ("tags: x", "tags|exists: true", True), ("tags|neq: x", "tags|neq: x", True), ("tags|neq: x", "tags|neq: y",
        False),
        ("tags|re: a+", "tags|re: a+", True), ("tags|re: a+", "tags|re: a", False),
        ("event.severity: 73", "event.severity|gte: 73", True), ("event.severity|gte: 73", "event.severity|gt: 73",
        False),
        ("event.severity|gt: 73", "event.severity|gte: 73", True), ("event.severity|lt: 5", "event.severity|gt: 5",
        False),
        ("event.severity|lte: 47", "event.severity|lt: 73", True), ("event.severity|lt: 5", "event.severity: 4", False),
        ("tags: x\nsource.ip: 10.0.0.1", "tags: x", True), ("tags: x", "tags: x\nsource.ip: 10.0.0.1", False),
        ("[{tags: x}, {tags: y}]", "tags: [x, y, z]", True), ("tags: x", "[{tags: y}, {tags: x}]", True),
        ("[{tags: x}, {tags: y}]", "tags: x", False), ("not: {tags: [x, y]}", "not: {tags: x}", True),
        ("not: {tags: x}", "not: {tags: [x, y]}", False), ("tags: x", "not: {tags: y}", False),
        ("tags|all: [x, y]", "tags|all: [y, x]", True), ("tags|all: [x, y]", "tags|all: [x, z]", False),
    ],
)  # fmt: skip
def test_what_follows_from_what(narrow, wide, expected):
    """Told on the safe side: False where it cannot be seen."""
    assert implies(expression(narrow), expression(wide)) is expected


texts = st.sampled_from(["a", "b", "ab", "a*", "*b", "A", "a.b"])
conditions = st.one_of(
    st.builds(lambda modifier, value: f"labels.a{modifier}: '{value}'",
              st.sampled_from(["", "|cased", "|contains", "|startswith", "|endswith", "|neq", "|only"]), texts),
    st.builds(lambda modifier, value: f"event.severity{modifier}: {value}",
              st.sampled_from(["", "|gt", "|gte", "|lt", "|lte"]), st.integers(0, 3)),
    st.builds(lambda bits: f"source.ip|cidr: 0.0.0.0/{bits}", st.integers(0, 3)),
)  # fmt: skip
matches = st.one_of(
    conditions,
    st.lists(conditions, min_size=2, max_size=2).map(lambda each: "[{" + "}, {".join(each) + "}]"),
    st.lists(conditions, min_size=2, max_size=2).map(lambda each: "all: [{" + "}, {".join(each) + "}]"),
    conditions.map(lambda each: f"not: {{{each}}}"),
)
events = st.fixed_dictionaries(
    {}, optional={"labels.a": st.lists(st.text("abA.", max_size=3), max_size=2), "event.severity": st.integers(0, 4),
                  "source.ip": st.integers(0, 255).map(lambda number: f"{number}.0.0.0")}
)  # fmt: skip


@given(matches, matches, st.lists(events, min_size=1, max_size=5))
def test_no_event_belies_an_implication(narrow, wide, found):
    """What fits the narrow one fits the wide one."""
    one, other, compiler = expression(narrow), expression(wide), Compiler()
    if implies(one, other):
        for event in found:
            view = EventView(event)
            assert not compiler.predicate(one)(view) or compiler.predicate(other)(view)


@pytest.mark.parametrize(
    "text",
    ["source.ip: 10.0.0.1", "source.ip|cidr: '2001:db8::/32'", "tags: 'a*b?'", "tags|domain: example.com",
     "event.severity|gt: 5", "event.severity|lt: 5", "'@timestamp|gt': 2026-01-01", "tags|all: [a, b]", "tags|neq: a",
     "tags|exists: true", "tags|exists: false", "netad.entity.inside: true", "[{tags|re: x}, {tags: a}]",
     "tags: x\nnot: {source.ip: 10.0.0.1}"],
)  # fmt: skip
def test_an_example_fits(text):
    """Of every kind of condition but a regular expression."""
    one = expression(text)
    assert Compiler().predicate(one)(EventView(example(one)))


def test_regular_expressions_have_no_example():
    """None is told rather than guessed."""
    assert example(expression("tags|re: a+")) is None
    assert example(expression("tags|re: a+\nsource.ip: 10.0.0.1")) is None
