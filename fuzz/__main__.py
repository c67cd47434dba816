"""Fuzzes every target for a bounded time: `python -m fuzz`, from the repository's root."""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

TARGETS: Final = ("containers", "packets", "flows", "facts", "logs")
_HERE: Final = Path(__file__).parent
CORPUS: Final = _HERE / "corpus"
# Instrumenting and reading the corpus come on top of the time asked for.
_STARTING_S: Final = 120
_MERGING_S: Final = 600
# The fewest inputs that reach all lines, however often.
_MERGE: Final = ("-set_cover_merge=1", "-use_counters=0")
# One input may take this long, and the process this much memory.
_LIMITS: Final = ("-timeout=20", "-rss_limit_mb=2048")


def main() -> int:
    """Run the targets one after the other; return 1 if one of them failed, after all have run."""
    arguments = _parser().parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(f"fuzz: skipped, there is no atheris for Python {sys.version_info.major}.{sys.version_info.minor} here")
        return 0
    failed = [name for name in arguments.targets if not _fuzz(name, arguments)]
    print(f"fuzz: failed: {', '.join(failed)}" if failed else f"fuzz: no finds in {', '.join(arguments.targets)}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS, metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, metavar="S", help="time for each target (default: 60)")
    parser.add_argument("--keep", action="store_true", help="keep the fewest inputs, old and new, that reach as much")
    parser.add_argument("--finds", type=Path, default=Path("fuzz-finds"), help="where failing inputs are written")
    return parser


def _fuzz(name: str, arguments: argparse.Namespace) -> bool:
    """Fuzz one target; tell whether it found nothing."""
    kept = CORPUS / name
    arguments.finds.mkdir(exist_ok=True)
    print(f"fuzz: {name}, {arguments.seconds} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="netad-fuzz-") as new:
        options = [f"-max_total_time={arguments.seconds}", f"-artifact_prefix={arguments.finds}/{name}-", *_LIMITS]
        sound = _run(name, [*options, new, str(kept)], arguments.seconds + _STARTING_S)
        if arguments.keep:
            sound = _keep(name, kept, new) and sound
    return sound


def _keep(name: str, kept: Path, new: str) -> bool:
    """Replace the kept inputs of a target by the fewest of them and the new ones."""
    with tempfile.TemporaryDirectory(prefix="netad-fuzz-") as fewest:
        if not _run(name, [*_MERGE, *_LIMITS, fewest, str(kept), new], _MERGING_S):
            return False
        for path in kept.iterdir():
            path.unlink()
        for path in Path(fewest).iterdir():
            shutil.copyfile(path, kept / path.name)
    return True


def _run(name: str, arguments: list[str], limit_s: int) -> bool:
    command = [sys.executable, "-m", "fuzz.target", name, *arguments]
    try:
        done = subprocess.run(command, cwd=_HERE.parent, check=False, timeout=limit_s, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"fuzz: {name} was still running after {limit_s} s")
        return False
    lines = done.stdout.splitlines()
    print("\n".join(lines[-1:] if done.returncode == 0 else lines[-60:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
