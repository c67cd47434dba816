import numpy as np
import pytest

from netad.core.errors import ConfigError, ModelError
from netad.detectors.transformer.onnx_runner import FILE, OnnxRunner

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")


@pytest.fixture
def runner():
    """Runs a graph that turns every piece into its own number, once."""
    from onnx import TensorProto, helper

    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "pieces"])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", "pieces"])
    graph = helper.make_graph(
        [helper.make_node("Cast", ["ids"], ["scores"], to=TensorProto.FLOAT)], "g", [ids], [scores]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return OnnxRunner(model.SerializeToString())


def test_it_runs_and_comes_back_from_disk(runner, tmp_path):
    """The same file gives the same scores."""
    ids = np.array([[1, 2, 3]])
    assert runner.run(ids).tolist() == [[1.0, 2.0, 3.0]]
    runner.save(tmp_path)
    assert OnnxRunner.load(tmp_path).run(ids).dtype == np.float32


def test_damage_is_a_sentence(tmp_path):
    """A file that is missing or no network is not run."""
    with pytest.raises(ModelError, match="damaged"):
        OnnxRunner.load(tmp_path)
    (tmp_path / FILE).write_bytes(b"no network")
    with pytest.raises(ModelError, match="damaged"):
        OnnxRunner.load(tmp_path)


def test_it_runs_on_the_processor_only(runner):
    """Another device or precision cannot be had from an exported model."""
    assert runner.using("auto", "auto") is runner
    for device, precision in (("cuda", "auto"), ("auto", "bf16")):
        with pytest.raises(ConfigError, match="exported to 8 bits"):
            runner.using(device, precision)
