"""Runs one command as a whole process and says how long it took and how much memory it held."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from time import perf_counter
from typing import Final

_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run: wall and CPU seconds, peak memory (bytes), and why it failed, if it did.

    The kernel counts a child's memory from its fork on, so `peak_bytes` is never below what the measuring process
    held; keep that one small.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    failure: str | None = None


def run_once(command: Sequence[str], log: Path, timeout_s: float, folder: Path, quiet: bool = False) -> Measurement:
    """Run a command in `folder` with its output in `log` (standard output dropped if `quiet`), from exec to exit.

    After `timeout_s` it is killed with all that it started. Nothing is raised for a command that fails.
    """
    with log.open("wb") as output:
        begin = perf_counter()
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if quiet else output,
                stderr=output,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            return Measurement(0.0, 0.0, 0, f"cannot be started: {error.strerror}")
        stopped = Event()
        timer = Timer(timeout_s, _stop, (child.pid, stopped))
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _stop(child.pid, stopped)
            raise
        finally:
            timer.cancel()
        wall_s = perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
    failure = None
    if stopped.is_set() and child.returncode == -signal.SIGKILL:
        failure = f"stopped after {timeout_s:.0f} s"
    elif child.returncode:
        failure = f"exit {child.returncode}: {_last_line(log)}"
    return Measurement(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _KIB, failure)


def _stop(group: int, stopped: Event) -> None:
    """Kill a process group of ours, if it is still there."""
    stopped.set()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no output"
