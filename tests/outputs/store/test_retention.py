"""Old days leave a store."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from netad.core.errors import OutputError
from netad.outputs.store.files import day_folder, start_of_day
from netad.outputs.store.retention import Removed, remove_old
from netad.outputs.verdicts import Verdict, mark
from tests.stored_events import fill, ids, parquet_files

SAID = Verdict("true_positive", "botnet", "kim", "2026-01-20T09:00:00.000Z")


@pytest.fixture
def events(make):
    """Eight anomalies, two a day, from 11 January on."""
    return make(8, step_s=12 * 3600)


@pytest.fixture
def store(tmp_path, events):
    """They in a store."""
    return fill(tmp_path, events)


def before(day):
    return start_of_day(day)


def test_whole_days_go_and_later_ones_stay(store, events):
    """A day goes when all of it is older than is kept."""
    removed = remove_old(store.folder, "anomaly", before("2026-01-13"))
    gone = [event for event in events if event["@timestamp"] < "2026-01-13"]
    assert (removed.days, removed.files, removed.rows, removed.marked) == (2, 2, len(gone), 0)
    assert removed.bytes > 0
    assert ids(store.events()) == ids(events[len(gone) :])
    assert not day_folder(store.folder, "anomaly", "2026-01-11").exists()
    assert remove_old(store.folder, "anomaly", before("2026-01-13") - 1) == Removed()


def test_a_day_that_is_kept_in_part_stays(store, events):
    """A nanosecond of it is enough."""
    assert remove_old(store.folder, "anomaly", before("2026-01-12") - 1) == Removed()
    assert len(list(store.events())) == len(events)


def test_what_an_analyst_marked_stays(store, events):
    """Of its file only the others go; a second run has nothing to do."""
    mark(store, [events[0]["event"]["id"]], SAID)
    removed = remove_old(store.folder, "anomaly", before("2026-01-20"))
    assert (removed.rows, removed.marked) == (7, 1)
    (left,) = store.events()
    assert left["netad"]["verdict"]["label"] == "true_positive"
    again = remove_old(store.folder, "anomaly", before("2026-01-20"))
    assert (again.days, again.rows, again.marked) == (0, 0, 1)


def test_a_rehearsal_counts_the_same_and_changes_nothing(store, events):
    """The counts of rows, days and files are those of the run that follows."""
    mark(store, [events[0]["event"]["id"]], SAID)
    files = parquet_files(store.folder)
    told = remove_old(store.folder, "anomaly", before("2026-01-13"), dry_run=True)
    assert parquet_files(store.folder) == files
    done = remove_old(store.folder, "anomaly", before("2026-01-13"))
    assert (told.days, told.files, told.rows, told.marked) == (done.days, done.files, done.rows, done.marked)


def test_what_killed_runs_left_goes_whatever_its_day(store):
    """Also of kinds of which everything is kept."""
    torn = day_folder(store.folder, "anomaly", "2026-01-14") / ".a.parquet.xyz.part"
    torn.write_bytes(b"half")
    assert remove_old(store.folder, "anomaly", None, dry_run=True) == Removed(swept=1)
    assert remove_old(store.folder, "anomaly", None) == Removed(swept=1)
    assert not torn.exists()


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from netad.outputs.store import retention
    real, after, done = Path.unlink, int(sys.argv[3]), []
    def unlink(self, missing_ok=False):
        real(self, missing_ok)
        done.append(self)
        if len(done) == after: os.kill(os.getpid(), signal.SIGKILL)
    Path.unlink = unlink
    retention.remove_old(Path(sys.argv[1]), "anomaly", int(sys.argv[2]))
"""


@pytest.mark.parametrize("after", [1, 2])
def test_a_killed_run_is_repeated(store, events, after):
    """What is to be kept is all there, and the next run removes the rest."""
    mark(store, [events[0]["event"]["id"]], SAID)
    code = [sys.executable, "-c", textwrap.dedent(KILLED), store.folder, str(before("2026-01-15")), str(after)]
    assert subprocess.run(code, check=False, timeout=60).returncode == -signal.SIGKILL
    assert ids(store.events())[0] == events[0]["event"]["id"]
    remove_old(store.folder, "anomaly", before("2026-01-15"))
    kept = [event for event in events if event["@timestamp"] >= "2026-01-15"]
    assert ids(store.events()) == ids([events[0], *kept])


def test_what_cannot_be_removed_is_told(store, monkeypatch):
    """One sentence."""

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="cannot remove"):
        remove_old(store.folder, "anomaly", before("2026-01-20"))


def test_a_damaged_file_is_named(store):
    """It is not thrown away: somebody should look."""
    path = parquet_files(store.folder)[0]
    path.write_text("no Parquet")
    with pytest.raises(OutputError, match=path.name):
        remove_old(store.folder, "anomaly", before("2026-01-20"))
    assert path.exists()
