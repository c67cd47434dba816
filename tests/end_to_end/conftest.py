"""The command line as users run it, in a process of its own, and sample captures made once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


class Netad:
    """Runs `netad ...` in a folder with a clean environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("NETAD_")}
        self.environment |= {"NETAD_SPOOL_DIR": str(folder / "spool"), "NETAD_OBSERVER": "test-sensor"}

    def __call__(self, *arguments, code=0, stdin=None, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "netad", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == code, f"exit code {done.returncode}, expected {code}\n{out}\n{err}"
        assert "Traceback" not in err
        return out, err


@pytest.fixture
def netad(tmp_path):
    """The command line, run in the test's own folder."""
    return Netad(tmp_path)


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """Two office days: `normal.pcap`, and `attacked.pcap` with a scan, a beacon, an exfiltration and a brute force."""
    folder = tmp_path_factory.mktemp("samples")
    netad = Netad(folder)
    netad("sample", "--day", "1", "-o", "normal")
    attacks = ("scan", "beacon", "exfiltration", "brute-force")
    netad("sample", "--day", "2", "-o", "attacked", *(part for name in attacks for part in ("--attack", name)))
    netad("train", "normal", "--model", "model")
    return folder
