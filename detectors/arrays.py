"""Named NumPy arrays in one file: no pickle, equal arrays as equal bytes, types and sizes checked on load."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import ModelError

_MOST_BYTES = 512 << 20
_DAMAGE = (
    ValueError, TypeError, KeyError, EOFError, OSError, MemoryError, NotImplementedError, OverflowError,
    SyntaxError, RecursionError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a zip of `.npy` members, in the order given; `numpy.load` reads it too.

    Members carry no time and no owner, so that equal arrays are equal bytes.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            archive.writestr(member, buffer.getvalue())


def read_arrays(path: Path, expected: Mapping[str, tuple[type[np.generic], int]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file; `expected` gives the type and the number of axes of each.

    Raises:
        ModelError: the file is missing, damaged, too large, or holds other arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise ModelError(f"{path} unpacks to more than {_MOST_BYTES >> 20} MiB and is not loaded")
            arrays = {}
            for name, (kind, axes) in expected.items():
                # Read whole before it is taken apart: a header that lies about the shape meets the end of the bytes.
                array = np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                if array.dtype != np.dtype(kind) or array.ndim != axes:
                    raise ValueError
                arrays[name] = array
    except _DAMAGE as error:
        raise ModelError(f"{path} is missing or damaged: train the model again with netad train") from error
    return arrays
