"""Facts as they are found, one row each, until they are handed on as batches."""

from typing import TYPE_CHECKING, Any, NamedTuple

from netad.ingest.facts.batch import FactBatch, FactKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ends(NamedTuple):
    """Who asked whom: addresses as (high, low), ports, IP protocol."""

    orig: tuple[int, int]
    orig_port: int
    resp: tuple[int, int]
    resp_port: int
    protocol: int


class FactRows:
    """Rows by kind. `take` empties it."""

    def __init__(self) -> None:
        self._rows: dict[FactKind, list[Mapping[str, Any]]] = {}

    def add(self, kind: FactKind, time_ns: int, ends: Ends, **columns: object) -> None:
        """Add a fact; `columns` are those of its kind (netad.ingest.facts.batch) that are not about time and ends."""
        orig, orig_port, resp, resp_port, protocol = ends
        row = {
            "time_ns": time_ns,
            "orig_hi": orig[0],
            "orig_lo": orig[1],
            "resp_hi": resp[0],
            "resp_lo": resp[1],
            "orig_port": orig_port,
            "resp_port": resp_port,
            "protocol": protocol,
            **columns,
        }
        self._rows.setdefault(kind, []).append(row)

    def take(self) -> list[FactBatch]:
        """Return one batch a kind, in the kinds' order, rows in the order they were added."""
        rows, self._rows = self._rows, {}
        return [FactBatch.from_rows(kind, rows[kind]) for kind in sorted(rows)]
