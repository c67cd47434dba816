"""Lines of JSON, taken apart into the fields that a parser wants."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import orjson

from netad.ingest.logs import spans
from netad.ingest.logs.columns import log_text
from netad.ingest.logs.json_spans import Wanted, split_json
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import ROWS, Ledger
from netad.ingest.logs.spans import FULL, Fields, Table

_PREFIXES: Final = 5


class JsonLines:
    """Takes chunks of lines apart; `names` are the columns, `also` other paths at which a column is found."""

    def __init__(self, ledger: Ledger, names: Sequence[str], also: Sequence[tuple[str, str]] = ()) -> None:
        self._ledger = ledger
        self._table = Table(tuple(names), ROWS)
        place = {name: at for at, name in enumerate(names)}
        self._wanted = Wanted([*place.items(), *((path, place[name]) for path, name in also)])
        self._prefixes = np.zeros(_PREFIXES, np.uint64)
        self._state = np.zeros(spans.S_FIELDS, np.int64)

    def fields(self, chunk: Chunk) -> Iterator[Fields]:
        """Yield the fields of a chunk's lines, some thousand at a time, each valid until the next."""
        state, table, data = self._state, self._table, chunk.data
        state[spans.S_POSITION], state[spans.S_LINE], state[spans.S_STOP] = 0, chunk.line, FULL
        while state[spans.S_STOP] == FULL:
            state[spans.S_ROWS] = 0
            split_json(
                data, self._wanted.hashes, self._wanted.columns, table.starts, table.ends, table.kinds, table.lines,
                self._prefixes, state,
            )  # fmt: skip
            self._ledger.refuse(state)
            rows = int(state[spans.S_ROWS])
            if rows:
                yield table.fields(chunk.raw, rows)


def json_text(piece: bytes) -> str:
    r"""Decode what is between the quotes of a JSON string; what is not printable ASCII becomes \xNN."""
    if b"\\" in piece:
        try:
            piece = str(orjson.loads(b'"' + piece + b'"')).encode()
        except orjson.JSONDecodeError:
            return log_text(piece)
    return log_text(piece)
