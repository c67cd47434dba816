"""Records of open windows."""

import numpy as np
import pytest

from netad.core.state_file import read_state, write_state
from netad.detectors.anomaly import Anomaly, Severity
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import find_sources
from netad.ingest.report import IngestReport
from netad.scan.open_records import Flagged, OpenRecords

MINUTE = 60 * 10**9


@pytest.fixture(scope="module")
def batches(office):
    report = IngestReport()
    options = IngestOptions(window_ns=20 * MINUTE, lateness_ns=MINUTE, batch_flows=500, facts=True)
    return list(read_flows(find_sources([str(office)], report), options, report))


def filled(batches, *, whole=True):
    records = OpenRecords(20 * MINUTE, MINUTE, whole=whole)
    for batch in batches:
        records.add(batch)
    return records


def rows(batches):
    return sum(map(len, batches))


def test_everything_is_held_until_its_window_closes(batches):
    """What is let go of and what stays is all there was, and nothing of an open window goes."""
    records = filled(batches)
    flows = [batch for batch in batches if isinstance(batch, FlowBatch)]
    slices = rows(batch.slices() for batch in flows)
    assert rows(records.slices()) == slices
    dns = rows(batch for batch in batches if isinstance(batch, FactBatch) and batch.kind is FactKind.DNS)
    assert rows(records.facts([FactKind.DNS])) == dns > 0
    open_from = records.open_from
    gone = records.let_go(open_from)
    assert 0 < rows(records.slices()) < slices
    assert 0 < rows(records.facts([FactKind.DNS])) < dns
    assert all((batch["last_ns"] // (20 * MINUTE) >= open_from).any() for batch in records.slices())
    assert rows(gone) + rows(records.let_go(None)) == rows(batch.whole() for batch in flows)
    assert rows(records.slices()) == 0


def test_whole_flows_are_held_only_if_they_are_to_ship(batches):
    """Else there is no use for them."""
    assert filled(batches, whole=False).let_go(None) == []


@pytest.mark.parametrize("cut", [1, 7])
def test_it_goes_on_from_a_state(batches, tmp_path, cut):
    """Through a file, between any two batches."""
    write_state(tmp_path / "state", filled(batches[:cut]).carry())
    back = OpenRecords(20 * MINUTE, MINUTE, whole=True)
    back.resume(read_state(tmp_path / "state"))
    whole = filled(batches)
    for batch in batches[cut:]:
        back.add(batch)
    assert back.open_from == whole.open_from
    for one, other in zip(back.let_go(whole.open_from), whole.let_go(whole.open_from), strict=True):
        assert one.inputs == other.inputs
        for name, column in other.columns.items():
            np.testing.assert_array_equal(one[name], column)


def anomaly(source, start_ns):
    return Anomaly(
        source=source, inside=True, window_start_ns=start_ns, window_end_ns=start_ns + 20 * MINUTE, window_length="20m",
        score=0.9, threshold=0.7, tail=0.01, severity=Severity.HIGH, detector="fusion", detector_scores={},
        model_name="m", model_version="1", reasons=(), profile=(),
    )  # fmt: skip


def test_flows_of_flagged_windows_are_found_also_later(batches, scanner, tmp_path):
    """Those of the source that were alive in the window, after a state too; what is old is forgotten."""
    flows = [batch.whole() for batch in batches if isinstance(batch, FlowBatch)]
    start = int(min(batch["first_ns"].min() for batch in flows if len(batch))) // (20 * MINUTE) * 20 * MINUTE
    flagged = Flagged()
    assert list(flagged.among(flows)) == []
    flagged.add([anomaly(scanner, start)])
    write_state(tmp_path / "state", flagged.carry())
    back = Flagged()
    back.resume(read_state(tmp_path / "state"))
    found = list(back.among(flows))
    assert rows(found) == rows(flagged.among(flows)) > 0
    assert all((batch["first_ns"] < start + 20 * MINUTE).all() for batch in found)
    back.add([anomaly(scanner, start + 2 * Flagged.AGE_NS)])
    assert list(back.among(flows)) == []
