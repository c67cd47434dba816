import contextlib

import numpy as np
import pytest

from netad.core.errors import OutputError
from netad.flow_spool import FlowSpool
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.inputs import find_sources
from netad.ingest.report import IngestReport


def batches(office):
    report = IngestReport()
    options = IngestOptions(batch_flows=100)
    return [batch.whole() for batch in read_flows(find_sources([str(office)], report), options, report)]


def test_what_goes_in_comes_out(office, tmp_path):
    """Batches come back in order, every column exactly, as often as wanted."""
    given = [batch for batch in batches(office) if len(batch)]
    with FlowSpool(tmp_path) as spool:
        for batch in given:
            spool.add(batch)
        for _ in range(2):
            for batch, back in zip(given, spool.batches(), strict=True):
                assert back.inputs == batch.inputs
                for name, column in batch.columns.items():
                    np.testing.assert_array_equal(back[name], column)
                    assert back[name].dtype == column.dtype


def test_nothing_is_left_behind(office, tmp_path):
    """The file goes with the block, also after an error; without flows there is nothing to read."""
    with FlowSpool(tmp_path) as spool:
        assert list(spool.batches()) == []
    with contextlib.suppress(RuntimeError), FlowSpool(tmp_path) as spool:
        spool.add(batches(office)[0])
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_sentence(office, tmp_path):
    """A temporary folder that vanished (or is full) is told, with the variable that names another."""
    with FlowSpool(tmp_path) as spool:
        next(tmp_path.iterdir()).rmdir()
        with pytest.raises(OutputError, match="TMPDIR"):
            spool.add(batches(office)[0])
        next(iter([*tmp_path.iterdir(), tmp_path])).mkdir(exist_ok=True)
