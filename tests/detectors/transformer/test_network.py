import numpy as np
import pytest
import torch

from netad.core.errors import ConfigError, ModelError
from netad.detectors.transformer import base_model
from netad.detectors.transformer.network import BELONGS, OUTPUTS, build, empty
from tests.detectors.tiny_base import write_tiny_base


def test_untrained_it_says_nothing(network, encoder, text):
    """The head begins at 0: no choice is preferred anywhere, and everything belongs."""
    ids = torch.from_numpy(encoder.batch([encoder.encode(text())]).ids)
    scores = network(ids)
    assert scores.shape == (*ids.shape, OUTPUTS)
    assert (scores[..., :BELONGS] == 0).all()
    assert (scores[..., BELONGS] > 0).all()


def test_padding_does_not_matter(network, encoder, text):
    """A row reads the same however long it is padded."""
    network.eval()
    ids = torch.from_numpy(encoder.batch([encoder.encode(text())]).ids)
    longer = torch.nn.functional.pad(ids, (0, 16), value=encoder.pad)
    with torch.no_grad():
        short, long = network.hidden(ids), network.hidden(longer)[:, : ids.shape[1]]
    there = (ids != encoder.pad)[..., None]
    assert np.allclose(short * there, long * there, atol=1e-5)


def test_weights_come_from_the_base_model_or_from_the_seed(tiny_base, encoder):
    """Pre-trained networks share the encoder whatever the seed; random ones follow the seed."""
    one, two = (build(tiny_base, encoder.pad, seed=seed) for seed in (1, 2))
    name = "encoder.layer.0.attention.self.query.weight"
    weights = [dict(each.named_parameters())[f"encoder.{name}"] for each in (one, two)]
    assert torch.equal(*weights)
    drawn = [dict(build(tiny_base, encoder.pad, seed=seed, pretrained=False).named_parameters())[f"encoder.{name}"]
             for seed in (1, 2, 1)]  # fmt: skip
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], weights[0])


def test_weights_that_do_not_fit_are_a_sentence(tmp_path):
    """Weights of another shape than the configuration says are the operator's mistake, and so is damage."""
    base = write_tiny_base(tmp_path)
    (tmp_path / base_model.WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        build(base, 0, seed=0)
    (tmp_path / base_model.CONFIG).write_text("{}")
    with pytest.raises(ModelError, match="damaged"):
        empty(tmp_path, 0)


def test_a_configuration_of_absurd_size_is_refused_before_memory_is_asked_for(tmp_path):
    """A million layers would only be noticed when nothing is left: loaded, drawn by seed, or in a saved model."""
    base = write_tiny_base(tmp_path, num_hidden_layers=1_000_000)
    for pretrained in (True, False):
        with pytest.raises(ConfigError, match="cannot be loaded"):
            build(base, 0, seed=0, pretrained=pretrained)
    with pytest.raises(ModelError, match="damaged"):
        empty(tmp_path, 0)
