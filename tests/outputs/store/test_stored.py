"""A local store read back and changed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.core.identity import content_id
from netad.outputs.store import files as files_module
from netad.outputs.store import stored as module
from netad.outputs.store.schema import SCHEMAS
from netad.outputs.store.stored import ParquetStored
from netad.outputs.stored import Replaced
from tests.stored_events import START_NS, fill, ids
from tests.stored_events import parquet_files as files


def changed(event):
    return {**event, "message": f"changed: {event['message']}"}


def test_files_that_overlap_are_merged(tmp_path, make):
    """Events of several runs and days come in one order, a file's rows being in that of ids."""
    events = make(40, step_s=3600)
    for part in (events[::2], events[1::4], events[3::4]):
        store = fill(tmp_path, part)
    assert len(files(tmp_path)) > 3
    assert ids(store.events()) == ids(events)


def test_a_file_is_opened_when_its_first_event_is_due(tmp_path, make, monkeypatch):
    """What lies later is not read before: memory is that of the files that overlap."""
    store = fill(tmp_path, make(10))
    fill(tmp_path, make(10, first=10))
    opened = []
    monkeypatch.setattr(
        module, "_rows", lambda path, *rest, real=module._rows: opened.append(path) or real(path, *rest)
    )
    coming = store.events()
    for _ in range(9):
        next(coming)
    assert len(opened) == 1
    assert len(list(coming)) == 11
    assert len(opened) == 2


def test_an_event_in_two_files_comes_once_and_changes_twice(tmp_path, make):
    """Two runs at the same moment may both have written it."""
    events = make(3)
    store = fill(tmp_path, events)
    fill(tmp_path / "other", events[1:])
    files(tmp_path / "other")[0].rename(files(tmp_path / "anomaly")[0].with_name("second.parquet"))
    assert ids(store.events()) == ids(events)
    assert store.replace([changed(events[1])]) == Replaced(changed=1)
    assert [event["message"].startswith("changed") for event in store.events()] == [False, True, False]
    assert len(ds.dataset(tmp_path / "anomaly", partitioning="hive").to_table()) == 5


def test_a_window_of_a_day_is_found_a_day_later(tmp_path, anomaly_events):
    """The id names the window's begin, the folder its end."""
    day = next(event for event in anomaly_events if event["netad"]["anomaly"]["window"] == "1d")
    store = fill(tmp_path, [day])
    assert store.find(day["event"]["id"])["source"] == day["source"]


def test_finding_reads_only_files_that_can_hold_it(tmp_path, make, monkeypatch):
    """Earlier days are not even looked at, of later files only the footer."""
    store = fill(tmp_path, make(2, step_s=86_400))
    fill(tmp_path, make(2, first=2, step_s=86_400))
    described, read = [], []
    for where, name, seen in ((files_module, "described", described), (module, "_rows", read)):
        real = getattr(where, name)
        monkeypatch.setattr(where, name, lambda *given, real=real, seen=seen: seen.append(given) or real(*given))
    wanted = make(1, first=2, step_s=86_400)[0]
    assert store.find(wanted["event"]["id"])["@timestamp"] == wanted["@timestamp"]
    assert (len(described), len(read)) == (1, 1)
    assert store.find(content_id(START_NS + 1, "nobody")) is None
    assert len(read) == 1


def test_a_changed_file_keeps_name_order_and_the_rest(tmp_path, make):
    """Only the file of the event is written, sorted by id; columns follow the event."""
    first, second = make(5), make(5, first=5)
    store = fill(tmp_path, first)
    before = {path: path.read_bytes() for path in files(tmp_path)}
    fill(tmp_path, second)
    names = files(tmp_path)
    change = changed(first[3]) | {"source": {"ip": "10.9.9.9"}}
    assert store.replace([change]) == Replaced(changed=1)
    assert files(tmp_path) == names
    assert [path for path, content in before.items() if path.read_bytes() != content] == list(before)
    table = pq.read_table(next(iter(before)), partitioning=None)
    assert table.column("event.id").to_pylist() == sorted(ids(first))
    row = table.to_pylist()[ids(sorted(first, key=lambda event: event["event"]["id"])).index(first[3]["event"]["id"])]
    assert (row["source.ip"], row["message"]) == ("10.9.9.9", change["message"])
    assert row["event.ingested"].isoformat() == "2026-01-12T09:00:00+00:00"
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_files_of_an_older_version_gain_its_columns(tmp_path, make):
    """A column that came later is null where no event says otherwise."""
    events = make(3)
    store = fill(tmp_path, events)
    path = files(tmp_path)[0]
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["netad.behaviours", "related.ip"]), path)
    assert store.replace([changed(events[0])]) == Replaced(changed=1)
    table = pq.read_table(path, partitioning=None)
    assert table.schema.names == SCHEMAS["anomaly"].names
    assert table.column("related.ip").to_pylist() == [events[0]["related"]["ip"], None, None]


def test_many_changes_go_in_bounded_parts(tmp_path, make, monkeypatch):
    """More changed events than may wait: the file is written more than once, and all arrive."""
    monkeypatch.setattr(module, "MOST_WAITING", 4)
    events = make(10)
    store = fill(tmp_path, events)
    assert store.replace(map(changed, events)) == Replaced(changed=10)
    assert all(event["message"].startswith("changed") for event in store.events())


def test_flows_are_read_and_changed_too(tmp_path, events_of_flows):
    """The other kind of event has its own folder."""
    store = fill(tmp_path, events_of_flows)
    assert sorted(ids(store.events("flow"))) == sorted(ids(events_of_flows))
    assert list(store.events("anomaly")) == []
    assert store.replace([events_of_flows[0] | {"tags": ["x"]}]) == Replaced(changed=1)
    with pytest.raises(ConfigError, match="anomaly, flow"):
        list(store.events("../x"))


@pytest.mark.parametrize("odd", [{"@timestamp": "../../../x"}, {"data_stream": {"dataset": "netad.../.."}}])
def test_an_event_of_no_place_is_missing(tmp_path, make, odd):
    """What names a folder comes from outside, and leads nowhere but to the store's own."""
    (event,) = make(1)
    store = fill(tmp_path, [event])
    assert store.replace([event | odd]) == Replaced(missing=1)


def test_a_store_that_is_not_there_is_told(tmp_path):
    """Reading makes no folder."""
    with pytest.raises(ConfigError, match="there is no store of events in"):
        ParquetStored.from_target(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("damage", ["text", "foreign", "no event"])
def test_a_damaged_file_is_named(tmp_path, make, damage):
    """By reading and by changing, in one sentence."""
    events = make(2)
    store = fill(tmp_path, events)
    path = files(tmp_path)[0]
    if damage == "text":
        path.write_text("not Parquet")
    elif damage == "foreign":
        pq.write_table(pa.table({"other": [1]}), path)
    else:
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.set_column(table.num_columns - 1, "event", pa.array(["{", "{"])), path)
    for use in (lambda: list(store.events()), lambda: store.replace(events), lambda: store.find(ids(events)[0])):
        with pytest.raises(OutputError, match=path.name):
            use()


def test_what_cannot_be_written_is_told(tmp_path, make, monkeypatch):
    """A full disk costs the change, and no event."""
    events = make(3)
    store = fill(tmp_path, events)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module.pq, "write_table", full)
        with pytest.raises(OutputError, match="No space left"):
            store.replace([changed(events[0])])
    assert ids(store.events()) == ids(events)
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from netad.outputs.store import stored
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    store = stored.ParquetStored(folder)
    real_write, real_replace = stored.pq.write_table, Path.replace
    def die(): os.kill(os.getpid(), signal.SIGKILL)
    def write(table, part, **options):
        real_write(table, part, **options)
        if moment == "half": os.truncate(part, os.path.getsize(part) // 2)
        if moment in ("half", "written"): die()
    def rename(self, target):
        done = real_replace(self, target)
        if moment == "renamed": die()
        return done
    stored.pq.write_table, Path.replace = write, rename
    store.replace([{**event, "message": "new"} for event in store.events()])
"""


@pytest.mark.parametrize("moment", ["half", "written", "renamed"])
def test_a_killed_change_loses_no_event(tmp_path, make, moment):
    """SIGKILL before, at and after the rename: every event is there once, old or new, and a second try ends it."""
    events = make(6)
    fill(tmp_path, events[:3])
    store = fill(tmp_path, events[3:])
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), tmp_path, moment], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    found = list(store.events())
    assert ids(found) == ids(events)
    assert sum(event["message"] == "new" for event in found) == (3 if moment == "renamed" else 0)
    again = store.replace([{**event, "message": "new"} for event in store.events()])
    assert again.changed + again.unchanged == 6
    assert {event["message"] for event in store.events()} == {"new"}


def _change_each(folder, field, numbers):
    store = ParquetStored(Path(folder))
    for number, event in enumerate(store.events()):
        if number in numbers:
            store.replace(
                [{**event, "netad": {**event["netad"], field: {"by": os.getpid()}}}], fields=(f"netad.{field}",)
            )


def test_two_processes_do_not_undo_each_others_changes(tmp_path, make):
    """Each changes a field of its own in every event of one file, at the same time: all changes are there."""
    store = fill(tmp_path, make(12))
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_change_each, args=(str(tmp_path), field, range(12))) for field in ("one", "two")]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    assert all({"one", "two"} <= event["netad"].keys() for event in store.events())
