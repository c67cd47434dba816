"""Stored profiles as models judge them: features, behaviours, meetings, and how they were judged when they came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from netad.core.addresses import V4_PREFIX, parse_address
from netad.core.errors import OutputError
from netad.detectors.behaviour.behaviours import BEHAVIOURS
from netad.detectors.behaviour_detector import PREFIX
from netad.outputs.store.files import DAY_NS, TIME, days, start_of_day
from netad.outputs.store.schema import DIGEST, FEATURE, ID, MET, STRENGTH
from netad.outputs.store.stored import ParquetStored
from netad.profiles.batch import ProfileBatch
from netad.profiles.features import FEATURES
from netad.profiles.meetings import Meetings

_SOURCE, _START, _END, _INSIDE = "source.ip", "event.start", "event.end", "netad.entity.inside"
_KEYS = (_SOURCE, _START, _END, "observer.name", "data_stream.namespace")
_WINDOW, _MODEL, _CREATED = "netad.profile.window", "netad.model.name", "event.created"
# What a model measures by itself.
_MEASURED = ("novelty", "history")
_FEATURES = tuple(feature.name for feature in FEATURES if feature.group not in _MEASURED)
# What is told of how a profile was judged.
JUDGED = {
    "id": ID,
    "model": _MODEL,
    "version": "netad.model.version",
    "score": "netad.profile.score",
    "severity": "netad.profile.severity",
}
_COLUMNS = [
    *(TIME, _SOURCE, _START, _END, _INSIDE, DIGEST),
    *JUDGED.values(),
    *(FEATURE + name for name in _FEATURES),
    *(STRENGTH + name for name in BEHAVIOURS),
    *MET.values(),
]


@dataclass(frozen=True)
class StoredPiece:
    """Some stored profiles: the batch that a model measures and scores, and row by row how they were judged.

    `judged` has the columns `JUDGED`.
    """

    batch: ProfileBatch
    judged: pd.DataFrame


@dataclass
class StoredProfiles:
    """The profiles of a store whose windows have one length, each window of a source (and sensor) once.

    Where several runs or models judged the same window, the whole window counts before a part of it, then what was
    judged last; `judged_by` names the one model whose profiles count. `one_in` takes an even sample, the same each
    time, whatever else is in the store. What is left out is counted as it is met: `again` were judged more than once,
    `other_windows` have another length, `older` were stored by a netad that did not keep what they met.
    """

    store: ParquetStored
    window: str
    since_ns: int | None = None
    until_ns: int | None = None
    judged_by: str | None = None
    one_in: int = 1
    again: int = field(default=0, init=False)
    other_windows: int = field(default=0, init=False)
    older: int = field(default=0, init=False)

    def pieces(self) -> Iterator[StoredPiece]:
        """Yield the profiles day by day, up to 12,288 together; memory is that of a piece, and the keys of a day.

        Raises:
            OutputError: the store cannot be read, or holds something else than profiles.
        """
        for day in days(self.store.folder, "profile", self.since_ns, self.until_ns):
            low, high = self._within(day)
            chosen = self._chosen(low, high)
            if chosen is not None and not len(chosen):
                continue
            for rows in self.store.tables("profile", _COLUMNS, low, high, self._wanted):
                kept = rows if chosen is None else rows.filter(pc.is_in(rows.column(ID), chosen))
                kept = kept.filter(kept.column(DIGEST).is_valid())
                if self.one_in > 1:
                    kept = kept.filter(_sample(kept.column(ID).to_pylist(), self.one_in))
                if len(kept):
                    yield _piece(kept, self.store.where)

    def count(self) -> int:
        """Return how many profiles there are, those that are left out as `again` or `older` among them.

        Raises: as `pieces`.
        """
        ids = self.store.tables("profile", [ID], self.since_ns, self.until_ns, self._wanted)
        return sum(len(rows) for rows in ids)

    @property
    def _wanted(self) -> pc.Expression:
        wanted = pc.field(_WINDOW) == self.window
        return wanted if self.judged_by is None else wanted & (pc.field(_MODEL) == self.judged_by)

    def told(self) -> list[str]:
        """Return what was left out, as notes for the operator."""
        return [
            f"left out: {count:,} stored profiles {why}"
            for count, why in (
                (self.again, "of windows that were judged again or in part"),
                (self.other_windows, f"of windows that are not {self.window} long"),
                (self.older, "that an older netad stored without what they met"),
            )
            if count
        ]

    def _within(self, day: str) -> tuple[int, int]:
        start = start_of_day(day)
        low = start if self.since_ns is None else max(start, self.since_ns)
        return low, start + DAY_NS if self.until_ns is None else min(start + DAY_NS, self.until_ns)

    def _chosen(self, low: int, high: int) -> pa.Array | None:
        """Return the ids that count in [low, high), None for all that have the right window and model.

        Ids are made of sensor, source, window, model and digest: with one model and whole windows only, none is there
        twice, and what tells windows apart need not be read.
        """
        keys = self._keys(low, high)
        if not len(keys):
            return pa.array([], pa.string())
        if len(keys.column(_MODEL).unique()) == 1 and keys.column(DIGEST).unique().to_pylist() == [""]:
            return None
        keys = self._keys(low, high, ID, _CREATED, *_KEYS, count=False)
        frame = _windows(keys)
        if not frame.duplicated().any():
            return None
        window = list(frame.columns)
        frame["part"] = pc.not_equal(keys.column(DIGEST), "").to_numpy()
        frame["created"] = -keys.column(_CREATED).cast(pa.int64()).to_numpy()
        first = frame.sort_values(["part", "created"], kind="stable").drop_duplicates(window).index.to_numpy()
        self.again += len(frame) - len(first)
        return keys.column(ID).take(pa.array(np.sort(first)))

    def _keys(self, low: int, high: int, *more: str, count: bool = True) -> pa.Table:
        """Return model, digest and more columns of all profiles that can be judged by a model of this window."""
        read = [_WINDOW, _MODEL, DIGEST, *more]
        parts = [*self.store.tables("profile", read, low, high)]
        keys = pa.concat_tables(parts) if parts else pa.table({name: pa.array([], pa.string()) for name in read})
        fits = pc.fill_null(pc.equal(keys.column(_WINDOW), self.window), False)
        others = len(keys)
        keys = keys.filter(fits)
        others -= len(keys)
        if self.judged_by is not None:
            keys = keys.filter(pc.fill_null(pc.equal(keys.column(_MODEL), self.judged_by), False))
        if count:
            self.other_windows += others
            self.older += keys.column(DIGEST).null_count
        return keys.filter(keys.column(DIGEST).is_valid())


def _windows(keys: pa.Table) -> pd.DataFrame:
    """Return numbers that are the same for the same window of the same source, seen by the same sensor."""
    codes = {name: keys.column(name).combine_chunks().dictionary_encode().indices.to_numpy()
             for name in _KEYS if name not in (_START, _END)}  # fmt: skip
    return pd.DataFrame(codes | {name: _ns(keys, name) for name in (_START, _END)})


def _sample(ids: Sequence[str], one_in: int) -> pa.Array:
    """Tell which of some ids are in an even sample."""
    return pa.array([crc32(identity.encode()) % one_in == 0 for identity in ids], pa.bool_())


def _piece(rows: pa.Table, where: str) -> StoredPiece:
    try:
        frame = _frame(rows)
        batch = ProfileBatch(frame, Meetings.join([_meetings(rows)], [len(rows)]))
        judged = pd.DataFrame({name: rows.column(column).to_pandas() for name, column in JUDGED.items()})
    except (ValueError, TypeError, pa.ArrowException) as error:
        raise OutputError(f"{where} holds profiles that make no sense: {error}") from error
    return StoredPiece(batch, judged)


def _frame(rows: pa.Table) -> pd.DataFrame:
    """Return a ProfileFrame with strengths of behaviours; features of novelty are missing."""
    sources = rows.column(_SOURCE).combine_chunks().dictionary_encode()
    parsed, code = _addresses(sources.dictionary), sources.indices.to_numpy()
    columns = {
        "source": pd.Series(rows.column(_SOURCE).to_numpy(), dtype="str"),
        "source_hi": parsed[code, 0],
        "source_lo": parsed[code, 1],
        "window_start_ns": _ns(rows, _START),
        "window_end_ns": _ns(rows, _END),
        "inside": rows.column(_INSIDE).to_numpy().astype(bool),
        "window_digest": pd.Series(pc.fill_null(rows.column(DIGEST), "").to_numpy(), dtype="str"),
        "known_source": np.ones(len(rows), dtype=bool),
    }
    missing = np.full(len(rows), np.nan)
    there = {name: rows.column(FEATURE + name).to_numpy() for name in _FEATURES}
    columns |= {name: there.get(name, missing) for name in FEATURES.names()}
    columns |= {PREFIX + name: np.nan_to_num(rows.column(STRENGTH + name).to_numpy(), nan=0.0) for name in BEHAVIOURS}
    return pd.DataFrame(columns)


def _addresses(texts: pa.Array) -> NDArray[np.uint64]:
    """Return high and low half of addresses in text form, shape (n, 2); IPv4 ones, which are most, all at once.

    Raises:
        ValueError: one is none.
    """
    v4 = np.invert(pc.match_substring(texts, ":").to_numpy(zero_copy_only=False).astype(bool))
    parsed = np.zeros((len(texts), 2), dtype=np.uint64)
    numbers = pc.split_pattern(texts.filter(pa.array(v4)), ".")
    if not pc.all(pc.equal(pc.list_value_length(numbers), 4), min_count=0).as_py():
        raise ValueError("an address is none")
    each = numbers.flatten().cast(pa.uint8()).to_numpy().reshape(-1, 4).astype(np.uint64)
    parsed[v4, 1] = np.uint64(V4_PREFIX) | each @ np.array([1 << 24, 1 << 16, 1 << 8, 1], dtype=np.uint64)
    for place in np.flatnonzero(~v4).tolist():
        parsed[place] = parse_address(texts[place].as_py())
    return parsed


def _ns(rows: pa.Table, name: str) -> NDArray[np.int64]:
    times: NDArray[np.int64] = rows.column(name).cast(pa.int64()).to_numpy()
    return times


def _meetings(rows: pa.Table) -> Meetings:
    """Return what the rows met, in order of rows.

    Raises:
        ValueError: the four columns do not fit together.
    """
    lists = {name: rows.column(column).combine_chunks() for name, column in MET.items()}
    sizes = {name: pc.fill_null(pc.list_value_length(one), 0).to_numpy() for name, one in lists.items()}
    if any(not np.array_equal(sizes["kind"], one) for one in sizes.values()):
        raise ValueError("what they met is of different lengths")
    values = {name: one.flatten().to_numpy() for name, one in lists.items()}
    return Meetings(np.repeat(np.arange(len(rows), dtype=np.int32), sizes["kind"]), **values)
