import pytest

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
    alerts = [event for event in output.events if event["event"]["kind"] == "alert"]
    assert scanner in {event["source"]["ip"] for event in alerts}
    # Outside sources have a baseline, and so a threshold, of their own.
    inside = {event["netad"]["anomaly"]["threshold"] for event in alerts if event["netad"]["entity"]["inside"]}
    assert inside == {summary.threshold}


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


class Keeping(Collected):
    """An output that keeps runs too."""

    def settle(self):
        return Delivery(delivered=len(self.events))


def of_kind(output, kind):
    return [event for event in output.events if event["data_stream"]["dataset"] == f"netad.{kind}"]


def test_profiles_ship_as_the_settings_say(office, scanner):
    """None by default, the anomalous ones, or all; each names its anomaly."""
    shipped = {}
    for choice in ("none", "anomalous", "all"):
        shipped[choice] = Collected()
        run(Config(profiles=choice), [office], shipped[choice])
    assert of_kind(shipped["none"], "profile") == []
    flagged = of_kind(shipped["anomalous"], "profile")
    assert {one["netad"]["profile"]["anomaly_id"] for one in flagged} == {
        one["event"]["id"] for one in of_kind(shipped["anomalous"], "anomaly")
    }
    assert scanner in {one["source"]["ip"] for one in flagged}
    every = of_kind(shipped["all"], "profile")
    assert len(every) == shipped["all"].summary.profiles
    assert [one["event"]["id"] for one in every if one["netad"]["profile"]["flagged"]] == [
        one["event"]["id"] for one in flagged
    ]


def test_the_run_tells_what_it_read_found_and_sent(office):
    """One event, the last one, with the counts of those before it and the time of each stage."""
    output = Keeping()
    result = run(Config(), [office], output)
    *before, last = output.events
    assert of_kind(output, "run") == [last]
    told = last["netad"]["run"]
    assert told["deliveries"] == [
        {"output": "collected", "delivered": len(before), "duplicates": 0, "spooled": 0, "dead": 0, "drained": 0}
    ]
    assert told["anomalies"]["total"] == len(of_kind(output, "anomaly"))
    assert sum(count for name, count in told["anomalies"].items() if name != "total") == told["anomalies"]["total"]
    assert (told["profiles"], told["packets"]) == (result.summary.profiles, result.summary.packets)
    assert told["inputs"]["kinds"] == ["capture"]
    assert told["seconds"].keys() == {"read", "profile", "score", "deliver", "total"}
    assert sum(told["seconds"].values()) <= 2 * told["seconds"]["total"] + 0.001


def test_an_interrupted_run_leaves_an_event_too(office):
    """What was found has been written, and the run says how it ended."""

    class Interrupted(Keeping):
        def write(self, events):
            super().write(events)
            if len(self.events) == len(events):
                raise KeyboardInterrupt

    output = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(Config(), [office], output)
    assert of_kind(output, "run")[0]["netad"]["run"]["ended"] == "interrupted"
    assert output.summary.anomalies > 0


def test_anomalies_carry_a_link_where_kibana_is_known(office):
    """It leads into the space of the settings; flows have none."""
    output = Collected()
    run(Config(kibana_url="https://kibana.example:443", kibana_space="soc"), [office], output)
    for event in output.events:
        link = event["event"].get("url", "")
        anomaly = event["data_stream"]["dataset"] == "netad.anomaly"
        assert link.startswith("https://kibana.example:443/s/soc/app/dashboards#") is anomaly
