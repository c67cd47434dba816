import pytest

from netad.config import Config
from netad.core.errors import ConfigError
from netad.judging import open_model, train_model
from netad.reading import Reading


def test_a_model_brings_its_window(office, tmp_path):
    """Scoring uses the window the model was trained on; another one that was asked for is refused."""
    config = Config(window="30m")
    train_model(config, Reading(config, [str(office)]), "office").save(tmp_path / "model")
    _, as_trained = open_model(Config(model=str(tmp_path / "model")))
    assert as_trained.window == "30m"
    with pytest.raises(ConfigError, match="trained on windows of 30m"):
        open_model(Config(model=str(tmp_path / "model"), window="5m"))
