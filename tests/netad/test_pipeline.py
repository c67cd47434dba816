import numpy as np
import pytest

from netad.config import Config
from netad.core.errors import ConfigError, ExitCode, InputError, OutputError, SpoolError
from netad.outputs.base import Delivery
from netad.pipeline import Reading, all_profiles, ingest, train_model


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


class Refusing(Collected):
    """An output that fails with the given error from the first event on."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, events):
        raise self.error


def run(config, inputs, *outputs):
    return ingest(
        config, Reading(config, [str(item) for item in inputs]), [(f"out{i}", o) for i, o in enumerate(outputs)]
    )


def test_profiles_and_flows_agree(office):
    """What profiles count is what the flows hold, and nothing else."""
    config = Config()
    sent = []
    frame = all_profiles(Reading(config, [str(office)]), lambda batch: sent.append(int(batch["orig_packets"].sum())))
    assert int(frame["packets_out"].sum()) <= sum(sent)
    assert np.isclose(frame["packets_out"].sum(), sum(sent), rtol=0.05)


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


@pytest.mark.parametrize(("error", "code"), [(OutputError("full"), 4), (SpoolError("no place"), 5)])
def test_a_failing_output_does_not_stop_the_others(office, error, code):
    """The others get every event; the exit code says what failed."""
    good = Collected()
    result = run(Config(), [office], Refusing(error), good)
    assert result.exit_code == code
    assert good.events
    assert str(error) in result.deliveries["out0"].problems[0]


def test_spooled_events_end_with_4(office):
    """Events that wait on disk are not delivered yet."""

    class Spooling(Collected):
        def close(self, summary):
            return Delivery(spooled=len(self.events))

    assert run(Config(), [office], Spooling()).exit_code == ExitCode.OUTPUT


def test_nothing_readable_is_an_input_error(tmp_path):
    """Without any readable input there is nothing to report."""
    with pytest.raises(InputError, match="missing"):
        run(Config(), [tmp_path / "missing.pcap"], Collected())


def test_a_model_brings_its_window(office, tmp_path):
    """Scoring uses the window the model was trained on; another one that was asked for is refused."""
    config = Config(window="30m")
    train_model(config, Reading(config, [str(office)]), "office").save(tmp_path / "model")
    with_model = Config(model=str(tmp_path / "model"))
    assert run(with_model, [office], Collected()).summary.window_length == "30m"
    with pytest.raises(ConfigError, match="trained on windows of 30m"):
        run(Config(model=str(tmp_path / "model"), window="5m"), [office], Collected())
