"""Stored profiles judged anew by another model: what it says of each, and what that changes."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netad.core.timing import iso
from netad.detectors.scored import ScoredProfiles

if TYPE_CHECKING:
    from netad.detectors.model import Model
    from netad.outputs.store.profiles import StoredPiece, StoredProfiles

# Severities from the least on, as profiles carry them; `below` is under the threshold.
BANDS = ("below", "low", "medium", "high", "critical")
NEW, GONE, UP, DOWN = "newly anomalous", "no longer anomalous", "more severe", "less severe"
KINDS = (NEW, GONE, UP, DOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """A window whose severity is another now: `id` is that of the stored profile, `why` what is unusual about it.

    `why` is empty for a window that is no longer anomalous.
    """

    kind: str
    source: str
    start: str
    id: str
    before: str
    after: str
    score_before: float
    score_after: float
    why: str = ""


@dataclass(frozen=True)
class _Listed:
    change: Change
    row: pd.DataFrame


@dataclass
class Rescoring:
    """What judging stored profiles anew has found.

    `bands` counts windows by their severity before and after, `models` by the models (name and version) that judged
    them before; of each kind of change the `most` with the highest score, of what is no longer anomalous with the
    highest before, are listed.
    """

    model: "Model"
    threshold: float
    most: int
    profiles: int = 0
    sources: set[str] = field(default_factory=set)
    bands: Counter[tuple[str, str]] = field(default_factory=Counter)
    models: Counter[tuple[str, str]] = field(default_factory=Counter)
    _listed: dict[str, list[tuple[float, int, _Listed]]] = field(default_factory=dict)
    _number: Iterator[int] = field(default_factory=count)

    def add(self, piece: "StoredPiece") -> None:
        """Judge some profiles and count what changed."""
        measured = self.model.measure(piece.batch).frame
        scored = ScoredProfiles(measured, self.model.score(measured), self.model, self.threshold)
        self.profiles += len(measured)
        self.sources.update(measured["source"].unique().tolist())
        models = (piece.judged[name].tolist() for name in ("model", "version"))
        self.models.update(zip(*models, strict=True))
        places = {name: place for place, name in enumerate(BANDS)}
        before = piece.judged["severity"].map(places).fillna(0).to_numpy(np.int64)
        after = np.zeros(len(measured), dtype=np.int64)
        for row in np.flatnonzero(scored.flagged).tolist():
            severity = scored.severity(row)
            after[row] = 0 if severity is None else BANDS.index(severity.name.lower())
        pairs, counts = np.unique(before * len(BANDS) + after, return_counts=True)
        for pair, number in zip(pairs.tolist(), counts.tolist(), strict=True):
            self.bands[BANDS[pair // len(BANDS)], BANDS[pair % len(BANDS)]] += number
        was, now = piece.judged["score"].to_numpy(np.float64), scored.scores.score
        for pair in pairs[pairs // len(BANDS) != pairs % len(BANDS)].tolist():
            bands = BANDS[pair // len(BANDS)], BANDS[pair % len(BANDS)]
            rank = was if kind_of(*bands) == GONE else now
            rows = np.flatnonzero((before * len(BANDS) + after) == pair)
            for row in rows[np.argsort(-rank[rows], kind="stable")][: self.most].tolist():
                self._list(piece, scored, row, bands, float(rank[row]))

    def counts(self) -> dict[str, int]:
        """Return how many windows changed, by kind."""
        found = dict.fromkeys(KINDS, 0)
        for (before, after), number in self.bands.items():
            if before != after:
                found[kind_of(before, after)] += number
        return found

    def changes(self) -> list[Change]:
        """Return the listed changes, kind after kind, the highest scores first, with why."""
        from netad.detectors.explain import explain
        from netad.detectors.sentence import sentence

        kept = [one for kind in KINDS for _, _, one in sorted(self._listed.get(kind, ()), key=lambda each: -each[0])]
        told = [one for one in kept if one.change.after != BANDS[0]]
        why = {}
        if told:
            rows = pd.concat([one.row for one in told], ignore_index=True)
            for one, found in zip(told, explain(self.model, rows, self.threshold), strict=True):
                why[one.change.id] = sentence(one.change.source, self.model.window, found.reasons, found.profile)
        return [replace(one.change, why=why.get(one.change.id, "")) for one in kept]

    def _list(
        self, piece: "StoredPiece", scored: ScoredProfiles, row: int, bands: tuple[str, str], rank: float
    ) -> None:
        kind = kind_of(*bands)
        held = self._listed.setdefault(kind, [])
        if len(held) >= self.most and rank <= held[0][0]:
            return
        judged, keys = piece.judged.iloc[row], scored.frame.iloc[row]
        change = Change(
            kind=kind,
            source=keys["source"],
            start=iso(int(keys["window_start_ns"])),
            id=judged["id"],
            before=bands[0],
            after=bands[1],
            score_before=float(judged["score"]),
            score_after=float(scored.scores.score[row]),
        )
        heapq.heappush(held, (rank, next(self._number), _Listed(change, scored.frame.iloc[[row]])))
        if len(held) > self.most:
            heapq.heappop(held)


def kind_of(before: str, after: str) -> str:
    """Return what kind of change it is from one severity to another."""
    if before == BANDS[0]:
        return NEW
    if after == BANDS[0]:
        return GONE
    return UP if BANDS.index(after) > BANDS.index(before) else DOWN


def rescore(
    profiles: "StoredProfiles",
    model: "Model",
    budget: float,
    most: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Rescoring:
    """Judge stored profiles by a model, piece by piece; `budget` is the accepted share of false alarms.

    `on_step` is told how many profiles are judged, and of how many (those that are left out among them).

    Raises:
        OutputError: the store cannot be read.
    """
    found = Rescoring(model, model.threshold(budget), most)
    total = 0 if on_step is None else profiles.count()
    for piece in profiles.pieces():
        found.add(piece)
        if on_step is not None:
            on_step(found.profiles, total)
    return found
