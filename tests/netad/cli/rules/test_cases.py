def test_cases_are_run(run, rules, tmp_path):
    """0 when all come out as expected, 1 when one does not, 2 when the rules do not load."""
    code, out, err = run("rules", "test", "r.yml")
    assert (code, out) == (0, "ok     the scanner is known\nok     others are not\n")
    assert "2 cases, 0 failed" in err
    (tmp_path / "r.yml").write_text((tmp_path / "r.yml").read_text().replace("expect: none", "expect: drop"))
    code, out, _ = run("rules", "test", "r.yml")
    assert code == 1
    assert (
        "FAILED others are not\n       r.yml:10:5: the event came to none, not drop (rules that match: none)\n" in out
    )
    (tmp_path / "r.yml").write_text("rules: 1")
    assert run("rules", "test", "r.yml")[0] == 2
