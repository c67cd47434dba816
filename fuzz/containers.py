"""Target: any bytes as a capture: pcap, pcapng, compressed. It ends with records and a sentence, never an error."""

import io

from netad.ingest.compression import bytes_of_file, decompressed
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

LONGEST = 8192
_MAX_RATIO = 100


def one_input(data: bytes) -> None:
    """Read the bytes as netad reads a file; what comes out keeps what the readers promise."""
    report, records = IngestReport(), 0
    with decompressed(io.BytesIO(data), _MAX_RATIO, ahead=False) as stream:
        for record in read_records(stream, "input", report):
            records += 1
            assert 0 <= record.time_ns < MAX_TIME_NS
            assert len(record.data) <= MAX_CAPTURED
            assert record.wire_length >= 0
        assert bytes_of_file(stream, report.bytes) <= len(data)
    assert report.files <= 1
    assert report.packets == records + sum(report.skipped.values())
    assert report.files or report.problems
