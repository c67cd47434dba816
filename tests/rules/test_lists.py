import pytest

MATCH = "source.ip|cidr: $nets\n"


def test_a_list_is_shared_by_all_files_and_mixes_with_values(load, event, now):
    """`$name` stands for the values of a list in any file, alone or among others."""
    rules = load(
        """
        rules:
        - {id: a, comment: c, created_by: o, permanent: true, match: {source.ip|cidr: [172.16.0.0/12, $nets]}}
        - {id: b, comment: c, created_by: o, permanent: true, match: {source.ip|cidr: $nets}}
        - {id: c, comment: c, created_by: o, permanent: true, match: {source.ip: [$hosts, 10.4.2.3]}}
        """,
        "lists: {nets: [10.4.0.0/16, 192.168.0.1], hosts: [10.9.9.9]}",
    )
    assert [rule.id for rule in rules.matching(event, now)] == ["a", "b"]
    event["source"]["ip"] = "10.4.2.3"
    assert [rule.id for rule in rules.matching(event, now)] == ["a", "b", "c"]
    assert rules.warnings == []


def test_many_rules_share_one_list_in_memory(load):
    """A long list that ten thousand rules use is held once."""
    text = "lists: {l: [10.0.0.1, 10.0.0.2]}\nrules:\n" + "".join(
        f"- {{id: r{n}, comment: c, created_by: o, permanent: true, match: {{source.ip: $l}}}}\n" for n in range(3)
    )
    groups = [rule.match.groups[0] for rule in load(text).rules]
    assert groups[0] is groups[1] is groups[2]


def test_a_value_that_starts_with_a_dollar_is_written_with_two(rule, event, now):
    """`$$` is the way to say `$`."""
    event["labels"]["site"] = "$hq"
    assert rule("labels.site: $$hq\n").matching(event, now)


def test_a_list_that_no_rule_uses_is_a_warning(load, tmp_path):
    """It may be a rule that was meant to."""
    rules = load("lists: {idle: [10.0.0.1]}")
    assert rules.warnings == [f"{tmp_path}/a.yml:1:9: no rule uses the list 'idle'"]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("lists: [a]", [
            "1:17: there is no list 'nets' (a text that starts with $ is written with $$)",
            "b.yml:1:8: 'lists' must be a map from names to lists of values",
        ]),
        ("lists: {nets: 10.0.0.0/8}",
         ["b.yml:1:15: a list is a YAML list of values, such as [10.0.0.1, 10.0.0.2], or {file: NAME}"]),
        ("lists: {nets: {file: nets.txt}}",
         ["b.yml:1:22: the list file 'nets.txt' cannot be read: No such file or directory"]),
        ("lists: {nets: []}", ["b.yml:1:15: the list is empty, so that no condition with it would ever match"]),
        ("lists: {nets: [10.0.0.1, $other]}",
         ["b.yml:1:26: there is no list 'other' (a text that starts with $ is written with $$)"]),
        ("lists: {nets: [10.0.0.1, $nets]}", ["b.yml:1:26: the list 'nets' holds itself"]),
        ("lists: {nets: [10.0.0.1, $a], a: [10.0.0.2, $b], b: [10.0.0.3, $nets]}",
         ["b.yml:1:64: the list 'nets' holds itself"]),
        ("lists: {nets: [[10.0.0.1]]}",
         ["b.yml:1:16: a list holds single values, names of lists ($name) and files, not lists"]),
        ("lists: {nets: [10.0.0.1/8, lan]}",
         ["b.yml:1:16: '10.0.0.1/8' has bits set behind its prefix: write 10.0.0.0/8, or 10.0.0.1 for the one address "
          "(for its use at a.yml:7:21)",
          "b.yml:1:28: 'lan' is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32 "
          "(for its use at a.yml:7:21)"]),
        ("lists: {nets: [10.0.0.1], nets: [10.0.0.2]}", ["b.yml:1:27: the key 'nets' is given twice, first on line 1"]),
        ("lists: {nets: [10.0.0.1], 1a: [10.0.0.2]}",
         ["b.yml:1:27: a list's name is made of letters, digits, '_' and '-', and starts with a letter; "
          "'1a' does not"]),
        ("lists: {net: [10.0.0.1]}",
         ["1:17: there is no list 'nets'; did you mean 'net'? (a text that starts with $ is written with $$)"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_list_is_said_where_it_stands(match_problems, lists, expected):
    """Problems of a list are in the list's file, with the use that brought them to light."""
    assert match_problems(MATCH, lists) == expected


def test_a_list_that_two_files_give_is_refused(problems):
    """Which of the two a rule would mean must not depend on the order of files."""
    assert problems("lists: {l: [a]}", "lists:\n  l: [b]") == [
        "b.yml:2:3: the list 'l' is already given at a.yml:1:9"
    ]  # fmt: skip


def test_lists_hold_lists_and_files(load, event, now, tmp_path):
    """`$name` and `{file: NAME}` stand among the values of a list, at any depth, and each use reads them as its own."""
    (tmp_path / "nets.txt").write_text("# ours\n172.16.0.0/12\n10.4.0.0/16  # the lab\n")
    (tmp_path / "ports.csv").write_text("name,port\nssh,22\n")
    rules = load(
        """
        rules:
        - {id: a, comment: c, created_by: o, permanent: true, match: {source.ip|cidr: $all}}
        - {id: b, comment: c, created_by: o, permanent: true, match: {destination.port: $ports}}
        - {id: c, comment: c, created_by: o, permanent: true, match: {labels.port: $ports}}
        """,
        """
        lists:
          all: [192.0.2.1, $nested]
          nested: [192.0.2.2, {file: nets.txt}]
          ports: {file: ports.csv, column: port}
        """,
    )
    event["labels"]["port"] = "22"
    assert [rule.id for rule in rules.matching(event, now)] == ["a", "b", "c"]
    assert rules.warnings == []


def test_a_wrong_value_in_a_list_file_is_told_with_its_own_place(problems, tmp_path):
    """The line of the list file, and the rule that asked."""
    (tmp_path / "nets.txt").write_text("10.0.0.1\n\n  lan\n")
    assert problems(
        "rules:\n- {id: a, comment: c, created_by: o, permanent: true, match: {source.ip: $nets}}\n"
        "lists: {nets: {file: nets.txt}}\n"
    ) == ["nets.txt:3:3: 'lan' is not an IP address (for its use at a.yml:2:74)"]
