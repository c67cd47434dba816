import numpy as np
import pandas as pd

from netad.detectors.training import LEAST_TO_CHOOSE, Prior, fit, folds_of, learn, oddest
from netad.detectors.verdicts import FALSE_POSITIVE, Verdicts


def test_folds_are_even_and_seeded():
    """Five folds of equal size, the same for the same seed."""
    folds = folds_of(50, 3)
    assert np.bincount(folds).tolist() == [10] * 5
    assert np.array_equal(folds, folds_of(50, 3))
    assert not np.array_equal(folds, folds_of(50, 4))


def test_the_oddest_are_set_aside():
    """Four in a hundred, at least one; those in the top tenth only, and none of a handful."""
    surprise = np.linspace(0, 3, 100)
    assert np.flatnonzero(oddest(surprise)).tolist() == [96, 97, 98, 99]
    assert oddest(np.r_[np.zeros(40), 2.0]).sum() == 1
    assert not oddest(np.zeros(100)).any()
    assert not oddest(np.full(LEAST_TO_CHOOSE - 1, 5.0)).any()


def test_what_is_spared_is_never_among_the_oddest():
    """The next oddest take its place."""
    surprise = np.linspace(0, 3, 100)
    spared = np.arange(100) == 99
    chosen = np.flatnonzero(oddest(surprise, spared)).tolist()
    assert len(chosen) == oddest(surprise).sum()
    assert max(chosen) == 98


def test_a_false_alarm_is_learnt_from_however_odd(quiet, flooding, profiles):
    """What an analyst called a false alarm trains, and is nothing to set aside."""
    strange = flooding(profiles(1, seed=5)).assign(window_start_ns=10**15, window_end_ns=10**15 + 1)
    rows = pd.concat([quiet, strange], ignore_index=True)
    verdicts = Verdicts.of([("10.0.0.1", 10**15, 10**15 + 1, FALSE_POSITIVE)])
    learned = learn(rows, ("fusion",), seed=0, verdicts=verdicts)
    assert 10**15 in set(learned.rows["window_start_ns"])
    assert 10**15 not in {one.window_start_ns for one in learned.trimmed}


def test_an_attack_in_training_is_set_aside_and_listed(quiet, flooding, profiles):
    """A flooding profile among 200 neither trains nor hides: it is listed with what was oddest, and scores high."""
    attack = flooding(profiles(1, seed=5)).assign(window_start_ns=10**15, window_end_ns=10**15 + 1)
    learned = learn(pd.concat([quiet, attack], ignore_index=True), ("fusion",), seed=0)
    assert 10**15 in {one.window_start_ns for one in learned.trimmed}
    first = learned.trimmed[0]
    assert first.source == "10.0.0.1"
    assert first.surprise > 1
    assert first.reason
    assert 10**15 not in set(learned.rows["window_start_ns"])
    assert len(learned.rows) + len(learned.trimmed) == 201


def test_what_was_set_aside_counts_in_the_calibration(quiet):
    """Leaving odd profiles out hides no false alarm: they are among the scores that calibrate."""
    learned = learn(quiet, ("isolation_forest",), seed=0)
    assert learned.calibrations["isolation_forest"].count == 200
    assert len(learned.rows) == 192


def test_the_choice_does_not_depend_on_the_detectors(quiet):
    """The same profiles are set aside whatever is trained, and however loud their behaviours are."""
    loud = quiet.assign(**{"behaviour.scan": np.where(np.arange(200) < 10, 8.0, 0.0)})
    chosen = [
        learn(rows, names, seed=0).rows["window_start_ns"].tolist()
        for rows, names in ((quiet, ("neighbours",)), (quiet, ("isolation_forest",)), (loud, ("behaviour",)))
    ]
    assert chosen[0] == chosen[1] == chosen[2]


def test_detectors_are_calibrated_out_of_fold(quiet):
    """A detector that fits its training rows too well is calibrated by rows it has not seen."""
    fitted = fit(quiet, ("neighbours",), 0)
    assert fitted.raw["neighbours"].min() > 0
    assert fitted.raw["neighbours"].mean() > fitted.detectors["neighbours"].score(quiet).mean()


def test_training_further_keeps_what_was_there(quiet, profiles):
    """With a past, all rows fit the detectors, and only new ones can be set aside."""
    more = profiles(50, seed=7).assign(window_start_ns=lambda rows: rows["window_start_ns"] + 10**15)
    learned = learn(more, ("isolation_forest",), seed=0, prior=Prior(quiet, None, None))
    assert len(learned.rows) == 200 + 48
    assert learned.rows.iloc[:200].equals(quiet)
    assert {one.window_start_ns >= 10**15 for one in learned.trimmed} == {True}
