import pytest

from netad.rules.ruleset import RuleSet
from netad.rules.suricata import import_suricata
from netad.rules.writing import rules_text

COMMON = {"created_by": "soc", "permanent": True}


def imported(text, **behaviours):
    return import_suricata("t.config", text, COMMON, {int(name[1:]): value for name, value in behaviours.items()})


def said(text, **behaviours):
    found = imported(text, **behaviours)
    assert found.unsaid == []
    (rule,) = found.rules
    return {name: value for name, value in rule.items() if name not in ("id", "comment", *COMMON)}


def test_lines_for_all_signatures_are_said():
    """The source's side, the destination's, either, addresses and networks, one or several."""
    assert said("suppress gen_id 0, sig_id 0, track by_src, ip 10.0.0.1") == {"match": {"source.ip|cidr": "10.0.0.1"}}
    assert said("suppress gen_id 1,sig_id 0,track by_dst,ip 10.0.0.0/8") == {
        "match": {"destination.ip|cidr": "10.0.0.0/8"}
    }
    assert said("suppress gen_id 1, sig_id 0, track by_either, ip [10.0.0.1, 2001:db8::/32] # why") == {
        "match": {"either.ip|cidr": ["10.0.0.1", "2001:db8::/32"]}
    }
    assert said("threshold gen_id 0, sig_id 0, type limit, \\\n  track by_src, count 1, seconds 60") == {
        "match_all": True, "action": "limit", "limit": {"group_by": ["source.ip"], "count": 1, "per": "60s"},
    }  # fmt: skip


def test_a_signature_is_said_as_the_behaviour_that_it_is_given():
    """By its id."""
    assert said("suppress gen_id 1, sig_id 2001219, track by_src, ip 10.0.0.1", s2001219="scan") == {
        "scope": {"behaviours": ["scan"]}, "match": {"source.ip|cidr": "10.0.0.1"},
    }  # fmt: skip
    assert said("suppress gen_id 1, sig_id 2001219", s2001219="scan") == {
        "scope": {"behaviours": ["scan"]}, "match_all": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("suppress gen_id 1, sig_id 7", "netad has no signatures: say what 7 is with --signature 7=BEHAVIOUR"),
        ("rate_filter gen_id 0, sig_id 0, track by_rule", "netad has nothing like 'rate_filter'"),
        (
            "threshold gen_id 0, sig_id 0, type threshold, track by_src, count 5, seconds 60",
            "netad limits alerts to the first ones, it has nothing like type 'threshold'",
        ),
        (
            "threshold gen_id 0, sig_id 0, type limit, track by_rule, count 5, seconds 60",
            "netad has no limit by 'by_rule'",
        ),
        ("threshold gen_id 0, sig_id 0, type limit, track by_src, count x, seconds 60", "it needs 'count', a number"),
        (
            "suppress gen_id 0, sig_id 0, track by_src, ip $HOME_NET",
            "the variable $HOME_NET is known to Suricata only: write a list of that name",
        ),
        (
            "suppress gen_id 0, sig_id 0, track by_src, ip [10.0.0.0/8,!10.0.0.1]",
            "an address that is not meant (!) must be written as an exception by hand",
        ),
        (
            "suppress gen_id 0, sig_id 0, track by_src, ip lan",
            "'lan' is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32",
        ),
        ("suppress gen_id 0, sig_id 0, track by_src", "it needs 'track' (by_src, by_dst or by_either) with 'ip'"),
        ("suppress gen_id 0", "it needs 'gen_id' and 'sig_id', numbers"),
        ("suppress ,,,", "this is not how Suricata writes it"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_line(line, reason):
    """And makes no rule."""
    found = imported(f"# head\n\n{line}\n")
    assert (found.rules, found.lines) == ([], 1)
    assert found.unsaid == [f"t.config:3: {reason}: {line}"]


def test_what_is_said_loads(tmp_path, event, now):
    """As written to a file."""
    found = imported("suppress gen_id 0, sig_id 0, track by_src, ip 10.4.2.2\n"
                     "threshold gen_id 0, sig_id 0, type limit, track by_both, count 2, seconds 3600\n")  # fmt: skip
    path = tmp_path / "r.yml"
    path.write_text(rules_text(found.rules, "imported"))
    assert [rule.id for rule in RuleSet.load([path]).matching(event, now)] == ["t-1", "t-2"]
