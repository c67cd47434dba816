"""Profiles in files: Parquet and CSV."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.profiles.frame import frame_dtypes, large_pieces

# Windows are gathered up to so many rows: a Parquet row group for each would be small and slow.
CHUNK_ROWS = 50_000


def write_profiles(frames: Iterable[pd.DataFrame], target: str) -> int:
    """Write ProfileFrames as they come and return how many rows: `.parquet`, `.csv`, or `-` for CSV on stdout.

    A file appears whole or not at all. CSV leaves a missing value empty.

    Raises:
        ConfigError: the name says none of these formats.
        OutputError: the file cannot be written.
    """
    suffix = Path(target).suffix.lower()
    if target != "-" and suffix not in {".parquet", ".csv"}:
        raise ConfigError(f"{target}: profiles are written as .parquet or .csv, or to - as CSV")
    count = 0
    try:
        with _table_writer(target, suffix) as writer:
            for chunk in large_pieces(frames, CHUNK_ROWS):
                writer.write_table(_table(chunk))
                count += len(chunk)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
    return count


@contextlib.contextmanager
def _table_writer(target: str, suffix: str) -> Iterator[Any]:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    with contextlib.ExitStack() as stack:
        place: Any = sys.stdout.buffer if target == "-" else stack.enter_context(atomic_path(Path(target)))
        if suffix == ".parquet":
            yield stack.enter_context(pq.ParquetWriter(place, _schema(), compression="zstd"))
        else:
            yield stack.enter_context(pc.CSVWriter(place, _schema()))


def _table(frame: pd.DataFrame) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    # Through columns: from_pandas would add a description of the frame that differs between versions of pandas.
    return pa.table([pa.array(frame[name].to_numpy(), field.type, from_pandas=True)
                     for name, field in zip(frame_dtypes(), _schema(), strict=True)], _schema())  # fmt: skip


def _schema() -> Any:  # noqa: ANN401
    import pyarrow as pa

    kinds = {
        "str": pa.string(),
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "uint64": pa.uint64(),
        "float64": pa.float64(),
    }
    return pa.schema([(name, kinds[dtype]) for name, dtype in frame_dtypes().items()])
