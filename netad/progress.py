"""A progress bar on a terminal, nothing in a pipe."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressBar:
    """Takes the bytes read so far. It goes when `stop` is called, before anything else is printed."""

    def __init__(self, bar: "Progress", task: "TaskID") -> None:
        self._bar = bar
        self._task = task

    def __call__(self, read: int) -> None:
        """Show that `read` bytes have been read."""
        self._bar.update(self._task, completed=read)

    def expect(self, paths: Iterable[str]) -> None:
        """Say which files are read, for the bar to know how far it is; with a pipe among them nobody knows."""
        self._bar.update(self._task, total=_total(paths))

    def stop(self) -> None:
        """Take the bar off the terminal, once and for all."""
        self._bar.stop()


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[ProgressBar | None]:
    """Yield a bar for reading, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress("reading", *columns, console=Console(stderr=True), transient=True) as bar:
        yield ProgressBar(bar, bar.add_task("reading", total=None))


class StepBar:
    """Takes the steps done and their number; appears with the first of them, in the place of another bar."""

    def __init__(self, what: str, before: ProgressBar | None = None) -> None:
        self._what, self._before = what, before
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` steps are done, how fast, and how long the rest takes."""
        if self._bar is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            if self._before is not None:
                self._before.stop()
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
            self._bar = Progress(self._what, *columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._what, total=total, rate="")
            self._bar.start()
        self._bar.update(self._task, completed=done, rate=_rate(self._bar.tasks[0].speed))
        if done >= total:
            self.stop()

    def stop(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()


@contextlib.contextmanager
def step_progress(what: str, quiet: bool) -> Iterator[StepBar | None]:
    """Yield a bar for the steps of `what`, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    bar = StepBar(what)
    try:
        yield bar
    finally:
        bar.stop()


@contextlib.contextmanager
def training_progress(before: ProgressBar | None) -> Iterator[StepBar | None]:
    """Yield a bar for the steps of a training, or None where there is none before it because nobody watches."""
    if before is None:
        yield None
        return
    bar = StepBar("training", before)
    try:
        yield bar
    finally:
        bar.stop()


def _rate(speed: float | None) -> str:
    """Return a speed in steps a second; nothing before there is one."""
    return "" if speed is None else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s"


def _total(paths: Iterable[str]) -> int | None:
    """Return the bytes of all files, None where they cannot be known (stdin, pipes, what may not be looked at)."""
    total = 0
    try:
        for path in map(Path, paths):
            if not path.is_file():
                return None
            total += path.stat().st_size
    except OSError:
        return None
    return total
