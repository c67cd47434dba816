"""Small files of a day become one."""

import signal
import subprocess
import sys
import textwrap

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from netad.core.errors import OutputError
from netad.outputs.store import compaction as module
from netad.outputs.store.compaction import Compacted, compact_day
from netad.outputs.store.files import day_folder, live_files
from netad.outputs.store.schema import SCHEMAS
from tests.stored_events import fill, ids, parquet_files

DAY = "2026-01-11"


def compact(store, kind="anomaly", **how):
    done = Compacted()
    compact_day(kind, day_folder(store.folder, kind, DAY), done, **how)
    return done


@pytest.fixture
def events(make):
    """Twelve anomalies of one day."""
    return make(12)


@pytest.fixture
def store(tmp_path, events):
    """They in four files."""
    for start in range(4):
        filled = fill(tmp_path, events[start::4])
    return filled


def test_the_events_stay_the_same_in_one_file(store, events):
    """Every reader finds each once, and the file is as one run would have written it."""
    before = list(store.events())
    done = compact(store)
    assert (done.days, done.files_before, done.files_after, done.rows, done.doubles) == (1, 4, 1, 12, 0)
    assert done.bytes_after < done.bytes_before
    (path,) = parquet_files(store.folder)
    assert path.stat().st_size == done.bytes_after
    assert list(store.events()) == before
    assert ids(before) == ids(events)
    table = pq.read_table(path, partitioning=None)
    assert table.schema.names == SCHEMAS["anomaly"].names
    assert table.column("event.id").to_pylist() == sorted(ids(events))


def test_compacting_again_changes_nothing(store):
    """One file is as few as there can be."""
    compact(store)
    (before,) = parquet_files(store.folder)
    assert compact(store) == Compacted()
    assert parquet_files(store.folder) == [before]


def test_the_same_traffic_adds_nothing_to_a_compacted_day(store, events):
    """The ids are still there to be found; new events get a file of their own, which the next compaction joins."""
    compact(store)
    fill(store.folder, events)
    assert len(parquet_files(store.folder)) == 1
    assert len(list(store.events())) == 12


def test_pieces_are_merged_in_order(store, events, monkeypatch):
    """A piece is bounded: files that overlap are read range by range."""
    monkeypatch.setattr(module, "GROUP_ROWS", 5)
    compact(store)
    with pq.ParquetFile(parquet_files(store.folder)[0]) as file:
        assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [5, 5, 2]
    assert ids(store.events()) == ids(events)


def test_large_files_stay_as_they_are(store, events, monkeypatch):
    """A group is bounded too: no file becomes larger than twice what is large."""
    monkeypatch.setattr(module, "SMALL_ROWS", 4)
    done = compact(store)
    assert (done.files_before, done.files_after) == (4, 2)
    assert [file.rows for file in live_files(day_folder(store.folder, "anomaly", DAY))] == [6, 6]
    assert compact(store) == Compacted()
    assert ids(store.events()) == ids(events)


def test_of_doubles_the_one_with_the_latest_verdict_stays(tmp_path, make):
    """Two runs at the same moment may both have written an event; what an analyst said is not lost."""
    events = make(3)
    said = {"label": "true_positive", "comment": "c", "by": "kim", "at": "2026-01-12T09:00:00.000Z"}
    later = said | {"label": "false_positive", "at": "2026-01-13T09:00:00.000Z"}
    store = fill(tmp_path, events)
    for number, verdict in enumerate((said, later)):
        marked = {**events[1], "netad": {**events[1]["netad"], "verdict": verdict}}
        fill(tmp_path / "other", [marked])
        (path,) = parquet_files(tmp_path / "other")
        path.rename(day_folder(tmp_path, "anomaly", DAY) / f"{number}.parquet")
    done = compact(store)
    assert (done.rows, done.doubles) == (3, 2)
    found = list(store.events())
    assert ids(found) == ids(events)
    assert [event["netad"].get("verdict") for event in found] == [None, later, None]


def test_files_of_an_older_version_gain_its_columns(store):
    """They are null there."""
    path = parquet_files(store.folder)[0]
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["netad.behaviours"]), path)
    compact(store)
    assert pq.read_schema(parquet_files(store.folder)[0]).names == SCHEMAS["anomaly"].names


def test_a_rehearsal_counts_and_changes_nothing(store):
    """What it would join, by name; bytes after are not known."""
    before = parquet_files(store.folder)
    (before[0].parent / ".x.parquet.abc.part").write_bytes(b"half")
    done = compact(store, dry_run=True)
    assert (done.files_before, done.files_after, done.rows, done.bytes_after, done.swept) == (4, 1, 12, 0, 1)
    assert parquet_files(store.folder) == before


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from netad.outputs.store import compaction
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    real_replace, real_unlink, real_table = Path.replace, Path.unlink, compaction.pq.ParquetWriter.write_table
    removed = []
    def die(): os.kill(os.getpid(), signal.SIGKILL)
    def rename(self, target):
        if moment == "written": die()
        done = real_replace(self, target)
        if moment == "renamed": die()
        return done
    def unlink(self, missing_ok=False):
        real_unlink(self, missing_ok)
        removed.append(self)
        if moment == f"removed {len(removed)}": die()
    def write(self, *given):
        real_table(self, *given)
        if moment == "half": die()
    Path.replace, Path.unlink, compaction.pq.ParquetWriter.write_table = rename, unlink, write
    compaction.compact_day("anomaly", folder, compaction.Compacted())
"""
MOMENTS = ("half", "written", "renamed", "removed 1", "removed 3")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_compaction_loses_and_doubles_no_event(store, events, moment):
    """SIGKILL before, at and after the rename and amid the removing: every reader finds each event once."""
    folder = day_folder(store.folder, "anomaly", DAY)
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), folder, moment], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert len(list(folder.iterdir())) == {"renamed": 5, "removed 1": 4, "removed 3": 2}.get(moment, 5)
    assert ids(store.events()) == ids(events)
    assert sum(len(rows) for rows in store.tables("anomaly", ["event.id"])) == 12
    assert all(store.find(identity) is not None for identity in ids(events))
    fill(store.folder, events)
    marked = [{**event, "message": "new"} for event in store.events()]
    assert store.replace(marked).changed == 12
    assert compact(store).swept == 0  # marking has swept already
    assert {event["message"] for event in store.events()} == {"new"}
    assert ids(store.events()) == ids(events)
    assert len(ds.dataset(store.folder / "anomaly", partitioning="hive").to_table()) == 12
    assert [path.suffix for path in folder.iterdir()] == [".parquet"]


def test_a_damaged_file_ends_it(store):
    """It is named, and everything stays."""
    before = parquet_files(store.folder)
    before[0].write_text("no Parquet")
    with pytest.raises(OutputError, match=before[0].name):
        compact(store)
    assert parquet_files(store.folder) == before


def test_a_full_disk_is_told(store, events, monkeypatch):
    """It costs no event, and leaves nothing behind."""

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module.pq, "ParquetWriter", full)
        with pytest.raises(OutputError, match=r"cannot compact .*No space left"):
            compact(store)
    assert ids(store.events()) == ids(events)
    assert not [path for path in store.folder.rglob(".*") if path.is_file()]


def test_nobody_writes_to_a_day_that_is_compacted(store, events, monkeypatch):
    """A run that adds events meanwhile waits until it is done."""
    adding = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ADDING), store.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert adding.stdout.readline() == b"ready\n"
    real = module.live_files

    def listed(folder):
        adding.stdin.write(b"go\n")
        adding.stdin.flush()
        found = real(folder)
        assert adding.stdout.readline() == b"about to write\n"
        return found

    monkeypatch.setattr(module, "live_files", listed)
    compact(store)
    assert adding.wait(60) == 0
    adding.stdin.close()
    adding.stdout.close()
    assert ids(store.events()) == ids(events)


ADDING = """
    import sys
    from pathlib import Path
    from netad.outputs.base import RunSummary
    from netad.outputs.store import output
    from netad.outputs.store.stored import ParquetStored
    events = list(ParquetStored(Path(sys.argv[1])).events())
    adds = output.ParquetOutput(sys.argv[1])
    adds.write(events)
    print("ready", flush=True)
    sys.stdin.readline()
    print("about to write", flush=True)
    adds.close(RunSummary())
"""
