import pytest

from netad.core.problems import MAX_PROBLEMS
from netad.core.timing import parse_time

ACTIONS = "drop, suppress, inhibit, limit, lower, tag"
GOOD = {"id": "r", "comment": "c", "created_by": "o", "permanent": "true", "match": "{source.ip: 10.0.0.1}"}


def one(**changes: str | None) -> str:
    """A file with one rule, one key a line from line 3 on; None leaves a key out."""
    keys = {**GOOD, **{name.rstrip("_"): value for name, value in changes.items()}}
    return "rules:\n-\n" + "".join(f"  {name}: {value}\n" for name, value in keys.items() if value is not None)


def test_a_rule_is_read_whole(load, tmp_path):
    """Every key of the schema arrives in the record."""
    text = one(ticket="SEC-1", starts="2026-01-10", permanent=None, expires="2026-12-31T18:00:00+01:00",
               except_="{destination.ip: 10.0.0.2}", action="suppress", comment="' two words '")  # fmt: skip
    (rule,) = load("version: 1\n" + text).rules
    assert (rule.id, rule.comment, rule.created_by, rule.ticket, rule.action) == ("r", "two words", "o", "SEC-1",
                                                                                  "suppress")  # fmt: skip
    assert rule.starts_ns == parse_time("2026-01-10T00:00:00Z")
    assert rule.expires_ns == parse_time("2026-12-31T17:00:00Z")
    assert rule.match.text == "source.ip"
    assert rule.exception.text == "destination.ip"
    assert str(rule.where) == f"{tmp_path}/a.yml:4:3"


def test_what_may_be_left_out_has_its_default(load):
    """No ticket, no start, no end, no exception; suppress."""
    (rule,) = load(one()).rules
    assert (rule.ticket, rule.starts_ns, rule.expires_ns, rule.exception, rule.action) == (None, None, None, None,
                                                                                           "suppress")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", ["1:1: a rule file is a map with 'rules', 'lists' or both"]),
        ("version: 1\n", ["1:1: the file has neither 'rules' nor 'lists'"]),
        ("version: 2\nrules: []\n", ["1:10: this netad reads rule files of version 1"]),
        ("version: '1.0'\nrules: []\n", ["1:10: this netad reads rule files of version 1"]),
        ("rules: []\nrulse: []\n", ["2:1: unknown key 'rulse'; did you mean 'rules'?"]),
        ("rules: {}\n", ["1:8: 'rules' must be a list of rules"]),
        ("rules:\n", ["1:7: 'rules' must be a list of rules"]),
        ("rules: [a]\n", ["1:9: a rule must be a map with id, comment, created_by, an end and match"]),
        (one(id=None), ["3:3: this rule has no 'id'"]),
        (one(comment=None), ["3:3: rule 'r' has no 'comment'"]),
        (one(created_by=None), ["3:3: rule 'r' has no 'created_by'"]),
        (one(match=None), ["3:3: rule 'r' has no 'match', so that it would match every event"]),
        (one(permanent=None), ["3:3: rule 'r' has no end: give it 'expires', or 'permanent: true'"]),
        (one(permanent="false"),
         ["6:14: 'permanent' can only be true; a rule that ends has 'expires' in its place"]),
        (one(permanent="yes"), ["6:14: 'permanent' can only be true; a rule that ends has 'expires' in its place"]),
        (one(expires="2026-12-31"), ["6:14: rule 'r' has both 'expires' and 'permanent'; it takes one of them"]),
        (one(permanent=None, expires="31.12.2026"),
         ["7:12: '31.12.2026' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z"]),
        (one(permanent=None, expires="[2026-12-31]"),
         ["7:12: '' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z"]),
        (one(starts="2026-02-30"),
         ["8:11: '2026-02-30' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z"]),
        (one(permanent=None, starts="2026-12-31", expires="2026-12-30"), ["8:12: rule 'r' expires before it starts"]),
        (one(permanent=None, starts="2026-12-31", expires="2026-12-31"), ["8:12: rule 'r' expires before it starts"]),
        (one(action="hide"), [f"8:11: unknown action 'hide'; there are: {ACTIONS}"]),
        (one(action="[suppress]"), [f"8:11: unknown action ''; there are: {ACTIONS}"]),
        (one(scope="{}"), ["8:10: this must be a map such as {detectors: [isolation_forest]}"]),
        (one(schedule="x"),
         ["8:13: a schedule is a map such as {tz: Europe/Paris, windows: [sat 01:00-05:00]}"]),
        (one(match_all="false"),
         ["8:14: 'match_all' can only be true: it says that the rule is meant for all events"]),
        (one(applies_to="packets"), ["8:15: 'applies_to' is events or flows"]),
        (one(applies_to="flows", action="drop"),
         ["9:11: a rule for flows takes no 'action': it keeps the flows out of profiles"]),
        (one(applies_to="flows", match="{netad.behaviours: scan}"),
         ["7:11: flows have no field 'netad.behaviours'"]),
        (one(expire="2026-12-31"), ["8:3: unknown key 'expire'; did you mean 'expires'?"]),
        (one(xyzzy="1"), ["8:3: unknown key 'xyzzy'"]),
        (one(id="Big"), ["3:7: an id is made of small letters, digits, '-', '_' and '.', 100 at most; 'Big' is not"]),
        (one(id="a" * 101), ["3:7: an id is made of small letters, digits, '-', '_' and '.', 100 at most; "
                             f"'{'a' * 59}…' is not"]),
        (one(id="123"), ["3:7: 'id' must be text: put it in quotes"]),
        (one(comment=""), ["4:11: 'comment' must be text, and not empty"]),
        (one(comment="'  '"), ["4:12: 'comment' must be text, and not empty"]),
        (one(comment="[a]"), ["4:12: 'comment' must be text, and not empty"]),
        (one(comment="x" * 2001), ["4:12: 'comment' has 2001 characters, 2000 are the most"]),
        (one(created_by='"\\e[31m"'), ["5:15: 'created_by' holds a control character"]),
        (one(created_by="no"), ["5:15: 'created_by' must be text: 'no' may be read as a boolean: write true or false, "
                                "or put it in quotes as text"]),
        (one(ticket="4711"), ["8:11: 'ticket' must be text: put it in quotes"]),
        (one(match="*m"),
         ["7:10: aliases are not supported ('*m'): write the values out"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_and_where(problems, text, expected):
    """Each problem is one sentence at the key or value it is about."""
    assert problems(text) == [f"a.yml:{line}" for line in expected]


def test_all_problems_of_all_files_come_at_once(problems):
    """Nobody mends a file three times to find three problems."""
    first = one(id="Big", comment="1", action="hide", match="{source.ip: x, sorce.ip: 1}")
    assert problems(first, "a:\n\tb", "x: 1") == [
        "a.yml:3:7: an id is made of small letters, digits, '-', '_' and '.', 100 at most; 'Big' is not",
        "a.yml:4:12: 'comment' must be text: put it in quotes",
        "a.yml:7:22: 'x' is not an IP address",
        "a.yml:7:25: unknown field 'sorce.ip'; did you mean 'source.ip'?",
        f"a.yml:8:11: unknown action 'hide'; there are: {ACTIONS}",
        "b.yml:2:1: YAML does not allow a tab here: indent with spaces",
        "c.yml:1:1: the file has neither 'rules' nor 'lists'",
        "c.yml:1:1: unknown key 'x'",
    ]  # fmt: skip


def test_an_id_is_taken_once_over_all_files(problems):
    """The second is named with the place of the first."""
    assert problems(one(), one()) == ["b.yml:3:7: the id 'r' is already taken at a.yml:3:7"]


def test_a_hostile_file_is_not_checked_to_its_end(problems):
    """Checking stops where more problems tell nothing, and the last line says so."""
    found = problems("rules:\n" + "- {id: X}\n" * 2000)
    assert len(found) == MAX_PROBLEMS + 1
    assert any(line.endswith("more than 1000 problems, the rest of this file is not checked") for line in found)


def test_a_rule_for_everything_says_so(load, event, now):
    """`match_all: true` with or without a match that would be refused otherwise."""
    rules = load(one(match_all="true", match=None), one(id="s", match_all="true", match="{event.kind: alert}"))
    assert [rule.id for rule in rules.matching(event, now)] == ["r", "s"]


def test_a_sigma_filter_is_a_file_of_its_own(load, problems, event, now):
    """Beside rule files, with ids that may not be taken twice."""
    text = """
    title: r
    author: soc
    filter: {rules: any, selection: {source.ip: 10.4.2.2}, condition: not selection}
    """
    assert [rule.id for rule in load(text).matching(event, now)] == ["r"]
    assert problems(one(), text) == ["b.yml:2:1: the id 'r' is already taken at a.yml:3:7"]
