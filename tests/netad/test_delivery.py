import pytest

from netad.core.errors import ExitCode, OutputError, SpoolError
from netad.delivery import close, write, write_run
from netad.outputs.base import Delivery, RunSummary
from netad.outputs.origin import Origin


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


def deliver(events, *outputs):
    named, failed = [(f"out{number}", output) for number, output in enumerate(outputs)], {}
    write(named, events, failed)
    return close(named, RunSummary(), failed)


@pytest.mark.parametrize(("error", "code"), [(OutputError("full"), 4), (SpoolError("no place"), 5)])
def test_a_failing_output_does_not_stop_the_others(error, code):
    """The others get every event; the exit code says what failed."""
    good = Collected()
    result = deliver([{"event": {}}], Refusing(error), good)
    assert result.exit_code == code
    assert good.events == [{"event": {}}]
    assert str(error) in result.deliveries["out0"].problems[0]


def test_lost_events_end_with_5():
    """Events that are nowhere are worse than events that wait."""

    class Losing(Collected):
        def close(self, summary):
            return Delivery(dead=len(self.events), lost=len(self.events))

    assert deliver([{"event": {}}], Losing()).exit_code == ExitCode.SPOOL


def test_spooled_events_end_with_4():
    """Events that wait on disk are not delivered yet."""

    class Spooling(Collected):
        def close(self, summary):
            return Delivery(spooled=len(self.events))

    assert deliver([{"event": {}}], Spooling()).exit_code == ExitCode.OUTPUT


class Keeping(Collected):
    """An output that keeps runs too, and counts what it was given."""

    name = "keeping"

    def settle(self):
        return Delivery(delivered=len(self.events), spooled=self.spooled)

    spooled = 0


def finished(*outputs, failed=None, **options):
    named = [(f"out{number}", output) for number, output in enumerate(outputs)]
    write_run(named, RunSummary(), 10**18, Origin("s", "default", "r", "0", "a"), failed or {}, **options)


def test_the_run_is_written_last_to_those_that_keep_runs():
    """It tells of the events before it, not of itself; an output for findings only does not get it."""
    one, other, findings = Keeping(), Keeping(), Collected()
    one.events, other.spooled = [{}, {}], 1
    finished(one, other, findings)
    assert findings.events == []
    run = one.events[-1]
    assert run is other.events[-1]
    assert [(d["delivered"], d["spooled"]) for d in run["netad"]["run"]["deliveries"]] == [(2, 0), (0, 1)]
    assert run["netad"]["run"]["exit_code"] == ExitCode.OUTPUT


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (OutputError("no space"), 4), (ValueError("a mistake"), 1)]
)
def test_a_run_that_is_ended_too_early_says_by_what(error, code):
    """An interrupt, an error of netad's, and one that nobody expected."""
    output = Keeping()
    finished(output, ended_by=error)
    assert output.events[-1]["netad"]["run"]["exit_code"] == code


def test_an_output_that_cannot_settle_does_not_keep_the_run_from_the_others():
    """It has failed; the others get the event, which says so by its exit code."""

    class Broken(Keeping):
        def settle(self):
            raise SpoolError("full")

    good, broken, failed = Keeping(), Broken(), {"before": OutputError("x")}
    finished(broken, good, failed=failed)
    assert broken.events == []
    assert good.events[-1]["netad"]["run"]["exit_code"] == ExitCode.SPOOL
    assert set(failed) == {"before", "out0"}


def test_what_only_a_store_keeps_goes_to_stores_only():
    """Others get the event without it, and what was given stays as it is."""

    class Store(Collected):
        keeps_more = True

    event = {"event": {"id": "1"}, "netad": {"detector": "fusion", "store": {"digest": ""}}}
    store, other = Store(), Collected()
    deliver([event], store, other)
    assert store.events == [event]
    assert other.events == [{"event": {"id": "1"}, "netad": {"detector": "fusion"}}]
    assert "store" in event["netad"]
