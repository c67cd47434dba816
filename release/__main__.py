"""`python -m release`: build archives twice, compare, check and try them, and write them with an SBOM to dist/."""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release.archives import build
from release.installed import environment, first_day, run_tests

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Do it all, and say in a line each what was done."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("--commit", default="HEAD", help="what is released")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where the archives go")
    parser.add_argument("--python", default=sys.executable, help="the Python that the wheel is tried with")
    parser.add_argument("--no-tests", action="store_true", help="leave out the tests against the wheel")
    given = parser.parse_args()
    asked = ["git", "rev-parse", "--verify", f"{given.commit}^{{commit}}"]
    commit = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archives = build(ROOT, commit, folder / "one")
        again = build(ROOT, commit, folder / "two")
        for first, second in zip(archives, again, strict=True):
            if first.read_bytes() != second.read_bytes():
                sys.exit(f"{first.name} is not the same when it is built again")
        say(f"built twice, the same bytes: {', '.join(one.name for one in archives)}")
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, archives)], check=True)
        sdist, wheel = archives
        binaries = environment(given.python, wheel, folder / "venv")
        bill = folder / f"{wheel.name.removesuffix('.whl')}.cdx.json"
        make_bill(binaries, bill)
        (folder / "tried").mkdir()
        version = subprocess.run([str(binaries / "python"), "-V"], check=True, capture_output=True, text=True).stdout
        say(f"{version.strip()}: the wheel finds {first_day(binaries, folder / 'tried')} anomalies in sample traffic")
        if not given.no_tests:
            (folder / "unpacked").mkdir()
            run_tests(binaries, sdist, folder / "unpacked")
        given.output.mkdir(parents=True, exist_ok=True)
        for file in (*archives, bill):
            shutil.copy(file, given.output)
            say(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {given.output / file.name}")


def make_bill(binaries: Path, file: Path) -> None:
    """Write what the environment holds, netad and all that it requires, as a CycloneDX bill of materials."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--output-format", "JSON"]
    subprocess.run([*command, "--output-file", str(file), str(binaries / "python")], check=True)


def say(sentence: str) -> None:
    """Print a line at once, between those of the programs that are run."""
    print(sentence, flush=True)


if __name__ == "__main__":
    main()
