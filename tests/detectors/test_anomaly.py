import dataclasses

import pytest

from netad.detectors.anomaly import Evidence, Reason, Severity


def test_severities_are_those_of_elastic():
    """Elastic's prebuilt rules use these numbers; they order from LOW to CRITICAL."""
    assert [int(one) for one in sorted(Severity)] == [21, 47, 73, 99]
    assert Severity.LOW < Severity.MEDIUM < Severity.HIGH < Severity.CRITICAL


def test_records_do_not_change():
    """A reason is a record: nothing downstream can alter it."""
    reason = Reason("flows", "flows", "flows", 9.0, 3.0, 1.0, 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        reason.weight = 1.0


def test_no_evidence_is_empty():
    """Without flows there is nothing to show, and nothing shared between two anomalies."""
    assert Evidence() == Evidence(0, (), (), 0, (), ())
