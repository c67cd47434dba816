"""Retention: days that are older than is to be kept leave the store; what analysts marked stays."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from netad.core.errors import OutputError
from netad.core.files import atomic_path
from netad.outputs.store.files import (
    DAY_NS,
    StoreFile,
    alone,
    day_folder,
    days,
    left_files,
    live_files,
    reading,
    start_of_day,
    sweep,
)
from netad.outputs.store.schema import as_now

VERDICT = "netad.verdict.label"


@dataclass(slots=True)
class Removed:
    """What left the store of one kind, or would: whole files, rows and bytes; rows that stayed because they are marked.

    `swept` counts files that killed processes had left behind, on whatever day.
    """

    days: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    marked: int = 0
    swept: int = 0


def remove_old(store: Path, kind: str, before_ns: int | None, dry_run: bool = False) -> Removed:
    """Remove the days of a kind that ended by `before_ns` (None: none), and what killed processes left of any day.

    Each file goes as a whole or is renamed over with what is marked, so a run that is killed can be repeated.

    Raises:
        OutputError: a file cannot be read or removed.
    """
    removed = Removed()
    for day in days(store, kind):
        folder = day_folder(store, kind, day)
        old = before_ns is not None and start_of_day(day) + DAY_NS <= before_ns
        try:
            if dry_run:
                removed.swept += len(left_files(folder))
            else:
                with alone(folder):
                    removed.swept += sweep(folder)
            if old:
                _remove_day(kind, folder, removed, dry_run)
        except OSError as error:
            raise OutputError(f"cannot remove {folder}: {error.strerror or error}") from error
    return removed


def marked_rows(file: StoreFile) -> int:
    """Return how many rows of a file of anomalies an analyst has marked."""
    with reading(file.path), pq.ParquetFile(file.path) as opened:
        if VERDICT not in opened.schema_arrow.names:
            return 0
        verdicts = opened.read(columns=[VERDICT]).column(0)
    return len(verdicts) - int(verdicts.null_count)


def _remove_day(kind: str, folder: Path, removed: Removed, dry_run: bool) -> None:
    rows = removed.rows
    with alone(folder):
        for file in live_files(folder):
            marked = marked_rows(file) if kind == "anomaly" else 0
            removed.marked += marked
            removed.rows += file.rows - marked
            if not marked:
                removed.files += 1
                removed.bytes += file.bytes
                if not dry_run:
                    file.path.unlink()
            elif marked < file.rows:
                removed.bytes += 0 if dry_run else _keep_marked(kind, file)
        removed.days += removed.rows > rows
        if not dry_run and not any(folder.iterdir()):
            folder.rmdir()


def _keep_marked(kind: str, file: StoreFile) -> int:
    """Write a file again with its marked rows alone, and return how many bytes that saved."""
    with reading(file.path), file.path.open("rb") as opened:
        rows = pq.read_table(opened, filters=pc.field(VERDICT).is_valid(), partitioning=None)
    with atomic_path(file.path) as part:
        pq.write_table(as_now(kind, rows), part, compression="zstd")
    return file.bytes - file.path.stat().st_size
