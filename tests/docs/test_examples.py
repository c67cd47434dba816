"""The code of the how-tos for authors, taken from the pages and run as a reader would run it."""

import csv
import re
import sys

import numpy as np
import pandas as pd
import pytest

from netad.cli import main
from netad.core.registry import Registry
from netad.detectors.base import DETECTORS, Detector
from netad.outputs import base
from netad.outputs.base import Output, RunSummary
from netad.profiles.features import FEATURES
from netad.sample.capture import write_sample
from tests.docs.commands import ROOT


def code_of(page):
    """Return the Python of a how-to."""
    (found,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/how-to" / page).read_text(), re.DOTALL | re.MULTILINE)
    return found


def ran(*words):
    """Run a command line to its end with 0."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """A folder with a normal and an attacked morning."""
    folder = tmp_path_factory.mktemp("captures")
    write_sample(folder, seed=7, day=1, hours=2, attacks=(), name="normal.pcap")
    write_sample(folder, seed=7, day=2, hours=2, attacks=("scan",), name="today.pcap")
    return folder


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The detector's package, installed beside netad as pip would leave it."""
    (tmp_path / "netad_largest.py").write_text(code_of("detector.md"))
    told = re.findall(r'^largest = "(.+)"$', (ROOT / "docs/how-to/detector.md").read_text(), re.MULTILINE)
    info = tmp_path / "netad_largest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: netad-largest\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[netad.detectors]\nlargest = {told[0]}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("netad_largest", None)


@pytest.fixture
def quiet_profiles():
    """Profiles as a detector gets them, drawn by seed, shape (60, features)."""
    draw = np.random.default_rng(3)
    return pd.DataFrame({feature.name: draw.gamma(2.0, 1.0, 60) for feature in FEATURES})


def test_the_detector_of_the_page_keeps_the_contract(plugin, tmp_path, quiet_profiles):
    """It is found by name, fits, scores row by row, and comes back from disk the same."""
    detector = DETECTORS.load("largest")()
    detector.fit(quiet_profiles, seed=1)
    scores = detector.score(quiet_profiles)
    folder = tmp_path / "saved"
    folder.mkdir()
    detector.save(folder)
    assert isinstance(detector, Detector)
    assert np.isfinite(scores).all()
    assert len(set(scores)) > 5
    assert np.array_equal(type(detector).load(folder).score(quiet_profiles), scores)
    assert np.array_equal(detector.score(quiet_profiles[::2]), scores[::2])


def test_the_detector_of_the_page_trains_and_judges(plugin, captures, tmp_path, monkeypatch, capfd):
    """The page's commands work with it, and it finds the scan of the sample."""
    monkeypatch.chdir(tmp_path)
    options = ("--model-type", "largest", "--model-type", "behaviour", "--inside", "10.20.0.0/16")
    ran("train", captures / "normal.pcap", "--model", "office-largest", *options, "--window", "30m")
    capfd.readouterr()
    ran("ingest", captures / "today.pcap", "--model", "office-largest", "--format", "json")
    assert '"largest"' in capfd.readouterr().out


@pytest.fixture
def outputs_with_table(tmp_path, monkeypatch):
    """The registry of outputs with the page's added as the page says, for this test only."""
    (tmp_path / "table_of_the_page.py").write_text(code_of("output.md"))
    monkeypatch.syspath_prepend(str(tmp_path))
    registry: Registry[Output] = Registry("output")
    for name, (target, extra) in base.OUTPUTS._entries.items():
        registry.register(name, target, extra)
    registry.register("table", "table_of_the_page:TableOutput")
    monkeypatch.setattr(base, "OUTPUTS", registry)
    yield
    sys.modules.pop("table_of_the_page", None)


def test_the_output_of_the_page_takes_a_run(outputs_with_table, captures, tmp_path, monkeypatch, capfd):
    """`--to table:FILE` writes a line for each anomaly, and the run says how many."""
    monkeypatch.chdir(tmp_path)
    ran("ingest", captures / "today.pcap", "--to", "table:anomalies.csv", "--to", "console")
    with (tmp_path / "anomalies.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines
    assert all(len(line) == 4 and line[3] for line in lines)
    assert f"table:anomalies.csv: {len(lines)} delivered" in " ".join(capfd.readouterr().out.split())


def test_the_output_of_the_page_keeps_the_contract(outputs_with_table, tmp_path):
    """It is an output, and counts what it leaves out."""
    output = base.OUTPUTS.load("table").from_target(str(tmp_path / "x.csv"))
    assert isinstance(output, Output)
    output.write([{"event": {"dataset": "netad.flow"}}])
    assert output.close(RunSummary()).left_out == 1
