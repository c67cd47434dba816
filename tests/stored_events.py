"""Events in local stores, for tests of what reads and looks after them."""

from pathlib import Path

from netad.outputs.base import Event, RunSummary
from netad.outputs.store.output import ParquetOutput
from netad.outputs.store.stored import ParquetStored

START_NS = 1_768_111_200_000_000_000
INGESTED = "2026-01-12T09:00:00.000Z"


def fill(folder, events, **settings):
    """Put events into a store, as one run does, and return the store."""
    output = ParquetOutput(str(folder), clock=lambda: INGESTED, **settings)
    output.write(events)
    output.close(RunSummary())
    return ParquetStored(folder)


def ids(events: list[Event]) -> list[str]:
    """Return the ids of events, in their order."""
    return [event["event"]["id"] for event in events]


def parquet_files(folder: Path) -> list[Path]:
    """Return the files of a store, in order."""
    return sorted(folder.rglob("*.parquet"))
