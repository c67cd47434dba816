"""How the engine's functions are compiled: by numba, free of the interpreter's lock while they run."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])

# `_nrt`: no counting of references to arrays. The caller holds them while a kernel runs, kernels allocate nothing, and
# counting, with locked instructions wherever an array is taken out of a tuple, takes three quarters of their time.
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Function) -> Function:
    """Compile a part of a kernel, a function of integers and arrays, into whatever calls it.

    A call would cost more than most parts do: an array is nine arguments. Divisions are not checked, every divisor in
    the engine being a constant or checked before. Indices are, under NUMBA_BOUNDSCHECK=1.
    """
    return cast("Function", njit(forceinline=True, **_OPTIONS)(function))


def compiled_apart(function: Function) -> Function:
    """Compile a part that few packets reach as `compiled` does, but to be called, for the others' code to be short."""
    return cast("Function", njit(**_OPTIONS)(function))


def entry_point(function: Function) -> Function:
    """Compile a kernel that Python calls, and keep it on disk.

    Numba looks for changes in the kernel's own file only, and in what its closure holds: let that be `sources`.
    """
    return cast("Function", njit(cache=True, **_OPTIONS)(function))


def sources() -> int:
    """Return a digest of the engine's source texts."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:7], "big")
