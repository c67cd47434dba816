"""A progress bar on a terminal, nothing in a pipe."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
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

    def stop(self) -> None:
        """Take the bar off the terminal, once and for all."""
        self._bar.stop()


@contextlib.contextmanager
def progress(inputs: Sequence[str], quiet: bool) -> Iterator[ProgressBar | None]:
    """Yield a bar for reading `inputs`, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress("reading", *columns, console=Console(stderr=True), transient=True) as bar:
        yield ProgressBar(bar, bar.add_task("reading", total=_total(inputs)))


def _total(inputs: Sequence[str]) -> int | None:
    """Return the bytes of all inputs, None where they cannot be known (stdin, globs, what may not be looked at)."""
    total = 0
    try:
        for item in inputs:
            path = Path(item)
            if path.is_dir():
                total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            elif path.is_file():
                total += path.stat().st_size
            else:
                return None
    except OSError:
        return None
    return total
