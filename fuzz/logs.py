"""Target: any bytes as a log of any format. It ends with batches of the contract's types and counted lines."""

import numpy as np

from fuzz.batches import check
from fuzz.scratch import scratch_file
from netad.ingest.capture import IngestOptions
from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format, detect
from netad.ingest.logs.reader import read_log
from netad.ingest.report import IngestReport

LONGEST = 4096
FORMATS = (Format.ZEEK_TSV, Format.ZEEK_JSON, Format.EVE, Format.BINETFLOW, Format.NFDUMP)
_FACTS, _LABELS, _UNKNOWN, _FEW = 1, 2, 4, 8
_HEAD = 2
_MAX_RATIO = 100
_FILE = scratch_file()


def seed(format_: Format, text: str, options: int = _FACTS) -> bytes:
    """Return the input that stands for a log read with these options, a byte."""
    return bytes((FORMATS.index(format_), options)) + text.encode()


def one_input(data: bytes) -> None:
    """Tell what the log is, read it as what the input says, and check every batch."""
    if len(data) < _HEAD:
        return
    options = IngestOptions(
        facts=bool(data[1] & _FACTS),
        labels=bool(data[1] & _LABELS),
        unknown=bool(data[1] & _UNKNOWN),
        batch_flows=2 if data[1] & _FEW else 1000,
    )
    detect(data[_HEAD:], "conn.log")
    _FILE.write_bytes(data[_HEAD:])
    report, flows = IngestReport(), 0
    source = Source(str(_FILE), _MAX_RATIO, FORMATS[data[0] % len(FORMATS)])
    with np.errstate(over="ignore"):  # compiled code wraps without a word
        for batch in read_log(source, options, report):
            check(batch)
            flows += len(batch) if "part" in batch else 0
    assert report.flows == flows
    assert report.file_bytes <= len(data)
    assert len(report.bad_lines) <= report.skipped["bad_line"]
