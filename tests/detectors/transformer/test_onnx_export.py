import sys

import numpy as np
import pytest
import torch

from netad.core.errors import MissingExtraError, ModelError
from netad.detectors.transformer.detector import HuggingfaceDetector
from netad.detectors.transformer.onnx_export import export, exported
from netad.detectors.transformer.onnx_runner import FILE
from netad.detectors.transformer.settings import TransformerSettings


@pytest.fixture
def detector(quiet):
    """A detector trained for a few steps, in 32 bits."""
    made = HuggingfaceDetector(TransformerSettings(precision="fp32", device="cpu"))
    made.fit(quiet, seed=0)
    return made


def test_an_exported_detector_scores_nearly_the_same(detector, quiet, tmp_path):
    """It keeps the order of the profiles, says how well, runs from its file, and cannot be exported twice."""
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    with torch.no_grad():
        # A head with something to say: after a few steps all scores would be nearly equal.
        torch.nn.init.normal_(detector.runner.network.out.weight, std=0.5)
    detector.run_by(detector.runner)
    before = detector.score(quiet)
    done = export(detector, quiet)
    after = detector.score(quiet)
    assert done.profiles == 200
    assert done.correlation > 0.95
    assert np.corrcoef(before, after)[0, 1] > 0.95
    detector.save(tmp_path)
    assert (tmp_path / FILE).stat().st_size == done.size
    assert sorted(one.name for one in tmp_path.iterdir()) == ["detector.json", FILE, "tokenizer.json"]
    assert np.array_equal(HuggingfaceDetector.load(tmp_path).score(quiet), after)
    with pytest.raises(ModelError, match="exported already"):
        export(detector, quiet)


def test_without_the_exporter_the_extra_is_named(network, monkeypatch):
    """Exporting needs more than running: the message says what to install."""
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"netad\[transformers,onnx\]"):
        exported(network)
