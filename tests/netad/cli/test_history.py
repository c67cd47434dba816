"""`netad history`, on the store of a real run."""

import json
import shutil

import pytest

from netad.cli import main
from netad.outputs.stored import open_stored


@pytest.fixture(scope="module")
def kept(tmp_path_factory, office):
    """The store of one run with all of its profiles."""
    folder = tmp_path_factory.mktemp("store") / "here"
    with pytest.raises(SystemExit):
        main(["ingest", str(office / "attacked.pcap"), "--budget", "1/20", "--profiles", "all", "--to",
              f"parquet:{folder}", "-q"])  # fmt: skip
    return folder


@pytest.fixture
def store(run, kept, tmp_path):
    """A copy of it, `here`."""
    shutil.copytree(kept, tmp_path / "here")
    return tmp_path / "here"


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


def test_the_scanner_comes_first_among_sources(run, store, scanner):
    """How often, how severe, when and by which model."""
    code, out, _ = run("history", "here")
    assert code == 0
    heading, first, *_ = out.splitlines()
    assert heading.split() == ["source", "windows", "anomalous", "highest", "score", "first", "last", "suppressed",
                               "marked", "model"]  # fmt: skip
    assert first.split()[0] == scanner
    assert "CRITICAL" in first
    events = list(open_stored("parquet:here").events())
    found = lines(run("history", "here", "--format", "json")[1])
    assert sum(one["windows"] for one in found) == len(events)
    assert {one["source"] for one in found} == {event["source"]["ip"] for event in events}


def test_one_source_is_told_window_by_window(run, store, scanner):
    """With the id of the event and its sentence; a verdict shows."""
    event = next(one for one in open_stored("parquet:here").events() if one["source"]["ip"] == scanner)
    run("mark", event["event"]["id"], "true", "--comment", "c", "--store", "parquet:here")
    code, out, _ = run("history", "here", scanner)
    assert code == 0
    (line,) = [line for line in out.splitlines() if event["event"]["id"] in line]
    assert event["message"] in line
    assert "true positive" in line
    assert line.startswith(event["event"]["start"][:16])


def test_profiles_are_all_windows_and_the_limit_leaves_the_newest(run, store, scanner):
    """Normal ones are below; what is not shown is counted."""
    everything = lines(run("history", "here", scanner, "--profiles", "--format", "json")[1])
    profiles = [one for one in open_stored("parquet:here").events("profile") if one["source"]["ip"] == scanner]
    assert [one["id"] for one in everything] == [one["event"]["id"] for one in profiles]
    out = run("history", "here", scanner, "--profiles", "--limit", "1")[1]
    assert out.startswith(f"{len(profiles) - 1} earlier window")
    assert profiles[-1]["event"]["id"] in out
    both = run("history", "here", "0.0.0.0/0", "--profiles", "--min-score", "1", "--format", "json")[1]
    assert {one["score"] for one in lines(both)} == {1.0}


def test_one_word_alone_is_a_source_if_it_is_an_address(run, store, scanner, monkeypatch):
    """Then the settings name the store."""
    monkeypatch.setenv("NETAD_STORE", "parquet:here")
    assert "event.id and what happened" in run("history", scanner)[1]
    assert run("history", "192.0.2.0/24")[1] == "parquet:here holds no such anomaly of 192.0.2.0/24\n"
    code, _, err = run("history", "here", scanner, "more")
    assert (code, "a store and a source" in err) == (2, True)


def test_bounds_are_heeded(run, store):
    """By severity, and by time: a duration is that long ago."""
    critical = lines(run("history", "here", "--severity", "critical", "--format", "json")[1])
    assert {one["severity"] for one in critical} == {99}
    assert run("history", "here", "--until", "2020-01-01")[1] == "parquet:here holds no such anomaly\n"
    assert run("history", "here", "--since", "1h")[1] == "parquet:here holds no such anomaly\n"
    assert run("history", "here", "--since", "all")[1] == run("history", "here")[1]
    assert "1 more source (--limit)" in run("history", "here", "--profiles", "--limit", f"{_sources() - 1}")[1]
    assert "--until: 'x' is neither a duration" in run("history", "here", "--until", "x")[2]


def _sources():
    return len({one["source"]["ip"] for one in open_stored("parquet:here").events("profile")})


def test_sql_is_answered(run, store):
    """As a table or lines of JSON; more rows than the limit are told."""
    query = """SELECT "source.ip", max("netad.profile.score") AS score FROM profile GROUP BY 1 ORDER BY 1"""
    code, out, _ = run("history", "here", "--sql", query, "--limit", "2")
    assert code == 0
    assert out.splitlines()[0].split() == ["source.ip", "score"]
    assert out.splitlines()[-1] == "more rows than 2 (--limit)"
    found = lines(run("history", "here", "--sql", query, "--format", "json")[1])
    assert len(found) == _sources()
    when = lines(run("history", "here", "--sql", 'SELECT min("@timestamp") AS t FROM run', "--format", "json")[1])
    assert when[0]["t"][10] == "T"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--sql", "DROP VIEW anomaly"), "one SELECT"),
        (("--sql", "SELECT 1", "--since", "1d"), "leave --since out"),
        (("10.0.0.1", "--sql", "SELECT 1"), "leave the source out"),
        (("--sql", "SELECT x FROM anomaly"), "the query cannot be run"),
        (("10.0.0.300",), "neither an address nor a network"),
    ],
)
def test_what_makes_no_sense_is_told(run, store, arguments, told):
    """One sentence, exit code 2."""
    code, _, err = run("history", "here", *arguments)
    assert code == 2
    assert told in err


def test_text_of_events_does_not_drive_the_terminal(run, store):
    """Messages come from traffic and rules."""
    stored = open_stored("parquet:here")
    event = next(iter(stored.events()))
    stored.replace([{**event, "message": "\x1b[31mred"}])
    out = run("history", "here", event["source"]["ip"])[1]
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out
