"""`python -m benchmarks.scan`: a scan over many known captures, then with a large new one among them, beside ingest.

Every run is a process of its own; the medians of several are printed, wall clock and CPU seconds.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netad.sample.capture import sample_packets, write_sample
from netad.sample.wire import write_pcap


def timed(folder: Path, *arguments: object) -> tuple[float, float]:
    """Run netad in a folder; return its wall clock and CPU seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-m", "netad", *map(str, arguments)], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make_site(folder: Path, files: int) -> None:
    """Make a model, and many small captures that follow each other."""
    write_sample(folder / "normal", seed=3, day=1, hours=2)
    timed(folder, "train", "normal", "--model", "office", "-q")
    packets, _ = sample_packets(seed=3, day=2, hours=8)
    (folder / "in").mkdir()
    size = max(len(packets) // files, 1)
    for number in range(files):
        part = packets[number * size % len(packets) :][:size]
        # Times that no other file has, so that no two have the same content.
        moved = [(time_ns + number * 1_000, *rest) for time_ns, *rest in part]
        write_pcap(folder / "in" / f"known-{number:05d}.pcap", moved)
    (folder / "netad.yaml").write_text("inputs: in\nstate: state\nmodel: office\noutputs: 'ndjson:out.ndjson'\n"
                                       "include_current: yes\nsettle: 1ns\n")  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Time scans.")
    parser.add_argument("--files", type=int, default=10_000, help="Captures that are known.")
    parser.add_argument("--new", type=Path, help="A capture to come new among them.")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    rows: list[tuple[str, list[tuple[float, float]]]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_site(folder, arguments.files)
        rows.append((f"first scan, {arguments.files:,} files", [timed(folder, "scan", "-q")]))
        timed(folder, "scan", "-q")
        rows.append(("nothing new", [timed(folder, "scan", "-q") for _ in range(arguments.runs)]))
        if arguments.new is not None:
            target = ("--to", "ndjson:ingest.ndjson", "-q")
            alone = [
                timed(folder, "ingest", arguments.new, "--model", "office", *target) for _ in range(arguments.runs)
            ]
            rows.append((f"ingest of {arguments.new.stat().st_size / 1e6:,.0f} MB alone", alone))
            shutil.copytree(folder / "state", folder / "before")
            scans = []
            shutil.copy(arguments.new, folder / "in" / "new.pcap")
            for _ in range(arguments.runs):
                shutil.rmtree(folder / "state")
                shutil.copytree(folder / "before", folder / "state")
                scans.append(timed(folder, "scan", "-q"))
            rows.append(("the same, new among the known", scans))
    print(f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
    print("| | wall s | CPU s |\n|---|---:|---:|")
    for name, figures in rows:
        print(f"| {name} | {statistics.median(wall for wall, _ in figures):.2f} | "
              f"{statistics.median(cpu for _, cpu in figures):.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
