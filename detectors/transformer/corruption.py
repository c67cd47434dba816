"""Texts with words hidden or exchanged, for a network to tell what stood there: the only examples training has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netad.detectors.transformer.encoding import NOWHERE, Batch, Encoded, TextEncoder, replaced
from netad.detectors.transformer.names import KINDS
from netad.detectors.transformer.text import ProfileText

Float32 = NDArray[np.float32]
Random = np.random.Generator

# Share of a text's words that are touched, drawn for each text, and of its names.
LEAST, MOST, NAMES = 0.1, 0.45, 0.25
# Of the words touched, so many are hidden behind [MASK]; the rest are exchanged, and so the network learns to doubt
# what it sees: then one look at a whole text says how unexpected each word is.
HIDDEN = 0.5
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ENDS = (".com", ".net", ".org", ".info", ".top", ".biz", ".xyz")
_SERVICES = ("tcp port", "tcp high port", "udp high port", "telnet", "irc chat", "remote desktop", "smb files", "tor")


@dataclass(frozen=True)
class Examples:
    """A batch of corrupted texts: what truly belongs there is in `batch.choice`.

    Attributes:
        batch: pieces as the network sees them.
        slot_kept: at slots 1 where the word is the true one, 0 where it was exchanged, shape (rows, pieces).
        name_kept: at pieces of names the same, shape (rows, pieces).
    """

    batch: Batch
    slot_kept: Float32
    name_kept: Float32


class Corruption:
    """Corrupts texts: hides and exchanges words (`hidden` is the share hidden), and exchanges names.

    A name gives way to one that another profile said, or to one made up.
    """

    def __init__(self, encoder: TextEncoder, texts: Sequence[ProfileText], hidden: float = HIDDEN) -> None:
        self._encoder = encoder
        self._hidden = hidden
        kinds = KINDS.values()
        self._said = {kind: sorted({one.text for text in texts for one in text.names if one.kind == kind})
                      for kind in kinds}  # fmt: skip
        self._others = [np.flatnonzero(allowed) for allowed in encoder.allowed]

    def examples(self, texts: Sequence[ProfileText], draw: Random) -> Examples:
        """Return corrupted copies of texts, in their order."""
        made = [self._corrupted(text, draw) for text in texts]
        batch = self._encoder.batch([encoded for encoded, _, _ in made])
        slot_kept, name_kept = np.ones(batch.ids.shape, np.float32), np.ones(batch.ids.shape, np.float32)
        for row, (encoded, slots, names) in enumerate(made):
            slot_kept[row, : len(slots)] = slots
            belongs = np.array([*names, 1.0], dtype=np.float32)
            name_kept[row, : len(encoded.name)] = belongs[encoded.name]
        return Examples(batch, slot_kept, name_kept)

    def _corrupted(self, text: ProfileText, draw: Random) -> tuple[Encoded, Float32, list[float]]:
        kept = [1.0] * len(text.names)
        said = {one.text for one in text.names}
        for place, one in enumerate(text.names):
            if draw.random() < NAMES:
                name = self._other_name(one.kind, draw)
                kept[place] = float(name in said)
                text = replaced(text, place, name)
        encoded = self._encoder.encode(text)
        ids, slots = encoded.ids.copy(), np.ones(len(encoded.ids), dtype=np.float32)
        share = draw.uniform(LEAST, MOST)
        for place in np.flatnonzero(encoded.slot != NOWHERE).tolist():
            if draw.random() >= share:
                continue
            if draw.random() < self._hidden:
                ids[place] = self._encoder.mask
            else:
                others = self._others[encoded.slot[place]]
                ids[place] = self._encoder.choice_ids[draw.choice(others[others != encoded.choice[place]])]
                slots[place] = 0.0
        return replace(encoded, ids=ids), slots, kept

    def _other_name(self, kind: str, draw: Random) -> str:
        said = self._said[kind]
        if len(said) > 1 and draw.random() < 0.5:
            return str(draw.choice(said))
        if kind == KINDS["port"]:
            return str(draw.choice(_SERVICES))
        made_up = "".join(draw.choice(list(_LETTERS), draw.integers(4, 16)))
        return made_up if kind == KINDS["agent"] else made_up + str(draw.choice(_ENDS))


def mixed(texts: Sequence[ProfileText], draw: Random, fields: int = 4) -> list[ProfileText]:
    """Return each text with some of its levels taken from another text: wrong together, though each is usual.

    Made otherwise than `Corruption` makes its examples, so that a network that has merely learnt to see through those
    does no better on these.
    """
    result = []
    for text in texts:
        other = texts[int(draw.integers(len(texts)))]
        places = draw.permutation(len(text.levels))[:fields].tolist()
        levels = list(text.levels)
        for place in places:
            levels[place] = other.levels[place]
        result.append(ProfileText(tuple(levels), text.names))
    return result
