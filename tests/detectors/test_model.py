import json

import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ConfigError, ModelError
from netad.detectors.anomaly import Severity
from netad.detectors.bundle import read_bundle
from netad.detectors.calibration import score_to_tail
from netad.detectors.model import Model, severity


def train(profiles, **changes):
    """Train on all defaults but `changes`; a self-baseline, which needs no folds, is quickest."""
    settings = {"detectors": ["isolation_forest"], "name": "office", "window": "1h", "created": "now"}
    return Model.train(profiles, **(settings | changes))


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rehash(folder, **changes):
    """Change the manifest of a model, hashes of its files included, as a forger would."""
    import hashlib

    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    path.write_text(json.dumps(manifest))


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
    """A budget of one in a thousand is 0.5; several detectors share it."""

    def with_detectors(count):
        return Model(
            name="", window="", seed=0, created="", version="", profiles=1, sources=1, first_ns=0, last_ns=1,
            self_baseline=False, baseline=None, detectors=dict.fromkeys(range(count)), calibrations={},
        )  # fmt: skip

    assert with_detectors(1).threshold(0.001) == pytest.approx(0.5)
    assert with_detectors(10).threshold(0.01) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("score", "threshold", "expected"),
    [
        (0.5, 0.5, Severity.LOW),
        (0.63, 0.5, Severity.MEDIUM),
        (0.76, 0.5, Severity.HIGH),
        (0.9, 0.5, Severity.CRITICAL),
        (1, 0.5, Severity.CRITICAL),
        (0.2, 0.5, Severity.LOW),
        (1, 1, Severity.CRITICAL),
        (0.99, 1, Severity.LOW),
    ],
)
def test_severity_bands(score, threshold, expected):
    """The room above the threshold is cut in four; all four can be reached whatever the threshold."""
    assert severity(score, threshold) is expected


def test_outside_sources_do_not_train(quiet, flooding):
    """The model of a network is the same whether outside sources were seen or not."""
    outside = flooding(quiet).assign(inside=False)
    mixed = train(pd.concat([outside, quiet], ignore_index=True), self_baseline=True)
    assert (mixed.profiles, mixed.version) == (200, train(quiet, self_baseline=True).version)
    assert mixed.notes == []


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
    mixed = pd.concat([quiet, flooding(profiles(1, seed=9))], ignore_index=True)
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


def test_loaded_it_is_the_same(model, saved, quiet, flooding):
    """Everything comes back from disk, and scores are equal to the last bit."""
    loaded = Model.load(saved)
    both = pd.concat([quiet, flooding(quiet)], ignore_index=True)
    assert np.array_equal(loaded.score(both).score, model.score(both).score)
    for name in ("name", "window", "seed", "created", "version", "profiles", "sources", "first_ns", "last_ns",
                 "self_baseline", "calibrations", "inputs", "notes"):  # fmt: skip
        assert getattr(loaded, name) == getattr(model, name)


def test_same_training_data_same_bytes(saved, quiet, tmp_path):
    """Trained again on the same rows in another order, only `created` differs."""
    again = train(quiet.sample(frac=1, random_state=1), created="later")
    again.save(tmp_path / "again")
    one, two = contents(saved), contents(tmp_path / "again")
    for files in (one, two):
        for path in list(files):
            if path.name == "manifest.json":
                manifest = json.loads(files[path])
                del manifest["created"]
                files[path] = manifest
    assert one == two


def test_version_follows_the_training(model, quiet, profiles):
    """Other data, another seed or another window make another version."""
    changes = ({}, {"seed": 1}, {"window": "5m"})
    versions = {model.version, train(profiles(200, seed=1), self_baseline=True).version}
    versions |= {train(quiet, self_baseline=True, **change).version for change in changes}
    assert len(versions) == 5


def test_manifest_says_what_it_is(saved):
    """Format, versions, inputs, span, counts, seed and features are on record."""
    manifest = read_bundle(saved)
    assert manifest["format_version"] == 1
    assert {"netad_version", "libraries", "created", "name", "window", "features", "files"} <= set(manifest)
    assert {"inputs", "profiles", "first_ns", "last_ns", "seed", "self_baseline"} <= set(manifest["training"])
    assert {"baseline.parquet", "calibration.json", "detectors/isolation_forest/forest.skops"} <= set(manifest["files"])


def test_inputs_are_on_record(quiet, tmp_path):
    """What the model was trained on can be read from it."""
    train(quiet, self_baseline=True, inputs=[{"path": "monday.pcap"}]).save(tmp_path / "model")
    assert Model.load(tmp_path / "model").inputs == ({"path": "monday.pcap"},)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"detectors": ["crystal_ball"]}, "crystal_ball"), ({"detectors": []}, "damaged"),
        ({"detectors": "isolation_forest"}, "damaged"), ({"detectors": [["x"]]}, "damaged"),
        ({"training": None}, "damaged"), ({"training": {}}, "damaged"), ({"window": 3600}, "damaged"),
        ({"name": None}, "damaged"),
    ],
)  # fmt: skip
def test_a_forged_manifest_is_refused(saved, changes, sentence):
    """Types and names in the manifest are checked one by one."""
    rehash(saved, **changes)
    with pytest.raises(ModelError, match=sentence):
        Model.load(saved)


@pytest.mark.parametrize("calibration", ["{}", "[]", '{"isolation_forest": {}}', '{"isolation_forest": 5}'])
def test_a_forged_calibration_is_refused(saved, calibration):
    """A calibration with the right hash and the wrong content is refused."""
    (saved / "calibration.json").write_text(calibration)
    rehash(saved)
    with pytest.raises(ModelError, match="damaged"):
        Model.load(saved)


def test_a_forged_baseline_is_refused(saved):
    """A baseline with the right hash that is no Parquet is refused."""
    (saved / "baseline.parquet").write_bytes(b"PAR1")
    rehash(saved)
    with pytest.raises(ModelError):
        Model.load(saved)
