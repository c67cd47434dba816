"""`--to report:FILE.html`; what every output owes is in tests/outputs/test_base.py."""

import pytest

from netad.core.errors import ConfigError, OutputError
from netad.outputs.report.output import ReportOutput, SuggestsRules
from tests.outputs.report.conftest import MADE


def clock():
    return MADE


def test_a_run_becomes_a_page(tmp_path, anomaly_events, events_of_flows, summary):
    """With what the run read and found, and nothing of where else it was sent."""
    output = ReportOutput(str(tmp_path / "new" / "report.html"), clock=clock)
    output.write(anomaly_events)
    output.write(events_of_flows)
    delivery = output.close(summary)
    text = (tmp_path / "new" / "report.html").read_text()
    assert delivery.delivered == len(anomaly_events) + len(events_of_flows)
    assert "2 files (1.23 MB), 12,345 packets, 900 flows" in text
    assert "trained on 2,400 profiles" in text
    assert "out.ndjson" not in text
    assert text.count("<article") == 3


def test_the_file_appears_at_the_end_or_not_at_all(tmp_path, anomaly_events, summary):
    """What was there before stays until then, and for good when the run is given up."""
    target = tmp_path / "report.html"
    target.write_text("old")
    output = ReportOutput(str(target))
    output.write(anomaly_events)
    assert target.read_text() == "old"
    output.abandon()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert target.read_text() == "old"
    ReportOutput(str(target), clock=clock).close(summary)
    assert target.read_text().startswith("<!DOCTYPE html>")


def test_rules_are_suggested_by_whoever_knows_them(tmp_path, anomaly_events, summary):
    """Outputs know no rules."""
    output = ReportOutput(str(tmp_path / "report.html"), clock=clock)
    assert isinstance(output, SuggestsRules)
    output.suggest(lambda event: f"rules for {event['source']['ip']}")
    output.write(anomaly_events)
    output.close(summary)
    assert "rules for fd00::5" in (tmp_path / "report.html").read_text()


def test_a_page_that_cannot_be_written_is_told(tmp_path, anomaly_events, summary, monkeypatch):
    """At once where that is known, at the end where the disk is full; then its events are dead."""
    with pytest.raises(OutputError, match="it is no file"):
        ReportOutput(str(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        ReportOutput(str(tmp_path / "file" / "report.html"))
    output = ReportOutput(str(tmp_path / "report.html"))
    output.write(anomaly_events)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    delivery = output.close(summary)
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))
    assert delivery.problems == [f"cannot write {tmp_path / 'report.html'}: No space left on device"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize("target", [None, ""])
def test_a_report_needs_a_file(target):
    """A page is nothing for a terminal."""
    with pytest.raises(ConfigError, match=r"--to report:FILE\.html"):
        ReportOutput.from_target(target)
