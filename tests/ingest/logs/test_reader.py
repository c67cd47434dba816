"""Tests of netad.ingest.logs.reader."""

import bz2
import gzip
import lzma

import pytest

from netad.ingest.capture import IngestOptions
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format
from netad.ingest.logs.reader import read_log, read_stretches
from netad.ingest.report import IngestReport
from tests.ingest.logs.samples import SECOND, START, conn, eve, header, lines_of, tsv
from tests.ingest.logs.test_binetflow import HEADER, LINE
from tests.ingest.logs.test_zeek_json import record


def read(path, data, format_=Format.ZEEK_TSV, read=read_log, **options):
    """Return the batches of a log, and the report."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    report = IngestReport()
    return list(read(Source(str(path), format=format_), IngestOptions(None, **options), report)), report


def test_flows_of_a_log(tmp_path):
    """Batches name their input; everything is counted."""
    log = tsv("conn", [conn(n) for n in range(5)])
    (batch,), report = read(tmp_path / "conn.log", log)
    assert isinstance(batch, FlowBatch)
    assert (batch.inputs, batch["input"].tolist(), len(batch)) == ((str(tmp_path / "conn.log"),), [0] * 5, 5)
    assert (report.files, report.records, report.flows, report.packets) == (1, 5, 5, 0)
    assert report.bytes == report.file_bytes == len(log)
    assert (report.first_ns, report.last_ns) == (START * SECOND, START * SECOND + 5_500_000_000)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_logs(tmp_path, pack):
    """As they are rotated."""
    data = pack(tsv("conn", [conn()]).encode())
    (batch,), report = read(tmp_path / "conn.log.gz", data)
    assert (len(batch), report.file_bytes) == (1, len(data))


ZEEK = (
    tsv("conn", [conn(n) for n in range(3)])
    + header("conn", tuple(reversed(conn())))
    + ("\t".join(reversed(conn(3).values())) + "\nbad\n" + "\t".join(reversed(conn(4).values())) + "\n#close\t2023\n")
)
GROWING = {
    Format.ZEEK_TSV: ZEEK,
    Format.ZEEK_JSON: lines_of([record(ts=START + n) for n in range(4)]),
    Format.EVE: lines_of([eve(), eve("http", http={"hostname": "a.example"}), eve()]) + "{bad}\n" + lines_of([eve()]),
    Format.BINETFLOW: HEADER + LINE * 2 + "bad\n" + LINE,
}


@pytest.mark.parametrize("format_", GROWING)
def test_a_log_that_grows_is_as_one_that_is_complete(tmp_path, format_):
    """Cut anywhere and read on behind what was read: the same records and bad lines, each once."""
    data, path = GROWING[format_].encode(), tmp_path / "log"
    options = IngestOptions(None, facts=True, growing=True)

    def rows(batches):
        return sorted(
            (str(getattr(batch, "kind", "")), *(str(value) for value in row))
            for batch in batches
            for row in zip(*(batch[name].tolist() for name in sorted(batch.columns)), strict=True)
        )

    whole, one = read(path, data, format_, facts=True)
    assert one.read == {str(path): len(data)}
    for size in range(0, len(data), 7):
        report = IngestReport()
        path.write_bytes(data[:size])
        first = list(read_log(Source(str(path), format=format_), options, report))
        after = report.read[str(path)]
        assert after == data[:size].rfind(b"\n") + 1
        path.write_bytes(data)
        second = list(read_log(Source(str(path), format=format_, after=after), options, report))
        assert rows(first + second) == rows(whole)
        assert report.bad_lines == one.bad_lines
        assert (report.records, report.skipped, report.problems) == (one.records, one.skipped, one.problems)
        assert report.read == one.read


def test_damage_costs_nothing_that_was_read_before_it(tmp_path):
    """Flows that were held until others began after their end come as well, before the log is said to be cut."""
    data = gzip.compress((HEADER + LINE * 5).encode())
    batches, report = read(tmp_path / "a.gz", data[:-9], Format.BINETFLOW)
    assert sum(map(len, batches)) == report.flows == 5
    assert len(report.problems) == 1


def test_how_far_a_damaged_log_was_read(tmp_path):
    """The whole lines before the damage, or what had been read before if that is more."""
    log = tsv("conn", [conn(n) for n in range(5)])
    _, report = read(tmp_path / "conn.log.gz", gzip.compress((log + "rest").encode())[:-9])
    assert report.problems
    assert report.read == {str(tmp_path / "conn.log.gz"): len(log)}
    report = IngestReport()
    source = Source(str(tmp_path / "conn.log.gz"), format=Format.ZEEK_TSV, after=9999)
    assert not list(read_log(source, IngestOptions(), report))
    assert report.read == {str(tmp_path / "conn.log.gz"): 9999}


def test_batches_are_bounded(tmp_path):
    """In rows, and each stretch is a list."""
    batches, report = read(tmp_path / "a", tsv("conn", [conn(n) for n in range(40_000)]), batch_flows=16_384)
    assert {len(batch) for batch in batches} <= set(range(1, 16_385))
    assert sum(map(len, batches)) == report.flows == 40_000
    batches, report = read(tmp_path / "a", HEADER + LINE * 20, Format.BINETFLOW, batch_flows=8)
    assert [len(batch) for batch in batches] == [8, 8, 4]


def test_facts_come_with_flows_and_before_them(tmp_path):
    """Those of one stretch together; without `facts` there are none."""
    http = eve("http", http={"hostname": "example.org"})
    log = lines_of([eve(), http, eve()])
    (stretch,), report = read(tmp_path / "a", log, Format.EVE, read_stretches, facts=True)
    assert [type(batch) for batch in stretch] == [FactBatch, FlowBatch]
    assert (stretch[0].kind, len(stretch[1]), report.records, report.flows) == (FactKind.HTTP, 2, 3, 2)
    (stretch,), report = read(tmp_path / "a", log, Format.EVE, read_stretches)
    assert ([type(batch) for batch in stretch], report.records) == ([FlowBatch], 2)


def test_the_time_range(tmp_path):
    """A flow counts where it ended, a fact when it was said; others are counted."""
    log = tsv("conn", [conn(n, duration=1) for n in range(5)])
    (batch,), report = read(tmp_path / "a", log, since_ns=(START + 2) * SECOND, until_ns=(START + 4) * SECOND)
    assert (batch["last_ns"] // SECOND - START).tolist() == [2, 3]
    assert report.skipped == {"outside_time_range": 3}


def test_flows_that_are_listed_by_their_beginning(tmp_path):
    """They come in the order of their ends: what is long does not make what follows it late."""
    lines = [LINE.replace("1.500000", duration) for duration in ("3600.0", "1.0", "2.0")]
    (batch,), _ = read(tmp_path / "a", HEADER + "".join(lines), Format.BINETFLOW)
    assert (batch["last_ns"] - batch["first_ns"]).tolist() == [SECOND, 2 * SECOND, 3600 * SECOND]


def test_a_log_that_is_still_being_written(tmp_path):
    """A last line without its end is left for the next time: it waits, and is no error."""
    whole = tsv("conn", [conn(), conn()])
    for cut in (whole[:-1], whole[:-30], whole + "1.0"):
        batches, report = read(tmp_path / "a", cut)
        assert (sum(map(len, batches)), report.waiting) == (2 if cut.startswith(whole) else 1, 1)
        assert (report.skipped, report.problems) == ({}, [])
    assert read(tmp_path / "a", whole + "#close\t2024")[1].waiting == 0
    assert read(tmp_path / "a", whole.replace("\n", "\r\n") + "\r")[1].waiting == 0


def test_json_says_itself_that_a_line_is_all_there(tmp_path):
    """So that a file without a last newline loses nothing."""
    log = lines_of([record(), record()])
    batches, report = read(tmp_path / "a", log[:-1], Format.ZEEK_JSON)
    assert (sum(map(len, batches)), report.waiting) == (2, 0)
    batches, report = read(tmp_path / "a", log[:-2], Format.ZEEK_JSON)
    assert (sum(map(len, batches)), report.waiting, report.skipped) == (1, 1, {})


def test_nobody_writes_to_a_compressed_log(tmp_path):
    """Its last line is all there, if it looks so."""
    log = tsv("conn", [conn(), conn()]).encode()
    batches, report = read(tmp_path / "a", gzip.compress(log[:-1]))
    assert (sum(map(len, batches)), report.waiting) == (2, 0)
    batches, report = read(tmp_path / "a", gzip.compress(log[:-30]))
    assert (sum(map(len, batches)), report.waiting, report.skipped) == (1, 1, {})


def test_what_cannot_be_read_is_a_problem(tmp_path):
    """A file that is gone, and one that is cut, which gives what it holds."""
    report = IngestReport()
    assert list(read_log(Source(str(tmp_path / "gone"), format=Format.EVE), IngestOptions(), report)) == []
    assert [problem.sentence for problem in report.problems] == ["does not exist"]
    packed = gzip.compress(tsv("conn", [conn(n) for n in range(3000)]).encode())
    batches, report = read(tmp_path / "a", packed[:-9])
    assert sum(map(len, batches)) == 3000
    assert len(report.problems) == 1


def test_lines_that_are_too_long(tmp_path):
    """They cost themselves."""
    log = lines_of([record()]) + '{"x":"' + "x" * (3 << 20) + '"}\n' + lines_of([record()])
    batches, report = read(tmp_path / "a", log + "x" * (2 << 20), Format.ZEEK_JSON)
    assert sum(map(len, batches)) == 2
    assert [(bad.line, bad.sentence) for bad in report.bad_lines] == [
        (2, "is longer than 1 MiB"),
        (4, "is longer than 1 MiB"),
    ]


def test_progress(tmp_path):
    """It reports bytes, never fewer than before, and all of them at the end."""
    path, seen = tmp_path / "a", []
    path.write_text(tsv("conn", [conn(n) for n in range(20_000)]))
    options = IngestOptions(None, batch_flows=16_384)
    list(read_log(Source(str(path), format=Format.ZEEK_TSV), options, IngestReport(), seen.append))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == path.stat().st_size
