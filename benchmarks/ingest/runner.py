"""Makes captures and times tools on them in turns (A B A B ...), every command with a limit."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.ingest.measure import Measurement, run_once
from benchmarks.ingest.peers import Job, Peer
from benchmarks.ingest.report import KernelRow, Row
from benchmarks.ingest.specs import CaptureFile

_ROOT: Final = Path(__file__).parents[2]
_MAKING_S: Final = 1_800
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Tool:
    """A peer that was looked for: `program` is None if it is not installed or does not work."""

    peer: Peer
    program: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Bench:
    """What holds for all runs. `sink_port` is a UDP port of ours that nobody reads; `say` takes lines of progress."""

    work: Path
    runs: int
    timeout_s: float
    sink_port: int
    say: Callable[[str], None]

    def job(self, capture: CaptureFile) -> Job:
        """Return the job of one run, with an empty folder for its output."""
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return Job(Path(capture.path), out, self.work / "log", self.sink_port)

    def clean(self) -> None:
        """Remove what the last job wrote."""
        shutil.rmtree(self.work / "out", ignore_errors=True)
        (self.work / "log").unlink(missing_ok=True)


def make_captures(work: Path, names: Sequence[str]) -> list[CaptureFile]:
    """Return the named captures, made where they are missing, by a process of its own: this one must stay small.

    Raises:
        subprocess.SubprocessError: they could not be made; why is on standard error.
    """
    command = [sys.executable, "-m", "benchmarks.ingest.captures", str(work), *names]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, timeout=_MAKING_S, text=True)
    return [CaptureFile(**json.loads(line)) for line in done.stdout.splitlines()]


def look_for(peer: Peer, program: str | None = None) -> Tool:
    """Find a peer (or `program` in its place) and ask for its version."""
    found = peer.find(program)
    version = peer.version(found) if found else None
    return Tool(peer, found if version else None, version)


def warm_up(bench: Bench, small: CaptureFile, tool: Tool) -> None:
    """Let a tool read a small capture once, untimed: netad compiles its kernels on first use."""
    if tool.program:
        _run(bench, small, tool, tool.program, count=False)
        bench.clean()


def time_all(bench: Bench, capture: CaptureFile, tools: Sequence[Tool]) -> tuple[Row, ...]:
    """Time every tool on a capture, all of them once before any of them again. One that fails is not run again."""
    _read_once(Path(capture.path))
    measured: dict[str, list[Measurement]] = {tool.peer.name: [] for tool in tools}
    records: dict[str, int | None] = {}
    for turn in range(bench.runs):
        for tool in tools:
            name, before = tool.peer.name, measured[tool.peer.name]
            if tool.program is None or (before and before[-1].failure):
                continue
            count = turn == bench.runs - 1
            measurement, records[name] = _run(bench, capture, tool, tool.program, count)
            before.append(measurement)
            outcome = measurement.failure or f"{measurement.wall_s:.3f} s"
            bench.say(f"{capture.name} {turn + 1}/{bench.runs} {name}: {outcome}")
    bench.clean()
    return tuple(
        Row(
            tool=tool.peer.name,
            version=tool.version,
            note=tool.peer.note if tool.program else tool.peer.install,
            runs=tuple(measured[tool.peer.name]),
            records=records.get(tool.peer.name),
        )
        for tool in tools
    )


def time_kernel(bench: Bench, capture: CaptureFile, small: CaptureFile) -> KernelRow:
    """Time netad's reading without output beside flow_pass.c, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ingest.kernel", capture.path]
    command += ["--warm-up", small.path, "--runs", str(bench.runs)]
    limit_s = bench.timeout_s * bench.runs
    bench.say(f"{capture.name}: without output, beside C")
    try:
        done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, timeout=limit_s, text=True)
    except subprocess.TimeoutExpired:
        return KernelRow(capture.name, (), (), f"stopped after {limit_s:.0f} s")
    except subprocess.CalledProcessError as error:
        return KernelRow(capture.name, (), (), f"exit {error.returncode}")
    found = json.loads(done.stdout)
    in_c = found.get("c", {"seconds": ()})
    return KernelRow(capture.name, tuple(found["netad"]["seconds"]), tuple(in_c["seconds"]))


def _run(bench: Bench, capture: CaptureFile, tool: Tool, program: str, count: bool) -> tuple[Measurement, int | None]:
    """Run a tool once; return what it took, and on request the number of records that it wrote."""
    job = bench.job(capture)
    command = [program, *tool.peer.arguments(job)]
    measurement = run_once(command, job.log, bench.timeout_s, bench.work, tool.peer.quiet)
    counted = tool.peer.records(job) if count and not measurement.failure else None
    return measurement, counted


def _read_once(path: Path) -> None:
    """Bring a file into the page cache, without holding it."""
    block = bytearray(_READ_BYTES)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass
