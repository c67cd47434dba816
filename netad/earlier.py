"""What the stores of a run hold from just before it, so that incidents go on over the edges of runs."""

import logging
from collections.abc import Iterable

from netad.core.errors import NetadError
from netad.core.timing import parse_time
from netad.outputs.base import Event
from netad.outputs.stored import open_stored

READABLE = ("parquet", "elastic")

log = logging.getLogger(__name__)


def earlier_anomalies(targets: Iterable[str], events: list[Event], first_ns: int) -> list[Event]:
    """Return the stored anomalies that end where the run's first window starts, or are of that window themselves.

    `targets` are the outputs of the run (`NAME[:WHERE]`), of which the first that can be read is asked, `events` its
    anomalies, `first_ns` the start of its first window. Only a source that is anomalous in the first two windows can
    have been so before; without one, nothing is asked. Of windows of no fixed length none follows another.
    """
    sources = {event["source"]["ip"] for event in events if _is_early(event, first_ns)}
    if not sources:
        return []
    length_ns = events[0]["event"]["duration"]
    for target in targets:
        if target.partition(":")[0] not in READABLE:
            continue
        try:
            stored = open_stored(target).events("anomaly", first_ns, first_ns + length_ns + 1)
            return [event for event in stored if event["source"]["ip"] in sources]
        except NetadError as error:
            log.info("whether incidents began before this run cannot be looked up in %s: %s", target, error)
    return []


def _is_early(event: Event, first_ns: int) -> bool:
    length_ns: int = event["event"]["duration"]
    fixed = event["netad"]["anomaly"]["window"] != "capture"
    return fixed and parse_time(event["event"]["start"]) <= first_ns + length_ns
