import pytest

from netad.detectors.anomaly import Severity
from netad.detectors.scores import severity


@pytest.mark.parametrize(
    ("score", "threshold", "expected"),
    [
        (0.5, 0.5, Severity.LOW),
        (0.63, 0.5, Severity.MEDIUM),
        (0.76, 0.5, Severity.HIGH),
        (0.9, 0.5, Severity.CRITICAL),
        (1, 0.5, Severity.CRITICAL),
        (0.2, 0.5, Severity.LOW),
        (1, 1, Severity.CRITICAL),
        (0.99, 1, Severity.LOW),
    ],
)
def test_severity_bands(score, threshold, expected):
    """The room above the threshold is cut in four; all four can be reached whatever the threshold."""
    assert severity(score, threshold) is expected
