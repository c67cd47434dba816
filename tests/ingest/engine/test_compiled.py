"""Tests of netad.ingest.engine.compiled."""

import numpy as np

from netad.ingest.engine import compiled as module
from netad.ingest.engine.compiled import compiled, sources


def test_a_compiled_function_counts_in_64_bits():
    """Products wrap around, as hashes need, and shifts keep the sign."""

    @compiled
    def step(numbers):
        numbers[0] = numbers[0] * 3
        numbers[1] = numbers[1] >> 8

    numbers = np.array([1 << 62, -(1 << 20)], np.int64)
    step(numbers)
    assert numbers.tolist() == [-(1 << 62), -(1 << 12)]


def test_sources_change_with_any_file_of_the_engine(tmp_path, monkeypatch):
    """A change anywhere in the engine makes numba compile its kernels again."""
    (tmp_path / "one.py").write_text("1")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "compiled.py"))
    before = sources()
    assert before == sources()
    (tmp_path / "other.py").write_text("2")
    assert before != sources()
