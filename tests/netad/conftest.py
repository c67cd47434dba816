"""A small sample capture and a way to run commands in this process."""

import json

import pytest

from netad.cli import main
from netad.sample.capture import write_sample


@pytest.fixture(scope="session")
def office(tmp_path_factory):
    """Two hours of the sample office with a port scan: the folder that holds `attacked.pcap` and its labels."""
    folder = tmp_path_factory.mktemp("office")
    write_sample(folder, seed=101, day=2, hours=2, attacks=("scan",))
    return folder


@pytest.fixture(scope="session")
def scanner(office):
    """The address that scans in `office`."""
    return json.loads(next(office.glob("*.labels.json")).read_text())["attacks"][0]["source"]


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command line in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETAD_OBSERVER", "test-sensor")
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))

    def command(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return command
