"""Times netad and other ways to read the same logs: `python -m benchmarks.logs`, from the repository's root."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.ingest.machine import this_machine
from benchmarks.ingest.measure import run_once
from benchmarks.logs.readers import READERS, Reader
from benchmarks.logs.samples import LOGS, make_log

_WARM_UP_RECORDS: Final = 2_000
_DEFAULT_WORK: Final = Path(tempfile.gettempdir()) / "netad-benchmark"


@dataclass(frozen=True, slots=True)
class Row:
    """What one reader took for one log: seconds of each run, peak memory, and why it failed, if it did."""

    log: str
    reader: str
    note: str
    records: int
    seconds: tuple[float, ...]
    peak_bytes: int
    failure: str | None = None


def main() -> None:
    """Make the logs, time every reader on each, and print the table."""
    arguments = _parser().parse_args()
    work: Path = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in arguments.logs:
        small, path = make_log(work, name, _WARM_UP_RECORDS), make_log(work, name, arguments.records)
        _read_once(path)
        rows += [
            _time(READERS[reader], name, (str(small), str(path)), work, arguments.runs, arguments.timeout)
            for reader in arguments.readers
            if name in READERS[reader].logs
        ]
    machine = this_machine()
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"machine": asdict(machine), "rows": [asdict(row) for row in rows]}, indent=1)
        )
    print(
        f"{machine.date}, {machine.cpu}, one core, load {machine.load:.2f}, {machine.system}, Python {machine.python}\n"
    )
    print("\n".join(_table(rows)))


def _read_once(path: Path) -> None:
    """Bring a file into the page cache without holding it: a child's memory counts from what this process holds."""
    block = bytearray(1 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def _time(reader: Reader, log: str, paths: tuple[str, str], work: Path, runs: int, timeout_s: float) -> Row:
    """Time a reader, each run in a process of its own."""
    seconds: list[float] = []
    records = peak = 0
    if not reader.installed:
        return Row(log, reader.name, reader.note, 0, (), 0, f"not installed (pip install {' '.join(reader.packages)})")
    for _ in range(runs):
        output = work / "log"
        done = run_once(
            [sys.executable, "-m", "benchmarks.logs.readers", reader.name, *paths], output, timeout_s, Path.cwd()
        )
        if done.failure:
            return Row(log, reader.name, reader.note, 0, (), 0, done.failure)
        said = json.loads(output.read_text().splitlines()[-1])
        seconds.append(said["seconds"])
        records, peak = said["records"], max(peak, done.peak_bytes)
        print(f"{log} {reader.name}: {seconds[-1]:.3f} s", file=sys.stderr, flush=True)
    return Row(log, reader.name, reader.note, records, tuple(seconds), peak)


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| log | reader | records/s | CPU seconds | peak memory | |", "|---|---|---:|---:|---:|---|"]
    for row in rows:
        if row.failure:
            lines.append(f"| {row.log} | {row.reader} | | | | {row.failure} |")
        else:
            time = median(row.seconds)
            figures = f"{row.records / time:,.0f} | {time:.3f} | {row.peak_bytes / 2**20:,.0f} MiB"
            lines.append(f"| {row.log} | {row.reader} | {figures} | {row.note}; {row.records:,} records |")
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    add = parser.add_argument
    add("--records", type=int, default=1_000_000, metavar="N", help="lines of each log (default: 1,000,000)")
    add("--logs", nargs="+", choices=LOGS, default=tuple(LOGS), help="the logs (default: all)")
    add("--readers", nargs="+", choices=READERS, default=tuple(READERS), help="the readers (default: all)")
    add("--runs", type=int, default=3, metavar="N", help="how often each reader runs (default: 3)")
    add("--timeout", type=float, default=300, metavar="S", help="seconds that one run may take (default: 300)")
    add("--work", type=Path, default=_DEFAULT_WORK, help=f"where logs are kept (default: {_DEFAULT_WORK})")
    add("--json", type=Path, metavar="FILE", help="also write every single run to FILE")
    return parser


if __name__ == "__main__":
    main()
