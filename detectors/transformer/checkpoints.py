"""The state of a training in one file, so that an interrupted one goes on where it was."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from netad.core.files import atomic_path

log = logging.getLogger(__name__)

_KEY = "netad"


@dataclass(frozen=True)
class State:
    """Where a training stands: steps done, the best figure so far and its step, and tensors by name."""

    step: int
    best: float
    best_step: int
    tensors: Mapping[str, Tensor]


class Checkpoint:
    """A file for the state of one training, which `fingerprint` identifies; without a path nothing is kept.

    A disk that is full, or a folder that cannot be written, costs the checkpoint and not the training.
    """

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint

    def load(self) -> State | None:
        """Return the state that was kept; None where there is none, or only that of another training."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            with safe_open(str(self._path), "pt") as file:
                about = json.loads((file.metadata() or {}).get(_KEY, "{}"))
                if about.get("fingerprint") != self._fingerprint:
                    log.info("%s is the state of another training and is not used", self._path)
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            return State(int(about["step"]), float(about["best"]), int(about["best_step"]), tensors)
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            log.warning("the training state %s is damaged and not used: %s", self._path, error)
            return None

    def save(self, state: State) -> None:
        """Keep a state in the place of the one before; where it cannot be written, say so once and never try again."""
        if self._path is None:
            return
        about = {"fingerprint": self._fingerprint, "step": state.step, "best": state.best, "best_step": state.best_step}
        tensors = {name: one.detach().cpu().contiguous().clone() for name, one in state.tensors.items()}
        try:
            with atomic_path(self._path) as part:
                part.write_bytes(save(tensors, {_KEY: json.dumps(about)}))
        except OSError as error:
            log.warning("the training state cannot be kept in %s (%s): training goes on, and starts anew if it is "
                        "interrupted", self._path, error.strerror or error)  # fmt: skip
            self._path = None

    def clear(self) -> None:
        """Forget the state: training is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return what an optimizer has gathered, by name."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{number}.{key}": value for number, one in state.items() for key, value in one.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer back what it had gathered."""
    document = optimizer.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".", 2)
            document["state"].setdefault(int(number), {})[key] = value
    optimizer.load_state_dict(document)
