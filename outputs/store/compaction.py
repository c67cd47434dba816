"""Compaction: the many small files that frequent runs leave of a day become one, with the same events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netad.core.errors import OutputError
from netad.core.files import atomic_path
from netad.outputs.store.files import (
    StoreFile,
    alone,
    file_name,
    left_files,
    live_files,
    reading,
    replacing,
    sweep,
)
from netad.outputs.store.schema import ID, SCHEMAS, as_now
from netad.outputs.store.stored import AT_ONCE

# A file of more rows is large enough as it is; none becomes larger than twice that.
SMALL_ROWS = 500_000
GROUP_ROWS = 2 * AT_ONCE  # so that readers get whole pieces
_VERDICT = "netad.verdict.at"


@dataclass(slots=True)
class Compacted:
    """What compaction did, or would do: files and bytes before and after, rows that are left, doubles that went.

    `swept` counts files that killed processes had left behind. The bytes after are not known of a rehearsal.
    """

    days: int = 0
    files_before: int = 0
    files_after: int = 0
    rows: int = 0
    doubles: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    swept: int = 0


def compact_day(kind: str, folder: Path, done: Compacted, dry_run: bool = False) -> None:
    """Join the small files of a day, and count in `done`; others who change the day wait.

    The joined file appears by renaming, and says which files it replaces: from then on readers leave those out, whoever
    is killed. Then they are removed. Of an id that several files hold, the one with the latest verdict stays.

    Raises:
        OutputError: a file is damaged or none of this store, or the disk is full.
    """
    try:
        if dry_run:
            done.swept += len(left_files(folder))
            _rehearse(_groups(live_files(folder)), done)
            return
        with alone(folder):
            done.swept += sweep(folder)
            groups = _groups(live_files(folder))
            done.days += bool(groups)
            for group in groups:
                _join(kind, folder, group, done)
    except OSError as error:
        raise OutputError(f"cannot compact {folder}: {error.strerror or error}") from error


def _rehearse(groups: Sequence[Sequence[StoreFile]], done: Compacted) -> None:
    done.days += bool(groups)
    done.files_after += len(groups)
    for file in (one for group in groups for one in group):
        done.files_before += 1
        done.rows += file.rows
        done.bytes_before += file.bytes


def _groups(files: Sequence[StoreFile]) -> list[list[StoreFile]]:
    """Return the small files in groups to join, in order of their ids, each of at most twice `SMALL_ROWS` rows."""
    groups: list[list[StoreFile]] = []
    for file in sorted((one for one in files if one.rows < SMALL_ROWS), key=lambda one: one.ids):
        if not groups or sum(one.rows for one in groups[-1]) + file.rows > 2 * SMALL_ROWS:
            groups.append([])
        groups[-1].append(file)
    return [group for group in groups if len(group) > 1]


def _join(kind: str, folder: Path, group: Sequence[StoreFile], done: Compacted) -> None:
    ids = _ids(group)
    name = file_name(ids)
    replaced = [file.path for file in group if file.path.name != name]
    schema = SCHEMAS[kind].with_metadata(replacing([path.name for path in replaced]))
    with atomic_path(folder / name) as part:
        rows = 0
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for start in range(0, len(ids), GROUP_ROWS):
                piece = _piece(kind, group, ids[start], ids[min(start + GROUP_ROWS, len(ids)) - 1])
                rows += len(piece)
                writer.write_table(piece.cast(schema))
        if rows != len(ids):
            raise OutputError(
                f"cannot compact {folder}: its files changed meanwhile, which nobody may do without netad"
            )
        done.bytes_after += part.stat().st_size
    for path in replaced:
        path.unlink(missing_ok=True)
    done.files_before += len(group)
    done.files_after += 1
    done.rows += len(ids)
    done.doubles += sum(file.rows for file in group) - len(ids)
    done.bytes_before += sum(file.bytes for file in group)


def _ids(group: Sequence[StoreFile]) -> list[str]:
    """Return the distinct ids of the files, in order."""
    columns = []
    for file in group:
        with reading(file.path), file.path.open("rb") as opened:
            columns.append(pq.read_table(opened, columns=[ID], partitioning=None).column(ID))
    return sorted(pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks])).to_pylist())


def _piece(kind: str, group: Sequence[StoreFile], lowest: str, highest: str) -> pa.Table:
    """Return the rows whose ids lie between two, those included, each id once, in order."""
    within = (pc.field(ID) >= lowest) & (pc.field(ID) <= highest)
    both = pa.concat_tables(_within(kind, group, within, lowest, highest))
    keys = [(ID, "ascending"), *([(_VERDICT, "descending")] if _VERDICT in both.column_names else [])]
    ordered = both.sort_by(keys)
    ids = ordered.column(ID).combine_chunks().to_numpy(zero_copy_only=False)
    return ordered.filter(pa.array(np.concatenate(([True], ids[1:] != ids[:-1]))))


def _within(
    kind: str, group: Sequence[StoreFile], within: pc.Expression, lowest: str, highest: str
) -> Iterator[pa.Table]:
    for file in group:
        if file.ids[0] <= highest and file.ids[1] >= lowest:
            with reading(file.path), file.path.open("rb") as opened:
                yield as_now(kind, pq.read_table(opened, filters=within, partitioning=None))
