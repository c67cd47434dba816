"""Times shipping to Elasticsearch: `python -m benchmarks.elastic`, from the repository's root."""

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.elastic.ways import Timed, bodies, post, ship
from benchmarks.ingest.machine import this_machine
from tests.elastic_fixture import free_port, own_node

MB = 1 << 20


def main() -> None:
    """Ship rounds of flows in turns with raw bulk requests, then one number of flows twice, and print a table."""
    arguments = _parser().parse_args()
    run = secrets.token_hex(3)
    with _server(arguments.url) as url:
        ship(url, f"warm-{run}", 0, 20_000)
        with bodies(f"warm2-{run}", 0, 20_000) as ready:
            post(url, ready, 20_000)
        ours, raw = Timed(), Timed()
        for number, first in enumerate(range(0, arguments.events, arguments.round)):
            end = min(first + arguments.round, arguments.events)
            with bodies(f"raw-{run}", first, end) as ready:
                raw.add(post(url, ready, end - first))
            timed, _ = ship(url, f"ours-{run}", first, end)
            ours.add(timed)
            _say(
                f"round {number}: netad {timed.rate:,.0f} events/s; so far raw {raw.rate:,.0f}, netad {ours.rate:,.0f}"
            )
        twice = []
        for _ in range(2 if arguments.twice else 0):
            timed, delivery = ship(url, f"twice-{run}", 0, arguments.twice)
            twice.append((timed, delivery))
            _say(f"{timed.events:,} flows: {timed.seconds:.1f} s, {delivery.delivered:,} new")
    if arguments.json:
        arguments.json.write_text(json.dumps({
            "netad_events_per_s": ours.rate, "raw_events_per_s": raw.rate, "ratio": ours.rate / raw.rate,
            "memory_bytes": ours.memory,
            "twice": [(timed.seconds, delivery.delivered, delivery.duplicates) for timed, delivery in twice],
        }))  # fmt: skip
    print(_table(ours, raw), end="")
    for timed, delivery in twice:
        what = f"{timed.events:,} flows: {delivery.delivered:,} new, {delivery.duplicates:,} known"
        print(f"| {what} | {timed.seconds:.1f} s |")


def _table(ours: Timed, raw: Timed) -> str:
    machine = this_machine()
    early, late = max(ours.memory[: len(ours.memory) // 4 or 1]), max(ours.memory[-(len(ours.memory) // 4) or -1 :])
    rows = [
        ("netad, flows to documents to cluster", f"{ours.rate:,.0f} events/s"),
        ("raw bulk requests of the same bodies", f"{raw.rate:,.0f} events/s"),
        ("netad ÷ raw", f"{ours.rate / raw.rate:.2f}"),
        (
            "CPU time of this process for 1,000 events: netad, raw",
            f"{ours.cpu_s / ours.events * 1e6:.0f} ms, {raw.cpu_s / raw.events * 1e6:.0f} ms",
        ),
        ("resident memory, highest in the first quarter and in the last", f"{early / MB:,.0f} MB, {late / MB:,.0f} MB"),
    ]
    head = f"{machine.date}; {machine.cpu}, {machine.cores} cores; load before: {machine.load:.2f}\n\n"
    lines = [f"{ours.events:,} events each, in turns", "", "| | |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]
    return head + "\n".join(lines) + "\n"


@contextlib.contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, own_node(Path(folder), free_port()) as (started, _):
        yield started


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.elastic", description=__doc__)
    parser.add_argument("--events", type=int, default=500_000, help="events each way ships (default: 500000)")
    parser.add_argument("--round", type=int, default=100_000, help="events in one turn (default: 100000)")
    parser.add_argument("--twice", type=int, default=1_000_000, help="flows shipped twice (default: 1000000; 0: none)")
    parser.add_argument("--url", help="an Elasticsearch; without it the in-process node of the tests is started")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
