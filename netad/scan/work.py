"""The work of one run: what is new is read step by step, and after each step it is kept how far the scan has got."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from netad.core.carried import Carried, State
from netad.core.errors import NetadError
from netad.delivery import Result, close, write_run
from netad.enriching import Enriching
from netad.ingest.report import IngestReport
from netad.outputs.base import Commits, Output
from netad.outputs.wording import counted
from netad.pipeline import origin_of, summarise
from netad.reading import WindowCounts, notes_of_reading, notes_of_windows
from netad.scan.inbox import Arrival, Inbox
from netad.scan.settings import Budgets
from netad.scan.steps import in_steps
from netad.scan.stream import Stream

if TYPE_CHECKING:
    from netad.config import Config
    from netad.detectors.model import Model
    from netad.progress import ProgressBar
    from netad.rules.flow_filter import FlowFilter
    from netad.rules.ruleset import RuleSet
    from netad.scan.recent_profiles import DriftFigures

# Keeping how far the scan has got takes time: no more than this share of it, the last time of a run apart.
SHARE: Final = 0.1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tools:
    """What a run works with: its settings, its model, its outputs by name, rules, and what shows how far it is."""

    config: "Config"
    model: "Model"
    outputs: Sequence[tuple[str, Output]]
    rules: "RuleSet | None" = None
    keep_out: "FlowFilter | None" = None
    progress: "ProgressBar | None" = None


class Work:
    """Reads what has arrived. `keep` is called with the state of the stream and of outputs when both are safe.

    Attributes:
        left: files that were not read, since the run was told to end, or had taken what it may.
    """

    def __init__(
        self,
        tools: Tools,
        inbox: Inbox,
        report: IngestReport,
        keep: Callable[[State, State], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin; `report` may hold problems of the inputs already."""
        self.left = 0
        self._tools, self._inbox, self._keep, self._clock = tools, inbox, keep, clock
        self._enriching = Enriching(tools.config)
        self._origin = self._enriching.told(origin_of(tools.config))
        self._stream = Stream(tools.config, tools.model, tools.outputs, self._origin, report, self._enriching,
                              rules=tools.rules, keep_out=tools.keep_out)  # fmt: skip
        self._before = WindowCounts(0, 0, 0)
        self._kinds: set[str] = set()

    @property
    def failed(self) -> bool:
        """Whether an output failed, so that the last step was not kept."""
        return bool(self._stream.failed)

    def drift(self) -> "DriftFigures | None":
        """Return how far the newest profiles are from the model; None where this run judged none, or there are few."""
        return self._stream.recent.drift() if self._stream.judgement.profiles else None

    def resume(self, stream: State, outputs: Mapping[str, Any]) -> None:
        """Go on where the last run stopped.

        Raises:
            StateError: its state is damaged.
        """
        self._stream.resume(stream)
        self._before = WindowCounts.of(self._stream.windows)
        for name, output in self._tools.outputs:
            if isinstance(output, Carried) and name in outputs:
                output.resume(outputs[name])

    def run(
        self, arrivals: Iterable[Arrival], budgets: Budgets, stopping: Callable[[], bool], *, finish: bool
    ) -> Result:
        """Read, and deliver what is found. `stopping` says that no other step is to be begun.

        `finish` ends what is open once all is read. An output that fails ends the run with its last safe step, which
        the next run goes on from.

        Raises:
            SpoolError: it cannot be kept how far the scan has got.
        """
        began, started_ns = self._clock(), time.time_ns()
        stream, outputs = self._stream, self._tools.outputs
        try:
            self._all_steps(arrivals, budgets, stopping)
            if finish and not self.left and not stream.failed:
                stream.finish()
                self._commit()
        except BaseException as error:
            quiet = [pair for pair in outputs if pair[1].name != "console"]
            summary = self._summary(self._clock() - began, goes_on=True)
            write_run(quiet, summary, started_ns, self._origin, stream.failed, ended_by=error, command="scan")
            close(quiet, summary, stream.failed)
            raise
        summary = self._summary(self._clock() - began, goes_on=not finish)
        write_run(outputs, summary, started_ns, self._origin, stream.failed, command="scan")
        return close(outputs, summary, stream.failed)

    def _all_steps(self, arrivals: Iterable[Arrival], budgets: Budgets, stopping: Callable[[], bool]) -> None:
        began = kept = self._clock()
        took = 0.0
        steps = deque(in_steps(list(arrivals), self._tools.config.window_ns or 1))
        if self._tools.progress is not None:
            self._tools.progress.expect([arrival.source.path for step in steps for arrival in step])
        while steps and not self._ends(stopping, budgets, self._clock() - began):
            self._step(steps.popleft())
            if self._stream.failed:
                break
            now = self._clock()
            if not steps or stopping() or now - kept >= took / SHARE:
                if not self._commit():
                    break
                kept = self._clock()
                took = kept - now
        self.left = sum(map(len, steps))
        if self._tools.progress is not None:
            self._tools.progress.stop()

    def _step(self, arrivals: Sequence[Arrival]) -> None:
        """Read what of some arrivals is new still, and note how far they were read."""
        new = [arrival for one in arrivals if (arrival := self._inbox.look_again(one)) is not None]
        report = self._stream.report
        self._stream.take([arrival.source for arrival in new], self._tools.progress)
        for arrival in new:
            read = report.read.get(arrival.source.path)
            if read is not None:  # else it could not be opened, and another run may have more luck
                self._inbox.note(arrival, read)
                self._kinds.add(str(arrival.source.format))

    def _ends(self, stopping: Callable[[], bool], budgets: Budgets, seconds: float) -> bool:
        """Tell whether no other step is to be begun, and say why."""
        if stopping():
            return True
        if budgets.wall_clock is not None and seconds >= budgets.wall_clock:
            log.warning("the budget of time is spent: the next run goes on")
            return True
        if budgets.memory is not None and _resident_bytes() >= budgets.memory:
            log.warning("the budget of memory is spent: the next run goes on")
            return True
        return False

    def _commit(self) -> bool:
        """Make safe what the outputs were given, then keep how far the scan has got; False when an output fails."""
        for name, output in self._tools.outputs:
            try:
                if isinstance(output, Commits):
                    output.commit()
            except NetadError as error:
                self._stream.failed[name] = error
                return False
        carried = {name: output.carry() for name, output in self._tools.outputs if isinstance(output, Carried)}
        self._keep(self._stream.carry(), carried)
        return True

    def _summary(self, seconds: float, *, goes_on: bool) -> Any:  # noqa: ANN401 - a RunSummary
        stream, config = self._stream, self._tools.config
        summary = summarise(config, stream.report, stream.judgement, stream.found, self._kinds)
        now = WindowCounts.of(stream.windows)
        counts = WindowCounts(*(after - before for after, before in zip(now, self._before, strict=True)))
        told = [] if self._tools.keep_out is None else [self._tools.keep_out.told()]
        if self.left:
            told.append(f"{counted(self.left, 'file')} left for the next run")
        summary.notes[:0] = [*notes_of_reading(stream.report, config), *told, *notes_of_windows(counts)]
        summary.seconds = {**stream.seconds, "all": seconds}
        summary.goes_on = goes_on
        return self._enriching.told(summary)


def _resident_bytes() -> int:
    """Return the memory that this process holds now (Linux; 0 where that cannot be told)."""
    import os

    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of a user
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
