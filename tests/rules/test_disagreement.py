def rule(identity, match, more="permanent: true"):
    return f"rules:\n- {{id: {identity}, comment: c, created_by: o, match: {match}, {more}}}\n"


def test_two_files_that_want_different_things_for_the_same_events_disagree(problems):
    """Whatever the order of conditions and values: one of the two would silently do nothing."""
    one = rule("a", "{tags: [x, y], source.ip: 10.0.0.1}")
    other = rule("b", "{source.ip: 10.0.0.1, tags: [y, x]}", "permanent: true, lower: {severity_by: 1}")
    assert problems(one, other) == [
        "b.yml:2:3: rule 'b' (lower) is for the same events as 'a' (suppress) at a.yml:2:3: they disagree"
    ]
    low, lower = (rule(name, "{tags: x}", f"permanent: true, lower: {{severity_by: {steps}}}")
                  for name, steps in (("a", 1), ("b", 2)))  # fmt: skip
    assert len(problems(low, lower)) == 1


def test_what_can_be_done_together_is_no_disagreement(problems):
    """Neither is the same thing twice, nor other events, nor another time."""
    one = rule("a", "{tags: x}")
    assert problems(one, rule("b", "{tags: x}")) == []
    assert problems(one, rule("b", "{tags: x}", "permanent: true, tag: [y]")) == []
    assert problems(one, rule("b", "{tags: z}", "permanent: true, action: drop")) == []
    assert problems(one, rule("b", "{tags: x}", "permanent: true, action: drop, except: {tags: z}")) == []
    assert problems(one, rule("b", "{tags|cased: x}", "permanent: true, action: drop")) == []
    assert problems(rule("a", "{tags: x}", "expires: 2026-07-01"),
                    rule("b", "{tags: x}", "permanent: true, starts: 2026-07-01, action: drop")) == []  # fmt: skip


def test_a_long_list_is_known_by_its_name(problems):
    """Rules that share it for different ends disagree as well, without a copy of it for each."""
    lists = f"lists: {{l: [{', '.join(f'10.0.0.{number}' for number in range(200))}]}}\n"
    one, other = rule("a", "{source.ip: $l}"), rule("b", "{source.ip: $l}", "permanent: true, action: drop")
    assert len(problems(lists + one, other)) == 1
