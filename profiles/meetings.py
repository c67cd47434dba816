"""Meetings: a long table of what each profile met (destinations, networks, ports, names) and how often.

Items are 64-bit hashes that are the same on every machine and in every run, so that what was met can be compared with
what a model knows (netad.profiles.novelty). Two different items of one kind share a hash with a probability of n^2 /
2^65 among n items: 3e-6 among ten million.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.ingest.flows import Column
from netad.profiles.digest import UInt64, mix
from netad.profiles.groups import network_of

Int32 = NDArray[np.int32]

# Not a secret: it only keeps items of different kinds apart.
_SEED = 0xBE5466CF34E90C6C


class MeetingKind(IntEnum):
    """What was met; `count` counts flows for the first five and facts for the others."""

    DESTINATION, NETWORK, PORT, STATE, SERVICE, DOMAIN, SERVER_NAME, TLS_CLIENT, USER_AGENT = range(9)


@dataclass(frozen=True)
class Meetings:
    """One entry for every (row, kind, item), sorted by kind and row; each column has the shape (m,).

    Attributes:
        row: row of the frame these meetings belong to, int32.
        kind: a MeetingKind, uint8.
        item: hash of what was met, uint64 (see `numbers_hash` and `texts_hash`).
        count: how many flows or facts met it, int32.
        failed: how many of these flows failed (netad.ingest.flows.FAILED_STATES), int32; 0 for facts.
    """

    row: Int32
    kind: NDArray[np.uint8]
    item: UInt64
    count: Int32
    failed: Int32

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def empty(cls) -> "Meetings":
        """Return no meetings."""
        none = np.empty(0, dtype=np.int32)
        return cls(none, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint64), none, none)

    @classmethod
    def join(cls, parts: Sequence["Meetings"], rows: Sequence[int]) -> "Meetings":
        """Return the meetings of frames put one after another; `rows` says how many rows each frame has."""
        if not parts:
            return cls.empty()
        offsets = np.concatenate(([0], np.cumsum(rows)))[:-1].astype(np.int32)
        shifted = [part.row + offset for part, offset in zip(parts, offsets, strict=True)]
        whole = [np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS[1:]]
        return cls(np.concatenate(shifted), *whole)._sorted()

    def of_kind(self, kind: MeetingKind) -> "Meetings":
        """Return the meetings of one kind: views, sorted by row."""
        start, end = np.searchsorted(self.kind, (kind, kind + 1)).tolist()
        return Meetings(*(getattr(self, name)[start:end] for name in _COLUMNS))

    def select(self, rows: NDArray[Any], size: int) -> "Meetings":
        """Return the meetings of the rows that an index array of distinct rows names, renumbered in its order.

        `size` is the number of rows of the frame that these meetings belong to.
        """
        place = np.full(size, -1, dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        moved = place[self.row]
        kept = moved >= 0
        others = [getattr(self, name)[kept] for name in _COLUMNS[1:]]
        return Meetings(moved[kept], *others)._sorted()

    def _sorted(self) -> "Meetings":
        key = self.kind.astype(np.int64) << 32 | self.row
        if np.all(key[1:] >= key[:-1]):
            return self
        # Stable, so items keep their order inside a row.
        order = np.argsort(key, kind="stable")
        return Meetings(*(getattr(self, name).take(order) for name in _COLUMNS))


_COLUMNS = ("row", "kind", "item", "count", "failed")


def numbers_hash(kind: MeetingKind, *columns: Column) -> UInt64:
    """Return the items that rows of integer columns stand for, shape (n,)."""
    return mix(columns, len(columns[0]), _SEED ^ int(kind))


def address_hash(kind: MeetingKind, high: UInt64, low: UInt64) -> UInt64:
    """Return the items of addresses (`DESTINATION`), or of the networks that hold them: /24, or /48 of IPv6."""
    if kind is MeetingKind.NETWORK:
        high, low = network_of(high, low)
    return numbers_hash(kind, high, low)


def texts_hash(texts: Column) -> UInt64:
    """Return a hash of each text, shape (n,); 0 for an empty one. The kind does not enter it."""
    codes, distinct = pd.factorize(texts)
    each = np.array([_text_hash(text) for text in distinct], dtype=np.uint64)
    return each[codes] if len(each) else np.zeros(len(texts), dtype=np.uint64)


def _text_hash(text: str) -> int:
    if not text:
        return 0
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") or 1
