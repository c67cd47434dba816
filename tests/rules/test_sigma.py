import pytest

HEAD = "title: Known scanner\nid: 6f3e2987-db24-4c78-a860-b4f4095a7095\nauthor: soc\nlogsource: {category: network}\n"


def matches(load, event, now, block, head=HEAD):
    return bool(load(f"{head}filter:\n{block}").matching(event, now))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("not a", True), ("not b", False), ("not (a and b)", False), ("not (a or b)", True), ("a", False), ("b", True),
     ("not a and not b", True), ("not 1 of them", True), ("not all of them", False), ("not 1 of a*", True),
     ("not any of b*", False), ("not(a)or b", True), ("not not b", True)],
)  # fmt: skip
def test_what_the_condition_does_not_hold_for_is_suppressed(load, event, now, condition, expected):
    """A filter is added to the rules it names: what it lets through stays an alert."""
    block = f"  rules: any\n  a: {{source.ip: 10.4.2.2}}\n  b: {{tags: nothing}}\n  condition: {condition}\n"
    assert matches(load, event, now, block) is expected


def test_a_filter_is_for_the_rules_it_names(load, event, now):
    """By the rule.id of events."""
    block = "  rules: [{}]\n  selection: {{source.ip|cidr: 10.4.0.0/16}}\n  condition: not selection\n"
    assert matches(load, event, now, block.format("netad.isolation_forest.source_profile"))
    assert not matches(load, event, now, block.format("netad.ecod.source_profile"))


def test_owner_reason_and_end_come_from_the_document(load):
    """The description is the reason, or else the title; without `expires` the rule never ends."""
    block = "filter: {rules: any, selection: {tags: x}, condition: not selection}\n"
    (rule,) = load(f"{HEAD}description: A long story.\nexpires: 2026-12-31\n{block}").rules
    assert (rule.id, rule.created_by, rule.comment) == ("6f3e2987-db24-4c78-a860-b4f4095a7095", "soc", "A long story.")
    assert rule.expires_ns is not None
    (rule,) = load(f"title: Known Scanner!\nauthor: soc\n{block}").rules
    assert (rule.id, rule.comment, rule.expires_ns) == ("known-scanner", "Known Scanner!", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEAD}filter: x\n", ["5:9: 'filter' must be a map with rules, a selection and a condition"]),
        (f"{HEAD}filter: {{s: {{tags: x}}, condition: not s}}\n",
         ["5:9: this filter has no 'rules': the ids of rules (rule.id of events), or 'any'"]),
        (f"{HEAD}filter: {{rules: any, s: {{tags: x}}}}\n",
         ["5:9: this filter has no 'condition', such as: not selection"]),
        (f"{HEAD}filter: {{rules: any, s: {{tags: x}}, condition: not t}}\n",
         ["5:47: there is no selection 't' (there are: s)"]),
        (f"{HEAD}filter: {{rules: any, s: {{tgas: x}}, condition: not s}}\n",
         ["5:26: unknown field 'tgas'; did you mean 'tags'?"]),
        (f"{HEAD}filter: {{rules: any, s: {{event.kind: alert}}, condition: not s}}\n",
         ["5:57: this condition leaves no event over: name a value that tells them apart"]),
        (f"{HEAD}level: high\nauthr: x\nfilter: {{rules: any, s: {{tags: x}}, condition: not s}}\n",
         ["6:1: unknown key 'authr'; did you mean 'author'?"]),
        ("filter: {rules: any, s: {tags: x}, condition: not s}\n",
         ["1:1: this filter has no 'author', who becomes the owner of the rule", "1:1: this filter has no 'title'"]),
        *((f"{HEAD}filter: {{rules: any, s: {{tags: x}}, condition: '{wrong}'}}\n",
           [f"5:47: the condition '{wrong}' is not one that netad reads: selections, not, and, or, parentheses, 1 of, "
            "all of"]) for wrong in ("", "s s", "(s", "s | count() > 5", "not", "1 of s*t")),
        (f"{HEAD}filter: {{rules: any, s: {{tags: x}}, condition: 1 of t*}}\n", ["5:47: no selection fits 't*'"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_filter(problems, text, expected):
    """A sentence at its place."""
    assert problems(text) == [f"a.yml:{line}" for line in expected]


def test_a_hostile_condition_ends(problems):
    """Nesting is bounded."""
    text = f"{HEAD}filter: {{rules: any, s: {{tags: x}}, condition: '{'(' * 5000}s'}}\n"
    assert "is not one that netad reads" in problems(text)[0]
