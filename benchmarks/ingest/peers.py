"""The flow meters that are timed: how each is found, asked for its version, run, and its records counted."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

_HERE: Final = Path(__file__).parent
_ASKING_S: Final = 60
_COUNTING_S: Final = 300
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")
_FLOWS: Final = re.compile(r"([\d,]+) flows")


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one tool: the capture, an empty folder for its output, its log, and a UDP port of ours for NetFlow."""

    capture: Path
    out: Path
    log: Path
    sink_port: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A flow meter. `program` is what is looked for; `install` says how to get it; `note` what it does beside others.

    `arguments` gives the command line behind the program; `records` counts what a finished job wrote, None if it
    cannot tell. `quiet` sends standard output to /dev/null instead of the log.
    """

    name: str
    program: str
    version_arguments: tuple[str, ...]
    install: str
    note: str
    arguments: Callable[[Job], Sequence[str]]
    records: Callable[[Job], int | None]
    quiet: bool = False

    def find(self, program: str | None = None) -> str | None:
        """Return the program's path (or that of another one to use in its place), None if it is not installed."""
        beside_python = f"{Path(sys.executable).parent}:/usr/sbin:/usr/local/sbin"
        return shutil.which(program or self.program) or shutil.which(program or self.program, path=beside_python)

    def version(self, program: str) -> str | None:
        """Return the version that the program reports of itself, `?` if none is seen, None if it does not work."""
        output = _ask([program, *self.version_arguments])
        if output is None:
            return None
        found = _VERSION.search(output)
        return found.group() if found else "?"


def _ask(command: Sequence[str], timeout_s: float = _ASKING_S) -> str | None:
    """Return what a command prints on both outputs, None if it cannot run or a Python program of it fails."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Some tools print their version with an exit code of 1; a Python program that cannot import has a traceback.
    return None if done.returncode and "Traceback" in done.stdout else done.stdout


def _lines(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return None


def _said(pattern: re.Pattern[str]) -> Callable[[Job], int | None]:
    """Return a function that takes the number of records from a job's log."""

    def records(job: Job) -> int | None:
        found = pattern.findall(job.log.read_text(errors="replace"))
        return int(found[-1].replace(",", "")) if found else None

    return records


def _argus_records(job: Job) -> int | None:
    """Count with ra, Argus's reader; the records of its own management are not flows."""
    printed = _ask(["ra", "-n", "-r", str(job.out / "flows.argus"), "-s", "proto", "-", "not", "man"], _COUNTING_S)
    return None if printed is None else sum(1 for line in printed.splitlines() if line.strip() not in {"", "Proto"})


def _nfdump_records(job: Job) -> int | None:
    printed = _ask(["nfdump", "-R", str(job.out), "-I"], _COUNTING_S)
    found = re.findall(r"^Flows: (\d+)", printed or "", re.MULTILINE)
    return int(found[0]) if found else None


def _conversations(job: Job) -> int | None:
    return sum(" <-> " in line for line in job.log.read_text(errors="replace").splitlines())


_PEERS: Final = (
    Peer(
        "netad", "netad", ("--version",), "pip install .", "Parquet; bidirectional, Zeek's states and statistics",
        lambda job: ["flows", str(job.capture), "-o", str(job.out / "flows.parquet")],
        _said(_FLOWS),
    ),
    Peer(
        "cat", "cat", ("--version",), "Debian: coreutils", "reads only: the floor",
        lambda job: [str(job.capture)],
        lambda _: None,
        quiet=True,
    ),
    Peer(
        "argus", "argus", ("-h",), "Debian: argus-server (and argus-client to count)",
        "own format; bidirectional, wall time rounds up to whole seconds",
        lambda job: ["-X", "-r", str(job.capture), "-w", str(job.out / "flows.argus")],
        _argus_records,
    ),
    Peer(
        "nfpcapd", "nfpcapd", ("-V",), "Debian: nfdump", "own format; unidirectional: two records a conversation",
        lambda job: ["-r", str(job.capture), "-w", str(job.out), "-e", "1800,60"],
        _nfdump_records,
    ),
    Peer(
        "softflowd", "softflowd", ("-h",), "Debian: softflowd",
        "NetFlow 9 to a local UDP port, nothing on disk, no time-outs",
        lambda job: [
            "-r", str(job.capture), "-n", f"127.0.0.1:{job.sink_port}", "-m", "4000000", "-t", "maxlife=1800",
            "-d", "-c", "none", "-p", str(job.out / "softflowd.pid"), "-6", "-v", "9",
        ],
        _said(re.compile(r"Flows exported: (\d+)")),
    ),
    Peer(
        "suricata", "suricata", ("-V",), "Debian: suricata (bookworm: from backports)",
        "EVE flow records, no rules, one thread; also identifies applications and reassembles streams",
        lambda job: [
            "-c", str(_HERE / "suricata.yaml"), "-r", str(job.capture), "-l", str(job.out), "-k", "none",
            "-S", "/dev/null", "--runmode", "single",
        ],
        lambda job: _lines(job.out / "eve.json"),
    ),
    Peer(
        "ndpi", "ndpiReader", ("-h",), "Debian: libndpi-bin",
        "CSV, TCP and UDP, no time-outs; also identifies applications",
        lambda job: ["-i", str(job.capture), "-C", str(job.out / "flows.csv"), "-q"],
        lambda job: (_lines(job.out / "flows.csv") or 1) - 1,
    ),
    Peer(
        "tshark", "tshark", ("--version",), "Debian: tshark",
        "conversations of TCP and UDP as text, no time-outs; dissects every protocol",
        lambda job: ["-n", "-r", str(job.capture), "-q", "-z", "conv,tcp", "-z", "conv,udp"],
        _conversations,
    ),
    Peer(
        "nfstream", sys.executable, ("-c", "import nfstream; print(nfstream.__version__)"),
        "pip install nfstream in an environment of its own, named by --nfstream-python",
        "CSV with statistics, no application detection; several processes, memory is the largest's",
        lambda job: [str(_HERE / "nfstream_flows.py"), str(job.capture), str(job.out / "flows.csv")],
        _said(_FLOWS),
    ),
    Peer(
        "dpkt", sys.executable, ("-c", "import dpkt; print(dpkt.__version__)"), "pip install dpkt",
        "CSV, 12 columns, no time-outs; what a plain Python loop costs",
        lambda job: [str(_HERE / "dpkt_loop.py"), str(job.capture), str(job.out / "flows.csv")],
        _said(_FLOWS),
    ),
)  # fmt: skip

PEERS: Final[Mapping[str, Peer]] = MappingProxyType({peer.name: peer for peer in _PEERS})
