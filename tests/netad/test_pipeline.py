from netad.config import Config
from netad.core.errors import ExitCode
from netad.outputs.base import Delivery
from netad.pipeline import ingest
from netad.reading import Reading


class Collected:
    """An output that keeps what it is given."""

    name = "collected"

    def __init__(self):
        self.events = []

    def write(self, events):
        self.events += events

    def close(self, summary):
        self.summary = summary
        return Delivery(delivered=len(self.events))


def run(config, inputs, output):
    return ingest(config, Reading(config, [str(item) for item in inputs]), [("out", output)])


def test_the_summary_counts_what_happened(office, scanner):
    """Files, packets, flows, profiles, sources, windows, anomalies."""
    output = Collected()
    result = run(Config(), [office], output)
    summary = result.summary
    assert result.exit_code == ExitCode.DONE
    assert summary.files == 1
    assert summary.windows == 2
    assert summary.anomalies == sum(event["event"]["kind"] == "alert" for event in output.events)
    assert "own baseline" in summary.baseline
    assert scanner in {e["source"]["ip"] for e in output.events if e["event"]["kind"] == "alert"}


def test_the_same_input_gives_the_same_events(office):
    """Run, agent and creation time apart, events are equal from run to run."""
    first, second = Collected(), Collected()
    run(Config(observer="x"), [office], first)
    run(Config(observer="x"), [office], second)

    def stable(event):
        own = {key: value for key, value in event["event"].items() if key != "created"}
        rest = {key: value for key, value in event.items() if key not in {"agent", "event", "netad"}}
        return rest | {"event": own, "netad": {k: v for k, v in event["netad"].items() if k != "run"}}

    assert list(map(stable, first.events)) == list(map(stable, second.events))
