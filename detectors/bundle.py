"""A model on disk: a folder with a manifest that names every file and its hash; appears whole, is checked on load."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from netad.core.errors import ModelError
from netad.profiles.features import FEATURES

FORMAT, FORMAT_VERSION = "netad-model", 2
MANIFEST = "manifest.json"
LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "scikit-learn")
_MOST_JSON_BYTES = 16 << 20
_MOST_FILE_BYTES = 1 << 30
_MOST_FILES = 256
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,3}")
_TRAIN_AGAIN = "train it again with netad train"
DAMAGED = f"the model is damaged, what one of its detectors learnt makes no sense: {_TRAIN_AGAIN}"


def feature_set() -> dict[str, Any]:
    """Return the names of the registered features and a hash over what each of them is."""
    definitions = sorted([one.name, one.unit, one.transform, one.suspicious, one.meaning] for one in FEATURES)
    digest = hashlib.sha256(json.dumps(definitions).encode()).hexdigest()
    return {"names": list(FEATURES.names()), "hash": digest}


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that a model's bytes depend on."""
    return {name: version(name) for name in LIBRARIES}


def write_bundle(target: Path, manifest: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    """Write a model folder: `write` fills an empty folder, then the manifest is added and the folder takes its place.

    A model that is already there is moved aside, and removed once the new one is in place.

    Raises:
        ModelError: `target` is something else than a model, or cannot be written.
    """
    target = target.resolve()
    try:
        check_target(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as workplace:
            fresh, old = Path(workplace) / "new", Path(workplace) / "old"
            fresh.mkdir()
            write(fresh)
            document = {"format": FORMAT, "format_version": FORMAT_VERSION, **manifest, "files": _hashes(fresh)}
            text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
            (fresh / MANIFEST).write_text(text, encoding="utf-8")
            _sync(fresh)
            _swap(fresh, target, old)
    except OSError as error:
        raise ModelError(f"the model {target} cannot be written: {error.strerror or error}") from error


def check_target(target: Path) -> None:
    """Refuse to write a model where something else is.

    Raises:
        ModelError: `target` exists, and is neither an empty folder nor a model.
    """
    if not _replaceable(target):
        raise ModelError(f"{target} exists and is no model of netad: it is not overwritten")


def read_bundle(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder after checking format, feature set and the hash of every file.

    Raises:
        ModelError: the folder is no model, is damaged, or does not fit this version of netad.
    """
    if not folder.is_dir():
        raise ModelError(f"there is no model at {folder}: make one with netad train --model {folder}")
    if not (folder / MANIFEST).is_file():
        raise ModelError(f"{folder} is no model of netad: it holds no {MANIFEST}")
    manifest = read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelError(f"{folder} is no model of netad: its {MANIFEST} says something else")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ModelError(
            f"the model {folder} has format version {manifest.get('format_version')!r:.40}, "
            f"this netad reads {FORMAT_VERSION}: {_TRAIN_AGAIN}"
        )
    _check_features(folder, manifest.get("features"))
    _check_files(folder, manifest.get("files"))
    return manifest


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file of at most 16 MiB.

    Raises:
        ModelError: the file is missing, too large or damaged.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_JSON_BYTES + 1)
        if len(content) > _MOST_JSON_BYTES:
            raise ModelError(f"{path} is larger than a model's can be and is not read")
        document = json.loads(content)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged, it is no JSON: {_TRAIN_AGAIN}") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path} is damaged, it holds no JSON object: {_TRAIN_AGAIN}")
    return document


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON object that `read_json` reads."""
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _replaceable(target: Path) -> bool:
    if not target.exists():
        return True
    if not target.is_dir():
        return False
    try:
        return read_json(target / MANIFEST).get("format") == FORMAT
    except ModelError:
        return not any(target.iterdir())


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Put `fresh` in the place of `target`; should that fail, what was there comes back."""
    moved = target.exists()
    if moved:
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if moved:
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    _sync_folder(target.parent)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system syncs folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _hash(path) for path in paths}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_features(folder: Path, trained: object) -> None:
    now = feature_set()
    if not isinstance(trained, dict) or not _are_texts(trained.get("names")):
        raise ModelError(f"the manifest of the model {folder} is damaged: {_TRAIN_AGAIN}")
    if trained.get("hash") == now["hash"]:
        return
    missing = [name for name in now["names"] if name not in trained["names"]]
    extra = [name for name in trained["names"] if name not in now["names"]]
    if missing or extra:
        what = f"(missing: {_listed(missing)}, extra: {_listed(extra)})"
    else:
        what = "(the same names, but another definition of at least one)"
    raise ModelError(f"the model {folder} was trained with another feature set {what}: {_TRAIN_AGAIN}")


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "none"


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _check_files(folder: Path, listed: object) -> None:
    """Compare every file with its hash; files beside those listed are refused, hidden ones ignored."""
    if not isinstance(listed, dict) or not 0 < len(listed) <= _MOST_FILES:
        raise ModelError(f"the manifest of the model {folder} is damaged: {_TRAIN_AGAIN}")
    for name, digest in listed.items():
        if not _FILE_NAME.fullmatch(name):
            raise ModelError(f"the manifest of the model {folder} names a file outside of it: it is not loaded")
        path = folder / name
        if any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(folder) and part != folder):
            raise ModelError(f"the model {folder} holds a link instead of a file ({name}): it is not loaded")
        if not path.is_file():
            raise ModelError(f"the model {folder} is damaged, {name} is missing: {_TRAIN_AGAIN}")
        try:
            intact = path.stat().st_size <= _MOST_FILE_BYTES and _hash(path) == digest
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
        if not intact:
            raise ModelError(f"the model {folder} is damaged, {name} has changed since it was written: {_TRAIN_AGAIN}")
    for place, _, names in os.walk(folder):
        for name in names:
            relative = (Path(place) / name).relative_to(folder)
            if relative.as_posix() not in listed and relative != Path(MANIFEST) and not name.startswith("."):
                raise ModelError(f"the model {folder} holds a file that is not part of it ({relative}): remove it")
