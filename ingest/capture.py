"""Captures to flows: records, packets, one flow table over all inputs, batches of finished flows."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How captures become flows: windows (ns; None: flows are not cut), the time range [since, until), and bounds."""

    window_ns: int | None = 3600 * SECOND_NS
    since_ns: int | None = None
    until_ns: int | None = None
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
    table = FlowTable(options.window_ns, Timeouts(), options.max_flows)
    paths = tuple(source.path for source in sources)
    waiting: list[FlowRecord] = []
    for index, source in enumerate(sources):
        for seen, packet in enumerate(_packets(source, options, report)):
            waiting += table.add(packet, index)
            if len(waiting) >= options.batch_flows:
                yield _batch(waiting, paths, table, report)
                waiting = []
            if progress is not None and seen % _PROGRESS_PACKETS == 0:
                progress(report.bytes)
        if progress is not None:
            progress(report.bytes)
    for record in table.finish():
        waiting.append(record)
        if len(waiting) >= options.batch_flows:
            yield _batch(waiting, paths, table, report)
            waiting = []
    report.evicted = table.evicted
    if waiting:
        yield _batch(waiting, paths, table, report)


def _batch(records: list[FlowRecord], paths: tuple[str, ...], table: FlowTable, report: IngestReport) -> FlowBatch:
    report.flows += sum(record["part"] & WHOLE for record in records)
    report.evicted = table.evicted
    return FlowBatch.from_records(records, paths)


def _packets(source: Source, options: IngestOptions, report: IngestReport) -> Iterator[Packet]:
    """Yield the packets of one source that are in the time range and part of a flow; count the others."""
    try:
        stream = source.open()
    except InputError as error:
        report.problem(source.path, error.message.removeprefix(f"{source.path} "))
        return
    since = options.since_ns if options.since_ns is not None else -(1 << 63)
    until = options.until_ns if options.until_ns is not None else 1 << 63
    # Standard input stays open: it is not ours.
    with contextlib.nullcontext(stream) if source.path == STDIN else stream:
        for record in read_records(stream, source.path, report):
            if not since <= record.time_ns < until:
                report.skipped["outside_time_range"] += 1
                continue
            packet = decode(record)
            if isinstance(packet, str):
                report.skipped[packet] += 1
                continue
            report.seen(packet.time_ns)
            yield packet
