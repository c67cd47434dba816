"""An anomaly: a profile that scored above the threshold, with its reasons and the flows behind it."""

import math
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
    (0..1), `weight` the feature's share of the score by counterfactual (0..1). `own_quantile` and `peer_quantile` are
    the same shares of the source's own profiles and of those of its peers (same /24, or /64 of IPv6) that the model
    kept; NaN where it kept none. A behaviour is a feature too: `behaviour.scan`, in decades.
    """

    feature: str
    label: str
    unit: str
    actual: float
    typical: float
    quantile: float
    weight: float
    own_quantile: float = math.nan
    peer_quantile: float = math.nan


@dataclass(frozen=True, slots=True)
class Change:
    """What would have to be different of one feature, together with the other changes, for a profile to be normal."""

    feature: str
    label: str
    unit: str
    actual: float
    target: float


@dataclass(frozen=True, slots=True)
class UnexpectedWord:
    """A word of a profile's text that a language model did not expect.

    `field` is the feature, or the kind of name (`services`, `domains`, `servers`, `agents`), that it tells of; `word`
    the level or name that stands there, `expected` what the model would have put, empty where it cannot say; `nats` is
    the word's negative log-likelihood.
    """

    field: str
    label: str
    word: str
    expected: str
    nats: float


@dataclass(frozen=True, slots=True)
class AlertCount:
    """How often another tool raised one alert: `severity` is the highest it gave, 1 above 2, 0 where it gives none."""

    signature: str
    count: int
    severity: int
    tool: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The flows behind an anomaly, summed up, and the ids of the telling ones; and what was said. At most 20 of each.

    `direction` (`inbound`, `outbound`, `internal`, `external`) is that of the strongest behaviour's peers, without one
    that of most of the flows; empty where as many go another way. `alerts` are those of other tools in which the source
    is one end, the severest first, `alert_count` how many there are in all. `domains` (registered ones of DNS
    look-ups), `server_names` (TLS), `http_hosts`, `user_agents` and `ja4` are what the source named, the most frequent
    first; `rare_names` those of the first three that no other source of the run named.
    """

    flow_count: int = 0
    flow_ids: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    peer_count: int = 0
    ports: tuple[int, ...] = ()
    transports: tuple[str, ...] = ()
    alerts: tuple[AlertCount, ...] = ()
    alert_count: int = 0
    domains: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    http_hosts: tuple[str, ...] = ()
    user_agents: tuple[str, ...] = ()
    ja4: tuple[str, ...] = ()
    rare_names: tuple[str, ...] = ()
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A source whose profile in one window is abnormal. Scores and threshold are calibrated, 0..1.

    `tail` is the estimated share of normal profiles that score at least as high; `window_digest` is empty for a
    window the input covers to its end, else the digest of what was seen of it. `findings` are the named behaviours of
    the source in that window that fire, the strongest first. `changes` is the smallest change that was found to bring
    the score below the threshold, empty where none was. `known_source` is False where the model knows too little of the
    source to compare it with its own past: a new host, low confidence. `words` are those of the profile's text that a
    language model did not expect, where the model has one.
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
    changes: tuple[Change, ...] = ()
    known_source: bool = True
    words: tuple[UnexpectedWord, ...] = ()
