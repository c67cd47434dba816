"""Facts of open windows: held until their windows close, then given to the profiles of their sources."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of, number_of, part_of, texts_of
from netad.core.errors import StateError
from netad.ingest.facts.batch import FACT_COLUMNS, NO_RCODE, FactBatch, FactKind
from netad.ingest.flows import Column
from netad.profiles.groups import GROUP_KEYS, Groups, dense_codes
from netad.profiles.row_facts import RowFacts

Int64 = NDArray[np.int64]

# What says "not known" in the columns where 0 would say something.
_UNKNOWN: Mapping[str, int] = {"rcode": NO_RCODE, "query_bytes": -1, "answer_bytes": -1}
_PLACES = ("slot", "window")


class HeldFacts:
    """Facts by kind, with window and slot as slices have them (netad.profiles.windows).

    Attributes:
        homeless: facts of sources that had no flow in that window: they make no profile.
    """

    def __init__(self, expected: Iterable[FactKind]) -> None:
        """Begin without facts; `expected` kinds count as told of even where none comes."""
        self.homeless = 0
        self._told: set[FactKind] = set(expected)
        self._held: dict[FactKind, list[FactBatch]] = {}
        self._carried: dict[FactKind, set[str]] = {}

    def hold(self, batch: FactBatch, window: Int64, slot: Int64) -> None:
        """Keep facts, each with window and slot, shape (n,); a batch without rows says that its kind is told of."""
        self._told.add(batch.kind)
        if batch.columns:
            self._carried.setdefault(batch.kind, set()).update(batch.columns)
        if len(batch):
            placed = {**batch.columns, "window": window, "slot": slot}
            self._held.setdefault(batch.kind, []).append(FactBatch(batch.kind, placed))

    def release(self, before: int | None) -> dict[FactKind, list[FactBatch]]:
        """Let go of the facts of slots before a slot, or of all: every kind that is told of, maybe without a fact."""
        return {kind: self._take(kind, before) for kind in sorted(self._told)}

    def place(self, released: Mapping[FactKind, list[FactBatch]], groups: Groups | None) -> dict[FactKind, RowFacts]:
        """Return released facts with their rows: group i is row i. Those that belong to no group are counted only."""
        if groups is None:
            self.homeless += sum(len(batch) for parts in released.values() for batch in parts)
            return {}
        return {kind: self._place(kind, parts, groups) for kind, parts in released.items()}

    def carry(self) -> State:
        """Return the facts of open windows, and what is known of their kinds (netad.core.carried)."""
        return {
            "homeless": self.homeless,
            "told": [kind.name for kind in sorted(self._told)],
            "carried": {kind.name: sorted(names) for kind, names in sorted(self._carried.items())},
            "held": {
                kind.name: {str(at): columns for at, columns in enumerate(_alike(parts))}
                for kind, parts in sorted(self._held.items())
            },
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self.homeless = number_of(state, "homeless")
        self._told |= {_kind(name) for name in texts_of(state, "told")}
        carried = part_of(state, "carried")
        self._carried = {_kind(name): set(texts_of(carried, name)) for name in carried}
        held = part_of(state, "held")
        for name in held:
            kind, parts = _kind(name), part_of(held, name)
            self._held[kind] = [_resumed(kind, part_of(parts, at)) for at in parts]

    def _take(self, kind: FactKind, before: int | None) -> list[FactBatch]:
        held = self._held.pop(kind, [])
        if before is None:
            return held
        closing = [batch["slot"] < before for batch in held]
        rest = [batch.select(~now) for batch, now in zip(held, closing, strict=True) if not now.all()]
        if rest:
            self._held[kind] = rest
        return [batch.select(now) for batch, now in zip(held, closing, strict=True) if now.any()]

    def _place(self, kind: FactKind, parts: list[FactBatch], groups: Groups) -> RowFacts:
        columns, lacking = _joined(kind, parts)
        row = _rows(columns, groups)
        found = np.flatnonzero(row >= 0)
        self.homeless += len(row) - len(found)
        order = found[np.lexsort((columns["time_ns"][found], row[found]))]
        facts = {name: column[order] for name, column in columns.items() if name not in _PLACES}
        return RowFacts(
            row[order].astype(np.int32),
            FactBatch(kind, facts),
            {name: without[order] for name, without in lacking.items()},
            self._absent(kind),
        )

    def _absent(self, kind: FactKind) -> frozenset[str]:
        if kind not in self._carried:
            return frozenset()
        return frozenset(spec.name for spec in FACT_COLUMNS[kind]) - self._carried[kind]


def _kind(name: str) -> FactKind:
    try:
        return FactKind[name]
    except KeyError as error:
        raise StateError(f"the state holds facts of an unknown kind, {name[:40]!r}") from error


def _alike(parts: Iterable[FactBatch]) -> list[dict[str, Column]]:
    """Join neighbours with the same columns."""
    return [
        {name: np.concatenate([part[name] for part in alike]) for name in names}
        for names, alike in ((names, list(group)) for names, group in groupby(parts, key=lambda part: [*part.columns]))
    ]


def _resumed(kind: FactKind, columns: State) -> FactBatch:
    dtypes = _dtypes(kind)
    if not columns.keys() <= dtypes.keys():
        raise StateError(f"the state holds unknown columns of {kind.name}")
    length = array_of(columns, "window", np.int64).shape
    return FactBatch(kind, {name: array_of(columns, name, dtypes[name], length) for name in columns})


def _dtypes(kind: FactKind) -> dict[str, np.dtype[Any]]:
    """Return the types of all columns that held facts of a kind may have."""
    return {spec.name: np.dtype(spec.dtype) for spec in FACT_COLUMNS[kind]} | dict.fromkeys(_PLACES, np.dtype("i8"))


def _joined(kind: FactKind, parts: list[FactBatch]) -> tuple[dict[str, Column], dict[str, Column]]:
    """Join batches; return the columns, and for each column that some part does not carry which rows lack it."""
    dtypes = _dtypes(kind)
    columns, lacking = {}, {}
    for name, dtype in dtypes.items():
        unknown = "" if dtype.kind == "O" else _UNKNOWN.get(name, 0)
        pieces = [part[name] if name in part else np.full(len(part), unknown, dtype) for part in parts]
        columns[name] = np.concatenate([np.empty(0, dtype), *pieces])
        if any(name not in part for part in parts):
            lacking[name] = np.concatenate([np.full(len(part), name not in part) for part in parts])
    return columns, lacking


def _rows(columns: Mapping[str, Column], groups: Groups) -> Int64:
    """Return the group that each fact belongs to, -1 for none, shape (m,)."""
    codes, size = dense_codes(*(np.concatenate((groups[key][groups.starts], columns[key])) for key in GROUP_KEYS))
    place = np.full(size, -1, dtype=np.int64)
    place[codes[: len(groups)]] = np.arange(len(groups))
    return place[codes[len(groups) :]]
