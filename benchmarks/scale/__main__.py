"""`python -m benchmarks.scale`: a year of profiles in a store: its size, and what learning, drift and rescoring take.

Each step is a process of its own, so that its CPU seconds and memory are its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale.made import HOUR_NS, make_hours
from netad.config import load_config
from netad.core.timing import iso, now_iso, parse_time
from netad.detectors.model import Model
from netad.detectors.scored import ScoredProfiles
from netad.judging import SCORED_TOGETHER, watched
from netad.outputs.base import RunSummary
from netad.outputs.profile_event import profile_events
from netad.outputs.store.output import ParquetOutput
from netad.pipeline import origin_of
from netad.profiles.batch import ProfileBatch
from netad.reading import Reading
from netad.sample.capture import write_sample

START = "2025-11-01T00:00:00Z"
LEARNT, MOST_LEARNT = 6, 20_000  # hours and profiles that the model which judges first is trained on
FULL_SOURCES, FULL_HOURS = 10_000, 24 * 365
STEPS = ("write", "stats", "compact", "history", "train", "drift", "rescore")


def write(folder: Path, sources: int, hours: int) -> int:
    """Judge made profiles and store them as `ingest --profiles all --to parquet` does; return how many."""
    config = load_config(None, {"observer": "scale"})
    template = watched(config, Reading(config, [str(folder / "office")])).batch.without_words()
    first = list(make_hours(template, sources, parse_time(START) - LEARNT * HOUR_NS, LEARNT, seed=1))
    model = Model.train(ProfileBatch.join(first).select(np.arange(min(sources * LEARNT, MOST_LEARNT))),
                        detectors=config.detectors, name="first", window="1h", created=now_iso())  # fmt: skip
    output, origin, created, written = ParquetOutput(str(folder / "store")), origin_of(config), now_iso(), 0
    waiting: list[ProfileBatch] = []
    for number, batch in enumerate(make_hours(template, sources, parse_time(START), hours), 1):
        waiting.append(batch)
        if number < hours and sum(map(len, waiting)) < SCORED_TOGETHER:
            continue
        whole = ProfileBatch.join(waiting)
        frame = model.measure(whole).frame
        scored = ScoredProfiles(frame, model.score(frame), model, model.threshold(config.budget), whole.meetings)
        output.write(profile_events(scored, origin, created, for_store=True))
        written += len(whole)
        waiting = []
    output.close(RunSummary())
    return written


def _run(arguments: Sequence[str], limit: int = 12) -> dict[str, Any]:
    """Run a program; return its CPU seconds, wall seconds, peak memory in MiB, and its last lines."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryFile("w+") as said:
        started = time.monotonic()
        child = subprocess.Popen([sys.executable, "-m", *arguments], stdout=said, stderr=subprocess.STDOUT,
                                 env={**os.environ, **one_thread})  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        said.seek(0)
        lines = said.read().splitlines()
    if os.waitstatus_to_exitcode(status):
        raise SystemExit("\n".join(lines))
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "memory": usage.ru_maxrss / 1024,
            "said": lines[-limit:]}  # fmt: skip


def _command(step: str, folder: Path, arguments: argparse.Namespace) -> list[str]:
    store, month = f"parquet:{folder / 'store'}", str(folder / "learnt")
    last = parse_time(START) + arguments.hours * HOUR_NS
    learnt, newer = iso(parse_time(START) + arguments.learn * HOUR_NS), iso(last - arguments.learn * HOUR_NS)
    return {
        "write": ["benchmarks.scale", "--one", str(folder), "--sources", str(arguments.sources),
                  "--hours", str(arguments.hours)],
        "stats": ["netad", "store", "stats", store],
        "compact": ["netad", "store", "compact", store],
        "history": ["netad", "history", store, "10.0.0.1", "--profiles", "--limit", "1"],
        "train": ["netad", "train", store, "--until", learnt, "--model", month],
        "drift": ["netad", "models", "drift", month, store, "--since", newer],
        "rescore": ["netad", "rescore", store, "--since", "all", "--limit", "1", "--model", month],
    }[step]  # fmt: skip


def main() -> None:
    """Print one line for each step, and what a whole year of 10,000 sources would take."""
    parser = argparse.ArgumentParser(description="A year of profiles in a store.")
    parser.add_argument("--sources", type=int, default=FULL_SOURCES, help="[10000]")
    parser.add_argument("--hours", type=int, default=88, help="windows of each, of 8,760 a year [88]")
    parser.add_argument(
        "--learn", type=int, default=12, help="so many of the first are learnt, and of the last compared"
    )
    parser.add_argument("--folder", type=Path, help="keep everything there, and go on with the store that is there")
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=STEPS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(write(arguments.one, arguments.sources, arguments.hours))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "office").exists():
            write_sample(folder / "office", seed=0, day=1, hours=8)
        _measure(folder, arguments)


def _measure(folder: Path, arguments: argparse.Namespace) -> None:
    profiles, full = arguments.sources * arguments.hours, FULL_SOURCES * FULL_HOURS
    print(f"{arguments.sources:,} sources x {arguments.hours:,} windows = {profiles:,} profiles, one thread; "
          f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")  # fmt: skip
    for step in arguments.steps:
        found = _run(_command(step, folder, arguments))
        size = sum(path.stat().st_size for path in (folder / "store").rglob("*.parquet"))
        found |= {"step": step, "bytes_per_profile": size / profiles, "profiles_per_cpu_s": profiles / found["cpu"]}
        if arguments.json:
            print(json.dumps(found))
            continue
        print(f"{step:8} {found['cpu']:8.1f} CPU s {found['wall']:8.1f} s {found['memory']:8.0f} MiB "
              f"{found['profiles_per_cpu_s']:10,.0f} profiles/CPU s  {found['bytes_per_profile']:.0f} bytes/profile, "
              f"{size / profiles * full / 1e9:.1f} GB a year of 10,000 sources", flush=True)  # fmt: skip
        for line in found["said"]:
            print(f"         | {line[:150]}")


if __name__ == "__main__":
    main()
