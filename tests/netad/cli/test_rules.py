import json

import pytest

GOOD = """\
rules:
  - id: scanner
    comment: weekly scan
    created_by: soc
    ticket: SEC-1
    expires: 2036-12-31
    match: {source.ip: 10.0.0.7}
tests:
  - {name: the scanner is known, event: {source.ip: 10.0.0.7}, expect: suppress}
  - {name: others are not, event: {source.ip: 10.0.0.8}, expect: none}
"""
EVENT = {
    "@timestamp": "2026-01-03T07:00:00Z",
    "event": {"id": "abc-12345678", "kind": "alert", "severity": 47, "risk_score": 60.0},
    "source": {"ip": "10.0.0.8"},
    "destination": {"ip": "10.0.0.9", "port": 22},
    "netad": {"detector": "isolation_forest", "suppression": {"suppressed": False}},
}


@pytest.fixture
def rules(tmp_path):
    """A rule file with cases, and an event beside it."""
    (tmp_path / "r.yml").write_text(GOOD)
    (tmp_path / "e.ndjson").write_text(f"{json.dumps(EVENT)}\n{json.dumps({**EVENT, 'event': {'id': 'other'}})}\n")


def test_lint_tells_every_error_with_its_place(run, rules, tmp_path):
    """All of all files at once, exit code 2."""
    (tmp_path / "bad.yml").write_text("rules:\n  - {id: x, mach: {}}\n")
    code, out, err = run("rules", "lint", ".")
    assert code == 2
    assert "error: bad.yml:2:5: rule 'x' has no 'comment'\n" in out
    assert "error: bad.yml:2:13: unknown key 'mach'; did you mean 'match'?\n" in out
    assert "1 rule, 5 errors, 0 warnings" in err


def test_lint_warns_and_is_strict_on_demand(run, rules, tmp_path):
    """Warnings alone are no error, unless they are asked to be."""
    (tmp_path / "more.yml").write_text(
        "rules:\n- {id: b, comment: c, created_by: o, expires: 2026-01-01, match: {tags: x}}\nlists: {idle: [a]}\n"
    )
    code, out, err = run("rules", "lint", "r.yml", "more.yml")
    assert code == 0
    assert "warning: more.yml:2:3: rule 'b' of o expired at 2026-01-01T00:00:00.000Z and matches nothing\n" in out
    assert "warning: more.yml:3:9: no rule uses the list 'idle'\n" in out
    assert "2 rules, 0 errors, 2 warnings" in err
    assert run("rules", "lint", "--strict", "r.yml", "more.yml")[0] == 2
    assert run("rules", "lint", "--strict", "r.yml")[0] == 0


def test_cases_are_run(run, rules, tmp_path):
    """0 when all come out as expected, 1 when one does not, 2 when the rules do not load."""
    code, out, err = run("rules", "test", "r.yml")
    assert (code, out) == (0, "ok     the scanner is known\nok     others are not\n")
    assert "2 cases, 0 failed" in err
    (tmp_path / "r.yml").write_text(GOOD.replace("expect: none", "expect: drop"))
    code, out, _ = run("rules", "test", "r.yml")
    assert code == 1
    assert (
        "FAILED others are not\n       r.yml:10:5: the event came to none, not drop (rules that match: none)\n" in out
    )
    (tmp_path / "r.yml").write_text("rules: 1")
    assert run("rules", "test", "r.yml")[0] == 2


def test_an_event_is_explained(run, rules):
    """Which rules apply, and what stands in the way of the others."""
    code, out, _ = run("rules", "explain", "e.ndjson#abc-12345678", "--rules", "r.yml")
    assert code == 0
    assert out == (
        "abc-12345678: none\n"
        "  does not   scanner (suppress) at r.yml:2:5\n"
        "             source.ip: 10.0.0.7 (line 7) is not so: the event has 10.0.0.8\n"
    )
    code, out, _ = run("rules", "explain", "e.ndjson", "--rules", "r.yml")
    assert out.count("does not") == 2
    code, _, err = run("rules", "explain", "e.ndjson#gone", "--rules", "r.yml")
    assert code == 3
    assert "holds no event with the id 'gone'" in err


def test_a_rule_that_applies_is_told_with_its_reason(run, rules, tmp_path):
    """Rules that are far from the event are counted, unless all are asked for."""
    (tmp_path / "far.yml").write_text(
        "rules:\n"
        "- {id: far, comment: c, created_by: o, permanent: true, match: {tags: x, labels.a: b, observer.name: c}}\n"
        "- {id: near, comment: why, created_by: me, permanent: true, match: {source.ip: 10.0.0.8}}\n"
    )
    _, out, _ = run("rules", "explain", "e.ndjson#abc-12345678", "--rules", "far.yml")
    assert "abc-12345678: suppress\n  applies    near (suppress) of me: why\n" in out
    assert "and 1 rules that are further from it (--all)" in out
    _, out, _ = run("rules", "explain", "e.ndjson#abc-12345678", "--rules", "far.yml", "--all")
    assert "tags: 'x' (line 2) is not so: the event has no tags" in out


def test_rules_are_listed(run, rules):
    """With owner, action, ticket and the days left."""
    code, out, _ = run("rules", "list", "r.yml", "builtin:ntp")
    assert code == 0
    header, ntp, scanner = (line.split() for line in out.splitlines())
    assert header == ["id", "action", "left", "owner", "ticket", "reason"]
    assert (ntp[:3], scanner[0], scanner[3:]) == (
        ["builtin-ntp", "suppress", "permanent"], "scanner", ["d", "soc", "SEC-1", "weekly", "scan"],
    )  # fmt: skip


def test_a_rule_is_made_of_an_event_and_hides_it(run, rules, tmp_path):
    """On standard output, or at the end of a file; then it applies to that event and not to the other."""
    arguments = ("rules", "add", "--from", "e.ndjson#abc-12345678", "--created-by", "soc", "--comment", "known backup")
    code, out, _ = run(*arguments, "--expires", "30d")
    assert code == 0
    assert 'id: "known-10.0.0.8-12345678"' in out
    code, _, err = run(*arguments, "--expires", "2036-01-01", "-o", "r.yml", "--ticket", "SEC-2")
    assert (code, err) == (0, "rule known-10.0.0.8-12345678 written to r.yml\n")


def test_a_rule_is_not_made_of_too_little(run, rules):
    """An end is needed, and one event."""
    arguments = ("rules", "add", "--created-by", "soc", "--comment", "c", "--from")
    assert run(*arguments, "e.ndjson#abc-12345678")[0] == 2
    assert run(*arguments, "e.ndjson#abc-12345678", "--expires", "1d", "--permanent")[0] == 2
    code, _, err = run(*arguments, "e.ndjson", "--permanent")
    assert code == 2
    assert "e.ndjson holds 2 events: say which by FILE#ID" in err


def test_other_tools_rules_are_imported(run, tmp_path):
    """What can be said is a file that loads; what cannot is told line by line."""
    (tmp_path / "t.config").write_text(
        "suppress gen_id 0, sig_id 0, track by_src, ip 10.0.0.1\nsuppress gen_id 1, sig_id 7\n"
    )
    (tmp_path / "whitelist.conf").write_text("ip,10.0.0.2,src,both\n")
    common = ("--created-by", "soc", "--permanent")
    code, _, err = run("rules", "import", "suricata", "t.config", *common, "-o", "out/s.yml")
    assert code == 3
    assert "left out: t.config:2: netad has no signatures" in err
    assert "2 lines: 1 rules, 1 lines left out" in err
    assert run("rules", "import", "suricata", "t.config", *common, "--signature", "7=scan")[0] == 0
    assert run("rules", "import", "suricata", "t.config", *common, "--signature", "scan")[0] == 2
    code, out, _ = run("rules", "import", "slips", "whitelist.conf", *common)
    (tmp_path / "out" / "w.yml").write_text(out)
    assert code == 0
    assert run("rules", "lint", "out")[0] == 0
    assert run("rules", "import", "slips", "whitelist.conf", *common, "--signature", "7=scan")[0] == 2


def test_the_schema_is_printed(run):
    """As JSON."""
    _, out, _ = run("rules", "schema")
    assert json.loads(out)["title"] == "netad rules"


def test_rules_come_from_the_settings_when_none_are_named(run, rules, tmp_path, monkeypatch):
    """Or there is a sentence that says what to do."""
    assert run("rules", "list")[0] == 2
    (tmp_path / "netad.yml").write_text("rules: [r.yml]\n")
    assert run("rules", "list", "--config", "netad.yml")[0] == 0
    monkeypatch.setenv("NETAD_RULES", "r.yml")
    assert run("rules", "lint")[0] == 0


def test_a_typing_error_is_told(run):
    """As for every command."""
    assert run("rules", "lnit")[0] == 2
