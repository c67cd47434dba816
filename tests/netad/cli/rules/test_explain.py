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
