"""Captures to flows: records, packets, one flow table over all inputs, batches of finished flows."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from netad.core.errors import InputError
from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import Packet, decode
from netad.ingest.flow_table import FlowRecord, FlowTable
from netad.ingest.flows import WHOLE, FlowBatch
from netad.ingest.inputs import STDIN, Source
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

_PROGRESS_PACKETS: Final = 2048
# Records are dicts of some KiB each until they are columns: never many at once.
_CHUNK_FLOWS: Final = 2048


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How captures become flows: windows (ns; None: flows are not cut), the time range [since, until), and bounds.

    `lateness_ns` is how long after a window's end a flow that goes on waits for late packets before it is cut there.
    """

    window_ns: int | None = 3600 * SECOND_NS
    since_ns: int | None = None
    until_ns: int | None = None
    lateness_ns: int = 600 * SECOND_NS
    max_flows: int = 1_000_000
    batch_flows: int = 65_536


def read_flows(
    sources: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None = None,
) -> Iterator[FlowBatch]:
    """Yield the flows of all sources, which are read in the given order as if they were one capture.

    Batches come while reading, so memory holds the active flows and one batch. `report` counts as reading goes on;
    `progress` is called now and then with the bytes read so far. A source that cannot be opened or read to its end is
    a problem in the report, never an exception.
    """
    records = _records(sources, options, report, progress)
    paths = tuple(source.path for source in sources)
    size = max(options.batch_flows, 1)
    parts: list[FlowBatch] = []
    waiting = 0
    while chunk := list(islice(records, min(size - waiting, _CHUNK_FLOWS))):
        parts.append(FlowBatch.from_records(chunk, paths))
        waiting += len(chunk)
        if waiting >= size:
            yield FlowBatch.concat(parts)
            parts, waiting = [], 0
    if parts:
        yield FlowBatch.concat(parts)


def _records(
    sources: Sequence[Source], options: IngestOptions, report: IngestReport, progress: Callable[[int], None] | None
) -> Iterator[FlowRecord]:
    """Yield the flow records of all sources and count the flows."""
    table = FlowTable(options.window_ns, Timeouts(), options.max_flows, options.lateness_ns)
    for record in _through(table, sources, options, report, progress):
        report.flows += record["part"] & WHOLE
        report.evicted = table.evicted
        yield record


def _through(
    table: FlowTable,
    sources: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None,
) -> Iterator[FlowRecord]:
    for index, source in enumerate(sources):
        for seen, packet in enumerate(_packets(source, options, report)):
            yield from table.add(packet, index)
            if progress is not None and seen % _PROGRESS_PACKETS == 0:
                progress(report.bytes)
        if progress is not None:
            progress(report.bytes)
    yield from table.finish()


def _packets(source: Source, options: IngestOptions, report: IngestReport) -> Iterator[Packet]:
    """Yield the packets of one source that are in the time range and part of a flow; count the others."""
    try:
        stream = source.open()
    except InputError as error:
        report.problem(source.path, error.message.removeprefix(f"{source.path} "))
        return
    since = options.since_ns if options.since_ns is not None else -(1 << 63)
    until = options.until_ns if options.until_ns is not None else 1 << 63
    unknown: Counter[int] = Counter()
    # Standard input stays open: it is not ours.
    with contextlib.nullcontext(stream) if source.path == STDIN else stream:
        for record in read_records(stream, source.path, report):
            if not since <= record.time_ns < until:
                report.skipped["outside_time_range"] += 1
                continue
            packet = decode(record)
            if isinstance(packet, str):
                report.skipped[packet] += 1
                if packet == "unknown_link_type":
                    unknown[record.link_type] += 1
                continue
            report.seen(packet.time_ns)
            yield packet
    for link_type, count in sorted(unknown.items()):
        report.problem(source.path, f"holds {count:,} packets of link type {link_type}, which netad cannot decode")
