"""`python -m benchmarks.rules`: how long rules take to load and to judge events, from 10 rules to 10,000.

Each size is measured in a process of its own, so that its memory is its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rules.made import make_events, write_rules

SIZES = (10, 100, 1_000, 10_000)
_NOW = datetime(2026, 6, 1, tzinfo=UTC)


def measure(rules: int, events: int) -> dict[str, float]:
    """Return seconds and MiB for one number of rules; making the events is measured apart and taken off."""
    from netad.rules.ruleset import RuleSet

    with tempfile.TemporaryDirectory() as folder:
        write_rules(Path(folder), rules)
        bare = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started = time.process_time()
        rule_set = RuleSet.load([folder], _NOW)
        loaded = time.process_time()
    for _ in make_events(events):
        pass
    made = time.process_time()
    verdicts = rule_set.judge(make_events(events), _NOW)
    judged = time.process_time()
    return {
        "rules": rules,
        "load": loaded - started,
        "judge": (judged - made) - (made - loaded),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "bare": bare,
        "matched": sum(bool(verdict.rules) for verdict in verdicts.verdicts),
    }


def main() -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser(description="Time rules over events.")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.events)))
        return
    print(
        f"{arguments.events:,} events, CPU seconds on one core; load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
    )
    print(f"{'rules':>8} {'load s':>8} {'judge s':>8} {'us/event':>9} {'matched':>9} {'memory MiB':>11}")
    for size in arguments.sizes:
        command = [sys.executable, "-m", "benchmarks.rules", "--one", str(size), "--events", str(arguments.events)]
        found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        each = found["judge"] / arguments.events * 1e6
        print(f"{size:>8,} {found['load']:>8.2f} {found['judge']:>8.2f} {each:>9.1f} {found['matched']:>9,} "
              f"{found['memory']:>11.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
