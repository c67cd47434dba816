"""An anomaly: a profile that scored above the threshold, with its reasons and the flows behind it."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netad.detectors.behaviour.base import Finding

# A model's note on its training.
ONLY_OUTSIDE = "no source is in the inside networks (see --inside): the baseline is made of all sources"


class Severity(IntEnum):
    """Elastic's severity numbers, so that its prebuilt rules rank netad's alerts like others."""

    LOW = 21
    MEDIUM = 47
    HIGH = 73
    CRITICAL = 99


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature of a scored profile beside its baseline.

    `typical` is the baseline's median, `quantile` the share of baseline profiles with a value at or below `actual`
    (0..1), `weight` the feature's share of the score by counterfactual (0..1).
    """

    feature: str
    label: str
    unit: str
    actual: float
    typical: float
    quantile: float
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The flows behind an anomaly, summed up, and the ids of the telling ones (at most 20)."""

    flow_count: int = 0
    flow_ids: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    peer_count: int = 0
    ports: tuple[int, ...] = ()
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A source whose profile in one window is abnormal. Scores and threshold are calibrated, 0..1.

    `tail` is the estimated share of normal profiles that score at least as high; `window_digest` is empty for a
    window the input covers to its end, else the digest of what was seen of it. `findings` are the named behaviours of
    the source in that window that fire, the strongest first.
    """

    source: str
    inside: bool
    window_start_ns: int
    window_end_ns: int
    window_length: str
    score: float
    threshold: float
    tail: float
    severity: Severity
    detector: str
    detector_scores: dict[str, float]
    model_name: str
    model_version: str
    reasons: tuple[Reason, ...]
    profile: tuple[Reason, ...]
    totals: dict[str, int] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    window_digest: str = ""
    baseline_profiles: int = 0
    findings: tuple["Finding", ...] = ()
