"""What can be chosen about the transformer detector."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from netad.core.errors import ConfigError

OBJECTIVES = ("masked", "replaced")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")

# Training steps: one a profile, within these bounds. On a few dozen profiles more steps only learn them by heart: with
# 38 profiles macro AUROC fell from .82 after 40 steps to .80 after 100 (captures.yaml, without names).
MOST_STEPS, LEAST_STEPS = 250, 40
FEW = 100


@dataclass(frozen=True, slots=True)
class TransformerSettings:
    """How the transformer detector is trained and run.

    `base_model` is a folder, a name of the Hugging Face hub, or None for the packaged one; `names` says whether the
    text tells domains, servers, user agents and services; without `pretrained` the weights are drawn by seed, to see
    what pre-training is worth. `steps` is how many training takes, None for as many as the profiles call for.
    `checkpoint` is the file in which training keeps its state, to go on after an interruption; `on_step` is told the
    steps done and their number.
    """

    base_model: str | None = None
    objective: str = "masked"
    device: str = "auto"
    precision: str = "auto"
    names: bool = True
    pretrained: bool = True
    steps: int | None = None
    checkpoint: Path | None = None
    on_step: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            ConfigError: one of them is none.
        """
        chosen = (("objective", self.objective, OBJECTIVES), ("device", self.device, DEVICES),
                  ("precision", self.precision, PRECISIONS))  # fmt: skip
        for name, value, known in chosen:
            if value not in known:
                raise ConfigError(f"{name}: {value!r:.60} is none of {', '.join(known)}")
        if self.steps is not None and self.steps < 1:
            raise ConfigError(f"steps: {self.steps} is no number of training steps")

    def steps_for(self, profiles: int) -> int:
        """Return how many steps training on so many profiles takes."""
        if self.steps is not None:
            return self.steps
        return max(LEAST_STEPS, min(profiles, MOST_STEPS))
