from tests.netad.cli.rules.conftest import stored


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


def test_rules_are_compared_with_stored_events(run, store, write_rule):
    """Rules that fit none of them, or too many, with file, line and column; old events do not count."""
    store(*(stored(hour) for hour in range(12)))
    lint = ("rules", "lint", write_rule("broad"), write_rule("idle", source="10.9.9.9"), "--store", "parquet:s")
    code, out, err = run(*lint)
    assert code == 0
    assert out == (
        "warning: broad.yml:1:9: rule 'broad' (suppress) is broad: it fits 12 of the 12 events of the last 30 days "
        "(100 %, more than 20 %)\n"
        "warning: idle.yml:1:9: rule 'idle' fits none of the 12 events of the last 30 days\n"
    )
    assert "2 rules, 0 errors, 2 warnings" in err
    assert run(*lint, "--strict")[0] == 2
    assert run(*lint, "--broad", "1")[1].count("warning") == 1
    code, out, err = run(*lint, "--days", "1")
    assert (code, out) == (0, "")
    assert "parquet:s holds no events of the last 1 day to compare the rules with\n" in err
