"""Tests of netad.ingest.logs.zeek_tsv."""

import pytest

from netad.ingest.logs.zeek_tsv import HEADERLESS
from tests.ingest.logs.samples import CONN_FIELDS, conn, flows, header, parse, tsv


def starts(text, **options):
    """Return the responders' ports of all flows, and the report."""
    parts, report = parse("zeek-tsv", text, **options)
    return [port for part in parts for port in part.columns["resp_port"].tolist()], report


def test_the_header_says_which_field_is_where():
    """Any order, any separator, unknown fields between, names with underscores."""
    fields = ("_node_name", "proto", "id.resp_p", "surprise", "id.resp_h", "id.orig_p", "id.orig_h", "ts")
    log = tsv("conn", [conn(_node_name="worker-1", surprise="!")], fields)
    assert starts(log)[0] == [443]
    assert starts(tsv("conn", [conn()], separator=","))[0] == [443]
    assert starts(log.replace("id.", "id_"))[0] == [443]


def test_marks_are_the_headers():
    """What stands for an unset field is what the header says."""
    log = tsv("conn", [conn(orig_bytes="NONE")]).replace("#unset_field\t-", "#unset_field\tNONE")
    assert flows("zeek-tsv", log)[0]["orig_payload_bytes"].tolist() == [0]


def test_several_headers_in_one_file():
    """Rotated logs put together, with other fields behind the second header, and other kinds between."""
    dns = header("files", ("ts", "fuid")) + "1.0\tF1\n"
    log = tsv("conn", [conn(id_resp_p=1)]) + "#close\t2024-01-01-00-00-00\n" + dns
    log += tsv("conn", [conn(id_resp_p=2)], ("id.resp_p", "ts", "id.orig_h", "id.resp_h", "proto"))
    ports, report = starts(log)
    assert ports == [1, 2]
    assert report.skipped == {"zeek_files": 1}


def test_a_header_may_have_blanks_before_it_and_tabs_in_it():
    """As logs that went through an editor do."""
    log = tsv("conn", [conn()]).replace("#separator \\x09", "\t#separator\t\\x09")
    assert starts(log)[0] == [443]


@pytest.mark.parametrize("count", HEADERLESS)
def test_a_conn_log_that_lost_its_header(count):
    """It has Zeek's fields in Zeek's order."""
    line = "\t".join(conn()[name] for name in HEADERLESS[count]) + "\n"
    columns, _ = flows("zeek-tsv", line)
    assert (columns["resp_port"].tolist(), columns["resp_ip_bytes"].tolist()) == ([443], [2200])


def test_without_a_path_the_fields_tell_what_it_is():
    """#path may be missing."""
    assert starts(header("", CONN_FIELDS) + "\t".join(conn()[name] for name in CONN_FIELDS) + "\n")[0] == [443]


def test_labels_packed_into_the_last_field():
    """IoT-23 puts three blanks between them where Zeek has a tab."""
    fields = (*CONN_FIELDS[:-1], "tunnel_parents   label   detailed-label")
    log = tsv("conn", [conn() | {fields[-1]: text} for text in ("-   Malicious   C&C", "-   benign   -", "-")], fields)
    assert flows("zeek-tsv", log, labels=True)[0]["label"].tolist() == ["Malicious", "benign", ""]
    assert "label" not in flows("zeek-tsv", log)[0]


def test_unknown_fields_are_kept_when_asked_for():
    """As text columns under Zeek's name."""
    log = tsv("conn", [conn(surprise="a\\x09b"), conn()])
    columns, _ = flows("zeek-tsv", log, unknown=True)
    assert columns["zeek.surprise"].tolist() == ["a\\x09b", ""]
    assert columns["zeek.uid"].tolist() == ["CAbc1"] * 2
    assert not any(name.startswith("zeek.") for name in flows("zeek-tsv", log)[0])


def test_a_bad_line_costs_that_line():
    """It is counted, and the first three are shown with their number and what is wrong."""
    bad = [conn(ts="x"), conn(id_orig_h="10.0.0.256"), conn(id_resp_p="70000"), conn(proto="tcp", orig_pkts="-1")]
    log = tsv("conn", [conn(), *bad, conn()])
    ports, report = starts(log)
    assert ports == [443, 443]
    assert report.skipped == {"bad_line": 4}
    assert [(line.path, line.line, line.sentence) for line in report.bad_lines] == [
        ("a.log", 8, "has 'x' as its ts"),
        ("a.log", 9, "has '10.0.0.256' as its id.orig_h"),
        ("a.log", 10, "has '70000' as its id.resp_p"),
    ]
    assert report.problems == []


def test_a_cut_line_between_whole_ones():
    """One line with fewer fields is a bad line, not a wrong header."""
    log = tsv("conn", [conn()]) + "1.0\tC1\n" + "\t".join(conn()[name] for name in CONN_FIELDS) + "\n"
    ports, report = starts(log)
    assert ports == [443, 443]
    assert [line.sentence for line in report.bad_lines] == ["has 2 fields, and the header promises 21"]


def test_a_header_that_promises_other_columns_is_one_error():
    """It names both numbers, once, and the lines are counted."""
    log = header("conn", CONN_FIELDS) + "1.0\tC1\n" * 1000
    ports, report = starts(log)
    assert ports == []
    assert [problem.sentence for problem in report.problems] == [
        "has 2 fields in its lines from line 7 on, and its header promises 21"
    ]
    assert (report.skipped, report.bad_lines) == ({"bad_line": 1000}, [])


def test_a_header_without_what_every_flow_has_is_one_error():
    """No time or no address: no line can be used."""
    ports, report = starts(tsv("conn", [conn()] * 3, ("uid", "id.orig_h", "proto")))
    assert ports == []
    assert [problem.sentence for problem in report.problems] == ["has no field ts and no field id.resp_h in its header"]


def test_a_log_of_other_things_is_passed_over():
    """And counted by its kind, whatever its lines look like."""
    ports, report = starts(header("x509", ("ts", "id")) + "1.0\tF1\n1.0\n")
    assert (ports, report.skipped, report.problems) == ([], {"zeek_x509": 2}, [])


def test_an_empty_log_is_no_error():
    """A header and nothing else."""
    assert starts(header("conn", CONN_FIELDS) + "#close\n")[1].problems == []


def test_a_line_that_may_not_be_all_there_waits():
    """Whatever is wrong with it."""
    _, report = starts(header("conn", CONN_FIELDS))
    text = "1.0\tC1\n"
    log = header("conn", CONN_FIELDS) + "\t".join(conn()[name] for name in CONN_FIELDS) + "\n"
    parts, report = parse("zeek-tsv", log)
    assert len(parts) == 1
    parts, report = parse("zeek-tsv", header("conn", CONN_FIELDS) + text, cut=True)
    assert (report.waiting, report.skipped, report.problems) == (1, {}, [])


def test_many_wrong_headers_are_said_three_times():
    """A hostile file must not fill memory with problems."""
    assert len(starts((header("conn", CONN_FIELDS) + "1.0\tC1\n") * 50)[1].problems) == 3


@pytest.mark.parametrize(
    "text", ["#\n#fields\n\n", "#separator\n#fields\tts\n1\n", "#separator \\x09\\x09\nx\n", "\x00\n"]
)
def test_odd_headers_do_no_harm(text):
    """Nothing is read of them, and nothing raised."""
    assert starts(text)[0] == []
