"""A profile's text as the numbers a model takes: pieces of its tokenizer, and where in them something is predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from netad.core.errors import ConfigError
from netad.detectors.transformer.levels import MISSING, WORDS
from netad.detectors.transformer.names import KINDS, Named
from netad.detectors.transformer.text import FIELDS, KNOWN, NEW, ProfileText
from netad.profiles.features import FEATURES

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

# What may stand in a slot: a level, or in front of a name whether it is known.
CHOICES = (*WORDS, KNOWN, NEW)
NAME_KINDS = tuple(KINDS.values())
MOST_TOKENS = 128
MOST_NAME_PIECES = 12
MOST_NAMES = 20
NOWHERE = -1
# Rows of a batch and pieces of a row come in steps: equal shapes give equal sums, whatever is scored beside a row.
ROWS, PIECES = 16, 16
_SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
_MOST_CACHED = 1 << 16


@dataclass(frozen=True)
class Encoded:
    """One text, t pieces; every array has the shape (t,).

    Attributes:
        ids: the pieces' numbers.
        slot: at a word that is predicted which slot it fills (a field of the template, or behind those the kind of a
            name), `NOWHERE` at others.
        choice: which of `CHOICES` stands there.
        name: which of the text's names a piece belongs to, `NOWHERE` for none.
    """

    ids: Ints
    slot: Ints
    choice: Ints
    name: Ints


@dataclass(frozen=True)
class Batch:
    """Texts of one padded length, arrays of shape (rows, pieces) as in `Encoded`; padding has the id of `[PAD]`."""

    ids: Ints
    slot: Ints
    choice: Ints
    name: Ints


class TextEncoder:
    """Turns texts over some fields into pieces.

    Attributes:
        fields: the features that have a slot, in the order of the template.
        mask, pad: numbers of the special pieces.
        choice_ids: the piece of each of `CHOICES`, shape (c,).
    """

    def __init__(self, tokenizer: Tokenizer, fields: Sequence[str], most_tokens: int) -> None:
        """Prepare a tokenizer for the template over `fields` and a model that takes `most_tokens`.

        Raises:
            ConfigError: a word of the template is no single piece, or the template is longer than the model takes.
        """
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._cache: dict[str, tuple[int, ...]] = {}
        self.fields = tuple(fields)
        special = [number for name in _SPECIAL if (number := tokenizer.token_to_id(name)) is not None]
        if len(special) < len(_SPECIAL):
            raise ConfigError("the base model's tokenizer is not one of BERT's kind: it has no [CLS], [SEP] or [MASK]")
        self.pad, self._begin, self._end, self.mask = special
        self.choice_ids = np.array([self._single(word) for word in CHOICES], dtype=np.int64)
        self._field_ids = [self._single(FIELDS[name]) for name in fields]
        self._kind_ids = {kind: self._single(kind) for kind in NAME_KINDS}
        needed = 2 * len(self.fields) + 2
        if most_tokens < needed:
            raise ConfigError(f"the base model takes {most_tokens} tokens, and a profile's text needs {needed}: "
                              "choose another --base-model")  # fmt: skip
        self._most = min(most_tokens, MOST_TOKENS)

    @classmethod
    def load(cls, path: Path, fields: Sequence[str], most_tokens: int) -> "TextEncoder":
        """Return the encoder of a `tokenizer.json`.

        Raises:
            ConfigError: the file is missing or damaged, or does not suit the template.
        """
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            raise ConfigError(f"the tokenizer {path} cannot be read: {str(error)[:200]}") from error
        return cls(tokenizer, fields, most_tokens)

    def save(self, path: Path) -> None:
        """Write the tokenizer."""
        path.write_text(self._tokenizer.to_str(), encoding="utf-8")

    @property
    def slots(self) -> int:
        """How many slots there are: the fields, and one for each kind of names."""
        return len(self.fields) + len(NAME_KINDS)

    @cached_property
    def allowed(self) -> Mask:
        """What can stand in each slot, shape (slots, c): levels on a feature's suspicious side, or marks of names."""
        normal, levels = WORDS.index("normal"), len(WORDS)
        result = np.zeros((self.slots, len(CHOICES)), dtype=bool)
        for place, name in enumerate(self.fields):
            side = FEATURES[name].suspicious
            result[place, normal if side == "high" else 0 : normal + 1 if side == "low" else levels] = True
        result[len(self.fields) :, levels:] = True
        return result

    def encode(self, text: ProfileText) -> Encoded:
        """Return a text's pieces; names that do not fit are left out, whole."""
        ids, slot, choice, name = [self._begin], [NOWHERE], [NOWHERE], [NOWHERE]
        for place, level in enumerate(text.levels):
            if level != MISSING:
                ids += (self._field_ids[place], int(self.choice_ids[level]))
                slot += (NOWHERE, place)
                choice += (NOWHERE, level)
        name += [NOWHERE] * (len(ids) - 1)
        kind = ""
        for number, one in enumerate(text.names[:MOST_NAMES]):
            pieces = self.pieces(one.text)[:MOST_NAME_PIECES]
            heading = [self._kind_ids[one.kind]] if one.kind != kind else []
            if not pieces or len(ids) + len(heading) + 2 + len(pieces) > self._most:
                continue
            kind, mark = one.kind, CHOICES.index(NEW if one.new else KNOWN)
            ids += (*heading, int(self.choice_ids[mark]), *pieces)
            before, behind = [NOWHERE] * len(heading), [NOWHERE] * len(pieces)
            slot += (*before, len(self.fields) + NAME_KINDS.index(one.kind), *behind)
            choice += (*before, mark, *behind)
            name += (*before, NOWHERE, *([number] * len(pieces)))
        columns = [*ids, self._end], [*slot, NOWHERE], [*choice, NOWHERE], [*name, NOWHERE]
        return Encoded(*(np.array(column, dtype=np.int64) for column in columns))

    def batch(self, texts: Sequence[Encoded], rows: int | None = None) -> Batch:
        """Return texts padded to one length, and with empty ones to `rows`."""
        longest = max(len(one.ids) for one in texts)
        shape = (rows or len(texts), -(-longest // PIECES) * PIECES)
        arrays = {}
        for field in ("ids", "slot", "choice", "name"):
            array = np.full(shape, self.pad if field == "ids" else NOWHERE, dtype=np.int64)
            for row, one in enumerate(texts):
                array[row, : len(one.ids)] = getattr(one, field)
            arrays[field] = array
        # A row of nothing but padding has nothing to attend to.
        arrays["ids"][len(texts) :, 0] = self._begin
        return Batch(**arrays)

    def pieces(self, word: str) -> tuple[int, ...]:
        """Return the pieces of a word or name."""
        known = self._cache.get(word)
        if known is None:
            known = tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)
            if len(self._cache) < _MOST_CACHED:
                self._cache[word] = known
        return known

    def _single(self, word: str) -> int:
        pieces = self.pieces(word)
        if len(pieces) != 1 or pieces[0] == self._tokenizer.token_to_id("[UNK]"):
            raise ConfigError(f"the base model's vocabulary does not have the word {word!r}: choose one with BERT's "
                              "English vocabulary")  # fmt: skip
        return pieces[0]


def replaced(text: ProfileText, place: int, name: str) -> ProfileText:
    """Return a text with another name in the place of one."""
    old = text.names[place]
    names = (*text.names[:place], Named(old.kind, old.new, name), *text.names[place + 1 :])
    return ProfileText(text.levels, names)
