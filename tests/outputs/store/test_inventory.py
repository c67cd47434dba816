"""What a store holds."""

from netad.outputs.store.compaction import Compacted, compact_day
from netad.outputs.store.files import day_folder
from netad.outputs.store.inventory import Holdings, holdings
from netad.outputs.verdicts import Verdict, mark
from tests.stored_events import fill, ids, parquet_files


def test_holdings_are_counted_by_kind(tmp_path, make, events_of_flows):
    """Days, files, rows and bytes; files that compaction would join, and marked anomalies."""
    events = make(4, step_s=12 * 3600)
    fill(tmp_path, events[:2])
    store = fill(tmp_path, [*events[2:], *events_of_flows])
    mark(store, ids(events)[:1], Verdict("false_positive", "backup", "kim", "2026-01-20T09:00:00.000Z"))
    held = holdings(tmp_path, "anomaly")
    days = sorted({event["@timestamp"][:10] for event in events})
    assert (held.days, held.first, held.last) == (len(days), days[0], days[-1])
    files = parquet_files(tmp_path / "anomaly")
    assert (held.files, held.rows, held.marked, held.left) == (len(files), 4, 1, 0)
    assert held.bytes == sum(path.stat().st_size for path in files)
    assert holdings(tmp_path, "flow").rows == len(events_of_flows)
    assert holdings(tmp_path, "run") == Holdings("run")


def test_compaction_leaves_nothing_to_join(tmp_path, make):
    """Of a day with one file none is joinable; what a killed run left is counted."""
    fill(tmp_path, make(2))
    fill(tmp_path, make(2, first=2))
    assert holdings(tmp_path, "anomaly").joinable == 2
    folder = day_folder(tmp_path, "anomaly", "2026-01-11")
    compact_day("anomaly", folder, Compacted())
    (folder / ".a.parquet.xyz.part").write_bytes(b"half")
    held = holdings(tmp_path, "anomaly")
    assert (held.files, held.joinable, held.rows, held.left) == (1, 0, 4, 1)
