"""What detectors are made with, and run on, by the settings of a run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netad.config import Config
from netad.core.errors import ConfigError
from netad.detectors.transformer.settings import OBJECTIVES, TransformerSettings

if TYPE_CHECKING:
    from netad.detectors.model import Model

TRANSFORMER = "huggingface"
# Told the training steps done, and how many there are.
OnStep = Callable[[int, int], None]


def detector_settings(config: Config, checkpoint: Path | None = None, on_step: OnStep | None = None) -> dict[str, Any]:
    """Return by detector what it is made with, for those of the run that take settings.

    `checkpoint` is the file in which a training of minutes keeps its state.

    Raises:
        ConfigError: something is set about a detector that the run does not have.
    """
    if TRANSFORMER not in config.detectors:
        if config.base_model is not None or config.objective != OBJECTIVES[0]:
            raise ConfigError(f"base_model and objective are about the detector {TRANSFORMER}: add "
                              f"--model-type {TRANSFORMER}")  # fmt: skip
        return {}
    return {
        TRANSFORMER: TransformerSettings(
            base_model=config.base_model,
            objective=config.objective,
            device=config.device,
            precision=config.precision,
            checkpoint=checkpoint,
            on_step=on_step,
        )
    }


def run_as_set(model: "Model", config: Config) -> None:
    """Let a model's detectors run on the device, and in the precision, of the run's settings.

    Raises:
        ConfigError: there is no such device, or a detector cannot run so.
    """
    from netad.detectors.base import OnDevice

    for detector in model.detectors.values():
        if isinstance(detector, OnDevice):
            detector.use(config.device, config.precision)


def prepare_update(model: "Model", checkpoint: Path | None, on_step: OnStep | None) -> None:
    """Tell the detectors that are trained again where to keep their state, and whom to tell how far they are."""
    from netad.detectors.base import WithSettings

    for detector in model.detectors.values():
        if isinstance(detector, WithSettings):
            detector.settings = replace(detector.settings, checkpoint=checkpoint, on_step=on_step)
