import numpy as np
import pytest

from netad.detectors.transformer.encoding import CHOICES, NOWHERE
from netad.detectors.transformer.likelihood import BELONGS, unexpected


def outputs(batch):
    return np.zeros((*batch.ids.shape, len(CHOICES) + 1), dtype=np.float32)


def test_without_context_rare_words_are_unexpected(encoder, usual_of, text):
    """A network that says nothing leaves how often each word stands in its slot: -log of that share."""
    texts = [text(0)] * 9 + [text(1)]
    batch = encoder.batch([encoder.encode(text(0)), encoder.encode(text(1))])
    found = unexpected(outputs(batch), batch, usual_of(texts), by_belonging=False)
    first = found.slot == 0
    common, rare = found.nll[first & (found.row == 0)], found.nll[first & (found.row == 1)]
    unseen = np.count_nonzero(encoder.allowed[0]) * 0.3
    assert common[0] == pytest.approx(-np.log(9.3 / (10 + unseen)))
    assert rare[0] == pytest.approx(-np.log(1.3 / (10 + unseen)))
    assert (found.expected[first] == found.choice[first & (found.row == 0)][0]).all()


def test_shares_of_each_slot_add_up(encoder, usual_of, text):
    """What may stand in a slot has shares that add up to 1, what may not has none."""
    share = np.exp(usual_of([text(0), text(2)]))
    assert np.allclose(share.sum(axis=1), 1)
    assert (share[~encoder.allowed] == 0).all()


def test_the_network_outweighs_what_is_usual(encoder, usual_of, text):
    """A high score for a word makes it expected."""
    batch = encoder.batch([encoder.encode(text(0))])
    said = outputs(batch)
    place = int(np.flatnonzero(batch.slot[0] == 0)[0])
    said[0, place, batch.choice[0, place]] = 50
    assert unexpected(said, batch, usual_of([text(1)]), by_belonging=False).nll[0] == pytest.approx(0)


def test_what_does_not_belong_is_unexpected(encoder, usual_of, text):
    """By belonging, a word's and a name's nats are those of "this was replaced"."""
    batch = encoder.batch([encoder.encode(text(0))])
    said = outputs(batch)
    said[..., BELONGS] = np.where(batch.slot == 0, -3.0, 4.0)
    found = unexpected(said, batch, usual_of([text(0)]), by_belonging=True)
    assert found.nll[found.slot == 0] == pytest.approx(np.log1p(np.exp(3)))
    assert found.name_nll == pytest.approx(np.log1p(np.exp(-4)))
    assert len(found.name) == np.count_nonzero(batch.name != NOWHERE)
