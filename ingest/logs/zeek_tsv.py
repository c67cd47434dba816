"""Zeek's tab-separated logs, as their headers say. A file may hold several, one after the other."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from netad.ingest.logs import spans
from netad.ingest.logs.columns import Reading, log_text
from netad.ingest.logs.detect import zeek_path
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.parser import ROWS, Ledger, ParserOptions, Part
from netad.ingest.logs.spans import FULL, Fields, Int64, Table, split_lines
from netad.ingest.logs.zeek_conn import CONN_FIELDS, conn_columns
from netad.ingest.logs.zeek_facts import split_by
from netad.ingest.logs.zeek_paths import CONN, ZEEK_PATHS

# The fields of a conn.log without a header, by how many there are: Zeek's own, and those of Bro before 2.5.
_CONN_HEAD: Final = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration",
                     "orig_bytes", "resp_bytes", "conn_state", "local_orig")  # fmt: skip
_CONN_TAIL: Final = ("missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
                     "tunnel_parents")  # fmt: skip
HEADERLESS: Final = {21: (*_CONN_HEAD, "local_resp", *_CONN_TAIL), 20: (*_CONN_HEAD, *_CONN_TAIL)}

# Labelled data sets: a column of its own, or packed into the last one, three blanks between: IoT-23.
LABEL: Final = "label"
_PACKED: Final = "packed"
_BLANKS = re.compile(rb" {2,}")
_ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})")
_UNKNOWN_MAX: Final = 256
_HEADER_FIELDS_MAX: Final = 4096


class ZeekTsv:
    """Parses one file of Zeek's TSV.

    With `options.unknown` the fields of conn.log that netad does not know become text columns `zeek.<field>`.
    """

    tells_the_end = False
    heading = Heading.REMARKS
    by_start = False

    def __init__(self, ledger: Ledger, options: ParserOptions) -> None:
        self._ledger, self._options = ledger, options
        self._separator, self._set_separator = b"\t", b","
        self._empty, self._unset = b"(empty)", b"-"
        self._path: str | None = None
        self._names: tuple[str, ...] = ()
        self._section: _Section | None = None
        self._state = np.zeros(spans.S_FIELDS, np.int64)

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield what the lines of a chunk say, header by header."""
        state, data = self._state, chunk.data
        state[spans.S_POSITION], state[spans.S_LINE] = 0, chunk.line
        while state[spans.S_POSITION] < len(data):
            self._headers(chunk.raw)
            if state[spans.S_POSITION] >= len(data):
                break
            if self._section is None:
                names = self._names or self._headerless(chunk.raw)
                self._section = _Section(self._ledger, self._options, self._path, names, self)
            yield from self._section.lines(chunk.raw, state)

    def finish(self) -> Iterator[Part]:
        """Yield nothing: every line is said at once."""
        return iter(())

    def _headers(self, raw: bytes) -> None:
        """Read the lines that begin with '#', and empty ones, at the state's position."""
        state = self._state
        at, line = int(state[spans.S_POSITION]), int(state[spans.S_LINE])
        while at < len(raw):
            end = raw.index(b"\n", at)
            text = raw[at:end].removesuffix(b"\r").lstrip(b" \t")
            if text and not text.startswith(b"#"):
                break
            self._header(text)
            at, line = end + 1, line + 1
        state[spans.S_POSITION], state[spans.S_LINE] = at, line

    def _header(self, text: bytes) -> None:
        if text.startswith(b"#separator"):
            value = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), text[len(b"#separator") :].strip(b" \t"))
            if len(value) == 1:
                self._separator = value
            return
        name, _, value = text.partition(self._separator)
        match name:
            case b"#set_separator":
                self._set_separator = value or self._set_separator
            case b"#empty_field":
                self._empty = value
            case b"#unset_field":
                self._unset = value
            case b"#path":
                self._path = value.decode("utf-8", "replace")
            case b"#fields":
                names = value.split(self._separator, _HEADER_FIELDS_MAX)
                self._names = tuple(each.decode("utf-8", "replace").strip() for each in names)
                self._section = None
            case _:
                pass

    def _headerless(self, raw: bytes) -> tuple[str, ...]:
        """Return the fields of a log that has no header, by the first line."""
        at = int(self._state[spans.S_POSITION])
        count = raw[at : raw.index(b"\n", at)].count(self._separator) + 1
        return HEADERLESS.get(count, HEADERLESS[21])

    @property
    def marks(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Separator, set separator, and what stands for an empty and for an unset field."""
        return self._separator, self._set_separator, self._empty, self._unset


class _Section:
    """The lines behind one header."""

    def __init__(
        self, ledger: Ledger, options: ParserOptions, path: str | None, names: tuple[str, ...], tsv: ZeekTsv
    ) -> None:
        self._ledger, self._options = ledger, options
        self._promised = len(names)
        self._fitting = 0  # lines so far that have as many fields as the header promises
        plain = [name.replace("id_", "id.", 1) if name.startswith("id_") else name for name in names]
        self._path = path or zeek_path(plain) or ""
        packed = plain[-1].split() if "  " in plain[-1] else []
        self._label_at = packed.index(LABEL) if LABEL in packed else -1
        if packed:
            plain[-1] = _PACKED
        wanted = self._wanted()
        self._unknown = self._not_known(plain) if self._path == CONN and options.unknown else ()
        self._table = Table(
            tuple(dict.fromkeys(name for name in plain if name in wanted or name in self._unknown)), ROWS
        )
        place = {name: at for at, name in enumerate(self._table.names)}
        self._columns = np.array([place.get(name, -1) for name in plain], dtype=np.int32)
        separator, set_separator, empty, unset = tsv.marks
        self._separator, self._split = separator[0], split_by(set_separator)
        self._marks = np.frombuffer(unset, np.uint8), np.frombuffer(empty, np.uint8)
        self._useless = not wanted or self._lacks(wanted)

    def lines(self, raw: bytes, state: Int64) -> Iterator[Part]:
        """Yield what the lines from the state's position on say, to the end or to the next header."""
        data, table = np.frombuffer(raw, np.uint8), self._table
        while True:
            state[spans.S_ROWS] = 0
            split_lines(
                data, self._separator, self._columns, *self._marks,
                table.starts, table.ends, table.kinds, table.lines, state,
            )  # fmt: skip
            rows = int(state[spans.S_ROWS])
            self._fitting += rows
            self._count_refused(state)
            if rows and not self._useless:
                yield from self._parts(table.fields(raw, rows))
            elif self._path not in ZEEK_PATHS:
                self._ledger.skip(f"zeek_{self._path}" if self._path else "zeek_other", rows)
            if state[spans.S_STOP] != FULL:
                return

    def _wanted(self) -> tuple[str, ...]:
        """Return the fields to look for; none in a log that netad makes no use of."""
        if self._path == CONN:
            return (*CONN_FIELDS, LABEL, _PACKED) if self._options.labels else CONN_FIELDS
        return ZEEK_PATHS[self._path].fields if self._path in ZEEK_PATHS and self._options.facts else ()

    def _not_known(self, names: list[str]) -> tuple[str, ...]:
        known = {*CONN_FIELDS, _PACKED, *((LABEL,) if self._options.labels else ())}
        return tuple(dict.fromkeys(name for name in names if name not in known))[:_UNKNOWN_MAX]

    def _lacks(self, wanted: tuple[str, ...]) -> bool:
        """Tell whether the header lacks a field without which no line can be used, and say so."""
        needed = ("ts",) if self._path in ("notice", "weird") else ("ts", "id.orig_h", "id.resp_h")
        lacking = [name for name in needed if name in wanted and name not in self._table.names]
        if lacking:
            self._ledger.problem(f"has no field {' and no field '.join(lacking)} in its header")
        return bool(lacking)

    def _count_refused(self, state: Int64) -> None:
        if self._path not in ZEEK_PATHS:
            self._ledger.skip(f"zeek_{self._path}" if self._path else "zeek_other", int(state[spans.S_BAD]))
            state[spans.S_BAD] = 0
        elif self._ledger.refuse_lines(state, self._promised, self._fitting, known=self._useless):
            self._useless = True

    def _parts(self, fields: Fields) -> Iterator[Part]:
        reading = Reading(fields)
        if self._path != CONN:
            make = ZEEK_PATHS[self._path].parts
            if make is not None:
                yield from make(reading, self._ledger, log_text, self._split)
            return
        columns = conn_columns(reading, log_text, labels=self._options.labels)
        if self._label_at >= 0 and self._options.labels:
            columns[LABEL] = reading.texts(_PACKED, self._packed_label)
        for name in self._unknown:
            columns[f"zeek.{name}"] = reading.texts(name, log_text)
        yield Part(None, self._ledger.fit(reading, columns))

    def _packed_label(self, piece: bytes) -> str:
        parts = _BLANKS.split(piece)
        text = parts[self._label_at] if self._label_at < len(parts) else b""
        return "" if text == self._marks[0].tobytes() else log_text(text)
