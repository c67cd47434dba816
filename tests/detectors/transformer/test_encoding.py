import numpy as np
import pytest

from netad.core.errors import ConfigError
from netad.detectors.transformer import base_model
from netad.detectors.transformer.encoding import CHOICES, MOST_TOKENS, NOWHERE, PIECES, TextEncoder, replaced
from netad.detectors.transformer.text import FIELDS


def test_slots_say_what_stands_where(encoder, text):
    """Every field has a slot with its level, every name a mark and pieces of its own."""
    made = text(1, names=(("domains", True, "ab"), ("domains", False, "c"), ("agents", False, "d")))
    encoded = encoder.encode(made)
    at = encoded.slot != NOWHERE
    assert encoded.choice[at].tolist()[: len(FIELDS)] == list(made.levels)
    assert [CHOICES[one] for one in encoded.choice[at].tolist()[len(FIELDS) :]] == ["new", "known", "known"]
    assert np.array_equal(encoded.ids[at], encoder.choice_ids[encoded.choice[at]])
    assert encoded.name[encoded.name != NOWHERE].tolist() == [0, 0, 1, 2]
    assert len(encoded.ids) == len(encoded.slot) == len(encoded.choice) == len(encoded.name)


def test_missing_fields_are_left_out(encoder, text):
    """A level that is missing has neither its field's word nor a slot."""
    made = text(names=())
    less = type(made)((-1, *made.levels[1:]), ())
    assert len(encoder.encode(less).ids) == len(encoder.encode(made).ids) - 2
    assert 0 not in encoder.encode(less).slot


def test_texts_never_get_longer_than_the_model_takes(encoder, text):
    """Names that do not fit are left out whole."""
    long = text(names=[("domains", True, "x" * 48)] * 20)
    encoded = encoder.encode(long)
    assert len(encoded.ids) <= MOST_TOKENS
    pieces = np.bincount(encoded.name[encoded.name != NOWHERE])
    assert len(set(pieces.tolist())) == 1


def test_batches_are_padded_to_steps(encoder, text):
    """Rows of a batch have one length, a multiple of 16, and more rows where asked."""
    batch = encoder.batch([encoder.encode(text(names=())), encoder.encode(text())], rows=5)
    assert batch.ids.shape[0] == 5
    assert batch.ids.shape[1] % PIECES == 0
    assert (batch.slot[2:] == NOWHERE).all()


def test_slots_allow_what_their_features_can_show(encoder):
    """A feature that is suspicious when high is never below normal; names are known or new."""
    place = encoder.fields.index("failed_share")
    assert [CHOICES[one] for one in np.flatnonzero(encoder.allowed[place])] == [
        "normal", "high", "large", "above", "extreme",
    ]  # fmt: skip
    assert [CHOICES[one] for one in np.flatnonzero(encoder.allowed[-1])] == ["known", "new"]


def test_a_name_is_exchanged_in_its_place(text):
    """Only that name changes."""
    made = text(names=(("domains", True, "a"), ("agents", False, "b")))
    assert [one.text for one in replaced(made, 0, "z").names] == ["z", "b"]


def test_a_model_that_takes_too_little_is_refused(tiny_base):
    """A base model with fewer positions than the template needs is said to be too small."""
    with pytest.raises(ConfigError, match="takes 32 tokens"):
        TextEncoder.load(tiny_base.folder / base_model.TOKENIZER, tuple(FIELDS), 32)


def test_a_tokenizer_of_another_kind_is_refused(tmp_path):
    """A damaged file, and a vocabulary without the words of the template, are sentences."""
    from tokenizers import Tokenizer, models

    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    with pytest.raises(ConfigError, match="cannot be read"):
        TextEncoder.load(broken, ("flows",), 128)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for words, message in ((["a", "[UNK]"], "BERT's kind"), (special, "'below'")):
        vocabulary = {word: number for number, word in enumerate(words)}
        with pytest.raises(ConfigError, match=message):
            TextEncoder(Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]")), ("flows",), 128)
