"""One run of a scan: finds what is new, and lets it be worked on if there is any; little is loaded if there is none."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from json import dumps
from typing import TYPE_CHECKING

from netad.core.carried import State, list_of, part_of, time_of
from netad.core.errors import ConfigError, ExitCode, StateError
from netad.ingest.report import IngestReport
from netad.outputs.base import Output
from netad.scan.inbox import Arrival, Inbox
from netad.scan.known_files import KnownFiles
from netad.scan.metrics import Totals
from netad.scan.settings import ScanConfig
from netad.scan.state import StateFolder

if TYPE_CHECKING:
    from netad.delivery import Result
    from netad.progress import ProgressBar
    from netad.rules.flow_filter import FlowFilter
    from netad.rules.ruleset import RuleSet
    from netad.scan.recent_profiles import DriftFigures
    from netad.scan.work import Work

log = logging.getLogger(__name__)
# Settings that shape what is open: with others it could not be gone on with.
_SHAPE = ("window", "lateness", "inside", "time_zone", "decap", "strict", "max_flows", "flows", "behaviours")


@dataclass(frozen=True)
class Asked:
    """What this run is asked for beside its settings.

    Attributes:
        open_outputs: opens the outputs, when there is something for them.
        open_rules: opens the rules.
        stopping: says that no other step is to be begun, since the process was told to end.
        finish: whether what is open ends with this run: nothing more will come.
        progress: what shows how far reading is.
    """

    open_outputs: Callable[[], Sequence[tuple[str, Output]]]
    open_rules: "Callable[[], tuple[RuleSet | None, FlowFilter | None]]" = lambda: (None, None)
    stopping: Callable[[], bool] = lambda: False
    finish: bool = False
    progress: "ProgressBar | None" = None


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: its exit code.
        result: what it did, None when there was nothing new.
        problems: what is wrong with inputs, one sentence each.
        waiting: captures that are not ready yet.
        left: files that are left for the next run.
    """

    code: ExitCode
    result: "Result | None"
    problems: list[str]
    waiting: int = 0
    left: int = 0


@dataclass
class Scan:
    """A run over a state folder whose lock is held.

    Attributes:
        totals: the counts of all runs with this state, this one's included once it has ended.
        succeeded_ns: when a run with this state succeeded last, wall clock; None for never.
        drift: how far the network had drifted from the model when that was told last; None for never.
        model_created: when the model was made that was opened last, "" for never.
    """

    config: ScanConfig
    folder: StateFolder
    asked: Asked
    wall_clock: Callable[[], int] = time.time_ns
    totals: Totals = field(default_factory=Totals)
    succeeded_ns: int | None = None
    drift: "DriftFigures | None" = None
    model_created: str = ""

    def run(self) -> Ended:
        """Read what is new, and deliver what is found in it.

        Raises:
            NetadError: the settings, the model or the state cannot be used, or the state cannot be kept. What was not
                kept is done again by the next run.
        """
        saved = self.folder.load()
        try:
            return self._go_on(saved)
        except _DamagedError as error:
            log.warning("the state is thrown away, and everything is read again, which adds nothing that is there: %s",
                        error)  # fmt: skip
            return self._go_on(None)

    def _go_on(self, saved: State | None) -> Ended:
        report = IngestReport()
        inbox = Inbox(KnownFiles(), self.config.settle_ns, self.config.include_current, self.config.run.max_ratio)
        if saved is not None:
            self._take_up(saved, inbox)
        arrivals = inbox.arrivals(self.config.inputs, report)
        if arrivals or (self.asked.finish and saved is not None):
            return self._work(inbox, report, arrivals, saved)
        problems = [f"{problem.path}: {problem.sentence}" for problem in report.problems]
        if not problems:
            self.succeeded_ns = self.wall_clock()
        self.folder.save(self._files(inbox, {} if saved is None else part_of(saved, "outputs")), None)
        code = ExitCode.INPUT if problems else ExitCode.DONE
        return Ended(code, None, problems, len(inbox.waiting))

    def _take_up(self, saved: State, inbox: Inbox) -> None:
        """Take up what was saved of the files.

        Raises:
            ConfigError: it was saved with settings that it cannot be gone on with.
            _DamagedError: it is damaged.
        """
        try:
            self._check_same(part_of(saved, "settings"))
            inbox.known.resume(part_of(saved, "known"))
            inbox.waiting = {path: (int(size), int(time_ns)) for path, size, time_ns in list_of(saved, "waiting")}
            self.totals.resume(part_of(saved, "totals"))
            self.succeeded_ns = time_of(saved, "succeeded_ns")
            self.model_created = str(saved["model_created"])
            if saved["drift"]:
                from netad.scan.recent_profiles import DriftFigures

                self.drift = DriftFigures(*saved["drift"])
        except (StateError, KeyError, TypeError, ValueError) as error:
            self.totals = Totals()
            raise _DamagedError(str(error)) from error

    def _check_same(self, before: State) -> None:
        now = self._settings()
        if before["file"] != now["file"] and before["inputs"] != now["inputs"]:
            raise ConfigError(f"the state folder {self.folder.folder} belongs to {before['file']}: give each "
                              "configuration a folder of its own")  # fmt: skip
        for name in _SHAPE:
            if before["shape"][name] != now["shape"][name]:
                raise ConfigError(
                    f"the state in {self.folder.folder} was kept with {name} {before['shape'][name]}, not "
                    f"{now['shape'][name]}: go back to that, or name another state folder"
                )

    def _settings(self) -> State:
        run = self.config.run
        return {
            "file": str(self.config.file.resolve()),
            "inputs": list(self.config.inputs),
            "shape": {name: _told(getattr(run, name)) for name in _SHAPE},
        }

    def _work(self, inbox: Inbox, report: IngestReport, arrivals: list[Arrival], saved: State | None) -> Ended:
        from netad.judging import open_model
        from netad.scan.work import Tools, Work

        model, run = open_model(self.config.run)
        if run.window_ns is None:
            raise ConfigError(f"the model {run.model} was trained on whole captures, and a scan never knows where one "
                              "ends: train one with windows such as 1h")  # fmt: skip
        tools = Tools(run, model, self.asked.open_outputs(), *self.asked.open_rules(), self.asked.progress)
        kept: State = {} if saved is None else part_of(saved, "outputs")

        def keep(stream: State, outputs: State) -> None:
            kept.update(outputs)
            self.folder.save(self._files(inbox, kept), stream)

        work = Work(tools, inbox, report, keep)
        if saved is not None and self.folder.holds_stream:
            self._resume(work, saved)
        result = work.run(arrivals, self.config.budgets, self.asked.stopping, finish=self.asked.finish)
        self.totals.add(result.summary)
        self.model_created = model.created
        if self.config.metrics is not None:
            self.drift = work.drift() or self.drift
        if not result.exit_code:
            self.succeeded_ns = self.wall_clock()
        if not work.failed:
            self.folder.save(self._files(inbox, kept), None)
        stopped = self.asked.stopping() and not result.exit_code
        code = ExitCode.INTERRUPTED if stopped else result.exit_code
        return Ended(code, result, result.summary.problems, len(inbox.waiting), work.left)

    def _resume(self, work: "Work", saved: State) -> None:
        try:
            work.resume(self.folder.stream(), part_of(saved, "outputs"))
        except (StateError, KeyError, TypeError, ValueError) as error:
            raise _DamagedError(str(error)) from error

    def _files(self, inbox: Inbox, outputs: State) -> State:
        return {
            "settings": self._settings(),
            "known": inbox.known.carry(),
            "waiting": [[path, size, time_ns] for path, (size, time_ns) in inbox.waiting.items()],
            "totals": self.totals.carry(),
            "succeeded_ns": self.succeeded_ns,
            "model_created": self.model_created,
            "drift": None if self.drift is None else list(astuple(self.drift)),
            "outputs": outputs,
        }


def _told(value: object) -> str:
    """Return a setting as it is compared, and said when it differs."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return dumps(value, sort_keys=True) if isinstance(value, Mapping) else str(value)


class _DamagedError(Exception):
    """The state cannot be gone on with: it is begun anew."""
