"""Target: any bytes as a capture, through the whole engine. Flow records and counters are those of the reference."""

from dataclasses import replace

import numpy as np

from fuzz.batches import check
from fuzz.scratch import scratch_file
from netad.core.timing import SECOND_NS
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.checksums import Strict
from netad.ingest.inputs import Source
from netad.ingest.report import IngestReport
from tests.ingest.both_ways import assert_same

LONGEST = 4096
_WINDOWS = (None, SECOND_NS, 60 * SECOND_NS, 3600 * SECOND_NS)
_MAX_RATIO = 100
_FILE = scratch_file()


def seed(capture: bytes, options: int = 0) -> bytes:
    """Return the input that stands for a capture read with these options, a byte."""
    return bytes((options,)) + capture


def one_input(data: bytes) -> None:
    """Read the capture in both ways and compare."""
    if not data:
        return
    options = IngestOptions(
        window_ns=_WINDOWS[data[0] & 3],
        decap=not data[0] & 4,
        strict=Strict((data[0] >> 3 & 3) % len(Strict)),
        max_flows=3 if data[0] & 32 else 1000,
        lateness_ns=0 if data[0] & 64 else SECOND_NS,
    )
    _FILE.write_bytes(data[1:])
    with np.errstate(over="ignore"):  # compiled code wraps without a word
        sources = [Source(str(_FILE), _MAX_RATIO)]
        counted = assert_same(sources, options)
        if data[0] & 128:
            again = IngestReport()
            for batch in read_flows(sources, replace(options, facts=True), again):
                check(batch)
            assert again == counted, "looking for facts changes the flows"
