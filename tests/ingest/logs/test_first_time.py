"""Tests of netad.ingest.logs.first_time."""

from netad.ingest.logs.detect import Format
from netad.ingest.logs.first_time import first_line_time_ns
from tests.ingest.logs.samples import CONN_FIELDS, SECOND, START, conn, eve, header, lines_of, tsv


def test_the_time_at_which_the_first_lines_count():
    """A flow counts where it ended; a line that the look cut is left alone; nearly sorted is sorted enough."""
    log = tsv("conn", [conn(10), conn(0), conn(20)])
    assert first_line_time_ns(Format.ZEEK_TSV, log.encode()[:-3]) == (START + 1.5) * SECOND
    assert (
        first_line_time_ns(Format.EVE, lines_of([eve("stats"), eve("http", http={})]).encode())
        == START * SECOND + 5 * 10**8
    )


def test_a_log_without_lines_has_none():
    """Nor one whose lines cannot be used."""
    assert first_line_time_ns(Format.ZEEK_TSV, header("conn", CONN_FIELDS).encode()) is None
    assert first_line_time_ns(Format.ZEEK_JSON, b'{"ts":') is None
