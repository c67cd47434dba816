import pytest

from netad.core.errors import ExitCode, OutputError, SpoolError
from netad.delivery import close, write
from netad.outputs.base import Delivery, RunSummary


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


def test_spooled_events_end_with_4():
    """Events that wait on disk are not delivered yet."""

    class Spooling(Collected):
        def close(self, summary):
            return Delivery(spooled=len(self.events))

    assert deliver([{"event": {}}], Spooling()).exit_code == ExitCode.OUTPUT
