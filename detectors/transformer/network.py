"""The network: a pre-trained encoder with a head that says what belongs into each place of a text."""

import contextlib
import importlib
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from netad.core.errors import ConfigError, ModelError
from netad.detectors.transformer.base_model import BaseModel
from netad.detectors.transformer.likelihood import BELONGS

OUTPUTS = BELONGS + 1
# Twice those of the largest BERT: a configuration that asks for more would only fill memory.
MOST_LAYERS, MOST_WIDTH = 48, 2048
# Before training nearly everything belongs.
_BELIEF = 2.0


class Network(nn.Module):
    """Pieces in, shape (rows, pieces), int64; scores of the `OUTPUTS` out, shape (rows, pieces, OUTPUTS), float32.

    The head begins at 0: an untrained network says nothing beyond how often each word stands in each slot, which is
    added outside (netad.detectors.transformer.likelihood).
    """

    def __init__(self, encoder: nn.Module, hidden: int, pad: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.pad = pad
        self.dense = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.out = nn.Linear(hidden, OUTPUTS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        nn.init.constant_(self.out.bias[BELONGS], _BELIEF)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores of a batch."""
        hidden = self.hidden(ids)
        read: Tensor = self.out(self.norm(nn.functional.gelu(self.dense(hidden))))
        return read.float()

    def hidden(self, ids: Tensor) -> Tensor:
        """Return the encoder's last layer, shape (rows, pieces, width)."""
        mask = (ids != self.pad).long()
        return cast("Tensor", self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)


def build(base: BaseModel, pad: int, *, seed: int, pretrained: bool = True) -> Network:
    """Return a network over a base model; without `pretrained` of the same shape, with weights drawn by seed.

    Raises:
        ConfigError: the weights do not fit the configuration.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % (1 << 63))
        encoder = _encoder(base, pretrained)
        return Network(encoder, _width(encoder), pad)


def empty(config_folder: Path, pad: int) -> Network:
    """Return a network of a saved configuration, for weights to be loaded into.

    Raises:
        ModelError: the configuration makes no sense.
    """
    try:
        encoder = _drawn(config_folder)
    except (OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise ModelError(f"the model's {config_folder} is damaged: train it again with netad train") from error
    return Network(encoder, _width(encoder), pad)


def _encoder(base: BaseModel, pretrained: bool) -> nn.Module:
    try:
        if not pretrained:
            return _drawn(base.folder)
        config = _config(base.folder)
        with _quiet():
            loaded: nn.Module = AutoModel.from_pretrained(
                base.folder, config=config, local_files_only=True, use_safetensors=True, dtype=torch.float32,
                **_arguments(base.config),
            )  # fmt: skip
        return loaded
    except (OSError, ValueError, TypeError, RuntimeError, KeyError, SafetensorError) as error:
        raise ConfigError(f"the base model {base.name} cannot be loaded: its weights and its config.json do not fit "
                          "each other, or a file is damaged") from error  # fmt: skip


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from a progress bar of its own, and from telling of weights that nobody needs here."""
    told: Any = importlib.import_module("transformers.utils.logging")
    teller = logging.getLogger("transformers")
    level, bar = teller.level, told.is_progress_bar_enabled()
    teller.setLevel(logging.ERROR)
    told.disable_progress_bar()
    try:
        yield
    finally:
        teller.setLevel(level)
        if bar:
            told.enable_progress_bar()


def _drawn(folder: Path) -> nn.Module:
    """Return an encoder of a folder's configuration with weights drawn by chance."""
    config = _config(folder)
    from_config: Callable[..., nn.Module] = AutoModel.from_config
    return from_config(config, **_arguments(config.to_dict()))


def _config(folder: Path) -> Any:  # noqa: ANN401 - transformers has a class for each architecture
    """Return a folder's configuration.

    Raises:
        ValueError: it asks for more layers, or wider ones, than any model that netad adapts.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.num_hidden_layers > MOST_LAYERS or config.hidden_size > MOST_WIDTH:
        raise ValueError(f"{config.num_hidden_layers} layers of {config.hidden_size}")
    return config


def _arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"attn_implementation": "sdpa"}
    return arguments | {"add_pooling_layer": False} if config["model_type"] == "bert" else arguments


def _width(encoder: nn.Module) -> int:
    config: Any = encoder.config
    return int(config.hidden_size)
