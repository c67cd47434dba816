"""Trains and runs the network with torch, on the processor or a GPU."""

import atexit
import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from netad.core.errors import ModelError
from netad.detectors.bundle import DAMAGED, read_json, write_json
from netad.detectors.transformer.adapting import Adapted, Adapting
from netad.detectors.transformer.base_model import CONFIG, WEIGHTS, BaseModel
from netad.detectors.transformer.devices import autocast, chosen_device
from netad.detectors.transformer.encoding import ROWS, Ints, TextEncoder
from netad.detectors.transformer.likelihood import Float32
from netad.detectors.transformer.network import Network, build, empty
from netad.detectors.transformer.settings import TransformerSettings
from netad.detectors.transformer.text import ProfileText

# Objects of torch that are still frozen at the end (netad.ingest freezes what is there) would be told as leaked.
atexit.register(gc.unfreeze)

# What a configuration says of where it came from.
_ORIGIN = ("_name_or_path", "transformers_version")


class TorchRunner:
    """A network on a device, in 32 bits or, where the device has them, in 16 (`precision`)."""

    rows = ROWS

    def __init__(
        self, network: Network, config: Mapping[str, Any], device: str = "auto", precision: str = "auto"
    ) -> None:
        """Take a network with the configuration of its encoder.

        Raises:
            ConfigError: there is no such device.
        """
        self._device = chosen_device(device)
        self._precision = precision
        self._config = {key: value for key, value in config.items() if key not in _ORIGIN}
        self.network = network.to(self._device)
        self.network.eval()

    def run(self, ids: Ints) -> Float32:
        """Return the network's scores, shape (rows, pieces, outputs)."""
        with torch.inference_mode(), autocast(self._device, self._precision):
            scores = self.network(torch.from_numpy(ids).to(self._device))
        found: Float32 = scores.float().cpu().numpy().astype(np.float32, copy=False)
        return found

    def using(self, device: str, precision: str) -> "TorchRunner":
        """Return the same network on another device, in another precision.

        Raises:
            ConfigError: there is no such device.
        """
        return TorchRunner(self.network, self._config, device, precision)

    def save(self, folder: Path) -> None:
        """Write configuration and weights.

        Raises:
            OSError: they cannot be written.
        """
        write_json(folder / CONFIG, self._config)
        weights = {name: one.detach().cpu().contiguous() for name, one in self.network.state_dict().items()}
        # As bytes: files that safetensors writes itself nobody else may read.
        (folder / WEIGHTS).write_bytes(save(weights))

    @classmethod
    def load(cls, folder: Path, pad: int) -> "TorchRunner":
        """Return what was saved to `folder`; `pad` is the piece that texts are filled up with.

        Raises:
            ModelError: a file is missing or damaged, or they do not fit each other.
        """
        network = empty(folder, pad)
        try:
            network.load_state_dict(load_file(str(folder / WEIGHTS)))
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise ModelError(DAMAGED) from error
        return cls(network, read_json(folder / CONFIG))


def adapted(
    base: BaseModel,
    encoder: TextEncoder,
    usual_log: NDArray[np.float64],
    settings: TransformerSettings,
    texts: tuple[Sequence[ProfileText], Sequence[ProfileText]],
    *,
    seed: int,
) -> tuple[TorchRunner, Adapted]:
    """Return the base model adapted to texts, the second of them held out, and how training went.

    Raises:
        ConfigError: the base model or the device cannot be used.
    """
    device = chosen_device(settings.device)
    network = build(base, encoder.pad, seed=seed, pretrained=settings.pretrained)
    went = Adapting(network, encoder, usual_log, settings, seed=seed, device=device).run(*texts)
    return TorchRunner(network, base.config, device, settings.precision), went
