"""The plain way from captures to flows, in Python and dpkt: what the engine (netad.ingest.engine) is held against."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from netad.core.errors import InputError
from netad.ingest.capture import IngestOptions
from netad.ingest.compression import Decompressed, bytes_of_file
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import Packet, decode
from netad.ingest.flow_table import FlowRecord, FlowTable
from netad.ingest.flows import WHOLE, FlowBatch
from netad.ingest.inputs import Source
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

_PROGRESS_PACKETS: Final = 2048
# Records are dicts of some KiB each until they are columns: never many at once.
_CHUNK_FLOWS: Final = 2048


def reference_flows(
    sources: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None = None,
) -> Iterator[FlowBatch]:
    """Yield what netad.ingest.capture.read_flows yields, in an order of its own, and count the same."""
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
        table.begin_input()
        for seen, packet in enumerate(_packets(source, options, report)):
            yield from table.add(packet, index)
            if progress is not None and seen % _PROGRESS_PACKETS == 0:
                progress(report.file_bytes)
        if progress is not None:
            progress(report.file_bytes)
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
    bytes_before, file_bytes_before = report.bytes, report.file_bytes
    with stream:
        growing = options.growing and not isinstance(stream, Decompressed)
        for record in read_records(stream, source.path, report, source.after, growing=growing):
            report.file_bytes = file_bytes_before + bytes_of_file(stream, report.bytes - bytes_before)
            if not since <= record.time_ns < until:
                report.skipped["outside_time_range"] += 1
                continue
            packet = decode(record, options.decap, options.strict)
            if isinstance(packet, str):
                report.skipped[packet] += 1
                if packet == "unknown_link_type":
                    unknown[record.link_type] += 1
                continue
            report.seen(packet.time_ns)
            yield packet
    report.file_bytes = file_bytes_before + bytes_of_file(stream, report.bytes - bytes_before)
    for link_type, count in sorted(unknown.items()):
        report.problem(source.path, f"holds {count:,} packets of link type {link_type}, which netad cannot decode")
