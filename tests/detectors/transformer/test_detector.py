import os
import subprocess
import sys

import numpy as np
import pytest

from netad.core.errors import ConfigError, MissingExtraError, ModelError
from netad.detectors.base import OnDevice, Reading, WithSettings
from netad.detectors.bundle import read_json, write_json
from netad.detectors.model import Model
from netad.detectors.transformer import base_model
from netad.detectors.transformer.detector import HuggingfaceDetector
from netad.detectors.transformer.settings import TransformerSettings
from netad.profiles.batch import ProfileBatch
from netad.profiles.meetings import Meetings
from netad.profiles.said import COLUMN, Said


def trained(rows, **changed):
    detector = HuggingfaceDetector(TransformerSettings(**{"steps": 10, **changed}))
    detector.fit(rows, seed=0)
    return detector


@pytest.fixture(scope="module")
def detector(quiet):
    """A detector trained on 200 quiet profiles."""
    return trained(quiet)


def test_other_detectors_import_nothing_of_torch():
    """Naming this detector, and training others, loads neither torch nor transformers."""
    code = (
        "import sys, netad.cli, netad.config, netad.detectors.base as base, netad.detectors.model\n"
        "assert 'huggingface' in base.DETECTORS\n"
        "[base.DETECTORS.load(name)() for name in ('fusion', 'behaviour', 'isolation_forest')]\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'tokenizers', 'onnxruntime')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("missing", ["torch", "transformers", "safetensors", "tokenizers"])
def test_without_its_libraries_the_extra_is_named(missing):
    """Whichever of them is missing, the message says what to install."""
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from netad.core.errors import MissingExtraError\nfrom netad.detectors.base import DETECTORS\n"
        "try:\n    DETECTORS.load('huggingface')()\n    from netad.detectors.transformer import detector\n"
        "    detector._torch()\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=True
    )
    assert "pip install 'netad[transformers]'" in said.stdout


def test_a_fifth_is_held_out(quiet):
    """Profiles of the first fold have scores from training that never saw them, the others none."""
    folds = np.arange(200) % 5
    raw = HuggingfaceDetector(TransformerSettings(steps=5)).fit_folds(quiet, folds, seed=0)
    assert np.array_equal(np.isnan(raw), folds != 0)


def test_names_make_a_difference_where_they_are_read(quiet, detector):
    """What a profile said changes its score, unless the detector was made without names."""
    said = quiet.assign(**{COLUMN: "new domain evil.top\nnew port tcp/6667"})
    assert not np.array_equal(detector.score(said), detector.score(quiet))
    deaf = trained(quiet, names=False)
    assert np.array_equal(deaf.score(said), deaf.score(quiet))


def test_unexpected_words_are_those_that_changed(quiet, detector):
    """Of a profile far beyond all others in one feature, that feature is what the model did not expect."""
    odd = quiet.iloc[:1].assign(unique_destinations=1e6)
    (words,) = detector.unexpected(odd)
    assert words[0].field == "unique_destinations"
    assert (words[0].word, words[0].expected) == ("far above the whole baseline", "normal")
    assert words[0].nats > 2
    assert isinstance(detector, Reading)
    (doubts,) = trained(quiet, objective="replaced").unexpected(odd)
    assert all(one.expected == "" for one in doubts)


def test_settings_and_device_are_kept(quiet, detector, tmp_path):
    """A loaded detector knows how it was made, and runs where it is told."""
    assert isinstance(detector, WithSettings)
    assert isinstance(detector, OnDevice)
    trained(quiet, names=False, objective="replaced").save(tmp_path)
    loaded = HuggingfaceDetector.load(tmp_path)
    assert (loaded.settings.objective, loaded.settings.names, loaded.settings.base_model) == ("replaced", False, None)
    loaded.use("cpu", "fp32")
    assert loaded.settings.precision == "fp32"


def test_words_are_measured_for_who_reads_them(quiet):
    """A model writes out what was said only where a detector reads it."""
    entry = ((0, "i4"), (2, "u1"), (7, "u8"), (1, "i4"), ("tcp/22", object))
    said = Said(*(np.array([value], dtype=kind) for value, kind in entry))
    batch = ProfileBatch(quiet, Meetings.empty(), said=said)
    settings = {"huggingface": TransformerSettings(steps=1)}
    for name, reads in (("neighbours", False), ("huggingface", True)):
        model = Model.train(batch, detectors=(name,), name="m", window="1h", created="", settings=settings)
        assert (COLUMN in model.measure(batch).frame) is reads


def test_few_profiles_are_said(quiet):
    """Below 100 profiles the operator is told that scores are rough."""
    detector = trained(quiet.iloc[:30], steps=None)
    assert "learnt from only 24 profiles" in detector.notes[0]


@pytest.mark.parametrize(
    ("key", "value"), [("text_version", 0), ("about", {}), ("usual", [[1.0]]), ("levels", None), ("usual", "x")]
)
def test_damaged_details_are_refused(detector, tmp_path, key, value):
    """Another version of the text, and details that make no sense, are a sentence."""
    detector.save(tmp_path)
    write_json(tmp_path / "detector.json", {**read_json(tmp_path / "detector.json"), key: value})
    with pytest.raises(ModelError):
        HuggingfaceDetector.load(tmp_path)


def test_a_detector_that_has_learnt_nothing_says_so(quiet):
    """Scoring before training is refused."""
    with pytest.raises(ModelError, match="learnt nothing"):
        HuggingfaceDetector().score(quiet)


def test_beside_the_fusion_it_only_advises(quiet, flooding, tmp_path):
    """With the fusion the score is the fusion's; the transformer's stands beside it, and its words are told."""
    from netad.detectors.explain import explain

    settings = {"huggingface": TransformerSettings(steps=5)}
    names = ("fusion", "huggingface")
    model = Model.train(quiet, detectors=names, name="m", window="1h", created="", settings=settings)
    alone = Model.train(quiet, detectors=("fusion",), name="m", window="1h", created="")
    rows = flooding(quiet.iloc[:3])
    scores = model.score(rows)
    assert model.deciding == ("fusion",)
    assert np.array_equal(scores.score, alone.score(rows).score)
    assert set(scores.by_detector) == set(names)
    assert model.threshold(1e-3) == alone.threshold(1e-3)
    assert all(one.words for one in explain(model, rows))
    assert not any(one.words for one in explain(alone, rows))
    model.save(tmp_path / "m")
    assert np.array_equal(Model.load(tmp_path / "m").score(rows).score, scores.score)


def test_alone_it_decides(quiet):
    """Without the fusion the transformer's score counts."""
    settings = {"huggingface": TransformerSettings(steps=5)}
    model = Model.train(quiet, detectors=("huggingface",), name="m", window="1h", created="", settings=settings)
    assert model.deciding == ("huggingface",)
    assert np.isfinite(model.score(quiet).score).all()


def test_a_model_is_updated_with_its_settings(quiet, profiles):
    """Trained again, the detector keeps its base model and objective."""
    settings = {"huggingface": TransformerSettings(steps=5, objective="replaced")}
    model = Model.train(quiet, detectors=("huggingface",), name="m", window="1h", created="", settings=settings)
    later = profiles(50, seed=9).assign(window_start_ns=lambda one: one["window_start_ns"] + 10**17)
    assert model.update(later, created="").detectors["huggingface"].settings == settings["huggingface"]


def test_a_gpu_that_is_not_there_is_said_before_training(quiet, monkeypatch):
    """The device is looked at before hours of work."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="no GPU"):
        trained(quiet, device="cuda")


def test_the_packaged_model_learns_and_is_small(quiet, flooding, monkeypatch, packaged_base, tmp_path):
    """MiniLM as it is shipped: adapted in a few steps it tells floods from quiet, and takes under 100 MB."""
    if os.environ.get("CI") != "true":
        try:
            packaged_base()
        except MissingExtraError as error:
            pytest.skip(str(error))
    monkeypatch.setattr(base_model, "packaged", packaged_base)
    rows = quiet.iloc[:40]
    detector = trained(rows, steps=4)
    assert detector.score(flooding(rows)).min() > detector.score(rows).max()
    detector.save(tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 100e6
