import zipfile

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors import arrays as module
from netad.detectors.arrays import read_arrays, write_arrays

EXPECTED = {"numbers": (np.float32, 2), "places": (np.int32, 1)}


@pytest.fixture
def path(tmp_path):
    """A file of two arrays."""
    target = tmp_path / "arrays.npz"
    write_arrays(target, {"numbers": np.eye(3, dtype=np.float32), "places": np.arange(4, dtype=np.int32)})
    return target


def test_arrays_come_back(path):
    """What was written is read, and numpy reads it too."""
    found = read_arrays(path, EXPECTED)
    assert np.array_equal(found["numbers"], np.eye(3))
    assert np.array_equal(np.load(path, allow_pickle=False)["places"], np.arange(4))


def test_equal_arrays_are_equal_bytes(path, tmp_path):
    """Written again, in another layout in memory, the file is the same."""
    other = tmp_path / "other.npz"
    write_arrays(
        other, {"numbers": np.asfortranarray(np.eye(3, dtype=np.float32)), "places": np.arange(4, dtype="<i4")}
    )
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "expected", [{"numbers": (np.float64, 2)}, {"numbers": (np.float32, 1)}, {"more": (np.int8, 1)}]
)
def test_other_arrays_are_refused(path, expected):
    """Another type, another number of axes, or an array that is not there."""
    with pytest.raises(ModelError, match="missing or damaged"):
        read_arrays(path, expected)


@pytest.mark.parametrize("place", [0, 40, 90, -30])
def test_damage_is_said(path, place):
    """A file that was cut or mangled is one clear sentence."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(bytes(content[: len(content) - 10]))
    with pytest.raises(ModelError, match="missing or damaged"):
        read_arrays(path, EXPECTED)


def test_objects_are_not_unpickled(tmp_path):
    """An array of Python objects, which only pickle could read, is refused."""
    np.savez(tmp_path / "bad.npz", numbers=np.array([[{}]], dtype=object), places=np.arange(4, dtype=np.int32))
    with pytest.raises(ModelError):
        read_arrays(tmp_path / "bad.npz", EXPECTED)


def test_a_header_cannot_ask_for_memory(tmp_path):
    """A shape far beyond the bytes that follow reads as damage."""
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000), }"
        header += b" " * (118 - len(header) - 1) + b"\n"
        archive.writestr("numbers.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"0" * 40)
    with pytest.raises(ModelError):
        read_arrays(tmp_path / "bad.npz", {"numbers": (np.float32, 2)})


def test_too_large_is_not_unpacked(path, monkeypatch):
    """What unpacks to more than a model can hold is not unpacked."""
    monkeypatch.setattr(module, "_MOST_BYTES", 100)
    with pytest.raises(ModelError, match="unpacks to more"):
        read_arrays(path, EXPECTED)
