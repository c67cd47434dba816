import subprocess
import sys

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors.transformer import base_model
from netad.detectors.transformer.torch_runner import TorchRunner


@pytest.fixture
def runner(network, tiny_base):
    """Runs the untrained network on the processor."""
    return TorchRunner(network, {**tiny_base.config, "_name_or_path": "/home/somebody"}, "cpu", "fp32")


def test_saved_and_loaded_it_runs_the_same(runner, encoder, text, tmp_path):
    """Weights and configuration come back; where they came from is not written down."""
    ids = encoder.batch([encoder.encode(text(0))], runner.rows).ids
    runner.save(tmp_path)
    again = TorchRunner.load(tmp_path, encoder.pad).using("cpu", "fp32")
    assert np.array_equal(again.run(ids), runner.run(ids))
    assert "somebody" not in (tmp_path / base_model.CONFIG).read_text()


@pytest.mark.parametrize("file", [base_model.WEIGHTS, base_model.CONFIG])
def test_damage_is_a_sentence(runner, encoder, tmp_path, file):
    """A file that is cut short, or belongs to another network, is not loaded."""
    runner.save(tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:100])
    with pytest.raises(ModelError, match="damaged"):
        TorchRunner.load(tmp_path, encoder.pad)


def test_others_may_read_what_they_may_read_of_the_rest(runner, tmp_path):
    """Weights have the same permissions as the other files of a model."""
    runner.save(tmp_path)
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


def test_nothing_is_told_as_leaked_at_the_end():
    """Objects that ingest froze are collected when the program ends; libraries of torch complain of those that stay."""
    code = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "import netad.detectors.transformer.torch_runner\n"
        "gc.freeze()\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("0\n", "")
