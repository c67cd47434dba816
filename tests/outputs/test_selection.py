"""Which events go out to people's inboxes."""

import pytest

from netad.core.errors import ConfigError
from netad.outputs.selection import Selection


def event(dataset, suppressed=False):
    return {"data_stream": {"dataset": dataset}, "netad": {"suppression": {"suppressed": suppressed}}}


def test_anomalies_go_out_suppressed_ones_too_and_nothing_else():
    """Unless something else is asked for."""
    wants = Selection.from_options({}).wants
    assert wants(event("netad.anomaly"))
    assert wants(event("netad.anomaly", suppressed=True))
    assert not any(wants(event(f"netad.{kind}")) for kind in ("flow", "profile", "run"))


def test_options_leave_suppressed_out_and_let_flows_in():
    """By yes and no."""
    wants = Selection.from_options({"suppressed": "no", "flows": "yes", "batch": "7"}).wants
    assert wants(event("netad.anomaly"))
    assert not wants(event("netad.anomaly", suppressed=True))
    assert wants(event("netad.flow"))


def test_other_values_are_refused():
    """They are neither."""
    with pytest.raises(ConfigError, match="flows='true' is neither yes nor no"):
        Selection.from_options({"flows": "true"})
