"""Zeek's logs as lines of JSON, one or several kinds of them in a file."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from netad.ingest.flows import Column
from netad.ingest.logs.columns import Codes, Reading
from netad.ingest.logs.detect import ZEEK_SIGNS
from netad.ingest.logs.json_lines import JsonLines, json_text
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.parser import Ledger, ParserOptions, Part
from netad.ingest.logs.text import TEXT_MAX
from netad.ingest.logs.zeek_conn import CONN_FIELDS, conn_columns
from netad.ingest.logs.zeek_facts import split_json_list
from netad.ingest.logs.zeek_paths import ALL_FIELDS, CONN, ZEEK_PATHS

_PATH: Final = "_path"
_LABEL: Final = "label"
_NAMES: Final = (*ALL_FIELDS, _PATH, _LABEL)
_ID_FIELDS: Final = tuple(name for name in ALL_FIELDS if name.startswith("id."))
_PATHS: Final = tuple(ZEEK_PATHS)
_UNSAID, _OTHER = -1, -2
_CODES: Final = Codes({path: code for code, path in enumerate(_PATHS)}, _OTHER)
_UNKNOWN_MAX: Final = 256
_OMITTED: Final = frozenset(_NAMES) - {"ts", _PATH, *_ID_FIELDS}


class ZeekJson:
    """Parses one file of Zeek's JSON. A line is told by its `_path`, else by the fields it has.

    With `options.unknown` the fields of conn.log that netad does not know become text columns `zeek.<field>`.
    """

    tells_the_end = True
    heading = Heading.NONE
    by_start = False

    def __init__(self, ledger: Ledger, options: ParserOptions) -> None:
        self._ledger, self._options = ledger, options
        also = [(name.replace("id.", "id_", 1), name) for name in _ID_FIELDS]
        self._lines = JsonLines(ledger, _NAMES, also)
        # Zeek leaves out what is unset: a log carries the fields that its lines had so far.
        self._carried: dict[str, set[str]] = {path: set() for path in _PATHS}

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield what the lines of a chunk say."""
        for fields in self._lines.fields(chunk):
            reading = Reading(fields)
            kinds = self._kinds(reading)
            for code, path in enumerate(_PATHS):
                rows = np.flatnonzero(kinds == code)
                if len(rows):
                    carried = self._carried[path]
                    carried.update(
                        name for name in _OMITTED if name not in carried and Reading(fields, rows).has(name).any()
                    )
                    yield from self._parts(path, Reading(fields, rows, carried), chunk)

    def finish(self) -> Iterator[Part]:
        """Yield nothing: every line is said at once."""
        return iter(())

    def _kinds(self, reading: Reading) -> NDArray[np.int64]:
        """Return the path of each row as its place in _PATHS, shape (n,), and count rows of no use."""
        kinds = np.where(reading.has(_PATH), reading.codes(_PATH, _CODES), _UNSAID)
        unsaid = kinds == _UNSAID
        if unsaid.any():
            for code, path in enumerate(_PATHS):
                signs, without = ZEEK_SIGNS[path]
                rows = unsaid.copy()
                for name in signs:
                    rows &= reading.has(name)
                for name in without:
                    rows &= ~reading.has(name)
                kinds[rows] = code
                unsaid &= ~rows
        if unsaid.any():
            self._ledger.skip("zeek_other", int(np.count_nonzero(unsaid)))
        other = np.flatnonzero(kinds == _OTHER)
        if len(other):
            for path in Reading(reading.fields, reading.rows[other]).texts(_PATH, json_text).tolist():
                self._ledger.skip(f"zeek_{path}", 1)
        return kinds

    def _parts(self, path: str, reading: Reading, chunk: Chunk) -> Iterator[Part]:
        if path == CONN:
            columns = conn_columns(reading, json_text, labels=self._options.labels)
            if self._options.unknown:
                columns |= _unknown(reading, chunk)
            yield Part(None, self._ledger.fit(reading, columns))
        else:
            make = ZEEK_PATHS[path].parts
            if make is not None and self._options.facts:
                yield from make(reading, self._ledger, json_text, split_json_list)


def _unknown(reading: Reading, chunk: Chunk) -> dict[str, Column]:
    """Return the fields of lines that netad does not know as text; the slow way, line by line."""
    lines = chunk.raw.split(b"\n")
    known = {*CONN_FIELDS, *(name.replace("id.", "id_", 1) for name in _ID_FIELDS), "id", _LABEL}
    columns: dict[str, Column] = {}
    for at, number in enumerate((reading.fields.lines[reading.rows] - chunk.line).tolist()):
        for name, value in _members(lines[number]).items():
            if name in known or value is None or (f"zeek.{name}" not in columns and len(columns) >= _UNKNOWN_MAX):
                continue
            column = columns.setdefault(f"zeek.{name}", np.full(len(reading), "", dtype=object))
            column[at] = (value if isinstance(value, str) else orjson.dumps(value).decode())[:TEXT_MAX]
    return columns


def _members(line: bytes) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}
