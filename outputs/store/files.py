"""The files of a local store: which there are, which count, and who may change the files of a day.

    STORE/anomaly/date=2026-01-31/<hash of the ids>.parquet

A file that compaction wrote names in its footer the files that it replaces. They do not count from the moment it is
there, so that the one renaming that brings it is all that readers ever see of a compaction.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from orjson import JSONDecodeError, dumps, loads

from netad.core.errors import ConfigError, OutputError
from netad.outputs.store.schema import ID, SCHEMAS, WHOLE_EVENT

DEFAULT_FOLDER = "netad-store"
TIME = "@timestamp"
DAY_NS = 86_400 * 1_000_000_000
PART = ".part"  # netad.core.files.atomic_path
_DAY = re.compile(r"date=(\d{4}-\d\d-\d\d)")
_REPLACES = b"netad.replaces"
# A day is listed again so often when a file goes away while it is read.
_LISTINGS = 5


@dataclass(frozen=True, slots=True)
class StoreFile:
    """A file of the store: its size, its rows' first and last time (ns) and id, and the names it replaces."""

    path: Path
    rows: int
    bytes: int
    times: tuple[int, int]
    ids: tuple[str, str]
    replaces: tuple[str, ...] = ()


def existing_store(target: str) -> Path:
    """Return the folder that `parquet[:DIR]`, or a path alone, names.

    Raises:
        ConfigError: there is no such folder, or it names another kind of store.
    """
    name, colon, place = target.partition(":")
    if colon and name in ("elastic", "opensearch"):
        raise ConfigError(f"{name} is no local store: give parquet:DIR, or its folder")
    folder = Path((place or DEFAULT_FOLDER) if name == "parquet" else target)
    if not folder.is_dir():
        raise ConfigError(f"there is no store of events in {folder}: `netad ingest --to parquet:{folder}` makes one")
    return folder


def day_folder(store: Path, kind: str, day: str) -> Path:
    """Return where the files of a kind and day (ISO 8601) lie."""
    return store / kind / f"date={day}"


def file_name(ids: Iterable[str]) -> str:
    """Return the name of a file that holds the events with these ids, which are in order."""
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    return f"{digest[:32]}.parquet"


def days(store: Path, kind: str, since_ns: int | None = None, until_ns: int | None = None) -> list[str]:
    """Return the days (ISO 8601) that have a folder and overlap [since_ns, until_ns), in order.

    Raises:
        ConfigError: a store has no such kind.
    """
    if kind not in SCHEMAS:
        raise ConfigError(f"a store keeps {', '.join(SCHEMAS)} events, and none of {kind!r}")
    named = (_DAY.fullmatch(path.name) for path in (store / kind).glob("date=*"))
    found = sorted(found[1] for found in named if found and is_date(found[1]))
    low = -(1 << 63) if since_ns is None else since_ns
    high = (1 << 63) - 1 if until_ns is None else until_ns
    return [day for day in found if start_of_day(day) < high and start_of_day(day) + DAY_NS > low]


def is_date(text: str) -> bool:
    """Tell whether a text is a day, ISO 8601."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def start_of_day(day: str) -> int:
    """Return when a day (ISO 8601, UTC) begins, ns since the epoch."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def live_files(folder: Path) -> list[StoreFile]:
    """Return the files of a day that count, by name: those with rows that no other file there replaces.

    Raises:
        OutputError: one cannot be read, or is none of this store.
    """
    return listed(folder)[0]


def listed(folder: Path) -> tuple[list[StoreFile], list[Path]]:
    """Return the files of a day that count, and those that others replace, which a killed compaction has left.

    Raises:
        OutputError: one cannot be read, or is none of this store.
    """
    for _ in range(_LISTINGS):
        try:
            found = [described(path) for path in _named(folder)]
        except FileNotFoundError:  # compacted meanwhile: what replaces it is in a new listing
            continue
        replaced = {name for one in found for name in one.replaces}
        live = [one for one in found if one.rows and one.path.name not in replaced]
        return live, [one.path for one in found if one.path.name in replaced]
    raise OutputError(f"the files of {folder} keep changing while they are read: run it again")


def left_files(folder: Path) -> list[Path]:
    """Return what killed processes left of a day, or, without the day to oneself, what others write just now.

    Raises:
        OutputError: a file is none of this store.
    """
    return [*listed(folder)[1], *sorted(folder.glob(f".*{PART}"))]


def sweep(folder: Path) -> int:
    """Remove what killed processes left of a day, and return how many files; the caller has the day to himself.

    Raises:
        OSError: they cannot be removed.
        OutputError: a file is none of this store.
    """
    left = left_files(folder)
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _named(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process changes files of the folder, and keep others from it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into sentences.

    Raises:
        OutputError: it is damaged, none of this store, or cannot be read.
    """
    try:
        yield
    except (pa.ArrowException, JSONDecodeError, KeyError) as error:
        raise OutputError(f"{path} is damaged or no file of this store: {error}") from error
    except FileNotFoundError as error:
        raise OutputError(f"{path} was compacted or removed while it was read: run it again") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error


def described(path: Path) -> StoreFile:
    """Return what a file's footer tells of its rows.

    Raises:
        OutputError: it cannot be read, or is no file of this store.
        FileNotFoundError: it is gone.
    """
    size = path.stat().st_size
    with path.open("rb") as opened, reading(path), pq.ParquetFile(opened) as file:
        metadata, names = file.metadata, file.schema_arrow.names
        if not {TIME, ID, WHOLE_EVENT} <= set(names):
            raise OutputError(f"{path} is not a file of this store")
        replaces = _replaces(metadata.metadata, path)
        if not metadata.num_rows:
            return StoreFile(path, 0, size, (0, 0), ("", ""), replaces)
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        times, ids = ([group.column(place).statistics for group in groups] for place in _places(metadata))
        if not all(one is not None and one.has_min_max for one in (*times, *ids)):
            raise OutputError(f"{path} is not a file of this store")
        return StoreFile(
            path,
            metadata.num_rows,
            size,
            (min(one.min_raw for one in times), max(one.max_raw for one in times)),
            (min(one.min for one in ids), max(one.max for one in ids)),
            replaces,
        )


def replacing(names: list[str]) -> dict[bytes, bytes]:
    """Return the footer's entry that says which files of its folder a file replaces."""
    return {_REPLACES: dumps(sorted(names))}


def _places(metadata: pq.FileMetaData) -> list[int]:
    """Return where in a row group the columns of time and id are: lists take several places less than columns do."""
    paths = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    return [paths.index(TIME), paths.index(ID)]


def _replaces(footer: dict[bytes, bytes] | None, path: Path) -> tuple[str, ...]:
    text = (footer or {}).get(_REPLACES)
    if text is None:
        return ()
    with reading(path):
        names = loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise OutputError(f"{path} is damaged: what it replaces cannot be read")
    return tuple(names)
