"""The development suite against the committed table: detection does not get worse unnoticed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from netad.detectors.evaluate.reading import read_recordings
from netad.detectors.evaluate.running import evaluate
from netad.detectors.evaluate.suite import load_suite
from netad.ingest.report import IngestReport

TABLE = Path(__file__).resolve().parents[2] / "docs" / "evaluation" / "dev.md"
MOST_LOST = 0.01


def committed(split: str, detector: str) -> float:
    """The macro AUROC of a detector in a split of the committed table."""
    section = re.search(rf"^## {split}$(.*?)(?=^## |\Z)", TABLE.read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None
    row = re.search(rf"^\| {detector} +\| +([0-9.]+) \|", section[1], re.MULTILINE)
    assert row is not None
    return float(row[1])


@pytest.mark.corpus
def test_detection_is_as_good_as_the_committed_table(corpus):
    """The default detector's macro AUROC on moved traffic is at most .01 below what docs/evaluation/dev.md says."""
    path = corpus.parent / "evaluation" / "dev.yaml"
    if not path.is_file():
        pytest.skip("the suite dev.yaml is not beside the corpus")
    suite = replace(load_suite(path), splits=("transplant",))
    evaluation = evaluate(suite, read_recordings(suite, IngestReport()), detectors=("fusion",), budget=0.001)
    now = next(result for result in evaluation.results if result.detector == "fusion").windowed.macro_auroc
    assert now >= committed("transplant", "fusion") - MOST_LOST
