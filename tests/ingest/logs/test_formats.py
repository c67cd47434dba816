"""Tests of netad.ingest.logs.formats: what every parser keeps to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.batch import FACT_COLUMNS
from netad.ingest.flows import DTYPES, LOG_DTYPES
from netad.ingest.logs.detect import Format
from netad.ingest.logs.formats import PARSERS
from tests.ingest.logs.samples import START, conn, eve, lines_of, parse, tsv
from tests.ingest.logs.test_binetflow import HEADER, LINE
from tests.ingest.logs.test_nfdump import NEW, NEW_LINE
from tests.ingest.logs.test_zeek_json import record

LOGS = {
    Format.ZEEK_TSV: tsv("conn", [conn()] * 3),
    Format.ZEEK_JSON: lines_of([record()] * 3),
    Format.EVE: lines_of([eve()] * 3),
    Format.BINETFLOW: HEADER + LINE * 3,
    Format.NFDUMP: NEW + NEW_LINE * 3,
}


def test_every_format_of_logs_has_a_parser():
    """All but captures, and what is not known yet."""
    assert set(PARSERS) == set(LOGS) == set(Format) - {Format.CAPTURE, Format.UNKNOWN}


@pytest.mark.parametrize("format_", LOGS)
def test_every_parser_gives_flows(format_):
    """Of the same ends and times, with the contract's columns and dtypes and no others."""
    parts, report = parse(format_, LOGS[format_])
    (part,) = parts
    dtypes = DTYPES | LOG_DTYPES
    assert {name: column.dtype for name, column in part.columns.items()} == {
        name: dtypes[name] for name in part.columns
    }
    assert part.columns["resp_port"].tolist() == [443] * 3
    assert set((part.times // 10**9).tolist()) <= {START, START + 2}
    assert (report.skipped, report.problems, report.bad_lines) == ({}, [], [])


@pytest.mark.parametrize("format_", LOGS)
@given(data=st.data())
def test_no_input_raises(format_, data):
    """Whatever bytes are put into a log, and wherever it is cut: what is left is read, and the rest is counted."""
    raw = bytearray(LOGS[format_].encode())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    parts, report = parse(format_, bytes(raw) + b"\n", unknown=True, labels=True)
    for part in parts:
        specs = FACT_COLUMNS[part.kind] if part.kind is not None else ()
        dtypes = DTYPES | LOG_DTYPES | {spec.name: spec.dtype for spec in specs}
        assert all(column.dtype == dtypes.get(name, "object") for name, column in part.columns.items())
    assert len(report.bad_lines) <= report.skipped["bad_line"]
