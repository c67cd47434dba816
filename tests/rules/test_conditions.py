import pytest

MODIFIERS = "cidr, gt, gte, lt, lte, contains, startswith, endswith, re, domain, exists, all, only, cased, neq, i, m, s"
EVERYTHING = (
    "every event would match: name a value that tells the events meant from the others, or say 'match_all: true'"
)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("sorce.ip: 10.0.0.1\n", ["1:1: unknown field 'sorce.ip'; did you mean 'source.ip'?"]),
        ("source.ip|cidrs: 10.0.0.0/8\n",
         [f"1:1: unknown modifier 'cidrs'; did you mean 'cidr'? (there are: {MODIFIERS})"]),
        ("sorce.ip|cdir: 10.0.0.0/8\n",
         ["1:1: unknown field 'sorce.ip'; did you mean 'source.ip'?",
          f"1:1: unknown modifier 'cdir'; did you mean 'cidr'? (there are: {MODIFIERS})"]),
        ("source.ip|: 10.0.0.0/8\n", [f"1:1: unknown modifier '' (there are: {MODIFIERS})"]),
        ("source.ip|exact: 10.0.0.1\n", [f"1:1: unknown modifier 'exact' (there are: {MODIFIERS})"]),
        ("message|wildcard: 'a*'\n",
         ["1:1: there is no |wildcard: * and ? in a text stand for any characters by themselves"]),
        ("message|re: '(a'\n", ["1:13: this is no regular expression of RE2 (missing ): (a)"]),
        ("message|re: '(a)\\1'\n", ["1:13: this is no regular expression of RE2 (invalid escape sequence: \\1)"]),
        ("message|contains|startswith: a\n", ["1:1: |contains and |startswith do not go together"]),
        ("message|contains|contains: a\n", ["1:1: |contains and |contains do not go together"]),
        ("message|cased|cased: a\n", ["1:1: a modifier is given twice"]),
        ("message|i: a\n", ["1:1: |i stands behind |re only"]),
        ("source.ip|cased: 10.0.0.1\n",
         ["1:1: |cased is for text compared as it is, or by |contains, |startswith or |endswith"]),
        ("tags|exists|all: true\n", ["1:1: |all does not go with |exists, which takes one value"]),
        ("tags|all|only: [a, b]\n", ["1:1: |only does not go with |all"]),
        ("tags|exists|only: true\n", ["1:1: |only does not go with |exists"]),
        ("tags|neq|only: a\n", ["1:1: |neq does not go with |only; 'not' turns any condition round"]),
        ("tags|all: a\n", ["1:11: |all takes a list of values"]),
        ("message|contains|neq: a\n", ["1:1: |neq does not go with |contains; 'not' turns any condition round"]),
        ("labels.name|domain: '*.example.com'\n",
         ["1:21: '*.example.com' is not a domain such as example.com: leave '*.' out, |domain holds for the name and "
          "all below it"]),
        ("any: {tags: a}\n", ["1:6: 'any' takes a list of maps of conditions"]),
        ("all: []\ntags: a\n", ["1:6: 'all' has no condition"]),
        ("not: {}\ntags: a\n", ["1:6: 'not' has no condition"]),
        ("not: x\ntags: a\n", ["1:6: 'not' must be a map of conditions or a list of such maps"]),
        ("message|cidr: 10.0.0.0/8\n", ["1:1: |cidr is for fields that hold an IP address; message holds text"]),
        ("source.ip|startswith: '10.'\n",
         ["1:1: |startswith is for fields that hold text; source.ip holds an IP address"]),
        ("message|gt: 5\n",
         ["1:1: |gt is for fields that hold a whole number or a number or a date or time; message holds text"]),
        ("destination.port: []\n", ["1:19: the list of values is empty, so that the condition would never match"]),
        ("destination.port: {a: 1}\n",
         ["1:19: a condition takes a value or a list of values, not lists in lists or maps"]),
        ("destination.port: [22, [23]]\n",
         ["1:24: a condition takes a value or a list of values, not lists in lists or maps"]),
        ("destination.port|gt: [22, 23]\n", ["1:22: |gt takes one value, not a list"]),
        ("tags|exists: $l\n", ["1:14: |exists takes one value, not a list"]),
        ("destination.port: [22, 'x', 0x10]\n",
         ["1:24: destination.port holds a whole number, which 'x' is not (numbers are written without quotes)",
          "1:29: '0x10' may be read as a number: write it in decimal, or put it in quotes as text"]),
        ("labels.a:\n", ["1:10: labels.a is given no value; a field that must be missing is labels.a|exists: false"]),
        ("labels.a: no\nlabels.b: yes\n",
         ["1:11: 'no' may be read as a boolean: write true or false, or put it in quotes as text",
          "2:11: 'yes' may be read as a boolean: write true or false, or put it in quotes as text"]),
        ("source.ip: *x\n",
         ["1:12: aliases are not supported ('*x'): write the values out"]),
        ("source.ip: [10.0.0.1, *x]\n",
         ["1:23: aliases are not supported ('*x'): write the values out"]),
        ("- source.ip: 10.0.0.1\n- keyword\n",
         ["2:3: 'match' must be a map of conditions or a list of such maps"]),
        ("keyword\n", ["1:1: 'match' must be a map of conditions or a list of such maps"]),
        ("[]\n",
         ["1:1: 'match' has no condition, so that the rule would match every event: say which events it is for"]),
        ("{}\n",
         ["1:1: 'match' has no condition, so that the rule would match every event: say which events it is for"]),
        ("- source.ip: 10.0.0.1\n- {}\n",
         ["2:3: 'match' has no condition, so that the rule would match every event: say which events it is for"]),
        ("source.ip|exists: true\n", [f"1:1: {EVERYTHING}"]),
        ("event.kind: alert\nevent.category: network\n", [f"1:1: {EVERYTHING}"]),
        ("either.ip|cidr: [10.0.0.0/8, 0.0.0.0/0]\n", [f"1:1: {EVERYTHING}"]),
        ("message: '*'\nevent.risk_score|gte: 0\n", [f"1:1: {EVERYTHING}"]),
        ("- source.ip: 10.0.0.1\n- event.severity|gt: -1\n", [f"1:1: {EVERYTHING}"]),
        ("source.ip|cidr: [0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/2]\n", [f"1:1: {EVERYTHING}"]),
        ("message|re: '.*'\n", [f"1:1: {EVERYTHING}"]),
        ("not: {source.ip|exists: false}\n", [f"1:1: {EVERYTHING}"]),
        ("any: [{tags: a}, {event.kind: alert}]\n", [f"1:1: {EVERYTHING}"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_match_and_where(match_problems, match, expected):
    """Each problem is one sentence at the key or value it is about."""
    assert match_problems(match) == expected


@pytest.mark.parametrize(
    "match",
    ["destination.ip|exists: true\n", "labels.maintenance|exists: true\n", "event.kind: alert\nsource.ip: 10.0.0.1\n",
     "source.ip|cidr: 0.0.0.0/0\ndestination.port: 22\n", "source.ip|cidr: [0.0.0.0/1, 128.0.0.0/2]\n",
     "not: {source.ip: 10.0.0.1}\n", "message|re: 'a*b'\n", "event.risk_score|gte: 1\n", "source.bytes|gte: 0\n"],
)  # fmt: skip
def test_a_match_that_leaves_some_events_out_is_accepted(match_problems, match):
    """A broad condition is fine beside a narrow one, and a field that may be missing narrows by itself."""
    assert match_problems(match) == []


def test_an_exception_that_holds_always_is_refused(problems):
    """The rule would never match; an empty exception says nothing."""
    start = "rules:\n- {id: r, comment: c, created_by: o, permanent: true, match: {source.ip: 10.0.0.1}, except: "
    assert problems(start + "{event.kind: alert}}") == [
        "a.yml:2:93: every event fits this exception, so that the rule would never match"
    ]
    assert problems(start + "[]}") == ["a.yml:2:93: 'except' has no condition: leave it out"]
    assert problems(start + "x}") == ["a.yml:2:93: 'except' must be a map of conditions or a list of such maps"]
