from netad.outputs.base import RunSummary
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.stored import open_stored
from tests.netad.cli.rules.conftest import stored

STORE = ("--store", "parquet:s", "--since", "all")


def marks():
    return [
        (event["event"]["kind"], event["netad"]["suppression"].get("rule_ids", []))
        for event in open_stored("parquet:s").events()
    ]


def test_stored_events_are_marked_anew(run, store, write_rule):
    """First as a dry run with the same counts; a second run has nothing to do; other rules take the marks out again."""
    store(stored(0), stored(1), stored(2, "10.0.0.9"))
    told = "3 events of namespace default in parquet:s: 2 {}, 2 of them newly hidden and 0 newly shown\n"
    assert run("rules", "apply", write_rule("r"), *STORE, "--dry-run")[:2] == (0, told.format("would be marked anew"))
    assert marks() == [("alert", [])] * 3
    assert run("rules", "apply", "r.yml", *STORE)[:2] == (0, told.format("marked anew"))
    assert marks() == [("event", ["r"]), ("event", ["r"]), ("alert", [])]
    _, out, _ = run("rules", "apply", "r.yml", *STORE)
    assert (
        out == "3 events of namespace default in parquet:s: 0 marked anew, 0 of them newly hidden and 0 newly shown\n"
    )
    _, out, _ = run("rules", "apply", write_rule("other", source="10.0.0.9"), *STORE)
    assert (
        out == "3 events of namespace default in parquet:s: 3 marked anew, 1 of them newly hidden and 2 newly shown\n"
    )
    assert marks() == [("alert", []), ("alert", []), ("event", ["other"])]


def test_dropping_deletes_nothing(run, store, write_rule):
    """And is told."""
    store(stored(0))
    _, out, _ = run("rules", "apply", write_rule("r", "action: drop"), *STORE)
    assert out.endswith("dropped by rules: 1 (stored events are not deleted, only hidden)\n")
    assert marks() == [("event", ["r"])]


def test_a_limit_decides_over_the_period_and_not_over_a_run(run, store, write_rule):
    """Events that two runs wrote are counted together, those before --since too."""
    store(stored(1))
    first = stored(0)
    store(first, stored(2))
    rule = write_rule("r", "limit: {group_by: source.ip, count: 1, per: 1d}")
    since = stored(1)["@timestamp"]
    _, out, _ = run("rules", "apply", rule, "--store", "parquet:s", "--since", since)
    assert "2 marked anew, 2 of them newly hidden" in out
    assert [kind for kind, _ in marks()] == ["alert", "event", "event"]


def test_what_an_analyst_said_stays(run, store, write_rule):
    """So do scores."""
    said = {"label": "false_positive", "by": "ann", "comment": "c", "at": "2026-11-24T08:00:00.000Z"}
    (before,) = store(stored(0, verdict=said))
    _, out, _ = run("rules", "apply", write_rule("r", "lower: {severity: low}"), *STORE)
    assert "true positive" not in out
    (after,) = open_stored("parquet:s").events()
    assert after["netad"]["verdict"] == said
    assert (after["event"]["severity"], after["event"]["risk_score"]) == (21, before["event"]["risk_score"])


def test_true_positives_that_are_hidden_are_told(run, store, write_rule):
    """Whoever did not simulate learns it here."""
    store(stored(0, verdict={"label": "true_positive"}), stored(1))
    _, out, _ = run("rules", "apply", write_rule("r"), *STORE, "--dry-run")
    assert out.endswith("\nmarked true positive, but hidden: 1 (netad rules simulate names them)\n")


def test_events_that_others_change_meanwhile_are_told(run, store, write_rule, monkeypatch):
    """With exit code 4: running it again settles them."""
    from netad.outputs.store.stored import ParquetStored
    from netad.outputs.stored import Replaced

    store(stored(0))
    monkeypatch.setattr(ParquetStored, "replace", lambda _self, events, _fields: Replaced(conflicts=len(list(events))))
    code, _, err = run("rules", "apply", write_rule("r"), *STORE)
    assert code == 4
    assert "others changed 1 event meanwhile, which stayed as they are: run it again" in err


def test_events_in_elasticsearch_are_marked_where_they_lie(run, write_rule, elastic_url, namespace, elastic_count):
    """With the same counts as in a local store; a second run has nothing to do, and simulate finds the marks."""
    output = ElasticOutput.from_target(elastic_url)
    events = [stored(0), stored(1), stored(2, "10.0.0.9")]
    for event in events:
        event["data_stream"]["namespace"] = namespace
    output.write(events)
    assert output.close(RunSummary()).delivered == 3
    assert elastic_count("anomaly") == 3
    chosen = (write_rule("r"), "--store", f"elastic:{elastic_url}", "--namespace", namespace, "--since", "all")
    for dry, changed in (["--dry-run"], 2), ([], 2):
        code, out, _ = run("rules", "apply", *chosen, *dry)
        assert code == 0
        assert f"3 events of namespace {namespace}" in out
        assert f"{changed} {'would be ' if dry else ''}marked anew, 2 of them newly hidden" in out
    assert elastic_count("anomaly") == 3
    assert "0 marked anew, 0 of them newly hidden" in run("rules", "apply", *chosen)[1]
    _, out, _ = run("rules", "simulate", *chosen)
    assert "all       1      0       0        2       0\n" in out
    identity = events[0]["event"]["id"]
    assert run("rules", "explain", identity, "--rules", "r.yml", *chosen[1:3])[1].startswith(f"{identity}: suppress")
