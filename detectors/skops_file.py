"""scikit-learn estimators as skops archives: without pickle, equal estimators as equal bytes, bounded on load."""

import io
import json
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from netad.core.errors import ModelError

_SCHEMA = "schema.json"
_MOST_BYTES = 512 << 20
_MOST_SCHEMA_BYTES = 64 << 20
# Everything skops, NumPy and scikit-learn are known to raise on archives that were cut, mangled or made up.
_DAMAGE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OSError, ImportError, MemoryError,
    NotImplementedError, OverflowError, RecursionError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def write_archive(estimator: object, path: Path) -> None:
    """Write a fitted estimator.

    skops names things by their memory address, stamps them with the time, and arrays of tree nodes carry whatever
    was in memory between their fields. Renumbered, unstamped and with clean gaps, equal estimators are equal bytes.
    """
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as raw:
        schema = json.loads(raw.read(_SCHEMA))
        names = _renumber(schema)
        arrays = {names[name]: raw.read(name) for name in raw.namelist() if name != _SCHEMA}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in arrays.items():
            _add(archive, name, _clean(content))
        _add(archive, _SCHEMA, json.dumps(schema, separators=(",", ":")).encode())


def read_archive(path: Path, allowed: frozenset[str], trusted: tuple[str, ...]) -> Any:  # noqa: ANN401 - as written
    """Return the estimator of an archive.

    `allowed` lists every `loader:module.class` that may occur in it, `trusted` the types among them that skops does
    not trust by itself.

    Raises:
        ModelError: the archive is damaged, too large, or holds anything else.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise ModelError(f"{path} unpacks to more than {_MOST_BYTES >> 20} MiB and is not loaded")
            if archive.getinfo(_SCHEMA).file_size > _MOST_SCHEMA_BYTES:
                raise ModelError(f"{path} describes more than a model can hold and is not loaded")
            foreign = sorted(_types(json.loads(archive.read(_SCHEMA))) - allowed)
        if foreign:
            raise ModelError(f"{path} holds a type that is not trusted ({foreign[0]!r:.100}) and is not loaded")
        return skops.io.load(path, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        raise ModelError(f"{path} holds a type that is not trusted and is not loaded") from error
    except _DAMAGE as error:
        raise ModelError(f"{path} is damaged: train the model again with netad train") from error


def _renumber(schema: object) -> dict[str, str]:
    """Replace memory addresses in place by numbers in order of appearance; return old to new array names."""
    numbers: dict[int, int] = {}
    names: dict[str, str] = {}
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__id__" in node:
                node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
            if node.get("__loader__") == "NdArrayNode":
                node["file"] = names.setdefault(node["file"], f"{node['__id__']}.npy")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return names


def _clean(content: bytes) -> bytes:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean = np.zeros(array.shape, dtype=array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    archive.writestr(member, content)


def _types(schema: object) -> set[str]:
    """Return every `loader:module.class` of a schema."""
    found = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                found.add(f"{node['__loader__']}:{node['__module__']}.{node['__class__']}")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found
