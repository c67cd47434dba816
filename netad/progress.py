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
