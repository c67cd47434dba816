import numpy as np

from netad.detectors.transformer.frozen import NoNetwork, nearest


def test_known_texts_are_near(encoder, tiny_base, text):
    """A training text that is there three times is at distance 0, another is farther away."""
    train = [text(0), text(0), text(0), text(1)]
    away = nearest(train, [text(0), text(2)], encoder.fields, tiny_base)
    assert away.shape == (2,)
    assert away[0] < 1e-3 < away[1]


def test_no_network_lets_every_name_belong(encoder, usual_of, text, tmp_path):
    """Without a network a text is as unexpected as its words are rare."""
    runner = NoNetwork().using("cpu", "fp32")
    scores = runner.run(encoder.batch([encoder.encode(text(0))]).ids)
    assert (scores[..., :-1] == 0).all()
    assert np.logaddexp(0, -scores[..., -1]).max() < 1e-6
    runner.save(tmp_path)
    assert list(tmp_path.iterdir()) == []
