"""One log to batches: opening, chunks, bounds, counting. What the lines mean is the parsers' business."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

import numpy as np

from netad.core.errors import InputError
from netad.ingest.capture import IngestOptions
from netad.ingest.compression import Decompressed, bytes_of_file
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import Source
from netad.ingest.logs.formats import parser_of
from netad.ingest.logs.held import HeldFlows
from netad.ingest.logs.lines import Lines
from netad.ingest.logs.parser import Ledger, Parser, ParserOptions, Part
from netad.ingest.report import IngestReport

Batch = FlowBatch | FactBatch
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1


def read_log(
    source: Source,
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Batch]:
    """Yield a log's flows and, with `options.facts`, facts, in the order of its lines, at most 65,536 rows a batch.

    A log that cannot be opened or read to its end is a problem in the report, never an exception.
    """
    for stretch in read_stretches(source, options, report, progress):
        yield from stretch


def read_stretches(
    source: Source,
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None = None,
) -> Iterator[list[Batch]]:
    """Yield what `read_log` does, as lists of batches that come from the same stretch of the log, facts first."""
    try:
        stream = source.open()
    except InputError as error:
        report.problem(source.path, error.message.removeprefix(f"{source.path} "))
        return
    with stream:
        reading = _Reading(source, stream, options, report)
        try:
            for stretch in reading.stretches():
                yield stretch
                if progress is not None:
                    progress(report.file_bytes)
        except InputError as error:
            report.problem(source.path, error.message)
        except OSError as error:
            report.problem(source.path, f"cannot be read: {error.strerror or error}")
        finally:
            reading.count_bytes()
            report.read[source.path] = max(source.after, reading.lines.whole)
    if progress is not None:
        progress(report.file_bytes)


class _Reading:
    """One log that is being read."""

    def __init__(self, source: Source, stream: BinaryIO, options: IngestOptions, report: IngestReport) -> None:
        self._source, self._stream, self._report = source, stream, report
        self.lines = Lines(stream)
        self._ledger = Ledger(source.path, report)
        parsing = ParserOptions(labels=options.labels, unknown=options.unknown, facts=options.facts)
        self._parser: Parser = parser_of(source.format, self._ledger, parsing)
        self._held = HeldFlows() if self._parser.by_start else None
        self._since = _LEAST if options.since_ns is None else options.since_ns
        self._until = _MOST if options.until_ns is None else options.until_ns
        self._rows, self._growing = max(options.batch_flows, 1), options.growing
        self._counted = (0, 0)
        self._failure: InputError | OSError | None = None
        report.files += 1
        report.logs += 1

    def stretches(self) -> Iterator[list[Batch]]:
        """Yield batches, those of one stretch together.

        Raises:
            InputError, OSError: the log cannot be read to its end; what was read before was yielded.
        """
        parts: list[Part] = []
        for part in self._parts():
            if sum(map(len, parts)) + len(part) > self._rows and parts:
                yield self._batches(parts)
                parts = []
            parts.append(part)
        if parts:
            yield self._batches(parts)
        if self._failure is not None:
            raise self._failure

    def _parts(self) -> Iterator[Part]:
        """Yield what the lines say, to the end or to where reading failed, and then what was held back till then."""
        try:
            yield from self._of_lines()
        except (InputError, OSError) as error:
            self._failure = error
        self._ledger.tentative = False
        for number in self.lines.left_out:
            self._ledger.bad(number, "is longer than 1 MiB")
        for part in (*self._parser.finish(), *(self._held.rest() if self._held else ())):
            yield from self._pieces(part)

    def _of_lines(self) -> Iterator[Part]:
        for chunk in self.lines.pass_over(self._source.after, self._parser.heading):
            for _ in self._parser.take(chunk):
                pass  # a heading says nothing itself
        compressed = isinstance(self._stream, Decompressed)
        later = not compressed and (self._growing or not self._parser.tells_the_end)
        for chunk in self.lines.chunks():
            for number in self.lines.left_out:
                self._ledger.bad(number, "is longer than 1 MiB")
            self.lines.left_out.clear()
            self._ledger.tentative = chunk.cut
            if chunk.cut and later:
                self._report.waiting += bool(chunk.raw.strip()) and not chunk.raw.startswith(b"#")
                continue
            if chunk.cut:
                self.lines.whole = self.lines.taken
            for part in self._parser.take(chunk):
                for ready in self._held.pass_on(part) if self._held else (part,):
                    yield from self._pieces(ready)
            self.count_bytes()

    def _pieces(self, part: Part) -> Iterator[Part]:
        """Yield what is in the time range, no more than a batch at a time."""
        for start in range(0, len(part), self._rows):
            piece = {name: column[start : start + self._rows] for name, column in part.columns.items()}
            yield from self._in_time(Part(part.kind, piece))

    def _in_time(self, part: Part) -> Iterator[Part]:
        """Yield the records of the time range that was asked for, and count them."""
        times = part.times
        inside = (times >= self._since) & (times < self._until)
        count = int(np.count_nonzero(inside))
        self._ledger.skip("outside_time_range", len(part) - count)
        if not count:
            return
        if count < len(part):
            part = Part(part.kind, {name: column[inside] for name, column in part.columns.items()})
        # An answer's addresses are of the same line as its look-up.
        self._report.records += count if part.kind is not FactKind.ANSWER else 0
        self._report.flows += count if part.kind is None else 0
        self._report.seen(int(part.columns["first_ns" if part.kind is None else "time_ns"].min()))
        self._report.seen(int(part.times.max()))
        yield part

    def _batches(self, parts: Sequence[Part]) -> list[Batch]:
        """Join parts of the same kind and columns, facts first."""
        groups: dict[tuple[FactKind | None, frozenset[str]], list[Part]] = {}
        for part in parts:
            groups.setdefault((part.kind, frozenset(part.columns)), []).append(part)
        batches: list[Batch] = []
        for (kind, _), group in sorted(groups.items(), key=lambda item: item[0][0] is None):
            columns = {name: np.concatenate([part.columns[name] for part in group]) for name in group[0].columns}
            if kind is None:
                columns["input"] = np.zeros(len(columns["part"]), np.int32)
                batches.append(FlowBatch(columns, (self._source.path,)))
            else:
                batches.append(FactBatch(kind, columns, (self._source.path,)))
        return batches

    def count_bytes(self) -> None:
        """Bring the report's counters of bytes up to date."""
        taken = self.lines.taken
        now = taken, bytes_of_file(self._stream, taken)
        self._report.bytes += now[0] - self._counted[0]
        self._report.file_bytes += now[1] - self._counted[1]
        self._counted = now
