"""Logs of other tools as inputs: every command, every format of files, what is said of them, exit codes."""

import csv
import io
import json

import pytest

from netad.core.timing import parse_time
from tests.ingest.logs.samples import START, conn, eve, lines_of, tsv
from tests.ingest.logs.test_binetflow import HEADER as BINETFLOW
from tests.ingest.logs.test_binetflow import LINE as BINETFLOW_LINE
from tests.ingest.logs.test_nfdump import NEW as NFDUMP
from tests.ingest.logs.test_nfdump import NEW_LINE as NFDUMP_LINE
from tests.ingest.logs.test_zeek_json import record

LOGS = {
    "zeek": ("conn.log", tsv("conn", [conn(at) for at in range(3)])),
    "zeek-json": ("conn.json.log", lines_of([record()] * 3)),
    "eve": ("eve.json", lines_of([eve()] * 3)),
    "argus": ("day.binetflow", BINETFLOW + BINETFLOW_LINE * 3),
    "nfdump": ("flows.csv", NFDUMP + NFDUMP_LINE * 3),
}


@pytest.fixture
def office(netad, samples):
    """The attacked sample day as Zeek would log it, with notices: a folder beside which the capture lies."""
    folder = netad.folder / "zeek"
    folder.mkdir()
    capture = next((samples / "attacked").glob("*.pcap"))
    netad("flows", capture, "-o", folder / "conn.log", "-q")
    truth = json.loads(next((samples / "attacked").glob("*labels.json")).read_text())
    scan = next(attack for attack in truth["attacks"] if attack["name"] == "scan")
    fields = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "note", "src", "dst", "p",
              "actions")  # fmt: skip
    notice = {
        "ts": str(parse_time(scan["start"]) / 1e9),
        "note": "Scan::Port_Scan",
        "src": scan["source"],
        "actions": "Notice::LOG",
    }
    (folder / "notice.log").write_text(tsv("notice", [notice] * 2, fields))
    return folder, scan["source"]


@pytest.mark.parametrize("kind", LOGS)
def test_every_format_is_told_by_content(netad, kind):
    """Whatever the file is called, and on standard input."""
    _, text = LOGS[kind]
    (netad.folder / "x").write_text(text)
    out, err = netad("flows", "x", "-o", "-")
    assert len(list(csv.DictReader(io.StringIO(out)))) == 3
    assert err.startswith("3 flows of 3 records written to standard output\n")
    again, _ = netad("flows", "-", "-o", "-", "-q", stdin=text.encode())
    assert [line.replace('"x"', '"-"') for line in out.splitlines()] == again.splitlines()


@pytest.mark.parametrize("target", ["x.parquet", "x.csv", "x.ndjson", "x.log", "x.json"])
def test_flows_of_every_format_go_into_one_file(netad, samples, target):
    """Side by side with a capture: each says what it has, and leaves the rest out."""
    folder = netad.folder / "mixed"
    folder.mkdir()
    for name, text in LOGS.values():
        (folder / name).write_text(text)
    capture = next((samples / "attacked").glob("*.pcap"))
    (folder / "a.pcap").write_bytes(capture.read_bytes()[:400_000])
    _, err = netad("flows", folder, "-o", target, code=3)  # the capture is cut
    assert "packets and 15 records written to" in err
    rows = flows_in(netad.folder / target)
    assert f"{len(rows):,} flows of" in err
    services = [row["service"] for row in rows]
    assert {"ssl", "tls"} <= set(services)
    if target in ("x.parquet", "x.csv", "x.ndjson"):
        assert {row["kind"] for row in rows} == {"a.pcap", *(name for name, _ in LOGS.values())}
        events = [row for row in rows if row["kind"] == "eve.json"]
        assert [(row["ip_bytes"], row["frame_bytes"]) for row in events] == [(None, "504")] * 3


def flows_in(path):
    """Return the rows of a file of flows with what the test asks for, whatever the format calls it."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows = pq.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        rows = list(csv.DictReader(path.read_text().splitlines()))
    elif path.suffix == ".log":
        lines = path.read_text().splitlines()
        names = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
        rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines if line[0] != "#"]
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".ndjson":
        return [{"kind": row["log"]["file"]["path"].rpartition("/")[2], "service": row["network"].get("protocol"),
                 "ip_bytes": row["source"].get("bytes"), "frame_bytes": text(row["netad"]["flow"].get("source"))}
                for row in rows]  # fmt: skip
    return [{"kind": (row.get("input") or "").rpartition("/")[2], "service": row.get("service"),
             "ip_bytes": row.get("orig_ip_bytes") or None, "frame_bytes": str(row.get("orig_frame_bytes"))}
            for row in rows]  # fmt: skip


def text(end):
    return str(end["frame_bytes"]) if end else "None"


def test_a_log_is_ingested_as_a_capture_is(netad, office):
    """The scanner is found in Zeek's logs, with the notices about it; records and logs are told as such."""
    folder, source = office
    out, _ = netad("ingest", folder, "--format", "json")
    events = [json.loads(line) for line in out.splitlines()]
    found = next(event for event in events if event["source"]["ip"] == source)
    assert found["netad"]["evidence"]["alerts"] == [{"signature": "Scan::Port_Scan", "count": 2, "tool": "zeek-notice"}]
    out, _ = netad("ingest", folder)
    words = " ".join(out.split())
    assert "Alerts of other tools: 2 x Scan::Port_Scan" in words
    assert "Read: 2 logs (" in words
    assert " packets, " not in words.partition("Read:")[2]


def test_names_of_a_capture_are_evidence(netad, samples):
    """What the flagged hosts of a capture looked up and greeted stands in their events."""
    out, _ = netad("ingest", samples / "attacked", "--model", samples / "model", "--format", "json")
    said = [json.loads(line)["netad"].get("evidence", {}) for line in out.splitlines()]
    assert any(one.get("domains") for one in said)
    assert any(one.get("ja4") for one in said)
    assert all(len(names) <= 20 for one in said for names in one.values() if isinstance(names, list))


def test_bad_and_waiting_lines_are_told(netad):
    """Three bad lines of a log with file and line, all of them counted; a line that is being written waits: exit 0."""
    lines = tsv("conn", [conn(at) for at in range(9)]).splitlines(keepends=True)
    for number in (8, 9, 10, 11):
        lines[number] = lines[number].replace("10.0.0.1", "nowhere")
    (netad.folder / "conn.log").write_text("".join(lines) + "1700000100.5\tC")
    out, _ = netad("ingest", "conn.log")
    words = " ".join(out.split())
    assert words.count("has 'nowhere' as its id.orig_h") == 3
    assert "conn.log:9: has 'nowhere'" in words
    assert "skipped 4 bad line" in words
    assert "1 input ended in the middle of a line or record, which was left for later" in words
    _, err = netad("flows", "conn.log", "-o", "x.csv")
    assert err.count("note: conn.log:") == 3
    _, err = netad("profiles", "conn.log", "-o", "x.csv")
    assert err.count("note: conn.log:") == 3


def test_what_is_of_no_use_is_exit_3(netad):
    """Named itself it is told; in a directory it is passed over."""
    folder = netad.folder / "logs"
    folder.mkdir()
    (folder / "conn.log").write_text(LOGS["zeek"][1])
    (folder / "x509.log").write_text(tsv("x509", [{"ts": str(START), "id": "F1"}]))
    netad("flows", folder, "-o", "x.csv")
    _, err = netad("flows", folder / "conn.log", folder / "x509.log", "-o", "x.csv", code=3)
    assert "x509.log: is a Zeek log of a kind that netad makes no use of (x509)" in err


def test_a_model_is_learnt_from_logs(netad, samples):
    """A normal day of conn.log teaches, and says what it was made of."""
    netad("flows", next((samples / "normal").glob("*.pcap")), "-o", "conn.log", "-q")
    out, _ = netad("train", "conn.log", "--model", "model", "--name", "office")
    assert "records, 2026-" in out
    assert " packets" not in out.partition("note:")[0]
