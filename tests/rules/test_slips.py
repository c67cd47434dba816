import pytest

from netad.rules.ruleset import RuleSet
from netad.rules.slips import import_slips
from netad.rules.writing import rules_text

COMMON = {"created_by": "soc", "permanent": True}


def imported(text):
    return import_slips("whitelist.conf", text, COMMON)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ip,10.0.0.1,src,alerts", [{"match": {"source.ip|cidr": "10.0.0.1"}}]),
        ('"ip","10.0.0.0/8","dst","alerts"', [{"match": {"destination.ip|cidr": "10.0.0.0/8"}}]),
        ("ip, 2001:db8::1, both, flows", [{"applies_to": "flows", "match": {"either.ip|cidr": "2001:db8::1"}}]),
        ("domain,Example.com,both,alerts", [{"match": {"netad.findings.names|domain|only": "example.com"}}]),
        ("ip,10.0.0.1,both,both", [{"match": {"either.ip|cidr": "10.0.0.1"}},
                                   {"applies_to": "flows", "match": {"either.ip|cidr": "10.0.0.1"}}]),
    ],
)  # fmt: skip
def test_addresses_are_said(line, expected):
    """For alerts, for flows, or for both."""
    found = imported(f'"IoCType","IoCValue","Direction","IgnoreType"\n; a comment\n# another\n{line}\n')
    kept = [
        {name: value for name, value in rule.items() if name not in ("id", "comment", *COMMON)} for rule in found.rules
    ]
    assert kept == expected
    assert (found.unsaid, found.lines) == ([], 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("domain,example.com,both,flows", "flows have no names: only alerts about the domain are said"),
        ("domain,*.example.com,both,alerts", "this is no domain"),
        ("organization,google,both,both", "netad has no list of the networks of organisations: name them"),
        ("mac,b1:b1:b1:c1:c2:c3,both,alerts", "netad knows hosts by their addresses"),
        ("ip,10.0.0.1", "it has fewer than the four parts type, value, direction and what is ignored"),
        ("ip,10.0.0.1,up,alerts", "this is not how Slips writes it"),
        ("ip,lan,src,alerts", "'lan' is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_line(line, reason):
    """And makes no rule."""
    found = imported(f"\n{line}\n")
    assert found.rules == []
    assert found.unsaid == [f"whitelist.conf:2: {reason}: {line}"]


def test_what_is_said_loads(tmp_path, event, now):
    """As written to a file."""
    path = tmp_path / "r.yml"
    path.write_text(rules_text(imported("ip,10.4.2.2,src,both\n").rules))
    rules = RuleSet.load([path])
    assert [rule.id for rule in rules.matching(event, now)] == ["whitelist-1"]
    assert [rule.id for rule in rules.flow_rules] == ["whitelist-1-flows"]
