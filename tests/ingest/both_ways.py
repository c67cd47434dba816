"""Holds the engine against the reference: the same flow records, the same report."""

from dataclasses import asdict

import numpy as np

from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.flows import FLOW_COLUMNS, FlowBatch
from netad.ingest.reference import reference_flows
from netad.ingest.report import IngestReport

EXACT = ["opened_ns", *(spec.name for spec in FLOW_COLUMNS if not spec.dtype.startswith("float"))]
FLOATS = [spec.name for spec in FLOW_COLUMNS if spec.dtype.startswith("float")]
WHOLE_ONLY = IngestOptions(window_ns=None)


def everything(read, sources, options):
    """Return all records, sorted, as rows of exact values and an array of floats, and the report."""
    report = IngestReport()
    batch = FlowBatch.concat(read(sources, options, report))
    if not len(batch):
        return [], np.empty((0, len(FLOATS))), report
    exact = list(zip(*(batch[name].tolist() for name in EXACT), strict=True))
    floats = np.array([batch[name] for name in FLOATS], np.float64).T
    order = sorted(range(len(batch)), key=lambda row: (exact[row], floats[row].tolist()))
    return [exact[row] for row in order], floats[order], report


def assert_same(sources, options=WHOLE_ONLY):
    """Check that both give the same; return the engine's report."""
    exact, floats, report = everything(read_flows, sources, options)
    wanted, wanted_floats, reference_report = everything(reference_flows, sources, options)
    assert exact == wanted
    np.testing.assert_allclose(floats, wanted_floats, rtol=1e-9, atol=0)
    counted, expected = asdict(report), asdict(reference_report)
    assert counted.pop("handed_over") <= counted["packets"]
    assert expected.pop("handed_over") == 0
    assert counted == expected
    return report
