"""What profiles named, in words: ports, domains, servers and user agents, a bounded few of each for every profile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.domains import registered_domains
from netad.profiles.digest import UInt64
from netad.profiles.groups import PORT_COLUMNS, Groups, Mask, distinct_pairs, run_starts
from netad.profiles.meetings import Int32, MeetingKind, numbers_hash, texts_hash
from netad.profiles.row_facts import RowFacts

Texts = NDArray[np.object_]

# The frame's column of it, beside the features (`Said.lines`).
COLUMN = "said"
# Of each kind a profile keeps what it named most, and what it named least: what is new is rarely frequent.
MOST_FREQUENT, MOST_RARE = 8, 16
MOST_CHARACTERS = 128
KINDS: Mapping[MeetingKind, str] = {
    MeetingKind.PORT: "port",
    MeetingKind.DOMAIN: "domain",
    MeetingKind.SERVER_NAME: "server",
    MeetingKind.USER_AGENT: "agent",
}
_NAMES = {FactKind.DNS: "query", FactKind.TLS: "server_name", FactKind.HTTP: "host"}
_COLUMNS = ("row", "kind", "item", "count", "text")


@dataclass(frozen=True)
class Said:
    """One entry for every (row, kind, text), sorted by row and kind, the most frequent first; columns of shape (m,).

    Attributes:
        row: row of the frame, int32.
        kind: a MeetingKind of `KINDS`, uint8.
        item: the hash that the same thing has among the row's meetings, uint64.
        count: how many flows or facts named it, int32.
        text: a port as `tcp/443`, else as it was said, cut at 128 characters.
    """

    row: Int32
    kind: NDArray[np.uint8]
    item: UInt64
    count: Int32
    text: Texts

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def empty(cls) -> "Said":
        """Return nothing said."""
        none = np.empty(0, dtype=np.int32)
        return cls(none, np.empty(0, np.uint8), np.empty(0, np.uint64), none, np.empty(0, object))

    @classmethod
    def join(cls, parts: Sequence["Said"], rows: Sequence[int]) -> "Said":
        """Return what was said in frames put one after another; `rows` says how many rows each frame has."""
        if not parts:
            return cls.empty()
        offsets = np.concatenate(([0], np.cumsum(rows)))[:-1].astype(np.int32)
        row = np.concatenate([part.row + offset for part, offset in zip(parts, offsets, strict=True)])
        return cls(row, *(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS[1:]))

    def select(self, rows: NDArray[Any], size: int) -> "Said":
        """Return what was said in the rows that an index array of distinct rows names, out of `size`, in its order."""
        place = np.full(size, -1, dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        moved = place[self.row]
        order = np.flatnonzero(moved >= 0)
        order = order[np.argsort(moved[order], kind="stable")]
        return Said(moved[order], *(getattr(self, name)[order] for name in _COLUMNS[1:]))

    def lines(self, rows: int, known: Callable[[MeetingKind, UInt64], Mask | None]) -> Texts:
        """Return for each row its entries as lines `kind text`, `new kind text` where it is not known, shape (rows,).

        `known` tells of items of a kind whether the baseline met them, None where the baseline is not told of the kind.
        """
        new = np.zeros(len(self), dtype=bool)
        for kind in KINDS:
            which = np.flatnonzero(self.kind == kind)
            met = known(kind, self.item[which])
            if met is not None:
                new[which] = ~met
        words = {int(kind): word for kind, word in KINDS.items()}
        told: list[list[str]] = [[] for _ in range(rows)]
        for row, kind, text, is_new in zip(
            self.row.tolist(), self.kind.tolist(), self.text.tolist(), new.tolist(), strict=True
        ):
            told[row].append(f"{'new ' if is_new else ''}{words[kind]} {text}")
        result = np.empty(rows, dtype=object)
        result[:] = ["\n".join(each) for each in told]
        return result


def said_of(groups: Groups, facts: Mapping[FactKind, RowFacts]) -> Said:
    """Return what each group named: group i is row i."""
    parts = [_ports(groups)]
    named = [(facts[kind], name) for kind, name in _NAMES.items() if kind in facts]
    if named:
        names = registered_domains(np.concatenate([one.facts[name] for one, name in named]))
        parts.append(_texts(MeetingKind.DOMAIN, np.concatenate([one.row for one, _ in named]), names))
    for kind, fact, column in ((MeetingKind.SERVER_NAME, FactKind.TLS, "server_name"),
                               (MeetingKind.USER_AGENT, FactKind.HTTP, "user_agent")):  # fmt: skip
        if fact in facts:
            parts.append(_texts(kind, facts[fact].row, facts[fact].facts[column]))
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS]
    order = np.argsort(joined[0], kind="stable")
    return Said(*(column[order] for column in joined))


def _ports(groups: Groups) -> Said:
    if not groups.columns.keys() >= set(PORT_COLUMNS):
        return Said.empty()
    met = groups.met_ports
    kept = _kept(met.group, met.code, met.count)
    code = met.code[kept]
    distinct, place = np.unique(code, return_inverse=True)
    text = np.empty(len(distinct), dtype=object)
    text[:] = [f"{_PROTOCOLS.get(one >> 16, one >> 16)}/{one & 0xFFFF}" for one in distinct.tolist()]
    return _said(MeetingKind.PORT, met.group[kept], numbers_hash(MeetingKind.PORT, code), met.count[kept], text[place])


def _texts(kind: MeetingKind, row: Int32, texts: Texts) -> Said:
    """Count texts by row; empty ones are left out."""
    named = np.asarray(texts != "", dtype=bool)
    codes, distinct = pd.factorize(texts[named], sort=True)
    group, code, count = distinct_pairs(row[named].astype(np.int64), codes.astype(np.int64), max(len(distinct), 1))
    kept = _kept(group, code, count)
    # What is kept is hashed whole, as meetings hash it, and shown cut.
    whole = np.asarray(distinct, dtype=object)[code[kept]]
    text = np.empty(len(whole), dtype=object)
    text[:] = [one[:MOST_CHARACTERS] for one in whole.tolist()]
    return _said(kind, group[kept], texts_hash(whole), count[kept], text)


def _said(kind: MeetingKind, row: NDArray[np.int64], item: UInt64, count: NDArray[np.int64], text: Texts) -> Said:
    most = np.iinfo(np.int32).max
    kinds = np.full(len(row), kind, dtype=np.uint8)
    return Said(row.astype(np.int32), kinds, item, np.minimum(count, most).astype(np.int32), text)


def _kept(row: NDArray[np.int64], code: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the places to keep, the most frequent of each row first; what else is said does not matter."""
    falling = np.lexsort((code, -count, row))
    rank = np.empty(len(row), dtype=np.int64)
    starts = run_starts(row[falling])
    size = np.diff(starts, append=len(row))
    rank[falling] = np.arange(len(row)) - np.repeat(starts, size)
    of_row = np.empty(len(row), dtype=np.int64)
    of_row[falling] = np.repeat(size, size)
    kept = (rank < MOST_FREQUENT) | (rank >= of_row - MOST_RARE)
    return np.asarray(falling[kept[falling]])


_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}
