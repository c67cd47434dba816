def test_rules_are_listed(run, rules):
    """With owner, action, ticket and the days left."""
    code, out, _ = run("rules", "list", "r.yml", "builtin:ntp")
    assert code == 0
    header, ntp, scanner = (line.split() for line in out.splitlines())
    assert header == ["id", "action", "left", "owner", "ticket", "reason"]
    assert (ntp[:3], scanner[0], scanner[3:]) == (
        ["builtin-ntp", "suppress", "permanent"], "scanner", ["d", "soc", "SEC-1", "weekly", "scan"],
    )  # fmt: skip
