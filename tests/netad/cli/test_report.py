"""`netad report`, on the events of a real run."""

import io
import json
import shutil
import sys

import pytest

from netad.cli import main


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, office):
    """One run in a local store, as JSON lines, and as a page."""
    folder = tmp_path_factory.mktemp("shipped")
    targets = [f"parquet:{folder / 'store'}", f"ndjson:{folder / 'events.ndjson'}", f"report:{folder / 'run.html'}"]
    with pytest.raises(SystemExit) as ended:
        main(["ingest", str(office / "attacked.pcap"), "--budget", "1/20", "--profiles", "all", "-q",
              *(part for target in targets for part in ("--to", target))])  # fmt: skip
    assert ended.value.code == 0
    return folder


@pytest.fixture
def here(run, shipped, tmp_path):
    """A command line in a folder that holds them."""
    shutil.copytree(shipped, tmp_path, dirs_exist_ok=True)
    return run


def cards(page):
    return [part.partition("</h3>")[0].split()[-1] for part in page.split("<article")[1:]]


def test_a_run_writes_its_page(shipped, scanner):
    """The scanner first, with what was read, a rule to copy and the flows behind it."""
    page = (shipped / "run.html").read_text()
    assert cards(page)[0] == scanner
    for told in ("1 file (", "baseline: ", "Score by window", "Flows behind it", "id: &#34;known-", "tshark -r "):
        assert told in page


@pytest.mark.parametrize("source", ["store", "parquet:store", "events.ndjson"])
def test_a_store_or_a_file_becomes_the_same_cards(here, tmp_path, shipped, source):
    """As the run itself wrote them; the last line says where the page is and how large."""
    code, out, err = here("report", source)
    assert (code, err) == (0, "")
    page = (tmp_path / "netad-report.html").read_text()
    assert cards(page) == cards((shipped / "run.html").read_text())
    found = len(cards(page))
    assert out.startswith("netad-report.html: ")
    assert f" of {found} source" in out
    assert f" of {'parquet:store' if 'store' in source else source}" in page


def test_a_page_can_go_to_standard_output_and_come_from_standard_input(here, monkeypatch, shipped):
    """For pipes; nothing else is printed."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((shipped / "events.ndjson").read_bytes())))
    code, out, err = here("report", "-", "-o", "-", "--title", "Week <2>")
    assert (code, err) == (0, "")
    assert out.startswith("<!DOCTYPE html>")
    assert "<h1>Week &lt;2&gt;</h1>" in out
    assert "of standard input" in out


def test_anomalies_are_chosen(here, scanner):
    """By source, severity, time and namespace."""
    every = cards(here("report", "store", "-o", "-")[1])
    assert len(every) > 1
    assert cards(here("report", "store", "-o", "-", "--source", scanner)[1]) == [scanner]
    assert scanner not in cards(here("report", "store", "-o", "-", "--source", "192.0.2.0/24")[1])
    worst = cards(here("report", "store", "-o", "-", "--min-severity", "critical")[1])
    assert scanner in worst
    assert cards(here("report", "store", "-o", "-", "--since", "2000-01-01")[1]) == every
    assert cards(here("report", "store", "-o", "-", "--until", "2000-01-01")[1]) == []
    assert cards(here("report", "store", "-o", "-", "--since", "1h")[1]) == []
    assert cards(here("report", "store", "-o", "-", "--namespace", "default")[1]) == every
    assert "Nothing anomalous was found." in here("report", "store", "-o", "-", "--namespace", "other")[1]


def test_what_rules_hide_is_apart(here, tmp_path, scanner):
    """With the rule, whose it is and why."""
    rule = {"id": "ours", "comment": "our own scanner", "created_by": "kim", "permanent": True,
            "match": {"source.ip": scanner}}  # fmt: skip
    (tmp_path / "rules.yml").write_text(json.dumps({"rules": [rule]}))
    assert here("rules", "apply", "rules.yml", "--store", "parquet:store", "--since", "all")[0] == 0
    page = here("report", "store", "-o", "-")[1]
    shown, hidden = page.split("Suppressed by rules</h2>")
    assert scanner not in cards(shown)
    assert scanner in cards(f"<article{hidden.split('<article', 1)[1]}")
    assert "rule <b>ours</b> of kim: our own scanner (suppress)" in hidden


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere"], 3, "nowhere cannot be read: No such file or directory"),
        (["parquet:nowhere"], 2, "nowhere"),
        (["store", "--since", "soon"], 2, "--since: 'soon' is neither a duration such as 30d nor a time"),
        (["store", "--source", "host"], 2, "'host' is not a network in CIDR form"),
        (["bad.ndjson"], 3, "the event x1 is not as netad writes it: it lacks '@timestamp'"),
        (["store", "-o", "bad.ndjson/page.html"], 4, "cannot write bad.ndjson/page.html: "),
        (["store", "-o", "."], 4, "cannot write .: "),
    ],
)
def test_what_is_wrong_is_one_sentence(here, tmp_path, arguments, code, told):
    """And the documented exit code; no page is left."""
    (tmp_path / "bad.ndjson").write_text('{"data_stream": {"dataset": "netad.anomaly"}, "event": {"id": "x1"}}\n')
    ended, out, err = here("report", *arguments)
    assert (ended, out) == (code, "")
    assert told in err
    assert err.count("\n") == 1
    assert not (tmp_path / "netad-report.html").exists()


def test_quiet_says_nothing(here):
    """For cron."""
    assert here("report", "store", "-q") == (0, "", "")
