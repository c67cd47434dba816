from tests.netad.cli.rules.conftest import stored


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


def test_a_rule_is_made_of_a_stored_event(run, store, write_rule):
    """As it came, and not as rules left it: the new rule hides it even though its severity was lowered."""
    (event,) = store(stored(0, severity=99))
    in_store = ("--store", "parquet:s", "--since", "all")
    run("rules", "apply", write_rule("low", "lower: {severity: low}"), *in_store)
    code, _, _ = run("rules", "add", "--from", event["event"]["id"], "--store", "parquet:s", "--created-by", "soc",
                     "--comment", "known", "--expires", "30d", "-o", "new.yml")  # fmt: skip
    assert code == 0
    _, out, _ = run("rules", "simulate", "new.yml", *in_store)
    assert "newly hidden: 1" in out
    code, _, err = run("rules", "add", "--from", "gone", "--store", "parquet:s", "--created-by", "o", "--comment", "c",
                       "--permanent")  # fmt: skip
    assert code == 3
    assert "holds no event with the id 'gone'" in err
