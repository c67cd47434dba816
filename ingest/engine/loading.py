"""Loading the engine, which is most of what a small capture takes: numba, and the kernels that it keeps compiled."""

import contextlib
import functools
import gc
import importlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netad.ingest.engine.driver import Engine


@functools.cache
def engine() -> "type[Engine]":
    """Return the engine, its kernels loaded, compiled if need be."""
    with short_loading():
        driver = importlib.import_module("netad.ingest.engine.driver")
        driver.load_kernels()
    found: type[Engine] = driver.Engine
    return found


@contextlib.contextmanager
def short_loading() -> Iterator[None]:
    """Let numba and kernels that are loaded meanwhile take half the time.

    Meanwhile nobody looks for reference cycles, which takes a tenth of the time and finds none; nor will they later
    among the objects that are there now, nearly all of which stay.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with _without("scipy.linalg"):
            # Looks for a BLAS, for a function that no kernel of netad calls: importing SciPy's takes 0.15 s.
            importlib.import_module("numba.np.arraymath")
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Let a module that was not imported before be none to import (None in sys.modules says so)."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
