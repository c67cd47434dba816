"""netad from its wheel, in an environment of its own, outside the tree."""

import json
import os
import shutil
import subprocess
import sysconfig
import tarfile
from pathlib import Path

SETTINGS = """
inputs: [captures]
state: state
model: model
outputs: ["parquet:store", "ndjson:events.ndjson"]
include_current: yes
settle: 1s
"""
# What runs against the installed package; tests of the tree itself, and those that need servers, are for the tree.
TESTS = ("tests/core", "tests/profiles", "tests/rules", "tests/netad/cli")
MARKS = "not full and not elastic and not corpus and not browser"


def environment(python: str, wheel: Path, folder: Path) -> Path:
    """Make a virtual environment in `folder` with the wheel and what it requires, no more; return its bin folder."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True)
    return folder / "bin"


def first_day(binaries: Path, folder: Path) -> int:
    """Do what a new user does (sample, train, ingest, scan) in an empty folder; return how many anomalies were found.

    Raises:
        subprocess.CalledProcessError: a command ended with another code than 0.
    """

    def netad(*words: str) -> str:
        command = [str(binaries / "netad"), *words]
        return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    netad("sample", "-o", "normal")
    netad("sample", "-o", "captures", "--day", "2", "--attack", "scan", "--attack", "beacon")
    netad("train", "normal", "--model", "model")
    anomalies = netad("ingest", "captures", "--model", "model", "--format", "json").splitlines()
    (folder / "netad.yaml").write_text(SETTINGS, encoding="utf-8")
    netad("scan", "netad.yaml", "--finish")
    events = (folder / "events.ndjson").read_text(encoding="utf-8").splitlines()
    scanned = [event for event in map(json.loads, events) if event["event"]["kind"] == "alert"]
    if {json.loads(line)["event"]["id"] for line in anomalies} != {event["event"]["id"] for event in scanned}:
        raise AssertionError("ingest and scan of the same capture found different anomalies")
    return len(anomalies)


def run_tests(binaries: Path, sdist: Path, folder: Path) -> None:
    """Run tests of the source archive against the installed wheel.

    The archive is unpacked without netad's own code, so that nothing but the wheel can be imported; pytest and the like
    come from the environment that runs this.

    Raises:
        subprocess.CalledProcessError: a test failed.
    """
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    for room in ("netad", "core", "ingest", "profiles", "detectors", "rules", "outputs"):
        shutil.rmtree(unpacked / room)
    path = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    command = [str(binaries / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", MARKS, *TESTS]
    subprocess.run(command, cwd=unpacked, env=path, check=True)
