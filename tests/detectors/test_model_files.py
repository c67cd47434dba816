import json

import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ModelError
from netad.detectors.bundle import read_bundle
from netad.detectors.model import Model


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


def test_manifest_says_what_it_is(saved):
    """Format, versions, inputs, span, counts, seed and features are on record."""
    manifest = read_bundle(saved)
    assert manifest["format_version"] == 2
    assert {"netad_version", "libraries", "created", "name", "window", "features", "files"} <= set(manifest)
    assert {"inputs", "profiles", "first_ns", "last_ns", "seed", "self_baseline"} <= set(manifest["training"])
    expected = {"baseline.parquet", "calibration.json", "history.parquet", "detectors/isolation_forest/arrays.npz"}
    assert expected <= set(manifest["files"])


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


def test_what_was_set_aside_survives_saving(model, tmp_path):
    """The list of what did not train is in the model on disk."""
    assert model.trimmed_count == 8
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert loaded.trimmed == model.trimmed
    assert any("set aside" in note for note in loaded.notes)


def test_what_was_seen_survives_saving(model, quiet, tmp_path):
    """A loaded model knows which profiles trained it, those set aside among them."""
    model.save(tmp_path / "model")
    assert Model.load(tmp_path / "model").seen.holds(quiet).all()
