from dataclasses import replace

import numpy as np
import pytest

from netad.core.errors import ConfigError
from netad.detectors.evaluate.baselines import BASELINES, BEST_FEATURE, STRANGER
from netad.detectors.evaluate.running import evaluate

DETECTORS = ("neighbours",)


@pytest.fixture(scope="module")
def evaluation(office, suite):
    """Every split of the offices and the scanner, one detector."""
    return evaluate(suite, office, detectors=DETECTORS, budget=0.001)


def found(evaluation, split, detector):
    """The first result of a detector in a split."""
    return next(one for one in evaluation.results if (one.split, one.detector) == (split, detector))


def test_results_come_in_the_order_they_are_reported(evaluation):
    """Split by split; detectors as asked for, then the baselines; contamination once a share."""
    names = [*DETECTORS, *BASELINES]
    splits = [("transplant", 0), ("recorded", 0), ("hosts", 0), ("contaminated", 0.01), ("contaminated", 0.05)]
    assert [(one.split, one.contamination, one.detector) for one in evaluation.results] == [
        (split, share, name) for split, share in splits for name in names
    ]
    assert all(one.seeds == (0, 1) for one in evaluation.results)


def test_a_scan_among_quiet_hosts_is_found(evaluation):
    """Moved onto known hosts it stands out, by the detector and by the best feature."""
    for name in (*DETECTORS, BEST_FEATURE):
        result = found(evaluation, "transplant", name)
        assert result.windowed.auroc["scan"] > 0.95
        assert result.interval[0] <= result.windowed.macro_auroc <= result.interval[1] + 1e-9
    assert found(evaluation, "transplant", BEST_FEATURE).detail


def test_being_a_stranger_says_nothing_of_moved_windows(evaluation):
    """It does of windows as recorded: that is why it is printed."""
    assert found(evaluation, "transplant", STRANGER).windowed.macro_auroc == 0.5
    assert found(evaluation, "recorded", STRANGER).windowed.macro_auroc == 1.0


def test_counts_say_what_is_behind_the_figures(evaluation):
    """Six hosts of ten windows: six train and four are tested each, and again with moved traffic."""
    result = found(evaluation, "transplant", DETECTORS[0])
    assert (result.hosts.train, result.hosts.normal, result.hosts.malicious) == (6, 6, 6)
    assert (result.windows.train, result.windows.normal, result.windows.malicious) == (36, 24, 24)
    hosts = found(evaluation, "hosts", DETECTORS[0])
    assert (hosts.hosts.train, hosts.hosts.normal, hosts.hosts.malicious) == (3, 3, 1)


def test_false_alarms_are_counted_a_host_day_at_the_model_s_threshold(office, suite, evaluation):
    """24 windows are a host-day; a budget of a half raises more; baselines have no threshold."""
    calm = found(evaluation, "transplant", DETECTORS[0]).false_alarms
    assert calm * 2 == round(calm * 2)  # two seeds of one host-day
    narrow = replace(suite, splits=("transplant",), seeds=(0,))
    lavish = evaluate(narrow, office, detectors=DETECTORS, budget=0.5)
    assert found(lavish, "transplant", DETECTORS[0]).false_alarms > calm
    assert found(evaluation, "transplant", STRANGER).false_alarms is None


def test_processes_do_not_change_the_figures(office, suite):
    """The same results, whatever the number of workers."""
    narrow = replace(suite, splits=("hosts",))
    assert repr(evaluate(narrow, office, detectors=DETECTORS, budget=0.001, workers=2)) == repr(
        evaluate(narrow, office, detectors=DETECTORS, budget=0.001)
    )


def test_a_suite_needs_both_kinds_of_windows(office, suite):
    """Without normal windows nothing trains, without malicious ones there is nothing to find."""
    with pytest.raises(ConfigError, match="no malicious window"):
        evaluate(suite, office[:2], detectors=DETECTORS, budget=0.001)
    with pytest.raises(ConfigError, match="no normal window"):
        evaluate(suite, office[2:], detectors=DETECTORS, budget=0.001)


def test_what_cannot_be_tried_is_said(suite, flow, flows, recorded, office):
    """A scenario that is too small to be moved, and a split that has nothing to test."""
    small = recorded("small", [flows([flow("10.8.0.1", 0, "malicious", f"198.51.100.{n}") for n in range(5)])])
    narrow = replace(suite, splits=("transplant", "recorded"), seeds=(0,))
    evaluation = evaluate(narrow, [*office[:1], small], detectors=DETECTORS, budget=0.001)
    assert evaluation.notes == (
        "no window of small has 10 malicious flows to move",
        "transplant, seed 0: left out, no malicious window is tested",
    )
    assert {one.split for one in evaluation.results} == {"recorded"}
    assert np.isfinite(evaluation.results[0].windowed.macro_auroc)
