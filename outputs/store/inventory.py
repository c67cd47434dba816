"""What a local store holds: days, files, events and bytes of each kind, from the footers of its files."""

from dataclasses import dataclass
from pathlib import Path

from netad.outputs.store.compaction import SMALL_ROWS
from netad.outputs.store.files import day_folder, days, left_files, live_files
from netad.outputs.store.retention import marked_rows


@dataclass(slots=True)
class Holdings:
    """What a store holds of one kind.

    `first` and `last` are days (ISO 8601), None without any; `joinable` counts the files that compaction would join,
    `marked` the anomalies that analysts marked, `left` files that a killed process left or another writes now.
    """

    kind: str
    days: int = 0
    first: str | None = None
    last: str | None = None
    files: int = 0
    joinable: int = 0
    rows: int = 0
    bytes: int = 0
    marked: int = 0
    left: int = 0


def holdings(store: Path, kind: str) -> Holdings:
    """Count what a store holds of a kind.

    Raises:
        OutputError: a file is damaged or none of this store.
    """
    held = Holdings(kind)
    for day in days(store, kind):
        folder = day_folder(store, kind, day)
        files = live_files(folder)
        held.left += len(left_files(folder))
        if not files:
            continue
        small = sum(file.rows < SMALL_ROWS for file in files)
        held.days += 1
        held.first, held.last = held.first or day, day
        held.files += len(files)
        held.joinable += small if small > 1 else 0
        held.rows += sum(file.rows for file in files)
        held.bytes += sum(file.bytes for file in files)
        held.marked += sum(map(marked_rows, files)) if kind == "anomaly" else 0
    return held
