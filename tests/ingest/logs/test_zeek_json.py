"""Tests of netad.ingest.logs.zeek_json."""

from netad.ingest.facts.batch import FactKind
from tests.ingest.logs.samples import SECOND, START, conn, flows, lines_of, parse, rows, tsv

NUMBERS = ("ts", "id.orig_p", "id.resp_p", "duration", "orig_bytes", "resp_bytes", "orig_pkts", "orig_ip_bytes",
           "resp_pkts", "resp_ip_bytes", "vlan")  # fmt: skip


def record(**more):
    """Return a line of conn.log as Zeek's JSON has it: numbers as such, what is unset left out."""
    values = {name: value for name, value in conn(**more).items() if value != "-"}
    return {name: float(value) if "." in value else int(value) if name in NUMBERS else value
            for name, value in values.items() if name in NUMBERS} | {
            name: value for name, value in values.items() if name not in NUMBERS}  # fmt: skip


def test_json_says_what_tsv_says():
    """The same log in both forms gives the same columns."""
    said = [rows(flows(*log)[0]) for log in (("zeek-json", lines_of([record()])), ("zeek-tsv", tsv("conn", [conn()])))]
    assert said[0] == said[1]


def test_times_as_text():
    """ISO 8601, and milliseconds."""
    log = lines_of([record() | {"ts": "2023-11-14T22:13:20.500000Z"}, record() | {"ts": (START + 0.5) * 1000}])
    assert flows("zeek-json", log)[0]["first_ns"].tolist() == [START * SECOND + 500_000_000] * 2


def test_other_names_of_the_ends():
    """Nested, or with an underscore."""
    plain = record()
    ends = {name: plain.pop(name) for name in list(plain) if name.startswith("id.")}
    nested = plain | {"id": {name[3:]: value for name, value in ends.items()}}
    scored = plain | {name.replace(".", "_"): value for name, value in ends.items()}
    (first, second) = rows(flows("zeek-json", lines_of([nested, scored]))[0])
    assert first == second == rows(flows("zeek-json", lines_of([record()]))[0])[0]


def test_several_kinds_in_one_stream():
    """Told by _path, or by the fields where there is none; what is of no use is counted."""
    dns = {"ts": START, "id.orig_h": "10.0.0.1", "id.orig_p": 1, "id.resp_h": "10.0.0.2", "id.resp_p": 53,
           "proto": "udp", "trans_id": 1, "query": "Example.ORG.", "qtype": 1, "rcode": 0}  # fmt: skip
    log = lines_of([record() | {"_path": "conn", "_write_ts": START}, dns, dns | {"_path": "dns"}, record(),
                    {"_path": "x509", "ts": START}, {"ts": START, "uid": "C"}])  # fmt: skip
    parts, report = parse("zeek-json", log)
    assert {part.kind: len(part) for part in parts} == {None: 2, FactKind.DNS: 2}
    assert report.skipped == {"zeek_x509": 1, "zeek_other": 1}
    parts, _ = parse("zeek-json", log, facts=False)
    assert {part.kind: len(part) for part in parts} == {None: 2}


def test_unknown_fields_are_kept_when_asked_for():
    """As text, whatever they are."""
    log = lines_of([record() | {"surprise": {"a": [1]}, "more": "text", "none": None}, record()])
    columns, _ = flows("zeek-json", log, unknown=True)
    assert columns["zeek.surprise"].tolist() == ['{"a":[1]}', ""]
    assert columns["zeek.more"].tolist() == ["text", ""]
    assert "zeek.none" not in columns
    assert not {"zeek.ts", "zeek.service"} & columns.keys()


def test_bad_lines():
    """What is no JSON, and what has the wrong things in it, costs its line."""
    log = lines_of([record()]) + '{"ts": 1,\n' + lines_of([record(id_resp_p=93145), record(id_orig_h="x"), record()])
    columns, report = flows("zeek-json", log)
    assert len(columns["part"]) == 2
    assert [(bad.line, bad.sentence) for bad in report.bad_lines] == [
        (2, "is no JSON object"),
        (3, "has '93145' as its id.resp_p"),
        (4, "has 'x' as its id.orig_h"),
    ]
    without = record() | {"_path": "conn"}
    del without["id.resp_h"]
    _, report = parse("zeek-json", lines_of([without]))
    assert [bad.sentence for bad in report.bad_lines] == ["has no id.resp_h"]
