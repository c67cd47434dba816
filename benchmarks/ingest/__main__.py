"""Times netad and its peers on the same captures: `python -m benchmarks.ingest`, from the repository's root."""

import argparse
import resource
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from benchmarks.ingest.machine import this_machine
from benchmarks.ingest.peers import PEERS
from benchmarks.ingest.report import NETAD, Results, to_json, to_markdown
from benchmarks.ingest.runner import Bench, look_for, make_captures, time_all, time_kernel, warm_up
from benchmarks.ingest.specs import CAPTURES

_ALWAYS: Final = (NETAD, "cat")
_OTHERS: Final = tuple(name for name in PEERS if name not in _ALWAYS)
_DEFAULT_CAPTURES: Final = ("small", "full", "header", "flood")
_DEFAULT_KERNEL: Final = ("full", "header")
_DEFAULT_WORK: Final = Path(tempfile.gettempdir()) / "netad-benchmark"


def main() -> None:
    """Make the captures, time every tool on each, and print the tables."""
    arguments = _parser().parse_args()
    work: Path = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    machine = this_machine()
    small, *captures = make_captures(work, ["small", *arguments.captures])
    replaced = {"nfstream": arguments.nfstream_python}
    tools = [look_for(PEERS[name], replaced.get(name)) for name in (*_ALWAYS, *arguments.peers)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        bench = Bench(work, arguments.runs, arguments.timeout, sink.getsockname()[1], _say)
        warm_up(bench, small, tools[0])
        tables = tuple((capture, time_all(bench, capture, tools)) for capture in captures)
        kernel = tuple(time_kernel(bench, capture, small) for capture in captures if capture.name in arguments.kernel)
    floor_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    results = Results(machine, arguments.runs, floor_bytes, tables, kernel)
    if arguments.json:
        arguments.json.write_text(to_json(results))
    print(to_markdown(results), end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    add = parser.add_argument
    captures = f"of {', '.join(CAPTURES)} (default: {','.join(_DEFAULT_CAPTURES)}; long takes 10 GB)"
    add("--captures", type=_names(CAPTURES), default=_DEFAULT_CAPTURES, metavar="NAME,...", help=captures)
    peers = f"beside netad and cat, of {', '.join(_OTHERS)} (default: all of them; '' for none)"
    add("--peers", type=_names(_OTHERS), default=_OTHERS, metavar="NAME,...", help=peers)
    kernel = f"those of the captures to time netad without output on, beside C (default: {','.join(_DEFAULT_KERNEL)})"
    add("--kernel", type=_names(CAPTURES), default=_DEFAULT_KERNEL, metavar="NAME,...", help=kernel)
    add("--runs", type=_positive, default=3, metavar="N", help="how often each tool runs (default: 3)")
    add("--timeout", type=_positive, default=300, metavar="S", help="seconds that one run may take (default: 300)")
    add("--nfstream-python", metavar="PATH", help="the Python of an environment that has nfstream")
    add("--work", type=Path, default=_DEFAULT_WORK, help=f"where captures are kept (default: {_DEFAULT_WORK})")
    add("--json", type=Path, metavar="FILE", help="also write every single run to FILE")
    return parser


def _names(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Return a parser of comma-separated names."""
    allowed = tuple(known)

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        if unknown := [name for name in names if name not in allowed]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)} (known: {', '.join(allowed)})")
        return names

    return parse


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return int(text)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
