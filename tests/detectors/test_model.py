from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ConfigError, ModelError
from netad.detectors.base import DETECTORS
from netad.detectors.calibration import score_to_tail, tail_to_score
from netad.detectors.model import Model
from netad.detectors.verdicts import FALSE_POSITIVE, TRUE_POSITIVE, Verdicts
from netad.profiles.features import FEATURES


def train(profiles, **changes):
    """Train on all defaults but `changes`; a self-baseline, which needs no folds, is quickest."""
    settings = {"detectors": ["isolation_forest"], "name": "office", "window": "1h", "created": "now"}
    return Model.train(profiles, **(settings | changes))


def test_what_floods_is_anomalous_and_what_is_quiet_is_not(model, profiles, flooding):
    """Unseen quiet profiles stay below the threshold of one in a thousand, flooding ones are above it."""
    threshold = model.threshold(0.001)
    assert (model.score(profiles(500, seed=3)).score >= threshold).mean() < 0.01
    assert model.score(flooding(profiles(20, seed=4))).score.min() >= threshold


def test_scores_fit_together(model, profiles):
    """Score and tail of a profile say the same, and are those of the winning detector."""
    scores = model.score(profiles(50, seed=5))
    assert scores.tail == pytest.approx([score_to_tail(score) for score in scores.score])
    assert set(scores.detector) == {"isolation_forest"}
    assert np.array_equal(scores.by_detector["isolation_forest"], scores.score)


def test_no_profile_gives_no_score(model, quiet):
    """An empty ProfileFrame has empty scores."""
    scores = model.score(quiet.iloc[:0])
    assert len(scores.score) == len(scores.tail) == len(scores.detector) == 0


def test_threshold_is_the_budget():
    """A budget of one in a thousand is 0.5; several detectors share it, behaviours have their own."""

    def with_detectors(names, profiles=10_000):
        return Model(
            name="", window="", seed=0, created="", version="", profiles=profiles, sources=1, first_ns=0, last_ns=1,
            self_baseline=False, baseline=None, detectors={name: DETECTORS.load(name)() for name in names},
            calibrations={}, history=None, seen=None,
        )  # fmt: skip

    assert with_detectors(["fusion"]).threshold(0.001) == pytest.approx(0.5)
    assert with_detectors(["fusion", "neighbours"]).threshold(0.002) == pytest.approx(0.5)
    assert with_detectors(["fusion", "behaviour"]).threshold(0.001) == pytest.approx(0.5)


@pytest.mark.parametrize(("profiles", "share"), [(1, 0.02), (25, 0.02), (100, 0.005), (500, 0.001), (10**6, 0.001)])
def test_few_profiles_widen_the_budget(model, profiles, share):
    """What training profiles cannot tell apart is no threshold: one in twice their number, at most one in 50."""
    assert replace(model, profiles=profiles).threshold(0.001) == pytest.approx(tail_to_score(share))


def test_outside_sources_do_not_train(quiet, flooding):
    """The model of a network is the same whether outside sources were seen or not."""
    outside = flooding(quiet).assign(inside=False)
    mixed = train(pd.concat([outside, quiet], ignore_index=True), self_baseline=True)
    assert (mixed.profiles, mixed.version) == (200, train(quiet, self_baseline=True).version)
    assert not any("--inside" in note for note in mixed.notes)


def test_a_model_of_inside_sources_says_nothing_of_outside_ones_but_behaviours(quiet, flooding):
    """However odd they look; one that was trained on outside sources does."""
    odd = pd.concat([flooding(quiet.head(4)), flooding(quiet.head(4))], ignore_index=True)
    odd = odd.assign(inside=[True, False] * 4, **{"behaviour.scan": [0.0, 0.0, 0.0, 6.0, 0.0, 0.0, 0.0, 0.0]})
    model = train(quiet, detectors=["isolation_forest", "behaviour"])
    scores = model.score(odd)
    assert (scores.score[::2] >= model.threshold(0.001)).all()
    assert scores.score[1::2].tolist() == [0.0, tail_to_score(1e-6), 0.0, 0.0]
    assert scores.detector[3] == "behaviour"
    assert model.strangers(odd).tolist() == [False, True] * 4
    alien = train(quiet.assign(inside=False), detectors=["isolation_forest"])
    assert (alien.score(odd).score >= alien.threshold(0.001)).all()


def test_only_outside_sources_train_and_that_is_said(quiet):
    """Where no source is inside all of them train, and a note says so."""
    alien = train(quiet.assign(inside=False), self_baseline=True)
    assert alien.profiles == 200
    assert "--inside" in alien.notes[0]


@pytest.mark.parametrize("self_baseline", [False, True])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_tiny_baselines_work_and_are_said(count, self_baseline, profiles, quiet):
    """With next to nothing to learn from it still trains, says so, and hardly ever shouts at normal profiles."""
    tiny = train(profiles(count), self_baseline=self_baseline)
    assert f"only {count} profile" in tiny.notes[0]
    assert (tiny.score(quiet).score > 0.5).mean() < 0.1


def test_its_own_baseline_still_shows_what_floods(quiet, flooding, profiles):
    """A flooding source in a capture that is its own baseline does not hide itself."""
    other = flooding(profiles(1, seed=9)).assign(window_start_ns=-1)
    mixed = pd.concat([quiet, other], ignore_index=True)
    scores = train(mixed, self_baseline=True).score(mixed).score
    assert scores[200] == 1
    assert (scores[:200] > 0.5).sum() <= 3


def test_nothing_to_train_on_is_said(quiet):
    """Without a profile there is no model."""
    with pytest.raises(ModelError, match="no profile to train on"):
        train(quiet.iloc[:0])


@pytest.mark.parametrize("detectors", [[], ["crystal_ball"]])
def test_unknown_detectors_are_a_usage_error(quiet, detectors):
    """No detector, or one that nobody registered, is the operator's mistake."""
    with pytest.raises(ConfigError):
        train(quiet, detectors=detectors)


def test_facts_of_the_training(model, quiet):
    """The model knows what it was trained on."""
    assert (model.profiles, model.sources) == (200, 10)
    assert (model.first_ns, model.last_ns) == (quiet["window_start_ns"].min(), quiet["window_end_ns"].max())
    assert model.baseline.median("flows") == quiet["flows"].median()
    assert len(model.version) == 12


def test_version_follows_the_training(model, quiet, profiles):
    """Other data, another seed or another window make another version."""
    changes = ({}, {"seed": 1}, {"window": "5m"})
    versions = {model.version, train(profiles(200, seed=1), self_baseline=True).version}
    versions |= {train(quiet, self_baseline=True, **change).version for change in changes}
    assert len(versions) == 5


def test_a_new_source_is_said(quiet, profiles):
    """Scores carry whether the source has a past that the model can compare it with."""
    rows = profiles(4, seed=3).assign(known_source=[True, False, True, False])
    assert train(quiet, self_baseline=True).score(rows).known.tolist() == [True, False, True, False]


def test_update_learns_more(model, profiles):
    """New windows are added, counted, and known afterwards; those it holds are not counted twice."""
    later = profiles(60, seed=7).assign(
        window_start_ns=lambda rows: rows["window_start_ns"] + 10**15,
        window_end_ns=lambda rows: rows["window_end_ns"] + 10**15,
    )
    more = model.update(pd.concat([later, model.history.rows.iloc[:5]], ignore_index=True), created="later")
    assert more.profiles == model.profiles + 60
    assert more.last_ns == later["window_end_ns"].max()
    assert more.version != model.version
    assert any("5 profiles were part" in note for note in more.notes)
    assert len(more.history.rows) > len(model.history.rows)


def test_update_never_learns_what_was_set_aside(model, quiet, profiles):
    """The same input once more brings only its new profiles: what was too odd to learn from stays out."""
    aside = {(one.source, one.window_start_ns) for one in model.trimmed}
    later = profiles(60, seed=7).assign(
        window_start_ns=lambda rows: rows["window_start_ns"] + 10**15,
        window_end_ns=lambda rows: rows["window_end_ns"] + 10**15,
    )
    more = model.update(pd.concat([quiet, later], ignore_index=True), created="later")
    kept = set(zip(more.history.rows["source"], more.history.rows["window_start_ns"], strict=True))
    assert aside
    assert not aside & kept
    assert aside <= {(one.source, one.window_start_ns) for one in more.trimmed}
    assert more.trimmed_count == len(more.trimmed) > len(aside)
    assert f"{more.trimmed_count} of 260 profiles were set aside" in "\n".join(more.notes)
    with pytest.raises(ModelError, match="already"):
        more.update(quiet, created="later")


def test_update_by_sources_outside_only_is_refused(model, profiles):
    """They would train the baseline of inside sources."""
    outside = profiles(60, seed=7).assign(inside=False, window_digest="other")
    with pytest.raises(ModelError, match="check --inside"):
        model.update(outside, created="later")


def test_update_with_nothing_new_is_said(model):
    """The same profiles again are no update."""
    with pytest.raises(ModelError, match="already"):
        model.update(model.history.rows, created="later")


def test_features_that_inputs_lack_are_said(quiet):
    """A feature without any value in training is named as not judged."""
    notes = train(quiet.assign(flows=np.nan), self_baseline=True).notes
    assert any("1 features, which are not judged: flows" in note for note in notes)


def test_a_single_source_is_said(profiles):
    """A baseline of one host is no baseline of a network."""
    assert any("one source" in note for note in train(profiles(30, hosts=1), self_baseline=True).notes)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_constant_and_missing_training_values_score_finite(value, quiet, profiles, flooding):
    """Training values that do not differ, or are not there at all, give a model that scores, and says what it lacks."""
    flat = quiet.assign(**dict.fromkeys(FEATURES.names(), value))
    model = train(flat, detectors=["fusion"])
    scores = model.score(pd.concat([flat, flooding(profiles(3))], ignore_index=True)).score
    assert np.isfinite(scores).all()
    assert (scores[:200] < 0.3).all()


def told(rows, label):
    return [(row["source"], row["window_start_ns"], row["window_end_ns"], label) for row in rows.to_dict("records")]


def test_true_anomalies_do_not_train_and_that_is_said(quiet, model):
    """As if they had not been in the input; what analysts called false alarms is counted as well."""
    verdicts = Verdicts.of([*told(quiet[10:13], TRUE_POSITIVE), *told(quiet[20:21], FALSE_POSITIVE)])
    settings = {"detectors": ["isolation_forest"], "name": "office", "window": "1h", "created": model.created}
    trained = Model.train(quiet, verdicts=verdicts, **settings)
    assert trained.profiles == len(quiet) - 3
    assert not verdicts.true(trained.learned.rows).any()
    assert trained.notes[:2] == [
        "left out: 3 profiles that analysts marked as true anomalies",
        "normal, however odd: 1 profile that analysts marked as false alarms",
    ]
    assert Model.train(quiet, verdicts=Verdicts(), **settings).version == model.version
    with pytest.raises(ModelError, match="none is left to learn from"):
        Model.train(quiet[:3], verdicts=Verdicts.of(told(quiet, TRUE_POSITIVE)), **settings)


def test_an_update_heeds_verdicts_on_old_and_new_profiles(quiet, model, profiles):
    """A true anomaly among those that the model kept is forgotten; one among the new ones is not learnt."""
    more = profiles(50, seed=7).assign(
        window_start_ns=lambda rows: rows["window_start_ns"] + 10**15,
        window_end_ns=lambda rows: rows["window_end_ns"] + 10**15,
    )
    kept = model.history.rows[5:7]
    verdicts = Verdicts.of([*told(kept, TRUE_POSITIVE), *told(more[:1], TRUE_POSITIVE)])
    updated = model.update(more, created=model.created, verdicts=verdicts)
    assert updated.profiles == model.profiles + 49
    assert not verdicts.true(updated.learned.rows).any()
    assert not verdicts.true(updated.history.rows).any()
    assert "left out: 2 profiles that analysts marked as true anomalies, of those the model kept" in updated.notes
    assert verdicts.true(model.update(more, created=model.created).learned.rows).sum() >= 2
