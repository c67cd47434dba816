"""A judged profile as an ECS metric: what one source did in one window, and how normal that is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from netad.core.timing import iso
from netad.detectors.anomaly import Severity
from netad.detectors.behaviour.base import FIRES_AT
from netad.detectors.behaviour_detector import PREFIX, behaviour_columns
from netad.detectors.scored import ScoredProfiles
from netad.outputs.base import STORE_ONLY, Event
from netad.outputs.origin import Origin, envelope, window_id
from netad.outputs.wording import counted, score_text
from netad.profiles.features import FEATURES
from netad.profiles.meetings import Meetings

DATASET = "netad.profile"
# What is under all severities (netad.detectors.anomaly.Severity).
BELOW = "below"
# What is counted in whole numbers: the field for it, and the feature.
_COUNTS = {"flows": "flows", "bytes": "bytes_out", "packets": "packets_out", "bytes_in": "bytes_in",
           "destinations": "unique_destinations"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One profile: its keys, its measured features, the behaviours that fire, and its severity."""

    scored: ScoredProfiles
    place: int
    keys: Mapping[Any, Any]
    features: Mapping[str, float]
    behaviours: list[str]
    severity: Severity | None

    @property
    def score(self) -> float:
        return float(self.scored.scores.score[self.place])

    @property
    def counts(self) -> dict[str, int]:
        return {name: int(self.features[feature]) for name, feature in _COUNTS.items() if feature in self.features}

    def id(self, kind: str, origin: Origin) -> str:
        keys = self.keys
        start, end = int(keys["window_start_ns"]), int(keys["window_end_ns"])
        return window_id(kind, keys["source"], start, end, self.scored.model.name, keys["window_digest"], origin)


def profile_events(scored: ScoredProfiles, origin: Origin, created: str, for_store: bool = False) -> Iterator[Event]:
    """Yield an ECS 9.4 event for every profile, in order, all plain Python values, none of them null.

    `created` (ISO 8601) becomes `event.created`; `event.ingested` is stamped by the outputs. A feature that was not
    measured is left out, and its baseline median with it. `for_store` adds what only a store keeps, so that another
    model can judge the profile.
    """
    names = FEATURES.names()
    medians = {name: scored.model.baseline.median(name) for name in names}
    features = scored.frame[list(names)].to_numpy(np.float64).tolist()
    behaviours = behaviour_columns(scored.frame)
    met = _met(scored.meetings, len(scored.frame)) if for_store else None
    for place, (keys, values) in enumerate(zip(scored.frame.to_dict("records"), features, strict=True)):
        measured = {name: value for name, value in zip(names, values, strict=True) if isfinite(value)}
        seen = [name.removeprefix(PREFIX) for name in behaviours if keys[name] >= FIRES_AT]
        event = _event(_Row(scored, place, keys, measured, seen, scored.severity(place)), medians, origin, created)
        if met is not None:
            strengths = {name.removeprefix(PREFIX): float(keys[name]) for name in behaviours}
            event["netad"][STORE_ONLY] = {"digest": keys["window_digest"], "strengths": strengths, "met": met[place]}
        yield event


def _event(row: _Row, medians: Mapping[str, float], origin: Origin, created: str) -> Event:
    keys, model, scores = row.keys, row.scored.model, row.scored.scores
    start, end, source = int(keys["window_start_ns"]), int(keys["window_end_ns"]), keys["source"]
    risk = round(row.score * 100, 4)
    event: dict[str, Any] = {
        "kind": "metric",
        "category": ["network"],
        "type": ["info"],
        "action": "network_profile",
        "id": row.id("profile", origin),
        "start": iso(start),
        "end": iso(end),
        "duration": end - start,
        "created": created,
        "risk_score": risk,
        "risk_score_norm": risk,
    }
    if row.severity is not None:
        event["severity"] = int(row.severity)
    document = envelope(DATASET, origin, end, event)
    document["message"] = _message(row)
    document["source"] = {"ip": source, "address": source}
    document["source"] |= {name: count for name, count in row.counts.items() if name in ("bytes", "packets")}
    document["related"] = {"ip": [source]}
    document["netad"] = {
        "run": {"id": origin.run_id},
        "detector": str(scores.detector[row.place]),
        "entity": {
            "type": "source.ip",
            "value": source,
            "inside": bool(keys["inside"]),
            "known": bool(scores.known[row.place]),
        },
        "model": {"name": model.name, "version": model.version},
        "profile": _details(row, medians),
    }
    if row.behaviours:
        document["netad"]["behaviours"] = row.behaviours
    if row.severity is not None:
        document["netad"]["profile"]["anomaly_id"] = row.id("anomaly", origin)
    return document


def _details(row: _Row, medians: Mapping[str, float]) -> dict[str, Any]:
    """Return `netad.profile`: scores, counts, and the features beside their baseline medians."""
    scored = row.scored
    detectors = {name: float(column[row.place]) for name, column in scored.scores.by_detector.items()}
    details = {
        "score": row.score,
        "threshold": scored.threshold,
        "percentile": round((1 - float(scored.scores.tail[row.place])) * 100, 6),
        "severity": BELOW if row.severity is None else row.severity.name.lower(),
        "flagged": row.severity is not None,
        "is_interim": bool(row.keys["window_digest"]),
        "window": scored.model.window,
        **row.counts,
        "baseline_profiles": scored.model.profiles,
        "features": dict(row.features),
        "typical": {name: medians[name] for name in row.features if isfinite(medians[name])},
        # A dot in a name would make an object of it.
        "detectors": {name.replace(".", "_"): score for name, score in detectors.items() if isfinite(score)},
    }
    return {name: value for name, value in details.items() if value != {}}


def _message(row: _Row) -> str:
    """Return the profile as one sentence."""
    counts, scored = row.counts, row.scored
    did = counted(counts["flows"], "flow") if "flows" in counts else "traffic"
    to = f" to {counted(counts['destinations'], 'address', 'addresses')}" if "destinations" in counts else ""
    during = "" if scored.model.window == "capture" else f" in {scored.model.window}"
    side = "below" if row.severity is None else "at or above"
    return (
        f"{row.keys['source']}: {did}{to}{during}; "
        f"score {score_text(row.score)}, {side} the threshold {score_text(scored.threshold)}."
    )


def _met(meetings: Meetings, rows: int) -> list[dict[str, list[int]]]:
    """Return for each of the rows its meetings as columns, in the order of their kinds."""
    order = np.argsort(meetings.row, kind="stable")
    ends = np.searchsorted(meetings.row[order], np.arange(1, rows))
    columns = {name: [part.tolist() for part in np.split(getattr(meetings, name)[order], ends)]
               for name in ("kind", "item", "count", "failed")}  # fmt: skip
    return [{name: parts[place] for name, parts in columns.items()} for place in range(rows)]
