"""All inputs of a run, captures and logs, as one stream of flows and facts in the order of their time."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import BinaryIO, cast

from netad.core.errors import InputError
from netad.ingest.capture import IngestOptions, OpenFlows, read_flows
from netad.ingest.expected_facts import expected_facts
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import Source, what_it_is
from netad.ingest.logs.detect import Format, detect
from netad.ingest.logs.merge import Lane, merged
from netad.ingest.pcap import is_pcap
from netad.ingest.pcapng import is_pcapng
from netad.ingest.report import IngestReport

Batch = FlowBatch | FactBatch
Progress = Callable[[int], None]

_PROBE_BYTES = 1 << 16
_MAGIC_BYTES = 12


def read_inputs(
    sources: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Progress | None = None,
    open_flows: OpenFlows | None = None,
) -> Iterator[Batch]:
    """Yield the flows and, with `options.facts`, the facts of all sources, as `find_sources` gave them.

    Captures are read one after the other as if they were one (netad.ingest.capture). Logs are opened when the time
    comes at which they begin, and what comes of them and of the captures is put in the order of time, so that no log
    of a directory is late because another was read first: to within three quarters of `options.lateness_ns`, in which
    facts come before flows. Memory holds a batch of every log that is open, of 64 at most.

    Batches without rows come first, one for each kind of facts that the sources are known to tell of: a window in which
    none is said has none, which is another thing than not to know.

    With `open_flows` what captures leave open is carried from call to call (netad.ingest.capture.read_flows).

    `report` counts as reading goes on; `progress` is called now and then with the bytes of the files read so far. A
    source that cannot be opened or read to its end is a problem in the report, never an exception.
    """
    known: list[Source] = []
    for source in sources:
        known += _probed(source, report) if source.format is Format.UNKNOWN else [source]
    captures = [source for source in known if source.format is Format.CAPTURE]
    logs = [source for source in known if source.format is not Format.CAPTURE]
    if options.facts:
        yield from expected_facts(known)
    if not logs:
        yield from read_flows(captures, options, report, progress, open_flows)
        return
    from netad.ingest.logs.reader import read_stretches

    lanes = [Lane(log.time_ns, partial(read_stretches, log, options, report, progress)) for log in logs]
    if captures or (open_flows is not None and open_flows.last):
        begin = min((each.time_ns for each in captures if each.time_ns is not None), default=None)
        lanes.append(Lane(begin, partial(_captured, captures, options, report, progress, open_flows)))
    step_ns = None if options.window_ns is None else max(options.lateness_ns * 3 // 4, 1)
    yield from merged(lanes, step_ns)


def _captured(
    captures: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Progress | None,
    open_flows: OpenFlows | None,
) -> Iterator[list[Batch]]:
    """Yield the captures' batches one by one; what the engine counts goes into the report beside what logs count."""
    part = _Part(report)

    def watch(_file_bytes: int) -> None:
        part.move()
        if progress is not None:
            progress(report.file_bytes)

    try:
        for batch in read_flows(captures, options, part.own, watch, open_flows):
            part.move()
            yield [batch]
    finally:
        part.move()


class _Part:
    """A report of one reader, whose numbers are added to the whole report as they grow; problems go there at once."""

    def __init__(self, whole: IngestReport) -> None:
        self.own = IngestReport(problems=whole.problems, bad_lines=whole.bad_lines, read=whole.read)
        self._whole = whole
        self._moved: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()

    def move(self) -> None:
        """Add what was counted since the last time."""
        for name in _NUMBERS:
            value = getattr(self.own, name)
            setattr(self._whole, name, getattr(self._whole, name) + value - self._moved[name])
            self._moved[name] = value
        self._whole.skipped.update(self.own.skipped - self._skipped)
        self._skipped = Counter(self.own.skipped)
        for time_ns in (self.own.first_ns, self.own.last_ns):
            if time_ns is not None:
                self._whole.seen(time_ns)


_NUMBERS = tuple(each.name for each in fields(IngestReport) if each.type is int)


def _probed(source: Source, report: IngestReport) -> list[Source]:
    """Look into what can be read only once, and return it with its format; nothing, and a problem, if it has none."""
    try:
        stream = source.open()
        head = _beginning(stream)
    except InputError as error:
        report.problem(source.path, error.message.removeprefix(f"{source.path} "))
        return []
    except OSError as error:
        report.problem(source.path, f"cannot be read: {error.strerror or error}")
        return []
    if is_pcap(head) or is_pcapng(head):
        return [_Opened(source.path, source.max_ratio, Format.CAPTURE, stream=stream, head=head)]
    detected = detect(head, source.path)
    if detected is None or detected.unused is not None:
        stream.close()
        report.problem(source.path, what_it_is(head) if detected is None else detected.unused or "")
        return []
    return [_Opened(source.path, source.max_ratio, detected.format, facts=detected.facts, stream=stream, head=head)]


def _beginning(stream: BinaryIO) -> bytes:
    """Read enough of a stream to tell what it is, and no more than is there at once."""
    head = stream.read(_MAGIC_BYTES)
    while head and not (is_pcap(head) or is_pcapng(head)) and len(head) < _PROBE_BYTES:
        data = stream.read(_PROBE_BYTES - len(head))
        if not data:
            break
        head += data
    return head


@dataclass(frozen=True, slots=True)
class _Opened(Source):
    """A source that was opened to look at its beginning."""

    stream: BinaryIO = field(default_factory=io.BytesIO, compare=False)
    head: bytes = field(default=b"", compare=False)

    def open(self) -> BinaryIO:
        """Return the stream from its beginning on; once."""
        return cast("BinaryIO", io.BufferedReader(_Rejoined(self.head, self.stream)))


class _Rejoined(io.RawIOBase):
    """A stream of which the beginning was read already."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer)) or b""
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
