"""The kernel that takes lines of JSON objects apart: where the wanted fields are, nested ones by their path."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.compiled import compiled, entry_point
from netad.ingest.logs.lines import MAX_LINE, Bytes
from netad.ingest.logs.spans import (
    ABSENT,
    COMPOSITE,
    ENDED,
    FULL,
    LITERAL,
    S_LINE,
    S_POSITION,
    S_ROWS,
    S_STOP,
    TEXT,
    TOO_LONG,
    Int32,
    Int64,
    note_refused,
)
from netad.ingest.logs.values import text_hash

UInt64 = NDArray[np.uint64]

NOT_JSON: Final = -2

_DESCEND, _UNKNOWN = -2, -1
_NAMED_DEPTH: Final = 4  # wanted paths have at most three parts
_DEEPEST: Final = 60  # of what is passed over
_TABLE: Final = 512
_MASK: Final = np.uint64(_TABLE - 1)
_FNV_START: Final = np.uint64(0xCBF29CE484222325)
_FNV_PRIME: Final = np.uint64(0x100000001B3)
_STEP: Final = np.uint64(1)

_NEWLINE, _TAB, _RETURN, _SPACE, _QUOTE, _BACKSLASH = 10, 9, 13, 32, 34, 92
_OPEN, _CLOSE, _LIST, _END, _COMMA, _COLON, _DOT, _MINUS, _PLUS, _BIG_E = 123, 125, 91, 93, 44, 58, 46, 45, 43, 69
_N, _F, _T = 110, 102, 116


class Wanted:
    """The paths of the fields that are wanted, as the table the kernel looks them up in.

    A path is a key, or keys joined by dots; a key that holds dots is the same as a nested one. A column may have
    several paths.
    """

    def __init__(self, paths: Iterable[tuple[str, int]]) -> None:
        self.hashes = np.zeros(_TABLE, np.uint64)
        self.columns = np.full(_TABLE, _UNKNOWN, np.int32)
        entries: dict[str, int] = {}
        for path, column in paths:
            entries[path] = column
            parts = path.split(".")
            for length in range(1, len(parts)):
                entries.setdefault(".".join(parts[:length]), _DESCEND)
        for path, column in entries.items():
            self._put(text_hash(path), column)

    def _put(self, value: int, column: int) -> None:
        at = value & (_TABLE - 1)
        while self.columns[at] != _UNKNOWN:
            at = (at + 1) & (_TABLE - 1)
        self.hashes[at], self.columns[at] = value, column


@compiled
def _find(value: np.uint64, hashes: UInt64, columns: Int32) -> int:
    """Return what a path stands for: its column, _DESCEND or _UNKNOWN."""
    at = value & _MASK
    while columns[at] != _UNKNOWN:
        if hashes[at] == value:
            return int(np.int64(columns[at]))
        at = (at + _STEP) & _MASK
    return _UNKNOWN


@compiled
def _blank(data: Bytes, at: int) -> int:
    """Return where what is no blank begins."""
    while data[at] == _SPACE or data[at] == _TAB or data[at] == _RETURN:
        at += 1
    return at


@compiled
def _text(data: Bytes, at: int) -> int:
    """Return where the quote is that ends a string whose first character is at `at`; -1 where none does."""
    while data[at] != _QUOTE:
        if data[at] == _BACKSLASH:
            at += 1
        if data[at] == _NEWLINE:
            return -1
        at += 1
    return at


@compiled
def _composite(data: Bytes, at: int) -> int:
    """Return where an object or a list that begins at `at` ends, behind its bracket; -1 where it does not."""
    stack, depth = np.uint64(0), 0
    while True:
        byte = int(np.int64(data[at]))
        if byte == _QUOTE:
            at = _text(data, at + 1)
            if at < 0:
                return -1
        elif byte in (_OPEN, _LIST):
            depth += 1
            if depth > _DEEPEST:
                return -1
            stack = stack << _STEP | np.uint64(byte == _OPEN)
        elif byte in (_CLOSE, _END):
            if (stack & _STEP == _STEP) != (byte == _CLOSE):
                return -1
            stack >>= _STEP
            depth -= 1
            if depth == 0:
                return at + 1
        elif byte == _NEWLINE:
            return -1
        at += 1


@compiled
def _literal(data: Bytes, at: int) -> int:
    """Return where a number, true, false or null ends; -1 if nothing of the kind begins at `at`."""
    first, start = int(np.int64(data[at])), at
    while True:
        byte = int(np.int64(data[at]))
        if not (48 <= byte <= 57 or 97 <= byte <= 122 or byte in (_DOT, _MINUS, _PLUS, _BIG_E)):
            break
        at += 1
    if 48 <= first <= 57 or first == _MINUS:
        return at
    known = (first == _N and at - start == 4) or (first == _T and at - start == 4) or (first == _F and at - start == 5)
    return at if known else -1


@compiled
def _key(data: Bytes, at: int, prefix: np.uint64) -> tuple[int, np.uint64]:
    """Read the key at `at`, and the colon behind it; return where its value begins, -1 without one, and its hash."""
    value = prefix
    if data[at] != _QUOTE:
        return -1, value
    at += 1
    while data[at] != _QUOTE:
        if data[at] == _BACKSLASH:
            at += 1
        if data[at] == _NEWLINE:
            return -1, value
        value = (value ^ np.uint64(data[at])) * _FNV_PRIME
        at += 1
    at = _blank(data, at + 1)
    return (_blank(data, at + 1) if data[at] == _COLON else -1), value


@compiled
def _value(data: Bytes, at: int, column: int, starts: Int32, ends: Int32, kinds: Bytes, row: int) -> int:
    """Note the value at `at` as that of a column, if that is one; return where the value ends, -1 if it is none."""
    byte = int(np.int64(data[at]))
    start, kind = at, LITERAL
    if byte == _QUOTE:
        start, kind = at + 1, TEXT
        end = _text(data, start)
        after = end + 1
    elif byte in (_OPEN, _LIST):
        kind = COMPOSITE
        after = end = _composite(data, at)
    else:
        after = end = _literal(data, at)
        if byte == _N:
            kind = ABSENT
    if end < 0:
        return -1
    if column >= 0:
        starts[row, column], ends[row, column], kinds[row, column] = start, end, kind
    return after


@compiled
def _close(data: Bytes, at: int, depth: int) -> tuple[int, int]:
    """Read what is behind a value at `at`: a comma, or the ends of objects up to one or to the outermost.

    Returns where the next key begins, or what is behind the outermost object, -1 for something else; and the depth.
    """
    while depth > 0:
        at = _blank(data, at)
        if data[at] == _COMMA:
            return _blank(data, at + 1), depth
        if data[at] != _CLOSE:
            return -1, depth
        at += 1
        depth -= 1
    return at, depth


@compiled
def _object(
    data: Bytes,
    at: int,
    hashes: UInt64,
    columns: Int32,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    row: int,
    prefixes: UInt64,
) -> int:
    """Take the object at `at` apart into a row; return where it ends, or -1 where it is no object."""
    if data[at] != _OPEN:
        return -1
    at = _blank(data, at + 1)
    depth = 1
    prefixes[1] = _FNV_START
    empty = data[at] == _CLOSE
    while depth > 0:
        if empty:
            at, depth = _close(data, at, depth)
        else:
            at, path = _key(data, at, prefixes[depth])
            if at < 0:
                return -1
            column = _find(path, hashes, columns)
            if data[at] == _OPEN and column == _DESCEND and depth < _NAMED_DEPTH:
                depth += 1
                prefixes[depth] = (path ^ np.uint64(_DOT)) * _FNV_PRIME
                at = _blank(data, at + 1)
                empty = data[at] == _CLOSE
                continue
            at = _value(data, at, column, starts, ends, kinds, row)
            if at < 0:
                return -1
            at, depth = _close(data, at, depth)
        if at < 0:
            return -1
        empty = False
    return at


@entry_point
def split_json(
    data: Bytes,
    hashes: UInt64,
    columns: Int32,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    lines: Int64,
    prefixes: UInt64,
    state: Int64,
) -> None:
    """Take lines of JSON objects apart. What is no object is refused, and counted; blank lines are passed over.

    Every line has its newline, where whatever is read ends. `prefixes` is scratch, shape (5,).
    """
    at, line, row = state[S_POSITION], state[S_LINE], state[S_ROWS]
    state[S_STOP] = ENDED
    while at < len(data):
        if row >= len(lines):
            state[S_STOP] = FULL
            break
        begin = at
        at = _blank(data, at)
        if data[at] != _NEWLINE:
            kinds[row, :] = ABSENT
            end = _object(data, at, hashes, columns, starts, ends, kinds, row, prefixes)
            if end >= 0:
                at = end = _blank(data, end)
            fine = end >= 0 and data[end] == _NEWLINE
            while data[at] != _NEWLINE:
                at += 1
            if at - begin >= MAX_LINE:
                note_refused(line, TOO_LONG, state)
            elif fine:
                lines[row] = line
                row += 1
            else:
                note_refused(line, NOT_JSON, state)
        at += 1
        line += 1
    state[S_POSITION], state[S_LINE], state[S_ROWS] = at, line, row
