"""Which of the captures are worth reading: those that may hold packets of the wanted time."""

from collections.abc import Sequence
from pathlib import Path

from netad.core.timing import SECOND_NS
from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format
from netad.ingest.report import IngestReport

# Packets of a capture are written in the order in which they come, but for some that several queues or interfaces hand
# over late, and clocks of sensor and disk differ: never by so much.
DISORDER_NS = 600 * SECOND_NS


def captures_of(sources: Sequence[Source], named: Sequence[str], report: IngestReport) -> list[Source]:
    """Return the captures among the sources; a log that is named itself is a problem in the report."""
    captures = []
    for source in sources:
        if source.format in (Format.CAPTURE, Format.UNKNOWN):
            captures.append(source)
        elif source.path in named:
            report.problem(source.path, "is a log, which holds no packets: name the captures it was made from")
    return captures


def in_time(sources: Sequence[Source], since_ns: int | None, until_ns: int | None) -> list[Source]:
    """Return, in their order, the captures that may hold packets of [since_ns, until_ns).

    A capture is left out when its first packet comes after the end, or when the file has not changed since before the
    beginning, by more than `DISORDER_NS`. What a file's time of change says is believed only if it is not before the
    first packet. Captures whose first packet is not known stay in.
    """
    return [
        source
        for source in sources
        if source.time_ns is None
        or not (_begins_after(source.time_ns, until_ns) or _ends_before(source.path, source.time_ns, since_ns))
    ]


def _begins_after(first_ns: int, until_ns: int | None) -> bool:
    return until_ns is not None and first_ns >= until_ns + DISORDER_NS


def _ends_before(path: str, first_ns: int, since_ns: int | None) -> bool:
    if since_ns is None:
        return False
    try:
        changed_ns = Path(path).stat().st_mtime_ns
    except OSError:
        return False
    return first_ns <= changed_ns < since_ns - DISORDER_NS
