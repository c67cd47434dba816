"""The ways to read a log that are timed, each in a process of its own: `python -m benchmarks.logs.readers NAME FILE`.

Prints the number of records and the seconds of CPU time from opening the file to its end, imports and compiling left
out, as JSON. Everything runs on one core, so that on an idle machine it is the time on the clock.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from time import process_time
from typing import Any, Final

Read = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Reader:
    """A way to read: the packages it needs, the logs it can read, what it makes of them, and how it is prepared.

    `prepare` imports what is needed and returns the function that reads a file and says how many records it had.
    """

    name: str
    packages: tuple[str, ...]
    logs: tuple[str, ...]
    note: str
    prepare: Callable[[], Read]

    @property
    def installed(self) -> bool:
        """Whether all packages are there."""
        return all(find_spec(package) is not None for package in self.packages)


def _netad() -> Read:
    from netad.ingest.capture import IngestOptions
    from netad.ingest.inputs import find_sources
    from netad.ingest.read import read_inputs
    from netad.ingest.report import IngestReport

    def read(path: str) -> int:
        report = IngestReport()
        for _ in read_inputs(find_sources([path], report), IngestOptions(window_ns=None, facts=True), report):
            pass
        return report.records

    return read


def _zeek_names(path: str) -> list[str]:
    with open(path) as stream:  # noqa: PTH123 - given as text
        for line in stream:
            if line.startswith("#fields"):
                return line.rstrip("\n").split("\t")[1:]
    return []


def _pandas() -> Read:
    import pandas as pd

    def read(path: str) -> int:
        if path.endswith(".log"):  # as zeek2pandas and notebooks do it
            table = pd.read_csv(path, sep="\t", comment="#", names=_zeek_names(path), na_values="-", low_memory=False)
            table["ts"] = pd.to_datetime(table["ts"], unit="s")
        elif path.endswith(".binetflow"):
            table = pd.read_csv(path)
            table["StartTime"] = pd.to_datetime(table["StartTime"], format="%Y/%m/%d %H:%M:%S.%f")
        else:
            table = pd.read_json(path, lines=True)
            if "flow" in table:
                table = pd.concat([table, pd.json_normalize(table["flow"].dropna().tolist())], axis=1)
        return len(table)

    return read


def _zat() -> Read:
    from zat.log_to_dataframe import LogToDataFrame

    return lambda path: len(LogToDataFrame().create_dataframe(path))


def _duckdb() -> Read:
    import duckdb

    def read(path: str) -> int:
        connection = duckdb.connect(config={"threads": 1})
        if path.endswith(".log"):
            query = ("SELECT * FROM read_csv(?, delim='\t', comment='#', header=false, nullstr='-', names=?)",
                     [path, _zeek_names(path)])  # fmt: skip
        elif path.endswith(".binetflow"):
            query = ("SELECT * FROM read_csv(?)", [path])
        else:
            query = ("SELECT * FROM read_json(?, format='newline_delimited')", [path])
        return int(connection.execute(*query).to_arrow_table().num_rows)

    return read


def _pyarrow() -> Read:
    import pyarrow.csv
    import pyarrow.json

    def read(path: str) -> int:
        if path.endswith(".log"):
            reading = pyarrow.csv.ReadOptions(use_threads=False, column_names=_zeek_names(path), skip_rows=7)
            parsing = pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False)
            convert = pyarrow.csv.ConvertOptions(null_values=["-"])
            return int(pyarrow.csv.read_csv(path, reading, parsing, convert).num_rows)
        if path.endswith(".binetflow"):
            return int(pyarrow.csv.read_csv(path, pyarrow.csv.ReadOptions(use_threads=False)).num_rows)
        return int(pyarrow.json.read_json(path, pyarrow.json.ReadOptions(use_threads=False)).num_rows)

    return read


def _orjson() -> Read:
    from datetime import datetime

    import orjson

    def time(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a float or a date
        return record["ts"] if "ts" in record else datetime.fromisoformat(record["timestamp"])

    def read(path: str) -> int:
        with open(path, "rb") as stream:  # noqa: PTH123
            return sum(1 for line in stream if time(orjson.loads(line)))

    return read


_JSON: Final = ("conn.json", "eve.json")
_ALL: Final = ("conn.log", *_JSON, "flows.binetflow")
READERS: Final = {
    reader.name: reader
    for reader in (
        Reader("netad", ("netad",), _ALL, "to flows and facts, checked line by line", _netad),
        Reader("pandas", ("pandas",), _ALL, "to a table with times", _pandas),
        Reader("zat", ("zat",), ("conn.log",), "LogToDataFrame", _zat),
        Reader("duckdb", ("duckdb", "pyarrow"), _ALL, "read_csv or read_json to Arrow, one thread", _duckdb),
        Reader("pyarrow", ("pyarrow",), _ALL, "to an Arrow table, one thread", _pyarrow),
        Reader("orjson", ("orjson",), _JSON, "line by line to dicts, only the time read", _orjson),
    )
}


def main() -> None:
    """Read a file twice, the first time to warm up on `sys.argv[2]`, and print what the second time took."""
    name, small, path = sys.argv[1:4]
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    read = READERS[name].prepare()
    read(small)
    begin = process_time()
    records = read(path)
    print(json.dumps({"records": records, "seconds": process_time() - begin}))


if __name__ == "__main__":
    main()
