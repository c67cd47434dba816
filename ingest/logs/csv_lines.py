"""Flows as CSV with a header line, taken apart into the fields that a parser wants."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from netad.ingest.logs import spans
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import ROWS, Ledger
from netad.ingest.logs.spans import FULL, HEADER, Fields, Table, split_lines

_FIELDS_MAX: Final = 1024
_NOTHING: Final = np.zeros(0, np.uint8)


class CsvLines:
    """Takes chunks of one CSV apart. Its first line is the header, which may come again.

    `names` says which header, in lower case, is which column; `needed` are columns without which no line can be used.
    From a line that begins with `trailer` to the next header nothing is read.
    """

    def __init__(
        self, ledger: Ledger, names: Mapping[str, str], needed: tuple[str, ...], trailer: bytes | None = None
    ) -> None:
        self._ledger, self._names, self._needed, self._trailer = ledger, names, needed, trailer
        self._state = np.zeros(spans.S_FIELDS, np.int64)
        self._header: bytes | None = None
        self._table = Table((), ROWS)
        self._columns = np.zeros(0, np.int32)
        self._separator = ord(",")
        self._fitting = 0
        self._useless = False
        self._after_trailer = False

    def fields(self, chunk: Chunk) -> Iterator[Fields]:
        """Yield the fields of a chunk's lines, some thousand at a time, each valid until the next."""
        at, line = 0, chunk.line
        if self._header is None:
            end = chunk.raw.index(b"\n")
            self._begin(chunk.raw[:end].rstrip(b"\r"))
            at, line = end + 1, line + 1
        for start, end in self._stretches(chunk.raw, at):
            line += chunk.raw.count(b"\n", at, start)
            yield from self._split(chunk.raw, start, end, line)
            line += chunk.raw.count(b"\n", start, end)
            at = end

    def _begin(self, header: bytes) -> None:
        self._header = header
        separator = b"\t" if header.count(b"\t") > header.count(b",") else b","
        self._separator = separator[0]
        given = [each.decode("latin-1").strip().lower() for each in header.split(separator, _FIELDS_MAX)]
        known = [self._names.get(each, "") for each in given]
        names = tuple(dict.fromkeys(name for name in known if name))
        place = {name: at for at, name in enumerate(names)}
        # A column of which the header has two is the first one.
        self._columns = np.array(
            [place[name] if name and known.index(name) == at else -1 for at, name in enumerate(known)], dtype=np.int32
        )
        self._table = Table(names, ROWS)
        lacking = [name for name in self._needed if name not in names]
        if lacking:
            self._ledger.problem(f"has no column for the {' and the '.join(lacking)} in its header")
        self._useless = bool(lacking)

    def _stretches(self, raw: bytes, at: int) -> Iterator[tuple[int, int]]:
        """Yield from where to where lines of flows go: without headers that come again, and trailers."""
        marks = [self._header or b"", *([self._trailer] if self._trailer else [])]
        while at < len(raw):
            if self._after_trailer:
                at = _line_with(raw, at, marks[0])
                if at == len(raw):
                    return
                self._after_trailer = False
            end = min(_line_with(raw, at, mark) for mark in marks)
            yield at, end
            if end == len(raw):
                return
            self._after_trailer = not raw.startswith(marks[0], end)
            at = raw.index(b"\n", end) + 1

    def _split(self, raw: bytes, at: int, end: int, line: int) -> Iterator[Fields]:
        state, table = self._state, self._table
        data = np.frombuffer(raw, np.uint8)[:end]
        state[spans.S_POSITION], state[spans.S_LINE], state[spans.S_STOP] = at, line, FULL
        while state[spans.S_STOP] != spans.ENDED:
            if state[spans.S_STOP] == HEADER:  # a remark
                state[spans.S_POSITION] = raw.index(b"\n", int(state[spans.S_POSITION])) + 1
                state[spans.S_LINE] += 1
            state[spans.S_ROWS] = 0
            split_lines(
                data, self._separator, self._columns, _NOTHING, _NOTHING,
                table.starts, table.ends, table.kinds, table.lines, state,
            )  # fmt: skip
            rows = int(state[spans.S_ROWS])
            self._fitting += rows
            if self._ledger.refuse_lines(state, len(self._columns), self._fitting, known=self._useless):
                self._useless = True
            if rows and not self._useless:
                yield table.fields(raw, rows)


def _line_with(raw: bytes, at: int, beginning: bytes) -> int:
    """Return where a line begins with this, from a line's beginning `at` on; the length where none does."""
    if raw.startswith(beginning, at):
        return at
    found = raw.find(b"\n" + beginning, at)
    return len(raw) if found < 0 else found + 1
