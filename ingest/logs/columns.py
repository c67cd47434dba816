"""Columns of a FlowBatch or a FactBatch out of the spans of a log's fields."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import UInt64
from netad.ingest.flows import Column
from netad.ingest.logs import values
from netad.ingest.logs.spans import ABSENT, TEXT, Fields, Int64

COUNT_MAX: Final = (1 << 62) - 1
PORT_MAX: Final = 65535

_END, _NO_DIGIT = 16, 17
_HEX_DIGITS: Final = np.full(256, _NO_DIGIT, np.int64)
_HEX_DIGITS[0] = _END
for _text in "0123456789abcdefABCDEF":
    _HEX_DIGITS[ord(_text)] = int(_text, 16)

Decode = Callable[[bytes], str]


class Codes:
    """Short texts and the numbers that stand for them."""

    def __init__(self, names: Mapping[str, int], otherwise: int) -> None:
        table = sorted((values.text_hash(name), code) for name, code in names.items())
        self._keys = np.array([key for key, _ in table], dtype=np.uint64)
        self._codes = np.array([code for _, code in table], dtype=np.int64)
        self._otherwise = otherwise

    def of(self, hashes: UInt64) -> Int64:
        """Return the number of each hash, shape (n,)."""
        place = np.minimum(np.searchsorted(self._keys, hashes), len(self._keys) - 1)
        return np.where(self._keys[place] == hashes, self._codes[place], self._otherwise)


class Reading:
    """Columns of some rows of the fields of a chunk.

    `faults`, shape (n,), int16, says of a row which field (its column + 1) is no such thing as was asked for, 0 of a
    row without fault; the caller leaves the others out.
    """

    def __init__(self, fields: Fields, rows: Int64 | None = None, carried: AbstractSet[str] | None = None) -> None:
        """Begin to read `rows` of the fields, or all; the log carries the fields `carried`, or all there are."""
        self.fields = fields
        self._carried = carried
        self.rows = np.arange(len(fields), dtype=np.int64) if rows is None else rows
        self.faults: values.Faults = np.zeros(len(self.rows), np.int16)
        self._spans = (fields.data, fields.starts, fields.ends, fields.kinds)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        """Tell whether the log carries a field."""
        return name in self.fields and (self._carried is None or name in self._carried)

    def blame(self, rows: NDArray[np.bool_], faults: values.Faults) -> None:
        """Take over the faults of some rows; a row that has one keeps it."""
        self.faults[rows] = np.where(self.faults[rows] == 0, faults, self.faults[rows])

    def has(self, name: str) -> NDArray[np.bool_]:
        """Tell in which rows the field is there, shape (n,)."""
        if name not in self.fields:
            return np.zeros(len(self), dtype=bool)
        there: NDArray[np.bool_] = self.fields.kinds[self.rows, self.fields.place[name]] != ABSENT
        return there

    def times(self, name: str) -> Int64:
        """Return times in ns since the epoch; a row without one has a fault."""
        return self._numbers(name, values.read_times)

    def durations(self, name: str) -> Int64:
        """Return durations in ns, 0 where there is none."""
        return self._numbers(name, values.read_durations)

    def counts(self, name: str, limit: int = COUNT_MAX) -> Int64:
        """Return numbers from 0 to `limit`, 0 where there is none."""
        out = np.zeros(len(self), np.int64)
        if name in self.fields:
            values.read_counts(*self._spans, self.rows, self.fields.place[name], limit, out, self.faults)
        return out

    def addresses(self, name: str) -> tuple[UInt64, UInt64]:
        """Return both halves of addresses; a row without one has a fault."""
        high, low = np.zeros(len(self), np.uint64), np.zeros(len(self), np.uint64)
        if name in self.fields:
            groups = np.zeros(8, np.uint64)
            values.read_addresses(*self._spans, self.rows, self.fields.place[name], high, low, groups, self.faults)
        return high, low

    def hashes(self, name: str, *, fold: bool = False) -> UInt64:
        """Return hashes of texts, 0 where there is none."""
        out = np.zeros(len(self), np.uint64)
        if name in self.fields:
            values.read_hashes(*self._spans, self.rows, self.fields.place[name], fold, out)
        return out

    def codes(self, name: str, codes: Codes, *, fold: bool = False) -> Int64:
        """Return the numbers that stand for short texts."""
        return codes.of(self.hashes(name, fold=fold))

    def short(self, name: str, width: int) -> Column:
        """Return texts as bytes, dtype S`width`, cut there."""
        out = np.zeros((len(self), width), np.uint8)
        if name in self.fields:
            values.read_short(*self._spans, self.rows, self.fields.place[name], out)
        return out.reshape(-1).view(f"S{width}")

    def hex_bytes(self, name: str) -> Int64:
        """Return bytes written as one or two hex digits; 0 where there is none, or something else."""
        digits = _HEX_DIGITS[np.ascontiguousarray(self.short(name, 3)).view(np.uint8).reshape(-1, 3)]
        one, two = digits[:, 1] == _END, digits[:, 2] == _END
        value = np.where(one, digits[:, 0], digits[:, 0] * 16 + digits[:, 1])
        return np.where((digits[:, 0] < 16) & (one | ((digits[:, 1] < 16) & two)), value, 0)

    def raws(self, name: str) -> list[bytes]:
        """Return fields as they are written, empty where there is none."""
        if name not in self.fields:
            return [b""] * len(self)
        column, raw, fields = self.fields.place[name], self.fields.raw, self.fields
        starts, ends, kinds = (each[self.rows, column].tolist() for each in (fields.starts, fields.ends, fields.kinds))
        return [raw[a:b] if kind else b"" for a, b, kind in zip(starts, ends, kinds, strict=True)]

    def texts(self, name: str, decode: Decode) -> Column:
        """Return texts, dtype object, "" where there is none; what is no text counts as none."""
        out = np.full(len(self), "", dtype=object)
        if name not in self.fields:
            return out
        column, raw, fields = self.fields.place[name], self.fields.raw, self.fields
        there = np.flatnonzero(fields.kinds[self.rows, column] == TEXT)
        rows = self.rows[there]
        starts, ends = fields.starts[rows, column].tolist(), fields.ends[rows, column].tolist()
        pieces = [raw[a:b] for a, b in zip(starts, ends, strict=True)]
        known = {piece: decode(piece) for piece in set(pieces)}
        out[there] = [known[piece] for piece in pieces]
        return out

    def _numbers(self, name: str, kernel: Callable[..., Any]) -> Int64:
        out = np.zeros(len(self), np.int64)
        if name in self.fields:
            kernel(*self._spans, self.rows, self.fields.place[name], out, self.faults)
        return out


def log_text(piece: bytes) -> str:
    r"""Decode text; what is not printable ASCII becomes \xNN, as Zeek writes it and facts of captures have it."""
    text = piece.decode("latin-1")
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if " " <= letter <= "~" else f"\\x{ord(letter):02x}" for letter in text)
