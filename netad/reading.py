"""Inputs on their way to flows, facts and profiles, and what is noted on that way.

What needs pandas is imported where it is used: `netad flows` does without it, which is half of its start-up.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from netad.config import Config
from netad.core.errors import InputError
from netad.core.timing import iso, parse_duration
from netad.ingest.capture import IngestOptions
from netad.ingest.checksums import Strict
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import Source, find_sources
from netad.ingest.logs.detect import Format
from netad.ingest.read import Batch, read_inputs
from netad.ingest.report import IngestReport
from netad.outputs.wording import counted
from netad.stages import Stages

if TYPE_CHECKING:
    from netad.profiles.batch import ProfileBatch
    from netad.profiles.windows import WindowAggregator
    from netad.progress import ProgressBar
    from netad.rules.flow_filter import FlowFilter

log = logging.getLogger(__name__)


@dataclass
class Reading:
    """Inputs on their way to profiles: the counters fill while `profiles` is consumed.

    `keep_out` names the flows that rules keep out of profiles, and of what is told about them; `stages` tells how long
    reading takes, and what else is timed in it.
    """

    config: Config
    inputs: Sequence[str]
    progress: "ProgressBar | None" = None
    report: IngestReport = field(default_factory=IngestReport)
    notes: list[str] = field(default_factory=list)
    keep_out: "FlowFilter | None" = None
    stages: Stages = field(default_factory=Stages)

    @cached_property
    def sources(self) -> list[Source]:
        """The captures and logs that the inputs name, each once.

        Raises:
            InputError: none of the inputs can be read.
        """
        sources = find_sources(self.inputs, self.report, self.config.max_ratio)
        if not sources:
            raise InputError("; ".join(f"{p.path}: {p.sentence}" for p in self.report.problems) or "no input was given")
        log.info("%s to read", counted(len(sources), "input"))
        return sources

    @property
    def only_captures(self) -> bool:
        """Whether all flows come from packets, so that they all carry the same columns."""
        return all(source.format is Format.CAPTURE for source in self.sources)

    def flows(self) -> Iterator[FlowBatch]:
        """Yield flow records of all inputs, batch by batch, in order of time, with all that logs say of them.

        Raises:
            InputError: none of the inputs can be read.
        """
        for batch in self._read(facts=False):
            if isinstance(batch, FlowBatch):
                yield batch

    def _read(self, *, facts: bool) -> Iterator[Batch]:
        options = ingest_options(self.config, facts=facts)
        if self.progress is not None:
            self.progress.expect([source.path for source in self.sources])
        yield from read_inputs(self.sources, options, self.report, self.progress)
        if self.progress is not None:
            self.progress.stop()
        self.notes += notes_of_reading(self.report, self.config)

    def profiles(self, on_batch: Callable[[Batch], None] | None = None) -> Iterator["ProfileBatch"]:
        """Yield profiles as windows close; `on_batch` is handed every batch of flow records and of facts."""
        from netad.profiles.windows import WindowAggregator

        config = self.config
        lateness_ns = parse_duration(config.lateness)
        windows = WindowAggregator(config.window_ns, config.networks, lateness_ns, zone=config.zone)
        for read in self.stages.each("read", self._read(facts=True)):
            batch = read
            if isinstance(read, FlowBatch) and self.keep_out is not None:
                batch = self.keep_out.without(read)
            if on_batch is not None:
                on_batch(batch)
            yield from windows.add(batch)
        yield from windows.finish()
        if self.keep_out is not None:
            self.notes.append(self.keep_out.told())
        self.notes += notes_of_windows(WindowCounts.of(windows))


def ingest_options(config: Config, *, facts: bool, growing: bool = False) -> IngestOptions:
    """Return how inputs are read by the settings; `facts` looks into payloads, `growing` inputs may be written to."""
    return IngestOptions(
        window_ns=config.window_ns,
        since_ns=config.since_ns,
        until_ns=config.until_ns,
        lateness_ns=parse_duration(config.lateness),
        max_flows=config.max_flows,
        decap=config.decap,
        strict=Strict[config.strict.upper()],
        facts=facts,
        unknown=not facts,
        growing=growing,
    )


def notes_of_reading(report: IngestReport, config: Config) -> list[str]:
    """Return what the operator should know of how the inputs were read."""
    notes: list[str] = []
    if report.evicted:
        notes.append(f"{counted(report.evicted, 'flow')} ended early because more than "
                     f"{config.max_flows:,} were open at once (see --max-flows)")  # fmt: skip
    if report.waiting:
        notes.append(f"{counted(report.waiting, 'input')} ended in the middle of a line or record, which was left for "
                     "later")  # fmt: skip
    if report.one_way:
        notes.append(f"{counted(report.one_way, 'flow record')} of nfdump tell of one direction only, so that hosts "
                     "that answered count as sources: nfdump -B joins the two")  # fmt: skip
    return notes + [f"{line.path}:{line.line}: {line.sentence}" for line in report.bad_lines]


class WindowCounts(NamedTuple):
    """Records that came late or made no profile: slices after their window had closed, of no host, homeless facts."""

    late: int
    left_out: int
    homeless_facts: int

    @classmethod
    def of(cls, windows: "WindowAggregator") -> "WindowCounts":
        """Return what was counted so far."""
        return cls(windows.late, windows.left_out, windows.homeless_facts)


def notes_of_windows(counts: WindowCounts) -> list[str]:
    """Return what the operator should know of records that came late or made no profile."""
    notes: list[str] = []
    if counts.late:
        notes.append(f"{counted(counts.late, 'flow record')} came after the window was closed (see lateness)")
    if counts.left_out:
        records = counted(counts.left_out, "flow record")
        notes.append(f"{records} of multicast, broadcast or unspecified sources made no profile")
    if counts.homeless_facts:
        facts = counted(counts.homeless_facts, "DNS, TLS or HTTP fact")
        notes.append(f"{facts} of sources without a flow in that window made no profile")
    return notes


def span(report: IngestReport) -> str:
    """Return the time span of what was read, in words."""
    if report.first_ns is None or report.last_ns is None:
        return "no traffic"
    return f"{iso(report.first_ns)} to {iso(report.last_ns)}"
