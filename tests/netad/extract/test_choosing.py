"""Which captures are read for a time, and which need not be."""

import os

import pytest

from netad.extract.choosing import DISORDER_NS, captures_of, in_time
from netad.ingest.inputs import STDIN, Source, find_sources
from netad.ingest.logs.detect import Format
from netad.ingest.report import IngestReport
from tests.ingest.pcap_file import START, write_pcap

SECOND = 10**9
MINUTE = 60 * SECOND


@pytest.fixture
def hourly(tmp_path):
    """Three captures of an hour each, which were closed when the hour ended."""
    for hour in range(3):
        path = tmp_path / f"eth0-{hour}.pcap"
        write_pcap(path, [(hour * 3600 + minute * 60, b"abc") for minute in range(60)])
        os.utime(path, (0, START + hour * 3600 + 3599))
    return find_sources([str(tmp_path)], IngestReport())


def names(sources):
    return [source.path.rpartition("/")[2] for source in sources]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, "012"),
        (None, 1800, "0"),
        (3600 + 900, 3600 + 1800, "1"),
        (3600 + 300, 3600 + 1800, "01"),  # the end of the first is near
        (1800, 3600 - 300, "01"),  # the beginning of the second is near
        (8000, None, "2"),
    ],
)
def test_captures_that_may_hold_packets_of_the_time_are_read(hourly, since, until, expected):
    """Those that end before it, or begin after it, are not; ten minutes are no difference."""
    bounds = [None if bound is None else (START + bound) * SECOND for bound in (since, until)]
    assert names(in_time(hourly, *bounds)) == [f"eth0-{number}.pcap" for number in expected]


def test_a_copy_that_is_older_than_its_packets_is_read(hourly):
    """What the time of change says cannot be true then."""
    os.utime(hourly[0].path, (0, START - 86_400))
    late = (START + 86_400) * SECOND
    assert names(in_time(hourly, late, None)) == ["eth0-0.pcap"]


def test_what_nobody_can_look_into_is_read(tmp_path):
    """Standard input, and a file that is gone meanwhile."""
    gone = Source(str(tmp_path / "gone"), time_ns=START * SECOND)
    sources = [Source(STDIN, format=Format.UNKNOWN), gone]
    assert in_time(sources, START * SECOND + 2 * DISORDER_NS, None) == sources


def test_logs_hold_no_packets():
    """One that is named is a problem; others are passed over."""
    report = IngestReport()
    log = Source("conn.log", format=Format.ZEEK_TSV)
    assert captures_of([log, Source("x.pcap")], ["folder"], report) == [Source("x.pcap")]
    assert report.problems == []
    captures_of([log], ["conn.log"], report)
    assert "holds no packets" in report.problems[0].sentence
