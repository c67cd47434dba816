from tests.netad.cli.rules.conftest import stored

STORE = ("--store", "parquet:s")


def test_the_period_is_that_of_the_traffic(run, store, write_rule):
    """So long before now, from a time on, or everything."""
    events = store(*(stored(hour) for hour in range(4)))
    for since, count in (("1h", 0), ("4d", 4), (events[2]["@timestamp"], 2), ("all", 4)):
        _, out, _ = run("rules", "simulate", write_rule("r"), *STORE, "--since", since)
        assert out.startswith(f"{count} events of namespace default in parquet:s")
        assert ("(--since all: from the beginning)" in out) is (count == 0)
    code, _, err = run("rules", "simulate", "r.yml", *STORE, "--since", "yesterday")
    assert code == 2
    assert "--since: 'yesterday' is neither a duration such as 30d, nor a time, nor 'all'" in err


def test_a_store_is_needed(run, store, write_rule):
    """One that is there."""
    store(stored(0))
    for stores, told in (
        ((), "no store was named"),
        (("--store", "parquet:none"), "no store of events in none"),
        (("--store", "x"), "'x' is no store of events"),
    ):
        code, _, err = run("rules", "simulate", write_rule("r"), *stores)
        assert code == 2
        assert told in err


def test_the_store_comes_from_the_settings_when_none_is_named(run, store, write_rule, tmp_path, monkeypatch):
    """Then an id alone names a stored event, unless a file has that name."""
    (event,) = store(stored(0))
    identity = event["event"]["id"]
    write_rule("r")
    (tmp_path / "netad.yml").write_text("rules: [r.yml]\nstore: parquet:s\n")
    assert run("rules", "simulate", "--config", "netad.yml")[1].startswith("1 event of namespace default in parquet:s")
    assert run("rules", "explain", identity, "--config", "netad.yml")[1].startswith(f"{identity}: suppress")
    monkeypatch.setenv("NETAD_STORE", "parquet:s")
    add = ("rules", "add", "--from", identity, "--created-by", "soc", "--comment", "c", "--permanent")
    assert f"known-10.0.0.8-{identity[-8:]}" in run(*add)[1]
    (tmp_path / identity).write_text("{}")
    code, _, err = run(*add)
    assert code == 2
    assert "the event has no source.ip" in err


def test_other_namespaces_are_left_alone(run, store, write_rule):
    """Their rules are others': only the events of the namespace of the settings are read and marked, unless asked."""
    mine, theirs = stored(0), stored(1)
    theirs["data_stream"]["namespace"] = "office"
    store(mine, theirs)
    rule = write_rule("r")
    for namespace, count in ((), 1), (("office",), 1), (("*",), 2), (("x",), 0):
        chosen = ("--namespace", *namespace) if namespace else ()
        _, out, _ = run("rules", "apply", rule, *STORE, *chosen, "--dry-run")
        assert f"{count} would be marked anew" in out
        assert ("namespace" in out) is (namespace != ("*",))
