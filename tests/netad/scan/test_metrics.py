"""The file for Prometheus."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from netad.core.errors import OutputError
from netad.outputs.base import Delivery, RunSummary
from netad.scan.metrics import Last, Totals, write_metrics
from netad.scan.recent_profiles import DriftFigures

SECOND = 10**9


@pytest.fixture
def totals():
    counted = Totals()
    summary = RunSummary(files=2, packets=100, flows=5, suppressed=1, severities={"high": 2}, skipped={"arp": 3})
    counted.add(summary)
    counted.add(summary)
    return counted


def test_prometheus_reads_it(tmp_path, totals):
    """Counts over all runs, the last run, what waits, how old the model is."""
    path = tmp_path / "collector" / "netad.prom"
    drift = DriftFigures(1, 0.25, 0.02)
    last = Last(3, 1000 * SECOND, 1010 * SECOND, 900 * SECOND, "1970-01-01T00:10:00Z", drift)
    write_metrics(path, totals, last, {"elastic": Delivery(waiting_bytes=77)}, 4)
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }
    assert found["netad_packets_total",] == 200
    assert found["netad_suppressed_total",] == 2
    assert found["netad_anomalies_total", "high"] == 4
    assert found["netad_skipped_total", "arp"] == 6
    assert found["netad_last_run_duration_seconds",] == 10
    assert found["netad_last_run_exit_code",] == 3
    assert found["netad_last_success_timestamp_seconds",] == 900
    assert found["netad_model_age_seconds",] == 410
    assert found["netad_model_drift",] == 1
    assert found["netad_model_drifting_features_ratio",] == 0.25
    assert found["netad_waiting_captures",] == 4
    assert found["netad_spool_bytes", "elastic"] == 77


def test_totals_are_carried(totals):
    """They come back as they were, and go on."""
    back = Totals()
    back.resume(totals.carry())
    assert back == totals


def test_before_the_first_success_there_is_no_time_of_it(tmp_path):
    """A time of 0 would say that it was in 1970."""
    path = tmp_path / "netad.prom"
    write_metrics(path, Totals(), Last(2, 0, SECOND, None, ""), {}, 0)
    assert "last_success" not in path.read_text()
    assert "model_age" not in path.read_text()


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    """A file in the place of the folder."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="metrics"):
        write_metrics(tmp_path / "file" / "netad.prom", Totals(), Last(0, 0, 0, None, ""), {}, 0)
