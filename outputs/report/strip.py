"""Quantile strips: on which quantile of the baseline a feature's value falls, for all, for its peers, for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netad.core.figures import percent
from netad.outputs.event_words import reason_cells, weight_text
from netad.outputs.report.scales import Scale

WIDTH, HEIGHT = 160, 20
_PLACE = Scale(0, 1, 8, WIDTH - 8)
# Field of a reason, class and shape of the mark, and whose quantile it is.
MARKS = (
    ("quantile", "all", "all"),
    ("peer_quantile", "peers", "its peers"),
    ("own_quantile", "own", "its own past"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A quantile on the strip."""

    x: float
    kind: str
    share: str
    of: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A feature beside its baseline: figures as text, quantiles as marks on a line from 0 to 100 %."""

    feature: str
    label: str
    actual: str
    typical: str
    quantile: str
    weight: str
    weight_value: float
    marks: Sequence[Mark]

    @property
    def told(self) -> str:
        """The marks in words."""
        return ", ".join(f"{mark.share} of {mark.of}" for mark in self.marks) or "no quantile is known"


def strips(details: Mapping[str, Any], most: int) -> list[Strip]:
    """Return the features of an anomaly (`netad.anomaly`), those that matter most first, each once."""
    reasons = {one["feature"]: one for one in (*details.get("influencers", ()), *details.get("profile", ()))}
    ordered = sorted(reasons.values(), key=lambda one: -float(one.get("weight", 0.0)))
    return [_strip(reason) for reason in ordered[:most]]


def _strip(reason: dict[str, Any]) -> Strip:
    label, actual, typical, quantile = reason_cells(reason)
    marks = [Mark(_PLACE(float(reason[name])), kind, percent(float(reason[name])), of)
             for name, kind, of in MARKS if name in reason]  # fmt: skip
    weight = float(reason.get("weight", 0.0))
    return Strip(reason["feature"], label, actual, typical, quantile, weight_text(reason), weight, marks)
