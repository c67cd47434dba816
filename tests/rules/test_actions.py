import pytest

from netad.rules.rule import Inhibit, Limit, Lower

RULE = "rules:\n- id: r\n  comment: c\n  created_by: o\n  permanent: true\n  match: {source.ip: 10.0.0.1}\n  "
LIMIT = "{group_by: source.ip, count: 1, per: 1h}"


def test_an_action_may_be_named_or_follow_from_its_block(load):
    """`tag: [x]` alone says what is done."""
    assert load(f"{RULE}ticket: T").rules[0].action == "suppress"
    assert load(f"{RULE}action: drop").rules[0].action == "drop"
    assert load(f"{RULE}tag: [x, y]").rules[0].tags == ("x", "y")
    assert load(f"{RULE}action: tag\n  tag: x").rules[0].action == "tag"


def test_blocks_are_read(load):
    """With what may be left out."""
    assert load(f"{RULE}lower: {{severity_by: 2, score_by: 10.5}}").rules[0].lower == Lower(2, 10.5)
    assert load(f"{RULE}lower: {{severity: medium}}").rules[0].lower == Lower(severity=47)
    limit = load(f"{RULE}limit: {{group_by: [source.ip, destination.port], per: 90m}}").rules[0].limit
    assert isinstance(limit, Limit)
    assert ([field.name for field in limit.group_by], limit.count) == (["source.ip", "destination.port"], 1)
    assert limit.per_ns == 5_400_000_000_000
    inhibit = load(f"{RULE}inhibit: {{by: any}}").rules[0].inhibit
    assert isinstance(inhibit, Inhibit)
    assert (inhibit.by, [field.name for field in inhibit.equal], inhibit.within_ns) == (None, ["source.ip"], 0)
    inhibit = load(f"{RULE}inhibit: {{by: {{tags: x}}, equal: related.ip, within: 1s}}").rules[0].inhibit
    assert inhibit.by.text == "tags"
    assert inhibit.within_ns == 10**9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("action: tag", ["7:11: the action 'tag' needs 'tag', such as tag: [known-scanner]"]),
        ("action: drop\n  tag: x", ["8:8: 'tag' says more about the action 'tag', but the action is 'drop'"]),
        (f"tag: x\n  limit: {LIMIT}", ["8:10: a rule has one action; 'tag' is given too"]),
        ("lower: {severity: critical}",
         ["7:21: 'severity' is the most that it may be afterwards: low, medium or high"]),
        ("lower: {severity_by: 9}", ["7:24: 'severity_by' must be a whole number from 1 to 3"]),
        ("lower: {score_by: 0}", ["7:21: 'score_by' must be a number from 0.01 to 100"]),
        ("lower: {}", ["7:10: this must be a map such as {severity_by: 1}"]),
        ("lower: {by: 1}", ["7:11: unknown key 'by'"]),
        ("limit: {count: 1}", ["7:10: 'limit' needs 'group_by', such as {group_by: source.ip, count: 1, per: 1h}",
                               "7:10: 'limit' needs 'per', such as {group_by: source.ip, count: 1, per: 1h}"]),
        ("limit: {group_by: sorce.ip, per: soon}",
         ["7:21: unknown field 'sorce.ip'; did you mean 'source.ip'?",
          "7:36: 'per': 'soon' is not a duration such as 30s, 5m or 1h"]),
        ("limit: {group_by: [], per: 1h}", ["7:21: 'group_by' is an empty list"]),
        ("limit: {group_by: source.ip, count: -1, per: 1h}",
         ["7:39: 'count' must be a whole number from 0 to 1e+06"]),
        ("inhibit: {within: 1h}", ["7:12: 'inhibit' needs 'by', the conditions of the stronger event"]),
        ("inhibit: {by: {tgas: x}}", ["7:18: unknown field 'tgas'; did you mean 'tags'?"]),
        ("tag: []", ["7:8: 'tag' is an empty list"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_action(problems, text, expected):
    """A sentence at the place that is to be mended."""
    assert problems(RULE + text + "\n") == [f"a.yml:{line}" for line in expected]
