import numpy as np

from netad.detectors.transformer.corruption import Corruption, mixed
from netad.detectors.transformer.encoding import NOWHERE
from netad.detectors.transformer.text import ProfileText


def test_what_stood_there_is_what_is_to_be_told(encoder, text):
    """Slots are hidden or exchanged for another allowed word; the truth stays in `choice`, and says which were."""
    texts = [text(number, names=()) for number in range(40)]
    examples = Corruption(encoder, texts).examples(texts, np.random.default_rng(0))
    batch, at = examples.batch, examples.batch.slot != NOWHERE
    true = encoder.batch([encoder.encode(one) for one in texts])
    assert np.array_equal(batch.choice, true.choice)
    touched = at & (batch.ids != true.ids)
    assert 0.15 < touched.sum() / at.sum() < 0.4
    hidden = batch.ids[touched] == encoder.mask
    assert 0.35 < hidden.mean() < 0.65
    assert np.array_equal(examples.slot_kept == 0, touched & (batch.ids != encoder.mask))
    assert np.array_equal(batch.ids[~at], true.ids[~at])
    for row, place in zip(*np.nonzero(examples.slot_kept == 0), strict=True):
        stands = np.flatnonzero(encoder.choice_ids == batch.ids[row, place])[0]
        assert encoder.allowed[batch.slot[row, place], stands]


def test_names_give_way_to_names_that_were_not_said(encoder, text):
    """Pieces of exchanged names are marked as not belonging; those of names of the text itself are not."""
    texts = [text(0, names=[("domains", False, f"d{number}.org")]) for number in range(60)]
    examples = Corruption(encoder, texts).examples(texts, np.random.default_rng(1))
    inside = examples.batch.name != NOWHERE
    exchanged = [(examples.name_kept[row][inside[row]] == 0) for row in range(60)]
    assert all(one.all() or not one.any() for one in exchanged)
    assert 5 < sum(one.all() for one in exchanged) < 30
    assert (examples.name_kept[~inside] == 1).all()


def test_only_exchanged_words_without_hiding(encoder, text):
    """Replaced-field detection sees no [MASK]."""
    texts = [text(number) for number in range(10)]
    examples = Corruption(encoder, texts, hidden=0.0).examples(texts, np.random.default_rng(0))
    assert not (examples.batch.ids == encoder.mask).any()


def test_the_same_draw_gives_the_same_examples(encoder, text):
    """Examples depend on texts and generator alone."""
    texts = [text(number) for number in range(5)]
    one, two = (Corruption(encoder, texts).examples(texts, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.batch.ids, two.batch.ids)


def test_mixed_texts_take_levels_from_each_other():
    """Each level of a mixed text is one of its own or of another's, in its place; names stay."""
    texts = [ProfileText((level,) * 8, ()) for level in (3, 5)]
    found = mixed(texts, np.random.default_rng(0))
    assert len(found) == 2
    assert all(set(one.levels) <= {3, 5} for one in found)
    assert all(
        sum(level != own.levels[0] for level in one.levels) in (0, 4) for one, own in zip(found, texts, strict=True)
    )
