"""A progress bar on a terminal, nothing in a pipe."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Progress = Callable[[int], None]


@contextlib.contextmanager
def progress(inputs: Sequence[str], quiet: bool) -> Iterator[Progress | None]:
    """Yield a function that takes the bytes read so far, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress("reading", *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=_total(inputs))
        yield lambda read: bar.update(task, completed=read)


def _total(inputs: Sequence[str]) -> int | None:
    """Return the bytes of all inputs, None where they cannot be known (stdin, globs)."""
    total = 0
    for item in inputs:
        path = Path(item)
        if path.is_dir():
            total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        elif path.is_file():
            total += path.stat().st_size
        else:
            return None
    return total
