"""Where the fields of a log's lines are: the kernel that takes separated lines apart, and what it fills."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.engine.compiled import compiled, entry_point
from netad.ingest.logs.lines import MAX_LINE, Bytes

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# Kinds of a field.
ABSENT, TEXT, LITERAL, COMPOSITE = 0, 1, 2, 3

# The state of a kernel that takes lines apart, int64: where it is, the number of the line there, rows filled so far,
# lines it refused, and why it stopped. Up to BAD_SHOWN refused lines follow as pairs (line, what was wrong with it).
S_POSITION, S_LINE, S_ROWS, S_BAD, S_STOP = 0, 1, 2, 3, 4
S_SHOWN: Final = 5
BAD_SHOWN: Final = 3
S_FIELDS: Final = S_SHOWN + 2 * BAD_SHOWN

# Why it stopped: at the end of the data, in front of a line that begins with '#', or for want of room.
ENDED, HEADER, FULL = 0, 1, 2

# What is wrong with a line, besides a number of fields.
TOO_LONG = -1

_NEWLINE, _RETURN, _HASH = 10, 13, 35


@dataclass(slots=True)
class Fields:
    """Where the wanted fields of rows are in `raw`: bounds and kinds, shape (rows, columns), and the lines' numbers.

    `names` says which column is which; a field that is not in the log has no column or is ABSENT.
    """

    raw: bytes
    names: tuple[str, ...]
    starts: Int32
    ends: Int32
    kinds: Bytes
    lines: Int64
    place: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.place = {name: at for at, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.place

    @property
    def data(self) -> Bytes:
        """The bytes that `starts` and `ends` point into."""
        return np.frombuffer(self.raw, dtype=np.uint8)


class Table:
    """Room for the fields of `rows` lines, used again for every chunk."""

    def __init__(self, names: tuple[str, ...], rows: int) -> None:
        self.names = names
        self.starts = np.zeros((rows, len(names)), np.int32)
        self.ends = np.zeros((rows, len(names)), np.int32)
        self.kinds = np.zeros((rows, len(names)), np.uint8)
        self.lines = np.zeros(rows, np.int64)

    def fields(self, raw: bytes, rows: int) -> Fields:
        """Return the first `rows` rows; valid until the room is used again."""
        return Fields(raw, self.names, self.starts[:rows], self.ends[:rows], self.kinds[:rows], self.lines[:rows])


@compiled
def _same(data: Bytes, start: int, end: int, text: Bytes) -> bool:
    """Tell whether a field is this text."""
    at = 0
    while at < len(text) and start + at < end and data[start + at] == text[at]:
        at += 1
    return at == len(text) and start + at == end


@compiled
def note_refused(line: int, what: int, state: Int64) -> None:
    """Count a line that is refused, and show it if it is one of the first."""
    shown = state[S_BAD]
    if shown < BAD_SHOWN:
        state[S_SHOWN + 2 * shown] = line
        state[S_SHOWN + 2 * shown + 1] = what
    state[S_BAD] += 1


@compiled
def _line(
    data: Bytes,
    at: int,
    separator: int,
    columns: Int32,
    unset: Bytes,
    empty: Bytes,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    row: int,
) -> tuple[int, int]:
    """Take the line at `at` apart into a row; return where the next one begins, and how many fields this one has."""
    start, number = at, 0
    while True:
        byte = int(np.int64(data[at]))
        if byte in (separator, _NEWLINE):
            if number < len(columns) and columns[number] >= 0:
                column = columns[number]
                end = at - 1 if byte == _NEWLINE and at > start and data[at - 1] == _RETURN else at
                starts[row, column] = start
                ends[row, column] = start if _same(data, start, end, empty) else end
                kinds[row, column] = ABSENT if _same(data, start, end, unset) else TEXT
            number += 1
            start = at + 1
            if byte == _NEWLINE:
                return at + 1, number
        at += 1


@compiled
def _is_blank(data: Bytes, start: int, end: int) -> bool:
    """Tell whether a line holds nothing but its end."""
    return end - start == 1 or (end - start == 2 and data[start] == _RETURN)


@entry_point
def split_lines(
    data: Bytes,
    separator: int,
    columns: Int32,
    unset: Bytes,
    empty: Bytes,
    starts: Int32,
    ends: Int32,
    kinds: Bytes,
    lines: Int64,
    state: Int64,
) -> None:
    """Take lines of separated fields apart.

    `columns`, shape (fields,), says in which column a field of the line goes, -1: none. A field that is `unset` is
    ABSENT, one that is `empty` has no length. A line with another number of fields is refused, and counted; blank lines
    are passed over.
    """
    at, line, row = state[S_POSITION], state[S_LINE], state[S_ROWS]
    state[S_STOP] = ENDED
    while at < len(data):
        if row >= len(lines):
            state[S_STOP] = FULL
            break
        if data[at] == _HASH:
            state[S_STOP] = HEADER
            break
        kinds[row, :] = ABSENT
        after, number = _line(data, at, separator, columns, unset, empty, starts, ends, kinds, row)
        if after - at > MAX_LINE:
            note_refused(line, TOO_LONG, state)
        elif number == len(columns):
            lines[row] = line
            row += 1
        elif not _is_blank(data, at, after):
            note_refused(line, number, state)
        at = after
        line += 1
    state[S_POSITION], state[S_LINE], state[S_ROWS] = at, line, row
