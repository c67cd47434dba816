import json

import pytest

from netad.outputs.stored import open_stored


def _line(host, at, target, port, state, label):
    """A line of Zeek's conn.log in JSON."""
    answer = {"resp_bytes": 900, "resp_pkts": 6, "resp_ip_bytes": 1200} if state == "SF" else {}
    sent = {"orig_bytes": 400, "orig_pkts": 5, "orig_ip_bytes": 660}
    ends = {"id.orig_h": host, "id.orig_p": 40000, "id.resp_h": target, "id.resp_p": port, "proto": "tcp"}
    said = {"ts": 1700000000.0 + at, "uid": "C", "duration": 1.0, "conn_state": state, "label": label}
    return json.dumps({**said, **ends, **sent, **answer}) + "\n"


@pytest.fixture
def small(tmp_path):
    """A suite of two quiet hosts over twelve hours and a scanner."""
    quiet = "".join(
        _line(f"10.0.0.{host}", 3600 * hour + 60 * n, f"192.0.2.{n % 4}", 443, "SF", "Benign")
        for host in (1, 2) for hour in range(12) for n in range(6)
    )  # fmt: skip
    scan = "".join(_line("10.9.0.9", n, f"198.51.100.{n}", 445, "S0", "Malicious") for n in range(1, 60))
    (tmp_path / "quiet.conn.log").write_text(quiet)
    (tmp_path / "scan.conn.log").write_text(scan)
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "name: small\nsplits: [transplant, recorded]\ninputs:\n"
        "  - {scenario: quiet, input: quiet.conn.log, labels: column}\n"
        "  - {scenario: scan, input: scan.conn.log, labels: column}\n"
    )
    return suite


def test_the_table_is_printed(run, small):
    """Detectors and baselines of the splits that were asked for."""
    code, out, _ = run("evaluate", small, "--splits", "transplant", "--detectors", "neighbours")
    assert code == 0
    assert "## transplant" in out
    assert "## recorded" not in out
    assert "| neighbours" in out
    assert "*stranger flag*" in out


def test_reports_are_written(run, small, tmp_path):
    """Markdown and JSON of one run; nothing is printed then."""
    code, out, _ = run("evaluate", small, "--detectors", "neighbours", "-o", "r.md", "-o", "r.json", "--seeds", "4")
    assert (code, out) == (0, "")
    assert (tmp_path / "r.md").read_text().startswith("# Evaluation: small\n")
    listed = json.loads((tmp_path / "r.json").read_text())
    assert {one["split"] for one in listed} == {"transplant", "recorded"}
    assert listed[0]["seeds"] == [4]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere.yaml",), "nowhere.yaml: No such file or directory"),
        (("suite.yaml", "--splits", "host"), "'host' is no split"),
        (("suite.yaml", "--seeds", "one"), "'one' is not a seed"),
        (("suite.yaml", "--detectors", "crystal_ball"), "unknown detector 'crystal_ball'"),
        (("suite.yaml", "-o", "report.pdf"), "report.pdf ends neither in .md nor in .json"),
        (("suite.yaml", "-o", "missing/report.md"), "the folder missing does not exist"),
        (("suite.yaml", "--budget", "2"), "'2' is not a budget"),
    ],
)
def test_wrong_usage_is_one_sentence(run, small, arguments, sentence):
    """Exit code 2, before anything is read."""
    code, out, err = run("evaluate", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_suite_with_problems_tells_their_places(run, small):
    """FILE:LINE:COLUMN and a sentence; a missing input is named."""
    small.write_text(small.read_text().replace("scan.conn.log", "gone.log"))
    code, _, err = run("evaluate", small)
    assert code == 2
    assert f"{small}:5:29: the input 'gone.log' does not exist" in err


def test_analysts_verdicts_are_the_truth(run, small, tmp_path):
    """A store that an ordinary run has filled and an analyst has marked; a source nobody judged is left out."""
    logs = ("quiet.conn.log", "scan.conn.log")
    assert run("ingest", *logs, "--budget", "1/20", "--to", "parquet:store", "-q")[0] == 0
    (event,) = [one for one in open_stored("parquet:store").events() if one["source"]["ip"] == "10.9.0.9"]
    small.write_text(small.read_text().replace("scan.conn.log, labels: column", "scan.conn.log, "
                                               "labels: {verdicts: 'parquet:store'}"))  # fmt: skip
    arguments = ("evaluate", small, "--splits", "recorded", "--detectors", "neighbours", "-o", "r.json")
    run("mark", event["event"]["id"], "true", "--comment", "scan", "--store", "parquet:store")
    assert run(*arguments)[0] == 0
    (found, *_) = json.loads((tmp_path / "r.json").read_text())
    assert found["windows"]["malicious"] == 1
    run("mark", event["event"]["id"], "clear", "--store", "parquet:store")
    code, _, err = run(*arguments)
    assert (code, "has no malicious window to find" in err) == (2, True)
