"""One run of a scan, in this process."""

import os
import shutil

import pytest

from netad.core.errors import ConfigError, ExitCode
from netad.scan.run import Asked, Scan
from netad.scan.settings import load_scan
from netad.scan.state import StateFolder


class Kept:
    """An output that keeps events in a list."""

    name = "kept"

    def __init__(self):
        self.events, self.opened = [], 0

    def open(self):
        self.opened += 1
        return [("kept", self)]

    def write(self, events):
        self.events += events

    def close(self, summary):
        from netad.outputs.base import Delivery

        return Delivery(delivered=len(self.events))


def scan(site, kept, **asked):
    config = load_scan(site.settings, {}, {})
    found = Scan(config, StateFolder(config.state), Asked(kept.open, **asked))
    return found, found.run()


def test_outputs_and_models_are_opened_only_when_there_is_something_new(site):
    """A run without news opens nothing, and counts as a success."""
    kept = Kept()
    site.add(0)
    assert scan(site, kept)[1].result.summary.files == 1
    shutil.move(site.office / "model", site.office / "away")
    try:
        found, ended = scan(site, kept)
    finally:
        shutil.move(site.office / "away", site.office / "model")
    assert (ended.code, ended.result, kept.opened) == (ExitCode.DONE, None, 1)
    assert found.succeeded_ns
    assert found.totals.read["files"] == 1


def test_a_run_that_reads_nothing_leaves_nothing_open(site, caplog):
    """The first one may find no capture ready: the next begins without a word about its state."""
    kept = Kept()
    site.write(settle="1h")
    site.add(0)
    os.utime(site.inputs / "cut-0.pcap")
    assert scan(site, kept)[1].waiting == 1
    site.write(settle="0s")
    assert scan(site, kept)[1].result.summary.files == 1
    assert caplog.text == ""


def test_totals_go_on_and_problems_are_no_success(site):
    """Counts add up over runs; the time of the last success stays."""
    kept = Kept()
    site.add(0)
    first, _ = scan(site, kept)
    site.add(1)
    site.write(inputs="[in, gone]")
    second, ended = scan(site, kept)
    assert ended.code == ExitCode.INPUT
    assert second.totals.read["files"] == 2
    assert second.succeeded_ns == first.succeeded_ns


def test_what_is_open_ends_when_nothing_more_will_come(site):
    """The last window closes with --finish, also without a new file."""
    kept = Kept()
    site.add(0, 1, 2, 3, 4)
    scan(site, kept)
    before = len(kept.events)
    _, ended = scan(site, kept, finish=True)
    assert ended.result.summary.profiles > 0
    assert len(kept.events) >= before
    assert scan(site, kept, finish=True)[1].result.summary.profiles == 0


def test_a_state_of_other_settings_is_refused(site):
    """With a sentence that names the setting, before anything is read."""
    kept = Kept()
    site.add(0)
    scan(site, kept)
    site.write(inside="[10.0.0.0/8]")
    with pytest.raises(ConfigError, match=r"kept with inside .*, not 10\.0\.0\.0/8"):
        scan(site, kept)


def test_a_damaged_state_is_begun_anew(site, caplog):
    """Files, or what is open: everything is read again."""
    kept = Kept()
    site.add(0, 1)
    scan(site, kept)
    for name in ("files.state", "stream-*.state"):
        state = site.folder / "state"
        damaged = next(state.glob(name))
        damaged.write_bytes(damaged.read_bytes()[:200])
        site.add(2)
        assert scan(site, kept)[1].result.summary.files == 3
        assert "thrown away" in caplog.text
        (site.inputs / "cut-2.pcap").unlink()
        shutil.rmtree(state)
        scan(site, kept)
