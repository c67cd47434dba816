import json
import math
from dataclasses import replace

import pytest

from netad.detectors.evaluate.metrics import Figures
from netad.detectors.evaluate.report import to_json, to_markdown
from netad.detectors.evaluate.running import Counts, Evaluation, Result

FUSION = Result(
    split="transplant",
    contamination=0.0,
    detector="fusion",
    baseline=False,
    seeds=(0, 1),
    windowed=Figures({"nmap": 1.0, "worm": 0.98}, 0.99, 0.9, 0.97),
    per_source=Figures({"nmap": 1.0, "worm": 1.0}, 1.0, 1.0, 1.0),
    interval=(0.95, math.nan),
    false_alarms=0.25,
    hosts=Counts(6, 4, 4),
    windows=Counts(72, 35, 80.5),
)
FEATURE = replace(FUSION, detector="best single feature", baseline=True, false_alarms=None, detail="failed_share")
DIRTY = replace(FUSION, split="contaminated", contamination=0.05)


@pytest.fixture
def evaluation():
    """Two splits, a detector and a baseline, and a note."""
    return Evaluation(
        "dev", "1h", 0.001, (FUSION, FEATURE, DIRTY), ("no window of worm has 10 malicious flows to move",)
    )


def test_json_is_a_list_in_order(evaluation):
    """One object a split and detector, with what the protocol asks for; what is not known is null."""
    first, second, third = json.loads(to_json(evaluation))
    assert first | {"per_source": {}} == {
        "split": "transplant", "contamination": 0.0, "detector": "fusion", "baseline": False, "seeds": [0, 1],
        "macro_auroc": 0.99, "interval": [0.95, None], "tpr_at_1pct_fpr": 0.9, "pr_auc": 0.97,
        "auroc_by_scenario": {"nmap": 1.0, "worm": 0.98}, "false_alarms_per_host_day": 0.25, "per_source": {},
        "hosts": {"train": 6, "normal": 4, "malicious": 4}, "windows": {"train": 72, "normal": 35, "malicious": 80.5},
    }  # fmt: skip
    assert first["per_source"]["macro_auroc"] == 1.0
    assert (second["feature"], second["false_alarms_per_host_day"]) == ("failed_share", None)
    assert (third["split"], third["contamination"]) == ("contaminated", 0.05)


def test_markdown_has_the_figures_and_the_counts(evaluation):
    """A heading a split, the counts beside it, a row a detector, a row a scenario, the notes."""
    text = to_markdown(evaluation)
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "# Evaluation: dev", "## transplant", "## contaminated 5 %",
    ]  # fmt: skip
    assert "72 windows of 6 hosts; tested: 35 normal windows of 4 hosts, 80.5 malicious windows on 4 hosts" in text
    fusion = next(line for line in lines if line.startswith("| fusion"))
    assert [cell.strip() for cell in fusion.split("|")[1:4]] == ["fusion", "0.990", "[0.950, -]"]
    assert "*best single feature (failed_share)*" in text
    assert any(line.startswith("| worm") and "0.980" in line for line in lines)
    assert lines[-1] == "- no window of worm has 10 malicious flows to move"


def test_tables_are_aligned(evaluation):
    """Every line of a table is as long as the others, so that it reads well in a terminal."""
    for block in to_markdown(evaluation).split("\n\n"):
        if block.startswith("|"):
            assert len({len(line) for line in block.splitlines()}) == 1
