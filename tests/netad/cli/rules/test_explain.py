from tests.netad.cli.rules.conftest import stored


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


def test_a_stored_event_is_explained_by_its_id(run, store, write_rule):
    """Among those around it: here a stronger one inhibits it, and the limit has let another pass."""
    weak, _, late = store(stored(1), stored(1, "10.0.0.8", 99) | {"event": stored(2, severity=99)["event"]}, stored(5))
    inhibit, limit = (
        write_rule("i", "inhibit: {by: any, within: 1h}"),
        write_rule("l", "limit: {group_by: source.ip, per: 1d}"),
    )
    identity = weak["event"]["id"]
    _, out, _ = run("rules", "explain", identity, "--rules", inhibit, "--store", "parquet:s")
    assert out == f"{identity}: inhibit\n  applies    i (inhibit) of soc: known\n"
    _, out, _ = run("rules", "explain", late["event"]["id"], "--rules", limit, "--store", "parquet:s")
    assert out.startswith(f"{late['event']['id']}: limit\n")


def test_a_stored_event_is_explained_as_when_it_was_made(run, store, write_rule):
    """By the rules that were in force then, whatever earlier rules made of it."""
    (event,) = store(stored(0))
    run("rules", "apply", write_rule("r"), "--store", "parquet:s", "--since", "all")
    rule = write_rule("r", end=f"expires: {event['event']['created']}")
    _, out, _ = run("rules", "explain", event["event"]["id"], "--rules", rule, "--store", "parquet:s")
    assert "it expired at" in out
    code, _, err = run("rules", "explain", "gone", "--rules", rule, "--store", "parquet:s")
    assert code == 3
    assert "parquet:s holds no event with the id 'gone'" in err
