"""The kernels that write records: what they write is what the readers read."""

import io

import numpy as np
import pytest

from netad.extract.kernel import F_END, F_FIELDS, F_LINK, F_START, F_TIME, F_WIRE, write_pcap, write_pcapng
from netad.extract.writing import PcapngWriter, PcapWriter
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport


@pytest.mark.parametrize(("writer", "kernel"), [(PcapWriter, write_pcap), (PcapngWriter, write_pcapng)])
def test_records_are_written_as_they_were(writer, kernel):
    """Times to the nanosecond, lengths on the wire, data of every length up to a word."""
    block = np.arange(64, dtype=np.uint8)
    rows = np.zeros((5, F_FIELDS), np.int64)
    for row in range(5):
        rows[row, F_TIME] = 1_700_000_000_123_456_789 + row
        rows[row, F_START], rows[row, F_END] = row * 3, row * 4
        rows[row, F_WIRE], rows[row, F_LINK] = (1 << 32) - 1 - row, 0 if kernel is write_pcapng else 1
    out = np.empty(1024, np.uint8)
    written = out[: kernel(block, rows, out)].tobytes()
    stream = io.BytesIO()
    writer(stream).close([1])
    stream.write(written)
    report = IngestReport()
    records = list(read_records(io.BytesIO(stream.getvalue()), "x", report))
    assert report.problems == []
    assert [(record.time_ns, record.data, record.wire_length) for record in records] == [
        (int(row[F_TIME]), block[row[F_START] : row[F_END]].tobytes(), int(row[F_WIRE])) for row in rows
    ]
