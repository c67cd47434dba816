import pytest

from netad.core.timing import parse_time


def cases(load, text):
    return load(f"tests:\n{text}").cases


def test_a_case_is_read(load):
    """Events as maps, nested or dotted, with values as YAML has them; an outcome for each, and the rules that match."""
    (case,) = cases(load, "- name: n\n  now: 2026-01-01\n"
                          "  event: {source: {ip: 10.0.0.1}, event.severity: 47, tags: [a]}\n"
                          "  expect: suppress\n  rules: [r]\n")  # fmt: skip
    assert case.events == ({"source": {"ip": "10.0.0.1"}, "event.severity": 47, "tags": ["a"]},)
    assert (case.name, case.expect, case.rules, case.flow) == ("n", ("suppress",), ("r",), False)
    assert case.now_ns == parse_time("2026-01-01")


def test_several_events_share_an_outcome_or_have_their_own(load):
    """Whichever is shorter to write; an empty list of rules says that none matches."""
    shared, own = cases(load, "- {name: n, events: [{tags: a}, {tags: b}], expect: none, rules: []}\n"
                              "- {name: m, events: [{tags: a}, {tags: b}], expect: [none, limit]}\n")  # fmt: skip
    assert (shared.expect, shared.rules) == (("none", "none"), ())
    assert (own.expect, own.rules) == (("none", "limit"), None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  x\n", ["2:3: 'tests' must be a list of cases"]),
        ("- x\n", ["2:3: a case is a map with name, event (or events, or flow) and expect"]),
        ("- {event: {tags: a}, expect: none}\n", ["2:3: this case has no 'name'"]),
        ("- {name: n, expect: none}\n", ["2:3: a case has one of 'event', 'events' and 'flow'"]),
        ("- {name: n, event: {tags: a}, flow: {tags: a}, expect: none}\n",
         ["2:3: a case has one of 'event', 'events' and 'flow'"]),
        ("- {name: n, events: [], expect: none}\n", ["2:21: a case has 1 to 1000 events"]),
        ("- {name: n, event: a, expect: none}\n",
         ["2:20: an event is a map of fields, nested or with dots in their names"]),
        ("- {name: n, event: {tags: no}, expect: none}\n",
         ["2:27: 'no' may be read as a boolean: write true or false, or put it in quotes as text"]),
        ("- {name: n, event: {tags: a}}\n",
         ["2:3: this case has no 'expect': one of drop, suppress, inhibit, limit, lower, tag, none"]),
        ("- {name: n, event: {tags: a}, expect: supress}\n",
         ["2:39: 'supress' is no outcome; did you mean 'suppress'? (there are: drop, suppress, inhibit, limit, lower, "
          "tag, none)"]),
        ("- {name: n, events: [{a: 1}, {a: 1}, {a: 1}], expect: [none, none]}\n",
         ["2:55: there are 3 events, and 2 expectations"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_case(problems, text, expected):
    """A sentence at its place."""
    assert problems(f"tests:\n{text}") == [f"a.yml:{line}" for line in expected]
