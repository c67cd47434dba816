"""Tests of netad.ingest.engine.loading."""

import gc
import json
import os
import subprocess
import sys

import pytest

from netad.ingest.engine.driver import Engine
from netad.ingest.engine.loading import engine

LOADING = """
import gc, json, sys
from netad.ingest.engine.loading import engine
engine()
import numpy, scipy.linalg, numba
total = numba.njit(lambda a, b: numpy.dot(a, b).sum())
found = {
    "collecting": gc.isenabled(), "frozen": gc.get_freeze_count(), "product": total(numpy.eye(3), numpy.ones((3, 3))),
    "kernels": [len(kernel.overloads) for kernel in (sys.modules["netad.ingest.engine.walk"].walk,)],
}
print(json.dumps(found))
"""


def test_the_engine_is_loaded_once():
    """The same class each time, and nothing is frozen that came later."""
    assert engine() is engine() is Engine
    frozen = gc.get_freeze_count()
    engine()
    assert (gc.get_freeze_count(), gc.isenabled()) == (frozen, True)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="nothing is compiled")
def test_what_loading_leaves_behind():
    """Kernels are there, garbage is collected again, SciPy can be imported and numba's products use it."""
    run = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found.pop("frozen") > 10_000
    assert found == {"collecting": True, "product": 9.0, "kernels": [1]}
