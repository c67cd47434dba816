"""The contract of every output that needs no Elasticsearch."""

import io
import re
from pathlib import Path

import pytest

from netad.outputs.base import OUTPUTS, Output, RunSummary
from netad.outputs.console import ConsoleOutput
from netad.outputs.ndjson import NdjsonOutput
from netad.outputs.report.output import ReportOutput
from netad.outputs.store.output import ParquetOutput
from netad.outputs.syslog.output import SyslogOutput
from netad.outputs.webhook.output import WebhookOutput
from tests.elastic_server import Answer, serving
from tests.syslog_server import receiving


def contents(folder):
    """Every file below a folder with what is in it."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def clock():
    return "2026-01-12T09:00:00.000Z"


@pytest.fixture
def receivers(tmp_path, tmp_path_factory, monkeypatch):
    """Makers of the outputs to servers, which write what arrives into the test's folder; other state lies elsewhere."""
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("NETAD_SPOOL_DIR", raising=False)

    def take(asked):
        with (tmp_path / "posted").open("ab") as file:
            file.write(asked.body)
        return Answer()

    with receiving(file=tmp_path / "received") as syslog, serving(take) as webhook:
        yield {
            "syslog": lambda: SyslogOutput.from_target(f"{syslog.url}?flows=yes"),
            "webhook": lambda: WebhookOutput.from_target(f"{webhook.url}#flows=yes&batch=5"),
        }


@pytest.fixture(params=["console-text", "console-json", "ndjson", "parquet", "syslog", "webhook", "report"])
def make(request, tmp_path):
    """Return a maker of one of the outputs, always onto the same place."""
    if request.param in ("syslog", "webhook"):
        return request.getfixturevalue("receivers")[request.param]
    makers = {
        "console-text": lambda: ConsoleOutput(io.StringIO()),
        "console-json": lambda: ConsoleOutput(io.StringIO(), "json"),
        "ndjson": lambda: NdjsonOutput(str(tmp_path / "events.ndjson"), clock=clock),
        "parquet": lambda: ParquetOutput(str(tmp_path / "store"), clock=clock),
        "report": lambda: ReportOutput(str(tmp_path / "report.html"), clock=clock),
    }
    return makers[request.param]


def counts(delivery):
    return delivery.delivered, delivery.duplicates, delivery.spooled, delivery.dead


def test_every_output_is_found_by_its_name():
    """The registry's names are the classes' own."""
    for name in ("console", "ndjson", "parquet", "syslog", "webhook", "report"):
        assert OUTPUTS.load(name).name == name


def test_the_documentation_names_every_output():
    """In the table of docs/outputs.md, in the registry's order."""
    page = Path(__file__).resolve().parents[2] / "docs" / "outputs.md"
    rows = re.findall(r"^\| `([a-z]+)[`:\[]", page.read_text(), re.MULTILINE)
    assert [row for row in rows if row in OUTPUTS] == list(OUTPUTS)


def test_it_is_an_output(make):
    """It has the contract's methods and a name the registry knows."""
    output = make()
    assert isinstance(output, Output)
    assert output.name in OUTPUTS
    output.close(RunSummary())


def test_every_event_is_accounted_for(make, anomaly_events, events_of_flows):
    """What went in comes out as delivered, duplicate, spooled or dead."""
    output = make()
    output.write(iter(anomaly_events))
    output.write(events_of_flows)
    delivery = output.close(RunSummary())
    assert counts(delivery) == (len(anomaly_events) + len(events_of_flows), 0, 0, 0)
    assert delivery.where
    assert delivery.problems == []


def test_an_event_written_twice_in_a_run_is_delivered_once(make, anomaly_events):
    """The second time it counts as a duplicate."""
    output = make()
    output.write(anomaly_events)
    output.write(anomaly_events)
    assert counts(output.close(RunSummary())) == (len(anomaly_events), len(anomaly_events), 0, 0)


def test_a_second_run_adds_nothing(make, tmp_path, anomaly_events, events_of_flows):
    """The same events once more leave the place as it was."""
    for position in range(2):
        output = make()
        output.write(anomaly_events + events_of_flows)
        delivery = output.close(RunSummary())
        assert sum(counts(delivery)) == len(anomaly_events + events_of_flows)
        if position == 0:
            before = contents(tmp_path)
    assert contents(tmp_path) == before


def test_events_are_not_changed(make, anomaly_events, anomaly, origin):
    """Another output after this one gets the same events."""
    before = [repr(event) for event in anomaly_events]
    output = make()
    output.write(anomaly_events)
    output.close(RunSummary())
    assert [repr(event) for event in anomaly_events] == before


def test_a_run_without_events_closes(make):
    """Nothing found is a result too."""
    output = make()
    output.write([])
    assert counts(output.close(RunSummary())) == (0, 0, 0, 0)


def test_no_unfinished_files_are_left(make, tmp_path, anomaly_events):
    """What is written beside its place is gone at the end."""
    output = make()
    output.write(anomaly_events)
    output.close(RunSummary())
    assert not [path for path in Path(tmp_path).rglob("*") if path.name.startswith(".")]
