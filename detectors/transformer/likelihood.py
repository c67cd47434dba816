"""From a network's scores to how unexpected each word of a text is; NumPy alone, so that it needs no torch."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netad.detectors.transformer.encoding import CHOICES, NOWHERE, Batch, Ints, Mask
from netad.detectors.transformer.text import ProfileText

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# A word that never stood in a slot counts as having stood there so often.
_UNSEEN = 0.3
_NEVER = -1e9
# Behind a score for each choice a network gives one for "this belongs here".
BELONGS = len(CHOICES)


@dataclass(frozen=True)
class Unexpected:
    """How unexpected each word in a slot of a batch is, m of them, and each piece of a name, k of them.

    Attributes:
        row, slot, choice: where a word stands, which slot it fills, and which of `CHOICES` it is, shape (m,).
        nll: its negative log-likelihood, nats, shape (m,).
        expected: the most likely of `CHOICES` there, shape (m,).
        name_row, name: the row and the number of the name that a piece is of, shape (k,).
        name_nll: negative log-likelihood that it belongs there, nats, shape (k,).
    """

    row: Ints
    slot: Ints
    choice: Ints
    nll: Float64
    expected: Ints
    name_row: Ints
    name: Ints
    name_nll: Float64


def usual(texts: Iterable[ProfileText], marks: dict[str, int], allowed: Mask) -> Float64:
    """Return how often each choice stands in each slot, as logarithms, shape (slots, c).

    `marks` are the slots of the kinds of names. It is where the head begins: what a text would be without context.
    """
    counts = np.where(allowed, _UNSEEN, 0.0)
    for text in texts:
        for place, level in enumerate(text.levels):
            if level >= 0:
                counts[place, level] += 1
        for one in text.names:
            counts[marks[one.kind], len(CHOICES) - 1 if one.new else len(CHOICES) - 2] += 1
    counts = np.where(allowed, counts, 0.0)
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.where(allowed, np.log(np.where(allowed, share, 1.0)), _NEVER)


def unexpected(outputs: Float32, batch: Batch, usual_log: Float64, *, by_belonging: bool) -> Unexpected:
    """Return how unexpected a batch's words are, from a network's outputs of shape (rows, pieces, c + 1).

    With `by_belonging` a word is as unexpected as it is unlikely to belong (replaced-field detection), otherwise as it
    is unlikely among all that may stand in its slot (masked-field modelling).
    """
    row, place = np.nonzero(batch.slot != NOWHERE)
    slot, choice = batch.slot[row, place], batch.choice[row, place]
    scores = outputs[row, place, : len(CHOICES)].astype(np.float64) + usual_log[slot]
    highest = scores.max(axis=1, initial=_NEVER)
    total = highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1))
    nll = total - scores[np.arange(len(row)), choice]
    if by_belonging:
        nll = _not(outputs[row, place, BELONGS])
    name_row, name_place = np.nonzero(batch.name != NOWHERE)
    return Unexpected(
        row, slot, choice, nll, scores.argmax(axis=1), name_row, batch.name[name_row, name_place],
        _not(outputs[name_row, name_place, BELONGS]),
    )  # fmt: skip


def _not(scores: Float32) -> Float64:
    """Return -log of the probability that belongs to a score (logit), shape as given."""
    return np.logaddexp(0.0, -scores.astype(np.float64))
