"""The local store of Parquet files."""

import orjson
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from netad.core.errors import OutputError
from netad.outputs.base import RunSummary
from netad.outputs.origin import stamped
from netad.outputs.store.output import DEFAULT_FOLDER, ParquetOutput

NOW = "2026-01-12T09:00:00.000Z"


def store(folder, events, **settings):
    output = ParquetOutput(str(folder), clock=lambda: NOW, **settings)
    output.write(events)
    return output.close(RunSummary())


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))


def test_datasets_are_partitioned_by_day_and_readable_by_pyarrow(tmp_path, anomaly_events, events_of_flows):
    """Hive partitions, dotted columns to filter by, and the whole event as JSON."""
    store(tmp_path, anomaly_events + events_of_flows)
    flows = ds.dataset(tmp_path / "flow", partitioning="hive", format="parquet")
    assert flows.count_rows() == len(events_of_flows)
    scan = flows.to_table(filter=(ds.field("destination.port") == 22) & (ds.field("date") == "2026-01-11"))
    assert scan.column("source.ip").to_pylist() == ["10.4.2.2"]
    assert orjson.loads(scan.column("event")[0].as_py()) == stamped(events_of_flows[1], NOW)
    days = {name.split("/")[1] for name in files(tmp_path)}
    assert days == {"date=2026-01-11", "date=2026-01-12"}


def test_the_default_folder_is_beside_the_run(tmp_path, monkeypatch, anomaly_events):
    """`--to parquet` needs no path."""
    monkeypatch.chdir(tmp_path)
    output = ParquetOutput.from_target(None)
    output.write(anomaly_events)
    assert output.close(RunSummary()).where == DEFAULT_FOLDER
    assert files(tmp_path / DEFAULT_FOLDER)


def test_known_ids_are_counted_and_not_written_again(tmp_path, anomaly_events):
    """Only what the store does not hold is added."""
    store(tmp_path, anomaly_events[:2])
    before = files(tmp_path)
    delivery = store(tmp_path, anomaly_events)
    assert (delivery.delivered, delivery.duplicates) == (len(anomaly_events) - 2, 2)
    assert set(before) < set(files(tmp_path))
    table = ds.dataset(tmp_path / "anomaly", partitioning="hive").to_table(columns=["event.id"])
    assert sorted(table.column(0).to_pylist()) == sorted(event["event"]["id"] for event in anomaly_events)


def test_files_are_named_by_what_they_hold(tmp_path, anomaly_events):
    """Two stores of the same events have the same files, in whatever order the events came."""
    store(tmp_path / "a", anomaly_events)
    store(tmp_path / "b", anomaly_events[::-1])
    assert files(tmp_path / "a") == files(tmp_path / "b")
    for name in files(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_memory_is_bounded_by_writing_the_fullest_partition(tmp_path, events_of_flows):
    """With room for three rows, files appear while events come, and all arrive once."""
    output = ParquetOutput(str(tmp_path), clock=lambda: NOW, max_rows=3)
    output.write(events_of_flows[:3])
    assert len(files(tmp_path)) == 1
    output.write(events_of_flows)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.duplicates) == (len(events_of_flows), 3)
    assert ds.dataset(tmp_path / "flow", partitioning="hive").count_rows() == len(events_of_flows)


def test_a_failure_in_the_middle_counts_all_that_was_given(tmp_path, events_of_flows):
    """Events that come after it are dead too, and close does not lose them."""
    (tmp_path / "flow").write_text("in the way")
    output = ParquetOutput(str(tmp_path), max_rows=3)
    with pytest.raises(OutputError, match="cannot write the Parquet store"):
        output.write(events_of_flows)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(events_of_flows))


def test_an_event_of_no_known_kind_is_dead(tmp_path, anomaly_events):
    """It is counted and named, and the others arrive."""
    odd = anomaly_events[0] | {"data_stream": {"dataset": "netad.../../x", "type": "logs", "namespace": "default"}}
    delivery = store(tmp_path, [odd, anomaly_events[1]])
    assert (delivery.delivered, delivery.dead) == (1, 1)
    assert "no place" in delivery.problems[0]


@pytest.mark.parametrize("place", ["file", "file/store"])
def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path, place):
    """Before anything is read, in one sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the Parquet store"):
        ParquetOutput(str(tmp_path / place))


def test_what_cannot_be_written_at_the_end_is_dead(tmp_path, anomaly_events, events_of_flows):
    """One kind's folder is blocked by a file; the other kind arrives."""
    (tmp_path / "flow").write_text("in the way")
    delivery = store(tmp_path, anomaly_events + events_of_flows)
    assert (delivery.delivered, delivery.dead) == (len(anomaly_events), len(events_of_flows))
    assert len(delivery.problems) == 1


@pytest.mark.parametrize("damage", ["text", "foreign"])
def test_a_file_that_is_not_the_stores_is_named(tmp_path, anomaly_events, damage):
    """Whether ids are known cannot be told then, so nothing is written beside it."""
    path = tmp_path / "anomaly" / "date=2026-01-11" / "damaged.parquet"
    path.parent.mkdir(parents=True)
    if damage == "text":
        path.write_text("not Parquet")
    else:
        pq.write_table(pa.table({"other": [1]}), path)
    delivery = store(tmp_path, anomaly_events[1:2])
    assert (delivery.delivered, delivery.dead) == (0, 1)
    assert str(path) in delivery.problems[0]
