import logging

import numpy as np
import pytest
import torch

from netad.detectors.transformer import adapting
from netad.detectors.transformer.adapting import Adapting
from netad.detectors.transformer.network import build
from netad.detectors.transformer.settings import TransformerSettings


@pytest.fixture
def train(tiny_base, encoder, usual_of, text):
    """Trains a network on ten texts, three of them held out; returns it with how training went."""

    def run(clock=lambda: 0.0, beginning=1, **changed):
        settings = TransformerSettings(**{"steps": 12, **changed})
        texts = [text(number) for number in range(10)]
        network = build(tiny_base, encoder.pad, seed=beginning, pretrained=settings.pretrained)
        went = Adapting(network, encoder, usual_of(texts), settings, seed=5, clock=clock).run(texts[:7], texts[7:])
        return network, went

    return run


def interrupt(train, path):
    """Train, keep the state after each step, and stop after the seventh."""

    def at_seven(done, _):
        if done == 7:
            raise KeyboardInterrupt

    moments = iter(range(0, 100_000, 100))
    with pytest.raises(KeyboardInterrupt):
        train(checkpoint=path, on_step=at_seven, clock=lambda: float(next(moments)))


def weights(network):
    return torch.cat([one.detach().ravel() for one in network.parameters()]).numpy()


@pytest.mark.parametrize("objective", ["masked", "replaced"])
def test_training_learns_and_is_seeded(train, objective):
    """The weights move, the same in every run, and the best look's are kept."""
    (one, went), (two, _) = train(objective=objective), train(objective=objective)
    assert np.array_equal(weights(one), weights(two))
    assert one.out.weight.abs().max() > 0
    assert 0 < went.kept <= went.steps <= 12
    assert not one.training


def test_word_embeddings_stay_as_they_were_trained(train, tiny_base, encoder):
    """A few profiles must not move the words' meanings; without pre-training there is nothing to keep."""
    name = "encoder.embeddings.word_embeddings.weight"
    before = dict(build(tiny_base, encoder.pad, seed=1).named_parameters())[name]
    assert torch.equal(dict(train()[0].named_parameters())[name], before)
    drawn = dict(build(tiny_base, encoder.pad, seed=1, pretrained=False).named_parameters())[name]
    assert not torch.equal(dict(train(pretrained=False)[0].named_parameters())[name], drawn)


def test_training_stops_when_held_out_profiles_read_no_better(train, monkeypatch):
    """Three looks in a row without a better figure end it, with the weights of the best."""
    figures = iter([0.5, 0.9, *[0.1] * 20])
    monkeypatch.setattr(Adapting, "_separation", lambda *_: next(figures))
    monkeypatch.setattr(adapting, "LOOKS", 12)
    _, went = train(objective="replaced")
    assert (went.kept, went.steps, went.figure) == (2, 5, 0.9)


def test_an_interrupted_training_goes_on_to_the_same_end(train, tmp_path):
    """Ended in the middle and begun again, it has the weights of one that was never ended; the state is gone then."""
    whole, _ = train()
    path = tmp_path / "training"
    interrupt(train, path)
    assert path.is_file()
    steps = []
    resumed, _ = train(checkpoint=path, on_step=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 12) for done in range(7, 13)]
    assert np.allclose(weights(resumed), weights(whole), atol=1e-6)
    assert not path.exists()


def test_a_training_from_another_beginning_starts_anew(train, tmp_path):
    """The state of an interrupted training is no use to a base model whose files have changed since."""
    path = tmp_path / "training"
    interrupt(train, path)
    steps = []
    train(checkpoint=path, beginning=2, on_step=lambda done, _: steps.append(done))
    assert steps[0] == 1


def test_progress_is_told(train, caplog):
    """Steps, the figure and the time that is left are logged."""
    with caplog.at_level(logging.INFO):
        train()
    assert "step 12 of 12" in caplog.text
    assert "0 s left" in caplog.text


def test_the_callers_random_numbers_are_left_alone(train):
    """Training draws from generators of its own."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    train()
    assert torch.equal(torch.rand(2), expected)
