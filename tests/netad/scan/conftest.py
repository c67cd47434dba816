"""A small site to scan: a model, and captures that follow each other."""

import os

import pytest

from netad.cli import main
from netad.sample.capture import sample_packets, write_sample
from netad.sample.wire import write_pcap


class Site:
    """A folder with captures in `in`, a model, and settings."""

    def __init__(self, folder, office):
        self.folder, self.office = folder, office
        self.inputs, self.settings = folder / "in", folder / "netad.yaml"
        self.inputs.mkdir()
        self.write()

    def write(self, **more):
        settings = {"inputs": "in", "state": "state", "model": self.office / "model", "outputs": "'ndjson:out.ndjson'",
                    "include_current": "yes", "settle": "1ns"} | more  # fmt: skip
        self.settings.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))

    def add(self, *numbers):
        for number in numbers:
            path = self.inputs / f"cut-{number}.pcap"
            path.write_bytes((self.office / "cut" / path.name).read_bytes())
            os.utime(path, (1_700_000_000 + number,) * 2)

    def lines(self):
        target = self.folder / "out.ndjson"
        return target.read_text().splitlines() if target.exists() else []


@pytest.fixture(scope="session")
def scanned_office(tmp_path_factory):
    """A model of two hours, and two other hours with a scan in five captures."""
    folder = tmp_path_factory.mktemp("scanned")
    write_sample(folder / "normal", seed=101, day=1, hours=2)
    with pytest.raises(SystemExit):
        main(["train", str(folder / "normal"), "--model", str(folder / "model"), "-q"])
    packets, _ = sample_packets(seed=101, day=2, hours=3, attacks=("scan", "dga"))
    (folder / "cut").mkdir()
    size = -(-len(packets) // 5)
    for number in range(5):
        write_pcap(folder / "cut" / f"cut-{number}.pcap", packets[number * size : (number + 1) * size])
    return folder


@pytest.fixture
def site(scanned_office, tmp_path):
    return Site(tmp_path, scanned_office)
