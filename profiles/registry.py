"""What a feature is, and the ordered list of all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Transform = Literal["log", "none"]
Suspicious = Literal["high", "low", "both"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of a ProfileFrame.

    `transform` is what detectors apply before they compare values (`log` is log1p of the non-negative value);
    `suspicious` says in which direction an unusual value speaks against the source; `label` is the operators' word;
    `group` names the features that belong together, so that detectors can look at one group at a time.
    """

    name: str
    label: str
    unit: str
    meaning: str
    transform: Transform
    suspicious: Suspicious
    group: str = ""


class FeatureRegistry:
    """Features in the order in which they were registered, each name once."""

    def __init__(self) -> None:
        self._features: dict[str, Feature] = {}

    def register(self, feature: Feature) -> None:
        """Add a feature. Raises ValueError when the name is taken."""
        if feature.name in self._features:
            raise ValueError(f"feature {feature.name!r} is registered twice")
        self._features[feature.name] = feature

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features.values())

    def __getitem__(self, name: str) -> Feature:
        return self._features[name]

    def names(self) -> tuple[str, ...]:
        """Return the names in order: the feature columns of a ProfileFrame."""
        return tuple(self._features)

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the features of each group, both in the order in which they were registered."""
        result: dict[str, tuple[str, ...]] = {}
        for feature in self:
            result[feature.group] = (*result.get(feature.group, ()), feature.name)
        return result


FEATURES = FeatureRegistry()
