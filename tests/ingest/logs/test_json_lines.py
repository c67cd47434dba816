"""Tests of netad.ingest.logs.json_lines."""

import pytest

from netad.ingest.logs import json_lines as module
from netad.ingest.logs.columns import Reading, log_text
from netad.ingest.logs.json_lines import JsonLines, json_text
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import Ledger
from netad.ingest.report import IngestReport


def test_lines_come_in_pieces(monkeypatch):
    """However many lines a chunk has, some thousand are taken apart at a time; lines keep their numbers."""
    monkeypatch.setattr(module, "ROWS", 2)
    report = IngestReport()
    lines = JsonLines(Ledger("x", report), ("a",), [("b", "a")])
    found = []
    for fields in lines.fields(Chunk(b'{"a":"1"}\n{"b":"2"}\n{\n{"a":"4"}\n', 10)):
        found += zip(fields.lines.tolist(), Reading(fields).texts("a", log_text).tolist(), strict=True)
    assert found == [(10, "1"), (11, "2"), (13, "4")]
    assert [(bad.line, bad.sentence) for bad in report.bad_lines] == [(12, "is no JSON object")]


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (b"plain", "plain"),
        (b"a\\/b\\u0041", "a/bA"),
        (b"\\u001b[1m", "\\x1b[1m"),
        (b"\\ud800", "\\ud800"),
        (b"a\\qb", "a\\qb"),
        (b"\xff", "\\xff"),
        ("é".encode(), "\\xc3\\xa9"),
    ],
)
def test_texts(piece, text):
    """Escapes are taken back; what cannot be read stays as it is, and nothing unprintable is left."""
    assert json_text(piece) == text
