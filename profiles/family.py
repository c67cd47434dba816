"""Features that are computed together from the same columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from netad.profiles.groups import Float64, Groups
from netad.profiles.registry import Feature


@dataclass(frozen=True)
class Family:
    """Features, the FlowBatch columns they need, and the function that returns each by name, shape (groups,)."""

    needs: tuple[str, ...]
    features: tuple[Feature, ...]
    compute: Callable[[Groups], Mapping[str, Float64]]
