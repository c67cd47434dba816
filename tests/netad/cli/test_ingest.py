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
