"""The state that one run leaves for the next (netad.core.carried) as one file: arrays at disk speed, no pickle.

A zip of `.npy` members as `numpy.load` reads them, stored as they are, and `state.json`, the tree that they hang in.
JSON arrays in it begin with a word that says what they stand for. Every member has a checksum (CRC-32).
"""

import base64
import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State
from netad.core.errors import NewerStateError, StateError
from netad.core.files import atomic_path

VERSION: Final = 1
_TREE: Final = "state.json"
# No state that netad leaves comes near these.
_MOST_BYTES: Final = 1 << 36
_MOST_TREE_BYTES: Final = 1 << 28
_PIECE: Final = 1 << 20
_LIST, _BYTES, _ARRAY, _TEXTS = "list", "bytes", "array", "texts"
_DAMAGE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OSError, MemoryError, NotImplementedError,
    OverflowError, RecursionError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def write_state(path: Path, state: State) -> None:
    """Write a state; the file appears whole or not at all, in the place of one that was there.

    Equal states are equal bytes.

    Raises:
        OSError: it cannot be written.
        TypeError: something in it is none of what a state may hold.
    """
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        tree = _Writer(archive).node(state)
        text = json.dumps({"version": VERSION, "state": tree}, separators=(",", ":"))
        with archive.open(_member(_TREE), "w", force_zip64=True) as member:
            member.write(text.encode("ascii"))


def read_state(path: Path) -> State:
    """Return the state that a file holds, as it was written.

    Raises:
        NewerStateError: the file is of a newer version.
        StateError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except FileNotFoundError as error:
        raise StateError(f"{path} does not exist") from error
    except _DAMAGE as error:
        raise StateError(f"{path} is damaged or no state of netad: remove it to begin anew") from error


def _read(archive: zipfile.ZipFile, path: Path) -> State:
    members = {member.filename: member for member in archive.infolist()}
    plain = all(
        each.compress_type == zipfile.ZIP_STORED and each.file_size == each.compress_size for each in members.values()
    )
    # Stored as it is: what the members claim to hold cannot be more than the file does.
    sizes = sum(each.file_size for each in members.values())
    if not plain or sizes > min(path.stat().st_size, _MOST_BYTES) or members[_TREE].file_size > _MOST_TREE_BYTES:
        raise ValueError
    whole = json.loads(archive.read(members.pop(_TREE)))
    if isinstance(whole["version"], int) and whole["version"] > VERSION:
        raise NewerStateError(f"{path} was left by a newer version of netad: upgrade netad, or remove it to begin anew")
    reader = _Reader(archive, members)
    state = reader.node(whole["state"])
    if whole["version"] != VERSION or not isinstance(state, dict) or members:
        raise ValueError
    return state


class _Writer:
    """Writes arrays as members as it meets them, and returns the tree for JSON."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._written = 0

    def node(self, value: object) -> object:
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                raise TypeError("the keys of a state are text")
            return {key: self.node(each) for key, each in value.items()}
        if isinstance(value, list):
            return [_LIST, *(self.node(each) for each in value)]
        if isinstance(value, bytes):
            return [_BYTES, base64.b64encode(value).decode("ascii")]
        if isinstance(value, np.ndarray):
            return self._array(value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"a state cannot hold a {type(value).__name__}")

    def _array(self, array: NDArray[Any]) -> object:
        if array.dtype == object:
            if array.ndim != 1:
                raise TypeError("texts of a state have one axis")
            texts = array.tolist()
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("the objects in a state's arrays are text")
            pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
            lengths = np.array([len(piece) for piece in pieces], np.int64)
            text = np.frombuffer(b"".join(pieces), np.uint8)
            return [_TEXTS, self._member(lengths), self._member(text), len(lengths), len(text)]
        kind = [list(field) for field in array.dtype.descr] if array.dtype.names else array.dtype.str
        plain = isinstance(kind, str) or all(len(field) == 2 and isinstance(field[1], str) for field in kind)
        if not plain or _dtype(kind) != array.dtype:
            raise TypeError(f"a state cannot hold an array of {array.dtype}")
        return [_ARRAY, self._member(array), kind, list(array.shape)]

    def _member(self, array: NDArray[Any]) -> str:
        name = f"{self._written}.npy"
        self._written += 1
        plain = array if array.flags.c_contiguous else np.ascontiguousarray(array)
        with self._archive.open(_member(name), "w", force_zip64=True) as member:
            member.write(_header(plain.dtype, plain.shape))
            if plain.nbytes:
                member.write(plain.reshape(-1).view(np.uint8).data)
        return name


class _Reader:
    """Reads what the tree names, every member once. Whatever is wrong raises one of _DAMAGE."""

    def __init__(self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self._archive, self._members = archive, members

    def node(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, dict):
            return {key: self.node(each) for key, each in value.items()}
        if not isinstance(value, list):
            return value
        match value:
            case [str(word), *rest] if word == _LIST:
                return [self.node(each) for each in rest]
            case [str(word), str(text)] if word == _BYTES:
                return base64.b64decode(text, validate=True)
            case [str(word), str(name), kind, list(shape)] if word == _ARRAY:
                return self._array(name, _dtype(kind), tuple(shape))
            case [str(word), str(lengths), str(text), int(count), int(size)] if word == _TEXTS:
                return self._texts(self._array(lengths, np.dtype(np.int64), (count,)),
                                   self._array(text, np.dtype(np.uint8), (size,)))  # fmt: skip
        raise ValueError

    def _array(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        info = self._members.pop(name)
        header = _header(dtype, shape)
        # Before memory is taken for it: the tree may lie about the shape.
        size = len(header) + dtype.itemsize * math.prod(shape)
        if dtype.hasobject or min(shape, default=0) < 0 or size != info.file_size:
            raise ValueError
        array = np.empty(shape, dtype)
        with self._archive.open(info) as member:
            if member.read(len(header)) != header:
                raise ValueError
            _fill(array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b""), member)
        return array

    def _texts(self, lengths: NDArray[np.int64], text: NDArray[np.uint8]) -> NDArray[Any]:
        if lengths.min(initial=0) < 0 or int(lengths.sum()) != text.size:
            raise ValueError
        array = np.empty(len(lengths), dtype=object)
        array[:] = list(_cut(text.tobytes(), lengths.tolist()))
        return array


def _dtype(kind: Any) -> np.dtype[Any]:  # noqa: ANN401 - whatever JSON holds
    """Return the type that the tree names: a word of NumPy's, or names and words of fields."""
    return np.dtype(kind if isinstance(kind, str) else [(name, word) for name, word in kind])


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return how a `.npy` member of an array begins. It is compared, never taken apart."""
    buffer = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_2_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def _cut(octets: bytes, lengths: list[int]) -> Iterator[str]:
    at = 0
    for length in lengths:
        yield octets[at : at + length].decode("utf-8", "surrogatepass")
        at += length


def _fill(view: memoryview, member: IO[bytes]) -> None:
    """Read a member to its end, where its checksum is compared."""
    at = 0
    while piece := member.read(_PIECE):
        view[at : at + len(piece)] = piece
        at += len(piece)
    if at != len(view):
        raise ValueError


def _member(name: str) -> zipfile.ZipInfo:
    """Return a member without a time and an owner, so that equal states are equal bytes."""
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.create_system = 3
    return member
