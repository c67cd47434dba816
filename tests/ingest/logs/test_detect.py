"""Tests of netad.ingest.logs.detect."""

import json

import pytest

from netad.ingest.facts.batch import FactKind
from netad.ingest.logs.detect import Detected, Format, detect, zeek_path
from tests.ingest.logs.samples import CONN_FIELDS, conn, eve, header, lines_of, tsv
from tests.ingest.logs.test_nfdump import NEW, NEW_LINE, OLD

CONN = {"ts": 1.5, "uid": "C", "id.orig_h": "10.0.0.1", "proto": "tcp", "conn_state": "SF"}


def told(text, name="a.log"):
    """Return the format of a log of use, the sentence about one of none, None for what is no log."""
    found = detect(text if isinstance(text, bytes) else text.encode(), name)
    return found and (found.unused or found.format)


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (tsv("conn", [conn()]), Format.ZEEK_TSV),
        ("\ufeff\t" + tsv("conn", [conn()]), Format.ZEEK_TSV),
        (tsv("conn", [conn()], separator=","), Format.ZEEK_TSV),
        (header("", CONN_FIELDS), Format.ZEEK_TSV),
        ("\t".join(conn()[name] for name in CONN_FIELDS), Format.ZEEK_TSV),
        (header("x509", ("ts", "id")) + header("dns", ("ts",)), Format.ZEEK_TSV),
        (lines_of([CONN]), Format.ZEEK_JSON),
        ("{broken\n" + lines_of([CONN]), Format.ZEEK_JSON),
        (lines_of([{"_path": "x509"}, {"_path": "files"}]), Format.ZEEK_JSON),
        (lines_of([{"ts": 1, "id": {"orig_h": "x"}, "trans_id": 1}]), Format.ZEEK_JSON),
        (lines_of([eve("stats")]), Format.EVE),
        ("\r\n" + lines_of([eve()]), Format.EVE),
        ("StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotPkts,TotBytes\n", Format.BINETFLOW),
        ("StartTime\tProto\tSrcAddr\tDstAddr\tTotPkts\tTotBytes\r\n", Format.BINETFLOW),
        (OLD, Format.NFDUMP),
        (NEW + NEW_LINE, Format.NFDUMP),
    ],
)
def test_formats(text, format_):
    """Told by content, whatever the name."""
    assert told(text, "README.txt") == format_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "text",
        "# a remark\n",
        '{"a": 1}\n',
        "[1]\n",
        "{\n",
        '{"ts": 1}\n',
        "a,b,c\n1,2,3\n",
        b"\xff\xfe\x00",
        "ts,te,td\n",
        json.dumps([CONN]),
        "1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\n",
        "{" * 1000,
    ],
)
def test_what_is_no_log(text):
    """Nothing is guessed."""
    assert told(text) is None


def test_logs_of_no_use():
    """The sentence says what they are."""
    assert told(header("x509", ("ts", "id"))) == "is a Zeek log of a kind that netad makes no use of (x509)"
    assert told(lines_of([{"_path": "x509", "ts": 1}])) == "is a Zeek log of a kind that netad makes no use of (x509)"
    assert told(lines_of([{"ts": 1, "uid": "C"}])) == "is a Zeek log of a kind that netad makes no use of"
    sentence = "lists what Zeek had not ended yet (conn); that comes again in conn.log"
    assert told(lines_of([CONN]), "/logs/open_conn.00:00:00-01:00:00.log.gz") == sentence
    assert told(tsv("conn", [conn()]), "open_conn.log") == sentence


def test_a_path_is_told_by_fields():
    """Those every log of the kind has."""
    assert [zeek_path(names) for names in (CONN_FIELDS, ("id_orig_h", "trans_id"), ("ts",))] == ["conn", "dns", None]
    assert zeek_path(("id.orig_h", "established", "result")) is None  # rdp.log
    assert Detected(Format.EVE).unused is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (tsv("conn", [conn()]), set()),
        (header("dns", ("ts", "id.orig_h", "trans_id", "query")), {FactKind.DNS, FactKind.ANSWER}),
        (lines_of([{"_path": "ssl", "ts": 1.0}, {"_path": "weird", "ts": 1.0}]), {FactKind.TLS, FactKind.ALERT}),
        (lines_of([eve()] * 300 + [eve("alert"), eve("http"), eve("stats")]), {FactKind.ALERT, FactKind.HTTP}),
    ],
)
def test_what_a_log_tells_of_shows_at_its_beginning(text, kinds):
    """By path of Zeek's logs and by event type of EVE, however far down."""
    assert detect(text.encode(), "x").facts == kinds
