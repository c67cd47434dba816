"""What outputs with a ledger and a spool have in common: once a machine, in turns, and nothing lost."""

import subprocess
import sys

import orjson
import pytest

from netad.core.errors import OutputError, SpoolError
from netad.outputs.base import Commits, RunSummary
from netad.outputs.ledger import Ledger
from netad.outputs.retrying import Trouble
from netad.outputs.selection import Selection
from netad.outputs.sending import Limited, Limits, Replays
from netad.outputs.spool import Spool
from netad.outputs.spooled import SpooledOutput


class Place:
    """A sender into a list; `closed` says why it takes nothing, `refuses` ids that it never takes."""

    target = "place:x"
    place = "x"
    notes = ()

    def __init__(self, at_once=2, closed=None, refuses=()):
        self.at_once = at_once
        self.closed = closed
        self.refuses = set(refuses)
        self.arrived = []

    def open(self):
        if self.closed:
            raise OutputError(self.closed)

    def attempt(self, events, outcome):
        if self.closed:
            return Trouble("stop", OutputError(self.closed), events)
        for event in events:
            if event["event"]["id"] in self.refuses:
                outcome.refused.append((event, "not this one"))
            else:
                self.arrived.append(event["event"]["id"])
                outcome.delivered += 1
        return None

    def close(self):
        pass


class PlaceOutput(SpooledOutput):
    name = "place"


@pytest.fixture
def make(tmp_path, pauses):
    """Return a maker of outputs to a place, as the runs of one user are."""

    def make(place, state="state", **options):
        ledger = Ledger(tmp_path / state / "ledger.sqlite3")
        return PlaceOutput(
            place, Spool(tmp_path / "spool", place.target, **options), ledger, Selection(), pauses.policy()
        )

    return make


def counts(delivery):
    return delivery.delivered, delivery.duplicates, delivery.spooled, delivery.dead


def deliver(output, events):
    output.write(events)
    return output.close(RunSummary())


def test_a_second_run_sends_nothing_again(make, anomaly_events):
    """The ledger knows, also what came twice in one run."""
    place = Place()
    assert counts(deliver(make(place), anomaly_events + anomaly_events)) == (4, 4, 0, 0)
    assert counts(deliver(make(place), anomaly_events)) == (0, 4, 0, 0)
    assert sorted(place.arrived) == sorted(event["event"]["id"] for event in anomaly_events)


def test_what_is_refused_is_kept_with_the_reason_and_may_be_tried_again(make, anomaly_events):
    """The others arrive."""
    bad = anomaly_events[1]["event"]["id"]
    delivery = deliver(make(Place(refuses={bad})), anomaly_events)
    assert counts(delivery) == (3, 0, 0, 1)
    assert any("x refused 1 event" in problem and "not this one" in problem for problem in delivery.problems)
    place = Place()
    assert make(place).replay(dead=False).drained == 0
    assert make(place).replay(dead=True).drained == 1
    assert place.arrived == [bad]


def test_a_commit_makes_safe_what_was_written(make, anomaly_events):
    """A chunk that is not full goes out; what cannot go is in the spool; what can be kept nowhere is told."""
    place = Place(at_once=100)
    output = make(place)
    assert isinstance(output, Commits)
    output.write(anomaly_events[:1])
    output.commit()
    assert len(place.arrived) == 1
    place.closed = "away"
    output.write(anomaly_events[1:])
    output.commit()
    assert [file.dead for file in output.waiting()] == [False]
    assert counts(output.close(RunSummary())) == (1, 0, 3, 0)
    full = make(place, state="other", folder_bytes=1)
    full.write(anomaly_events)
    with pytest.raises(SpoolError, match="is full"):
        full.commit()
    assert full.close(RunSummary()).lost == 4


def test_a_closed_place_is_told_even_without_events(make):
    """A wrong address must not show only on the day there is something to send."""
    delivery = deliver(make(Place(closed="wrong address")), [])
    assert delivery.problems == ["nothing was sent: wrong address"]
    assert deliver(make(Place()), []).problems == []


def test_the_spool_goes_first_and_the_file_stays_until_all_has_gone(make, anomaly_events):
    """A place that closes in the middle leaves the file; what had gone is known by its ids."""
    deliver(make(Place(closed="away")), anomaly_events)

    class Closing(Place):
        def attempt(self, events, outcome):
            trouble = super().attempt(events, outcome)
            self.closed = "gone again"
            return trouble

    place = Closing()
    delivery = make(place).replay(dead=False)
    assert (delivery.drained, len(place.arrived)) == (2, 2)
    assert delivery.problems == ["events of earlier runs still wait in the spool: gone again"]
    place.closed = None
    last = Place()
    assert make(last).replay(dead=False).drained == 4
    assert sorted(place.arrived + last.arrived) == sorted(event["event"]["id"] for event in anomaly_events)


def test_it_has_limits_and_can_be_replayed(make):
    """As ingest and `netad replay` look for."""
    assert isinstance(make(Place()), Limited)
    assert isinstance(make(Place()), Replays)


def test_a_full_spool_ends_the_output_and_names_what_is_lost(make, anomaly_events):
    """With the error whose exit code is 5."""
    output = make(Place(closed="away"))
    output.limit(Limits(budget_s=1.0, spool_bytes=0))
    with pytest.raises(SpoolError, match="is full"):
        output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert delivery.spooled == 0
    assert delivery.dead == 2
    assert "2 events could neither be sent nor kept" in delivery.problems


def test_what_turns_out_to_be_lost_at_the_end_is_counted(make, anomaly_events):
    """There is nobody left to raise it to."""
    output = make(Place(closed="away", at_once=100))
    output.limit(Limits(budget_s=1.0, spool_bytes=0))
    output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert (delivery.dead, delivery.lost) == (4, 4)
    assert any("is full" in problem for problem in delivery.problems)


def test_without_a_ledger_nothing_is_sent_but_everything_kept(make, tmp_path, anomaly_events):
    """Sending without knowing what was sent could send it twice."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.sqlite3").write_text("this is no database, and long enough to be seen as none" * 20)
    place = Place()
    delivery = deliver(make(place), anomaly_events)
    assert counts(delivery) == (0, 0, 4, 0)
    assert place.arrived == []
    assert any("ledger" in problem for problem in delivery.problems)


def test_a_state_folder_that_cannot_be_written_is_said(make, tmp_path, anomaly_events):
    """A file in its way."""
    (tmp_path / "state").write_text("")
    delivery = deliver(make(Place()), anomaly_events)
    assert delivery.spooled == 4
    assert any("cannot be locked" in problem for problem in delivery.problems)


PROCESS = """
import os, signal, sys, orjson
sys.path.insert(0, sys.argv[1])
from netad.outputs.base import Commits, RunSummary
from netad.outputs.ledger import Ledger
from netad.outputs.selection import Selection
from netad.outputs.spool import Spool
from tests.outputs.test_spooled import Place, PlaceOutput
from pathlib import Path
class File(Place):
    def attempt(self, events, outcome):
        super().attempt(events, outcome)
        with open(Path(sys.argv[2]) / "arrived", "a") as file:
            file.writelines(event["event"]["id"] + "\\n" for event in events)
        if len(self.arrived) == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
folder = Path(sys.argv[2])
output = PlaceOutput(File(), Spool(folder / "spool", "place:x"), Ledger(folder / "state" / "l.sqlite3"), Selection())
print("ready", flush=True)
sys.stdin.readline()
output.write(orjson.loads((folder / "events").read_bytes()))
delivery = output.close(RunSummary())
print(delivery.delivered, delivery.duplicates)
"""


@pytest.fixture
def many(anomaly_events, tmp_path):
    """Two hundred anomalies with ids of their own, in a file for processes."""
    made = [
        event | {"event": event["event"] | {"id": f"{number:012x}-{position:020x}"}}
        for number in range(50)
        for position, event in enumerate(anomaly_events)
    ]
    (tmp_path / "events").write_bytes(orjson.dumps(made))
    return made


@pytest.fixture
def start(tmp_path, request):
    """Return a function that starts a process which sends `many`; it may kill itself after so many have arrived."""

    def start(killed_after=0):
        command = [sys.executable, "-c", PROCESS, str(request.config.rootpath), str(tmp_path), str(killed_after)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    return start


def test_two_processes_at_once_send_each_event_once(tmp_path, many, start):
    """They take turns: between looking an id up and noting it as sent nobody else sends it."""
    started = [start() for _ in range(2)]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[0].split() for process in started]
    assert sum(int(delivered) for delivered, _ in said) == len(many)
    assert sum(int(duplicates) for _, duplicates in said) == len(many)
    arrived = (tmp_path / "arrived").read_text().split()
    assert sorted(arrived) == sorted(event["event"]["id"] for event in many)


def test_a_run_that_is_killed_sends_no_more_than_its_last_chunk_again(tmp_path, many, start):
    """SIGKILL after events have arrived and before the ledger knows of them is the worst moment."""
    said = [start(killed_after).communicate("go\n")[0].split() for killed_after in (100, 40, 0)]
    arrived = (tmp_path / "arrived").read_text().split()
    assert said == [["ready"], ["ready"], ["ready", "64", "136"]]
    assert set(arrived) == {event["event"]["id"] for event in many}
    assert len(arrived) == len(many) + 2 * 2
