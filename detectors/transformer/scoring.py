"""Texts to raw scores: each distinct text once, in batches of equal shapes, by whatever runs the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netad.detectors.transformer.encoding import PIECES, Encoded, Ints, TextEncoder
from netad.detectors.transformer.likelihood import Float32, Unexpected, unexpected
from netad.detectors.transformer.text import ProfileText

Float64 = NDArray[np.float64]

# Scores of so many texts are remembered: an explanation asks for the same ones again and again.
MOST_REMEMBERED = 1 << 16
# A compromise: with weights of 0, .3 and 1 macro AUROC was .976, .974 and .953 on dev.yaml, and .854, .862 and .871 on
# captures.yaml (seed 0, transplant).
NAME_WEIGHT = 0.3
# Sums in another order differ behind these decimals.
DECIMALS = 4


class Runner(Protocol):
    """Runs the network, on batches of `rows` texts at a time."""

    @property
    def rows(self) -> int:
        """How many texts a batch holds."""
        ...

    def run(self, ids: Ints) -> Float32:
        """Return the scores of pieces of shape (rows, pieces): shape (rows, pieces, outputs)."""
        ...

    def using(self, device: str, precision: str) -> "Runner":
        """Return the same network on another device, in another precision."""
        ...

    def save(self, folder: Path) -> None:
        """Write the network."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """How unexpected one thing in a text is, nats: in a slot the choice that stands there and the most likely one.

    `name` is the number of the name for a whole name, -1 for the words in slots.
    """

    slot: int
    choice: int
    expected: int
    name: int
    nll: float


@dataclass(frozen=True)
class Reader:
    """Reads texts with a network.

    `usual_log` is how often each word stands in each slot (netad.detectors.transformer.likelihood.usual).
    """

    encoder: TextEncoder
    usual_log: Float64
    runner: Runner
    by_belonging: bool

    def scores(self, texts: Sequence[ProfileText], remembered: dict[ProfileText, float]) -> Float64:
        """Return the raw score of each text, shape (n,); `remembered` is looked into and added to."""
        fresh = list(dict.fromkeys(text for text in texts if text not in remembered))
        found = dict(zip(fresh, (score(words, len(self.encoder.fields)) for words in self.words(fresh)), strict=True))
        result = np.array([found[text] if text in found else remembered[text] for text in texts], dtype=np.float64)
        if len(remembered) + len(found) > MOST_REMEMBERED:
            remembered.clear()
        remembered.update(dict(list(found.items())[:MOST_REMEMBERED]))
        return result

    def words(self, texts: Sequence[ProfileText]) -> list[tuple[Word, ...]]:
        """Return for each text how unexpected its words and names are, in the order of the text."""
        encoded = [self.encoder.encode(text) for text in texts]
        length = np.array([-(-len(one.ids) // PIECES) for one in encoded], dtype=np.intp)
        result: list[tuple[Word, ...]] = [()] * len(texts)
        for steps in np.unique(length).tolist():
            alike = np.flatnonzero(length == steps)
            for start in range(0, len(alike), self.runner.rows):
                chosen = alike[start : start + self.runner.rows].tolist()
                for place, words in zip(chosen, self._batch([encoded[one] for one in chosen]), strict=True):
                    result[place] = words
        return result

    def _batch(self, encoded: Sequence[Encoded]) -> list[tuple[Word, ...]]:
        batch = self.encoder.batch(encoded, self.runner.rows)
        found = unexpected(self.runner.run(batch.ids), batch, self.usual_log, by_belonging=self.by_belonging)
        told: list[list[Word]] = [[] for _ in range(self.runner.rows)]
        columns = (found.row, found.slot, found.choice, found.expected, found.nll)
        for row, slot, choice, expected, nll in zip(*(column.tolist() for column in columns), strict=True):
            told[row].append(Word(slot, choice, expected, -1, nll))
        for row, name, nll in _names(found):
            told[row].append(Word(-1, -1, -1, name, nll))
        return [tuple(words) for words in told[: len(encoded)]]


def score(words: Sequence[Word], fields: int) -> float:
    """Return the raw score of a text over `fields` fields: nats of all its words by the number of levels among them.

    Whether a name belongs is a guess from few examples, so that names count for less than the words in slots.
    """
    slots = sum(one.nll for one in words if one.name < 0)
    names = sum(one.nll for one in words if one.name >= 0)
    levels = sum(0 <= one.slot < fields for one in words)
    return round((slots + NAME_WEIGHT * names) / max(levels, 1), DECIMALS)


def _names(found: Unexpected) -> list[tuple[int, int, float]]:
    """Return row, number and mean over its pieces of each name."""
    if not len(found.name_row):
        return []
    width = int(found.name.max()) + 1
    key, place = np.unique(found.name_row * width + found.name, return_inverse=True)
    mean = np.bincount(place, weights=found.name_nll) / np.bincount(place)
    return list(zip((key // width).tolist(), (key % width).tolist(), mean.tolist(), strict=True))
