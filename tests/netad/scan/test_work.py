"""Steps of a scan: what is kept when, and what ends a run early."""

import pytest

from netad.core.errors import ExitCode, OutputError
from netad.outputs.base import Delivery
from netad.scan import work
from netad.scan.run import Asked, Scan
from netad.scan.settings import load_scan
from netad.scan.state import StateFolder


class Watched:
    """An output that counts, and fails when it is told to."""

    name = "watched"

    def __init__(self, *, fails_on="", at=1):
        self.ids, self.commits, self.safe = [], 0, 0
        self._fails_on, self._at = fails_on, at

    def write(self, events):
        self.ids += [event["event"]["id"] for event in events]
        if self._fails_on == "write" and self.ids:
            raise OutputError("the disk is full")

    def commit(self):
        self.commits += 1
        if self._fails_on == "commit" and self.commits >= self._at:
            raise OutputError("nothing is safe")
        self.safe = len(self.ids)

    def close(self, summary):
        return Delivery(delivered=len(self.ids))


def scan(site, output, **asked):
    config = load_scan(site.settings, {}, {})
    return Scan(config, StateFolder(config.state), Asked(lambda: [("watched", output)], **asked)).run()


def test_steps_are_kept_only_when_outputs_are_safe(site, monkeypatch):
    """An output that cannot make safe what it has ends the run; the next one does the step again, with the same ids."""
    monkeypatch.setattr(work, "SHARE", 1e9)  # keeps after each step
    site.write(flows="all")
    site.add(0, 1, 2, 3, 4)
    failing = Watched(fails_on="commit", at=3)
    ended = scan(site, failing)
    assert (ended.code, ended.left) == (ExitCode.OUTPUT, 2)
    fine = Watched()
    assert scan(site, fine).result.summary.files == 3
    whole = Watched()
    site.write(flows="all", state="other")
    scan(site, whole)
    assert failing.ids[: failing.safe] + fine.ids == whole.ids


def test_an_output_that_fails_keeps_nothing(site):
    """Its events are in no file: the whole run is done again."""
    site.write(flows="all")
    site.add(0, 1)
    assert scan(site, Watched(fails_on="write")).code == ExitCode.OUTPUT
    assert scan(site, Watched()).result.summary.files == 2


def test_told_to_end_or_out_of_time_it_leaves_the_rest(site):
    """Between two steps; what was left is read by the next run."""
    site.add(0, 1, 2)
    told = iter([False, True, True, True, True, True])
    ended = scan(site, Watched(), stopping=lambda: next(told))
    assert (ended.code, ended.left) == (ExitCode.INTERRUPTED, 2)
    assert "2 files left for the next run" in ended.result.summary.notes
    site.write(budgets="{wall_clock: 1ns}")
    assert scan(site, Watched()).left == 2
    site.write(budgets="{memory: 1MB}")
    assert scan(site, Watched()).left == 2
    site.write()
    assert scan(site, Watched()).left == 0


def test_a_crash_closes_the_outputs_and_keeps_nothing(site, monkeypatch):
    """Whatever it was: outputs say what became of their events, and the next run begins where this one did."""
    site.add(0)
    output = Watched()
    monkeypatch.setattr("netad.scan.stream.Stream.take", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scan(site, output)
    monkeypatch.undo()
    assert scan(site, output).result.summary.files == 1
