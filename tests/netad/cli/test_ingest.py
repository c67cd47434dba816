import json
import re

from netad.outputs.store.stored import ParquetStored
from netad.outputs.stored import open_stored
from tests.elastic_server import Answer, serving
from tests.syslog_server import receiving


def test_json_lines_are_events(run, office, scanner):
    """--format json prints each anomaly as an ECS event and nothing else."""
    code, out, _ = run("ingest", office, "--format", "json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert all(event["event"]["kind"] == "alert" for event in events)
    assert scanner in {event["source"]["ip"] for event in events}


def test_several_outputs_get_the_same_events(run, office, tmp_path):
    """--to may be given several times; ndjson holds the anomalies and the flows behind them."""
    code, out, _ = run("ingest", office, "--to", "ndjson:events.ndjson", "--to", "parquet:store", "--to", "console")
    events = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    kinds = {event["data_stream"]["dataset"] for event in events}
    assert code == 0
    assert kinds == {"netad.anomaly", "netad.flow"}
    assert list((tmp_path / "store" / "anomaly").rglob("*.parquet"))
    assert "ndjson:events.ndjson" in out


def test_flows_none_ships_anomalies_only(run, office, tmp_path):
    """--flows none leaves the flows out."""
    run("ingest", office, "--to", "ndjson:events.ndjson", "--flows", "none")
    kinds = {
        json.loads(line)["data_stream"]["dataset"] for line in (tmp_path / "events.ndjson").read_text().splitlines()
    }
    assert kinds == {"netad.anomaly"}


def test_flows_all_ships_every_flow(run, office, tmp_path):
    """--flows all ships every flow once."""
    run("ingest", office, "--to", "ndjson:events.ndjson", "--flows", "all")
    events = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    flows = [event["event"]["id"] for event in events if event["data_stream"]["dataset"] == "netad.flow"]
    _, _, err = run("flows", office, "-o", "flows.csv")
    assert len(flows) == len(set(flows))
    assert f"{len(flows):,} flows" in err


def test_a_store_that_cannot_be_written_is_told_before_anything_is_read(run, office, tmp_path):
    """A file in the way of the store ends with 4 at once."""
    (tmp_path / "store").write_text("a file is in the way")
    code, _, err = run("ingest", office, "--to", "parquet:store", "--to", "console")
    assert code == 4
    assert "store" in err


def test_an_unknown_output_is_named(run, office):
    """The sentence lists what there is."""
    code, _, err = run("ingest", office, "--to", "nowhere")
    assert code == 2
    assert "console, ndjson, parquet, elastic" in err


def test_rules_that_do_not_load_stop_the_run(run, office, tmp_path):
    """All problems of all files are told, exit code 2."""
    (tmp_path / "a.yml").write_text("rules:\n  - id: x\n")
    code, _, err = run("ingest", office, "--rules", "a.yml")
    assert code == 2
    assert "a.yml:2:" in err


def test_two_outputs_do_not_share_standard_output(run, office):
    """A report between JSON lines could be read by nobody."""
    code, _, err = run("ingest", office, "--to", "console", "--to", "ndjson")
    assert code == 2
    assert "ndjson:FILE" in err


def test_the_console_takes_no_place(run, office):
    """What would be ignored is refused."""
    code, _, err = run("ingest", office, "--to", "console:report.txt")
    assert code == 2
    assert "console:report.txt" in err


def test_without_a_console_it_is_told_where_events_went(run, office):
    """Silence after shipping would leave the operator guessing; -q asks for it."""
    code, out, err = run("ingest", office, "--to", "ndjson:events.ndjson")
    assert (code, out) == (0, "")
    assert err.startswith("ndjson:events.ndjson: ")
    assert err.endswith(" delivered (events.ndjson)\n")
    assert run("ingest", office, "--to", "ndjson:events.ndjson", "-q") == (0, "", "")


def test_v_says_what_happens(run, office):
    """-v tells what is read, by which model, and what was found."""
    run("train", office, "--model", "model")
    _, _, err = run("ingest", office, "--model", "model", "-v")
    assert "1 input to read" in err
    assert "model model " in err
    assert " profiles of " in err


def rule(match, **more):
    keys = {"id": "known", "comment": "weekly scan", "created_by": "soc", "permanent": True, "match": match, **more}
    return json.dumps({"rules": [keys]})


def test_dropped_anomalies_do_not_ship_and_are_counted(run, office, scanner, tmp_path):
    """The report says how many there were."""
    (tmp_path / "r.yml").write_text(rule({"source.ip": scanner}, action="drop"))
    _, plain, _ = run("ingest", office, "--format", "json")
    _, out, _ = run("ingest", office, "--format", "json", "--rules", "r.yml")
    dropped = [event for event in map(json.loads, plain.splitlines()) if event["source"]["ip"] == scanner]
    left = [json.loads(line)["source"]["ip"] for line in out.splitlines()]
    assert dropped
    assert scanner not in left
    assert len(left) == len(plain.splitlines()) - len(dropped)
    _, out, _ = run("ingest", office, "--rules", "r.yml")
    assert f"{len(dropped)} more dropped by rules" in " ".join(out.split())


def test_rules_for_flows_keep_them_out_of_profiles(run, office, scanner, tmp_path):
    """Of ingest, of profiles and of training; all three say how many flows that were."""
    (tmp_path / "r.yml").write_text(rule({"source.ip": scanner}, applies_to="flows"))
    _, out, _ = run("ingest", office, "--rules", "r.yml")
    assert "kept out of profiles by rules (known" in " ".join(out.split())
    _, _, err = run("profiles", office, "--rules", "r.yml", "-o", "p.csv")
    assert "kept out of profiles by rules (known" in err
    assert scanner not in (tmp_path / "p.csv").read_text()
    _, out, _ = run("train", office, "--rules", "r.yml", "--model", "m")
    assert "kept out of profiles by rules (known" in out


def test_a_run_may_go_on_without_the_rules_that_do_not_load(run, office, scanner, tmp_path):
    """--rules-errors warn tells the same lines, and applies the rules that hold."""
    (tmp_path / "bad.yml").write_text("rules:\n  - id: x\n")
    (tmp_path / "good.yml").write_text(rule({"source.ip": scanner}))
    code, out, err = run("ingest", office, "--rules", ".", "--rules-errors", "warn", "--format", "json")
    assert code == 0
    assert "bad.yml:2:5: rule 'x' has no 'match'" in err
    assert "going on with the 1 rules that load" in err
    events = [json.loads(line) for line in out.splitlines()]
    assert any(event["netad"]["suppression"]["suppressed"] for event in events)


def test_limits_remember_what_they_let_pass(run, office, scanner, tmp_path):
    """One alert a day: that of the first hour, seen alone, counts when the whole day comes, and passes again."""
    (tmp_path / "r.yml").write_text(rule({"source.ip": scanner}, limit={"group_by": "source.ip", "per": "1d"}))
    ingest = ("ingest", office, "--format", "json", "--rules", "r.yml")

    def shown(*more):
        _, out, _ = run(*ingest, *more)
        events = [event for event in map(json.loads, out.splitlines()) if event["source"]["ip"] == scanner]
        return [event["event"]["id"] for event in events if event["event"]["kind"] == "alert"]

    first_hour = ("--until", "2026-03-03T09:00:00Z")
    (first,) = shown(*first_hour)
    assert shown() == []
    assert shown(*first_hour) == [first]
    (state,) = (tmp_path / "state" / "limits").glob("*.json")
    state.unlink()
    assert len(shown()) == 1


def test_anomalies_go_to_a_syslog_receiver_once(run, office, scanner):
    """A second run sends nothing again; flows are left out and counted."""
    with receiving() as receiver:
        code, out, _ = run("ingest", office, "--to", f"syslog:{receiver.url}", "--to", "console")
        assert code == 0
        assert f"{len(receiver.messages)} delivered" in out
        assert "left out" in out
        sent = len(receiver.messages)
        code, out, _ = run("ingest", office, "--to", f"syslog:{receiver.url}", "--to", "console")
    assert code == 0
    assert "already there" in out
    assert len(receiver.messages) == sent
    assert any(f" src={scanner} ".encode() in message for message in receiver.messages)


def test_a_web_hook_that_is_away_costs_exit_code_4_and_replay_brings_it_home(run, office, monkeypatch):
    """The events wait in the spool until the web hook answers."""
    monkeypatch.setenv("NETAD_DELIVERY_BUDGET", "1ms")
    away = []
    with serving(lambda _: Answer(200 if away else 503)) as server:
        code, out, err = run("ingest", office, "--to", f"webhook:{server.url}/hunter2", "--to", "console")
        assert code == 4
        assert "wait in" in err
        assert "answered 503" in err
        assert "hunter2" not in out + err
        away.append("no longer")
        code, out, _ = run("replay", "--to", f"webhook:{server.url}/hunter2")
    assert code == 0
    assert re.search(r"^webhook: delivered [1-9]\d* events of the spool", out, re.MULTILINE)
    assert "hunter2" not in out


def test_what_only_a_store_keeps_of_profiles_is_not_shipped(run, office, tmp_path):
    """The store can judge them anew; JSON lines of the same run have what they had before."""
    to = ("--to", "parquet:store", "--to", "ndjson:events.ndjson")
    assert run("ingest", office, "--profiles", "all", *to, "-q")[0] == 0
    events = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    profiles = [event for event in events if event["data_stream"]["dataset"] == "netad.profile"]
    assert profiles
    assert all("store" not in event["netad"] for event in profiles)
    held = {event["event"]["id"]: event for event in open_stored("parquet:store").events("profile")}
    for event in profiles:
        there = held[event["event"]["id"]]
        assert there["netad"] == event["netad"]
    rows = list(ParquetStored.from_target("store").tables("profile", ["netad.store.met.item"]))
    assert all(items for table in rows for items in table.column(0).to_pylist())
