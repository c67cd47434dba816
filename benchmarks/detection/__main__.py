"""`python -m benchmarks.detection`: how long flows take to become profiles, scores and reasons."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.detection.made import HOUR_NS, office_flows
from benchmarks.ingest.machine import this_machine

if TYPE_CHECKING:
    from netad.detectors.behaviour.behaviours import Watched
    from netad.ingest.flows import FlowBatch

_T = TypeVar("_T")

_HOURS = 24
_INSIDE = ("10.0.0.0/8",)
_DETECTORS = ("fusion", "behaviour")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took, in seconds: by the clock, and of the processors."""

    wall: float
    cpu: float


def main() -> None:
    """Measure, and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=2_000_000, help="flows that become profiles [2000000]")
    parser.add_argument("--sources", type=int, default=1_667, help="their sources, in 24 hours [1667: 40,008 profiles]")
    parser.add_argument("--profiles", type=int, default=100_000, help="profiles that train and are scored [100000]")
    parser.add_argument("--explained", type=int, default=1_000, help="events that are explained [1000]")
    parser.add_argument("--capture", type=Path, help="also time netad ingest of this capture beside netad flows")
    parser.add_argument("--runs", type=int, default=3, help="runs of everything but training, the median counts [3]")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    machine = this_machine()
    print(f"{machine.date}, {machine.cpu}, one core, load before {machine.load:.2f}, {machine.system}, "
          f"Python {machine.python}\n\n| what | wall s | CPU s |\n|---|---:|---:|", flush=True)  # fmt: skip
    _tell_rows(_profiling(given.flows, given.sources, given.runs))
    _tell_rows(_judging(given.profiles, given.explained, given.runs))
    if given.capture is not None:
        _tell_rows(_commands(given.capture, given.runs))


def _tell_rows(rows: Sequence[tuple[str, Timing]]) -> None:
    for what, timing in rows:
        print(f"| {what} | {timing.wall:.2f} | {timing.cpu:.2f} |", flush=True)


def _profiling(flows: int, sources: int, runs: int) -> list[tuple[str, Timing]]:
    batches = list(office_flows(flows, sources, _HOURS, seed=1))
    _profiles(list(office_flows(_HOURS * 100, 50, _HOURS, seed=1)))
    made, timing = _timed(lambda: _profiles(batches), runs)
    flow_count = sum(len(batch) for batch in batches)
    return [(f"{flow_count:,} flows to {made:,} profiles", timing)]


def _profiles(batches: "Sequence[FlowBatch]") -> int:
    """Make profiles and what they met, and let them go: what is held of them is the next stage's."""
    from netad.core.addresses import Networks
    from netad.profiles.windows import WindowAggregator

    aggregator = WindowAggregator(HOUR_NS, Networks.parse(_INSIDE))
    closed = sum(len(made) for batch in batches for made in aggregator.add(batch))
    return closed + sum(len(made) for made in aggregator.finish())


def _judging(profiles: int, explained: int, runs: int) -> list[tuple[str, Timing]]:
    from netad.detectors.explain import explain
    from netad.detectors.model import Model

    sources = -(-profiles // _HOURS)
    small = _watched(50, 0).batch
    learnt = Model.train(small, detectors=_DETECTORS, name="warm", window="1h", created="")
    explain(learnt, learnt.measure(small).frame.iloc[:10])
    past, now = _watched(sources, 0).batch, _watched(sources, _HOURS).batch
    model, trained = _timed(lambda: Model.train(past, detectors=_DETECTORS, name="office", window="1h", created=""), 1)
    measured, measuring = _timed(lambda: model.measure(now).frame, runs)
    scores, scoring = _timed(lambda: model.score(measured), runs)
    rows = measured.iloc[(-scores.score).argsort(kind="stable")[:explained]]
    _, explaining = _timed(lambda: explain(model, rows), runs)
    return [
        (f"training on {len(past):,} profiles", trained),
        (f"novelty of {len(now):,} profiles", measuring),
        (f"scoring them ({' and '.join(_DETECTORS)})", scoring),
        (f"explaining {len(rows):,} of them", explaining),
    ]


def _watched(sources: int, start_hour: int) -> "Watched":
    """Return profiles of every source in 24 hours, watched for behaviours: about 20 flows a profile."""
    from netad.core.addresses import Networks
    from netad.detectors.behaviour.behaviours import Behaviours, Watched
    from netad.profiles.windows import WindowAggregator

    inside = Networks.parse(_INSIDE)
    aggregator, behaviours = WindowAggregator(HOUR_NS, inside), Behaviours(None, inside)
    parts = []
    for batch in office_flows(20 * sources * _HOURS, sources, _HOURS, seed=2 + start_hour, start_hour=start_hour):
        parts += [behaviours.watch(made) for made in aggregator.add(batch)]
    return Watched.join([*parts, *(behaviours.watch(made) for made in aggregator.finish())])


def _commands(capture: Path, runs: int) -> list[tuple[str, Timing]]:
    """Time whole processes in turns: flows to Parquet, and all the way to scored and explained events."""
    with tempfile.TemporaryDirectory() as place:
        ways = {
            f"netad flows {capture.name}": ["flows", str(capture), "-o", f"{place}/flows.parquet"],
            f"netad ingest {capture.name}": ["ingest", str(capture)],
        }
        timings: dict[str, list[Timing]] = {what: [] for what in ways}
        for _ in range(runs + 1):
            for what, arguments in ways.items():
                timings[what].append(_process(arguments))
        # The first one compiled what was not compiled yet, and brought the capture into the page cache.
        return [(what, _median(each[1:])) for what, each in timings.items()]


def _process(arguments: Sequence[str]) -> Timing:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "netad", *arguments], check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timing(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _timed(work: Callable[[], _T], runs: int) -> tuple[_T, Timing]:
    timings = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        timings.append(Timing(time.perf_counter() - wall, time.process_time() - cpu))
    return result, _median(timings)


def _median(timings: Sequence[Timing]) -> Timing:
    """Return the run of the median CPU time."""
    return sorted(timings, key=lambda one: one.cpu)[len(timings) // 2]


if __name__ == "__main__":
    main()
