import json


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
