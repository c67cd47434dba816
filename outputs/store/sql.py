"""SQL over a local store: DuckDB over the files that count, which can read them and touch nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from netad.core.errors import ConfigError, MissingExtraError, OutputError
from netad.outputs.store.files import day_folder, days, live_files
from netad.outputs.store.schema import SCHEMAS

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
AT_ONCE = 1000
_DATE = pa.field("date", pa.string())


@dataclass(frozen=True)
class Answer:
    """What a query returns: the names of its columns, and its rows as they come."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def asked(store: Path, query: str, seconds: float) -> Iterator[Answer]:
    """Run one SELECT over the views `flow`, `profile`, `anomaly` and `run`, each with a column `date`.

    The views know the store's files before the query runs; from then on DuckDB can open none, nor change its settings.
    It gets 1 GB of memory, and is interrupted after so many seconds, reading the answer included.

    Raises:
        MissingExtraError: DuckDB is not installed.
        ConfigError: the query is no SELECT, wrong, or takes too much time or memory.
        OutputError: a file of the store is damaged.
    """
    duckdb = _duckdb()
    connection = duckdb.connect(":memory:")
    late = threading.Timer(seconds, connection.interrupt)
    try:
        for kind in SCHEMAS:
            connection.register(kind, _dataset(store, kind))
        _lock_up(connection)
        _check(connection, query)
        late.start()
        with _told(duckdb, seconds):
            cursor = connection.execute(query)
        columns = [str(column[0]) for column in cursor.description or ()]
        yield Answer(columns, _rows(duckdb, cursor, seconds))
    finally:
        late.cancel()
        connection.close()


def _duckdb() -> Any:  # noqa: ANN401 - a module
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError("--sql needs DuckDB: install it with pip install 'netad[history]'") from error
    return duckdb


def _dataset(store: Path, kind: str) -> Any:  # noqa: ANN401 - a Dataset, or an empty Table
    schema = SCHEMAS[kind].append(_DATE)
    files = [str(file.path) for day in days(store, kind) for file in live_files(day_folder(store, kind, day))]
    if not files:
        return schema.empty_table()
    hive = ds.partitioning(pa.schema([_DATE]), flavor="hive")
    return ds.dataset(files, schema=schema, format="parquet", partitioning=hive, partition_base_dir=str(store / kind))


def _lock_up(connection: "duckdb.DuckDBPyConnection") -> None:
    for setting in (
        f"memory_limit='{MEMORY}'",
        "temp_directory=''",
        "python_enable_replacements=false",  # a name in the query is a view, and no variable of this program
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")


def _check(connection: "duckdb.DuckDBPyConnection", query: str) -> None:
    duckdb = _duckdb()
    with _told(duckdb, 0):
        statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigError("--sql takes one SELECT over the views flow, profile, anomaly and run")


def _rows(duckdb: Any, cursor: "duckdb.DuckDBPyConnection", seconds: float) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    while True:
        with _told(duckdb, seconds):
            rows = cursor.fetchmany(AT_ONCE)
        if not rows:
            return
        yield from rows


@contextmanager
def _told(duckdb: Any, seconds: float) -> Iterator[None]:  # noqa: ANN401
    try:
        yield
    except duckdb.InterruptException as error:
        raise ConfigError(f"the query took longer than {seconds:g} seconds: narrow it, or give --timeout") from error
    except duckdb.OutOfMemoryException as error:
        raise ConfigError(f"the query needs more than {MEMORY} of memory: narrow it") from error
    except duckdb.IOException as error:
        raise OutputError(f"the store cannot be read: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise ConfigError(f"the query cannot be run: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
