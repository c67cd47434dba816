import json
import os
import subprocess
import sys

import pytest

from netad.core.errors import ConfigError, MissingExtraError
from netad.detectors.transformer import base_model
from tests.detectors.tiny_base import write_tiny_base


def test_a_folder_is_used_as_it_is(tmp_path):
    """A folder with configuration, weights and tokenizer is a base model; nothing is fetched."""
    write_tiny_base(tmp_path / "mine")
    found = base_model.find(str(tmp_path / "mine"))
    assert found.folder == tmp_path / "mine"
    assert found.most_tokens == 128


@pytest.mark.parametrize("missing", base_model.FILES)
def test_an_incomplete_folder_is_said(tmp_path, missing):
    """Each file that is missing is named."""
    write_tiny_base(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(ConfigError, match=f"has no {missing}"):
        base_model.find(str(tmp_path))


def test_another_architecture_is_refused(tmp_path):
    """A model that writes texts, say, is none to adapt, whatever its configuration calls things."""
    write_tiny_base(tmp_path)
    (tmp_path / base_model.CONFIG).write_text(json.dumps({"model_type": "gpt2", "n_positions": 1024}))
    with pytest.raises(ConfigError, match="is a gpt2; netad adapts bert, distilbert, electra"):
        base_model.find(str(tmp_path))


def test_a_configuration_that_does_not_tell_what_is_needed_is_refused(tmp_path):
    """Of nothing at all, cut off, or without a number of tokens."""
    write_tiny_base(tmp_path)
    told = {"{}": "damaged", "[": "damaged", "[]": "damaged", '{"model_type": "bert"}': "how many tokens",
            '{"model_type": "bert", "max_position_embeddings": "many"}': "how many tokens"}  # fmt: skip
    for content, sentence in told.items():
        (tmp_path / base_model.CONFIG).write_text(content)
        with pytest.raises(ConfigError, match=sentence):
            base_model.find(str(tmp_path))


@pytest.mark.parametrize("name", ["no such folder", "a/b/c", "-x"])
def test_a_name_of_nothing_is_refused(name):
    """What is neither a folder nor can be a name of the hub is said before anything is fetched."""
    with pytest.raises(ConfigError, match="neither a folder nor a model"):
        base_model.find(name)


def test_without_network_a_hub_name_is_a_sentence():
    """Offline, a name of the hub that was never fetched says what to do instead."""
    code = (
        "from netad.detectors.transformer.base_model import find\n"
        "from netad.core.errors import ConfigError\n"
        "try:\n    find('netad-test/none-such')\nexcept ConfigError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "cannot be fetched from the Hugging Face hub: give a folder" in said.stdout


def test_changed_weights_are_refused(tmp_path, monkeypatch, packaged_base):
    """The packaged weights are checked before they are loaded."""
    package = tmp_path / base_model.PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("")
    write_tiny_base(package / base_model.FOLDER)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="are not those of all-MiniLM-L6-v2"):
        packaged_base()


def test_without_the_package_the_extra_is_named(monkeypatch, packaged_base):
    """No default model: the message says what to install."""
    monkeypatch.setattr(base_model, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"netad\[transformers\]"):
        packaged_base()
