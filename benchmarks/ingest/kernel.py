"""Times netad's reading of a capture without output beside the same work in C (flow_pass.c), in one process, in turns.

`python -m benchmarks.ingest.kernel CAPTURE --warm-up SMALL_CAPTURE` prints one line of JSON.
"""

import argparse
import ctypes
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.inputs import Source
from netad.ingest.report import IngestReport

_SOURCE: Final = Path(__file__).with_name("flow_pass.c")
_BLOCK_BYTES: Final = 1 << 21
_COMPILE_S: Final = 120


class _Totals(ctypes.Structure):
    """What flow_pass() counts."""

    _fields_ = (("packets", ctypes.c_int64), ("ip_packets", ctypes.c_int64), ("flows", ctypes.c_int64))


def c_pass(folder: Path) -> Callable[[str], tuple[int, int]] | None:
    """Compile flow_pass.c into `folder`; return a function from a capture's path to its packets and flows.

    None without a C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    library = folder / "flow_pass.so"
    arguments = [compiler, "-O3", "-shared", "-fPIC", "-o", str(library), str(_SOURCE)]
    subprocess.run(arguments, check=True, timeout=_COMPILE_S)
    function = ctypes.CDLL(str(library)).flow_pass
    function.argtypes = (ctypes.c_char_p, ctypes.c_int64, ctypes.POINTER(_Totals))
    function.restype = ctypes.c_int

    def run(path: str) -> tuple[int, int]:
        totals = _Totals()
        outcome = function(path.encode(), _BLOCK_BYTES, ctypes.byref(totals))
        if outcome:
            raise ValueError(f"flow_pass.c cannot read {path} (outcome {outcome})")
        return totals.packets, totals.flows

    return run


def netad_pass(path: str) -> tuple[int, int]:
    """Read a capture into flow batches as `netad flows` does, and drop them; return its packets and flows."""
    report = IngestReport()
    flows = sum(len(batch) for batch in read_flows([Source(path)], IngestOptions(window_ns=None), report))
    return report.packets, flows


def main() -> None:
    """Time both and print the seconds of each run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.kernel", description=__doc__)
    parser.add_argument("capture")
    parser.add_argument("--warm-up", metavar="CAPTURE", help="read first, untimed, so that kernels are compiled")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        in_c = c_pass(Path(folder))
        passes = {"netad": netad_pass} | ({} if in_c is None else {"c": in_c})
        if arguments.warm_up:
            netad_pass(arguments.warm_up)
        seconds: dict[str, list[float]] = {name: [] for name in passes}
        counts = {}
        for _ in range(arguments.runs):
            for name, run in passes.items():
                begin = perf_counter()
                counts[name] = run(arguments.capture)
                seconds[name].append(perf_counter() - begin)
    found = {
        name: {"seconds": each, "packets": counts[name][0], "flows": counts[name][1]} for name, each in seconds.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
