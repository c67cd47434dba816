"""`netad store`, on the store of real runs."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from netad.cli import main
from netad.outputs.stored import open_stored


@pytest.fixture(scope="module")
def kept(tmp_path_factory, office):
    """A store that two runs have filled: windows of an hour and of half an hour."""
    folder = tmp_path_factory.mktemp("store") / "here"
    for window in ("1h", "30m"):
        with pytest.raises(SystemExit):
            main(["ingest", str(office / "attacked.pcap"), "--window", window, "--budget", "1/20", "--profiles", "all",
                  "--flows", "all", "--to", f"parquet:{folder}", "-q"])  # fmt: skip
    return folder


@pytest.fixture
def store(run, kept, tmp_path):
    """A copy of it, `here`."""
    shutil.copytree(kept, tmp_path / "here")
    return tmp_path / "here"


def events(kind="anomaly"):
    return list(open_stored("parquet:here").events(kind))


def test_stats_say_what_each_kind_takes(run, store):
    """Days, files, events and sizes, and what compaction would join."""
    code, out, _ = run("store", "stats", "here")
    assert code == 0
    lines = {line.split()[0]: line.split() for line in out.splitlines()}
    assert lines["profile"][4:6] == ["2", f"{len(events('profile')):,}"]
    assert lines["anomaly"][5] == f"{len(events()):,}"
    assert "0 anomalies marked by analysts" in out
    assert "small files that `netad store compact` would join" in out
    document = json.loads(run("store", "stats", "parquet:here", "--format", "json")[1])
    kinds = {one["kind"]: one for one in document["kinds"]}
    assert kinds["flow"]["rows"] == len(events("flow"))
    assert kinds["profile"]["bytes"] == sum(path.stat().st_size for path in (store / "profile").rglob("*.parquet"))


def test_compaction_keeps_events_and_verdicts(run, store):
    """Fewer files, the same events; what a run adds again is known."""
    before = {kind: events(kind) for kind in ("anomaly", "flow", "profile", "run")}
    run("mark", before["anomaly"][0]["event"]["id"], "true", "--comment", "c", "--store", "parquet:here")
    code, rehearsed, _ = run("store", "compact", "here", "--dry-run")
    assert code == 0
    assert "2 files would become 1" in rehearsed
    code, out, _ = run("store", "compact", "here")
    assert code == 0
    assert f"profile: {len(before['profile']):,} events of 1 day, 2 files became 1" in out
    assert events("profile") == before["profile"]
    assert events("flow") == before["flow"]
    assert events()[0]["netad"]["verdict"]["comment"] == "c"
    assert run("store", "compact", "here")[1] == "no day has small files to join\n"
    document = json.loads(run("store", "compact", "here", "--format", "json")[1])
    assert document["kinds"]["flow"]["files_before"] == 0


def test_old_days_go_by_kind_and_marked_anomalies_stay(run, store):
    """The sample is of a day long past: flows go after a day, of anomalies only what nobody marked."""
    marked = events()[0]["event"]["id"]
    run("mark", marked, "true", "--comment", "c", "--store", "parquet:here")
    code, out, _ = run("store", "gc", "here", "--keep", "flow=1d", "--dry-run")
    assert code == 0
    assert f"flow: {len(events('flow')):,} events of 1 day would be removed" in out
    assert events("flow")
    run("store", "gc", "here", "--keep", "flow=1d")
    assert (events("flow"), len(events("profile")) > 0) == ([], True)
    code, out, _ = run("store", "gc", "here", "--keep", "7d", "--keep", "run=90d")
    assert code == 0
    assert [event["event"]["id"] for event in events()] == [marked]
    assert (events("profile"), len(events("run"))) == ([], 2)
    assert "kept: 1 older anomaly that analysts marked" in out
    document = json.loads(run("store", "gc", "here", "--keep", "7d", "--format", "json")[1])
    assert document["kinds"]["anomaly"]["marked"] == 1


def test_nothing_goes_that_is_to_be_kept(run, store):
    """The day of the sample is younger than is kept."""
    first = datetime.fromisoformat(events()[0]["@timestamp"])
    days = (datetime.now(UTC) - first + timedelta(days=2)).days
    assert run("store", "gc", "here", "--keep", f"{days}d")[1] == "nothing is older than is to be kept\n"


def test_what_killed_runs_left_is_told(run, store):
    """Torn files are counted by stats, and removed by gc and compact."""
    day = next((store / "run").iterdir())
    for number, command in enumerate((("gc", "--keep", "4000w"), ("compact",))):
        (day / f".{number}.parquet.x.part").write_bytes(b"half")
        assert "1 file being written, or left by killed runs" in run("store", "stats", "here")[1]
        assert "1 file that killed runs had left removed" in run("store", command[0], "here", *command[1:])[1]
    assert not list(day.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("stats", "nowhere"), "there is no store of events in nowhere"),
        (("compact", "elastic:http://localhost:9200"), "no local store"),
        (("gc", "here"), "Missing option '--keep'"),
        (("gc", "here", "--keep", "flows=1d"), "no kind 'flows'; did you mean 'flow'?"),
        (("gc", "here", "--keep", "never"), "not a duration"),
        (("gc", "here", "--keep", "1d", "--keep", "2d"), "twice"),
    ],
)
def test_what_makes_no_sense_is_told(run, store, arguments, told):
    """Before anything is touched."""
    code, _, err = run("store", *arguments)
    assert code == 2
    assert told in err


def test_a_damaged_file_is_named(run, store):
    """Exit code 4, one sentence, and the file stays for somebody to look at."""
    path = next((store / "anomaly").rglob("*.parquet"))
    path.write_text("no Parquet")
    for command in (("stats",), ("compact",), ("gc", "--keep", "1d")):
        code, _, err = run("store", command[0], "here", *command[1:])
        assert (code, path.name in err, path.exists()) == (4, True, True)


def test_the_settings_name_the_store(run, store, tmp_path, monkeypatch):
    """Without an argument it is that of the settings, else netad-store."""
    assert "there is no store of events in netad-store" in run("store", "stats")[2]
    (tmp_path / "netad.yml").write_text("store: parquet:here\n")
    assert run("store", "stats", "--config", "netad.yml")[0] == 0
    monkeypatch.setenv("NETAD_STORE", "parquet:here")
    assert run("store", "stats")[0] == 0
