"""Incidents: anomalous windows of one source that follow each other without a gap are one incident, not many.

The reasons, and where it cannot be known that windows follow each other: docs/decisions/0015-incidents.md.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from netad.core.identity import content_id
from netad.core.timing import parse_time
from netad.outputs.base import Event

_Who: TypeAlias = tuple[str, str, str, str, int]
_Incident: TypeAlias = dict[str, Any]


def join_incidents(events: Sequence[Event], earlier: Iterable[Event] = ()) -> None:
    """Write `netad.incident` (id, start of its first window, number of windows so far) into anomaly events.

    A window goes on with the incident of the window that ends where it starts: same source, observer, namespace, model
    name and length. Where there is none, it begins one whose id comes from its content. Two events of one window (a
    capture that was cut inside it) share an incident. `earlier` are stored anomalies from before, in any order; those
    without an incident are passed over.
    """
    by_start: dict[tuple[_Who, str], _Incident] = {}
    by_end: dict[tuple[_Who, str], _Incident] = {}
    for event in earlier:
        incident = event["netad"].get("incident")
        if incident is not None:
            by_start[_who(event), event["event"]["start"]] = incident
            by_end[_who(event), event["event"]["end"]] = incident
    for event in sorted(events, key=lambda one: (parse_time(one["event"]["start"]), one["event"]["id"])):
        who, start = _who(event), event["event"]["start"]
        incident = by_start.get((who, start)) or _following(by_end.get((who, start))) or _begun(who, start)
        by_start[who, start] = by_end[who, event["event"]["end"]] = incident
        event["netad"]["incident"] = dict(incident)


def _who(event: Event) -> _Who:
    """Return what the windows of an incident have in common."""
    return (
        event["observer"]["name"],
        event["data_stream"]["namespace"],
        event["source"]["ip"],
        event["netad"]["model"]["name"],
        event["event"]["duration"],
    )


def _following(incident: _Incident | None) -> _Incident | None:
    return None if incident is None else {**incident, "windows": incident["windows"] + 1}


def _begun(who: _Who, start: str) -> _Incident:
    start_ns = parse_time(start)
    return {"id": content_id(start_ns, "incident", *who, start_ns), "start": start, "windows": 1}
