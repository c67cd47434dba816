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
