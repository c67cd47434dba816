"""Facts as they are found, one row each, until they are handed on as batches."""

from typing import Any, NamedTuple

import numpy as np

from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind


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
        self._rows: dict[FactKind, list[tuple[Any, ...]]] = {kind: [] for kind in FactKind}

    def add(self, kind: FactKind, time_ns: int, ends: Ends, *said: object) -> None:
        """Add a fact; `said` are its kind's own columns in their order (netad.ingest.facts.batch)."""
        orig, orig_port, resp, resp_port, protocol = ends
        self._rows[kind].append((time_ns, *orig, *resp, orig_port, resp_port, protocol, *said))

    def take(self) -> list[FactBatch]:
        """Return one batch a kind, in the kinds' order, rows in the order they were added."""
        batches = []
        for kind, rows in self._rows.items():
            if rows:
                specs = FACT_COLUMNS[kind]
                columns = {spec.name: np.array(values, dtype=spec.dtype)
                           for spec, values in zip(specs, zip(*rows, strict=True), strict=True)}  # fmt: skip
                batches.append(FactBatch(kind, columns))
                self._rows[kind] = []
        return batches
