"""Inputs on their way to flows and profiles, and what is noted on that way.

What needs pandas is imported where it is used: `netad flows` does without it, which is half of its start-up.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netad.config import Config
from netad.core.errors import InputError
from netad.core.timing import iso, parse_duration
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.flows import FlowBatch
from netad.ingest.inputs import find_sources
from netad.ingest.report import IngestReport
from netad.outputs.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from netad.progress import ProgressBar

log = logging.getLogger(__name__)


@dataclass
class Reading:
    """Inputs on their way to profiles: the counters fill while `profiles` is consumed."""

    config: Config
    inputs: Sequence[str]
    progress: "ProgressBar | None" = None
    report: IngestReport = field(default_factory=IngestReport)
    notes: list[str] = field(default_factory=list)

    def flows(self) -> Iterator[FlowBatch]:
        """Yield flow records of all inputs, batch by batch, in order.

        Raises:
            InputError: none of the inputs can be read.
        """
        sources = find_sources(self.inputs, self.report, self.config.max_ratio)
        if not sources:
            raise InputError("; ".join(f"{p.path}: {p.sentence}" for p in self.report.problems) or "no input was given")
        log.info("%s to read", counted(len(sources), "input"))
        options = IngestOptions(
            window_ns=self.config.window_ns,
            since_ns=self.config.since_ns,
            until_ns=self.config.until_ns,
            lateness_ns=parse_duration(self.config.lateness),
            max_flows=self.config.max_flows,
            decap=self.config.decap,
        )
        yield from read_flows(sources, options, self.report, self.progress)
        if self.progress is not None:
            self.progress.stop()
        if self.report.evicted:
            self.notes.append(f"{counted(self.report.evicted, 'flow')} ended early because more than "
                              f"{self.config.max_flows:,} were open at once (see --max-flows)")  # fmt: skip

    def profiles(self, on_flows: Callable[[FlowBatch], None] | None = None) -> Iterator["pd.DataFrame"]:
        """Yield ProfileFrames as windows close; `on_flows` is handed every batch of whole flows on the way."""
        from netad.profiles.windows import WindowAggregator

        windows = WindowAggregator(self.config.window_ns, self.config.networks, parse_duration(self.config.lateness))
        for batch in self.flows():
            if on_flows is not None:
                on_flows(batch.whole())
            yield from windows.add(batch)
        yield from windows.finish()
        if windows.late:
            self.notes.append(f"{counted(windows.late, 'flow record')} came after the window was closed (see lateness)")
        if windows.left_out:
            records = counted(windows.left_out, "flow record")
            self.notes.append(f"{records} of multicast, broadcast or unspecified sources made no profile")


def all_profiles(reading: Reading, on_flows: Callable[[FlowBatch], None] | None = None) -> "pd.DataFrame":
    """Return every profile of the inputs in one frame, in order of window and source."""
    from netad.profiles.frame import join_frames

    return join_frames(list(reading.profiles(on_flows)))


def span(report: IngestReport) -> str:
    """Return the time span of what was read, in words."""
    if report.first_ns is None or report.last_ns is None:
        return "no packets"
    return f"{iso(report.first_ns)} to {iso(report.last_ns)}"
