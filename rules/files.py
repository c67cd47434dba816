"""Which rule files there are, and what is in them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from netad.core.problems import Position, Problems, did_you_mean
from netad.core.yaml_nodes import MAX_BYTES

MAX_FILES = 10_000
MAX_TOTAL_BYTES = 64 << 20
SUFFIXES = (".yml", ".yaml")
BUILTIN = "builtin:"
_BUILTIN_FOLDER = Path(__file__).parent / "builtin"


def find_rule_files(paths: Sequence[str | Path]) -> tuple[list[Path], list[str]]:
    """Return the rule files, each once and in the order of their names, and the problems met on the way.

    A path is a file, whatever its name, or a folder, in which all `*.yml` and `*.yaml` are taken. Hidden files and
    folders are passed by: editors and Kubernetes keep second copies of the same rules in them. `builtin:NAME` is a
    file that comes with netad.
    """
    found: dict[Path, Path] = {}
    problems: list[str] = []
    for given in paths:
        path = _builtin(given, problems) if str(given).startswith(BUILTIN) else Path(given)
        if path is None:
            continue
        if path.is_dir():
            inside = list(_walk(path, problems))
            if not inside:
                problems.append(f"{path}: there is no *.yml or *.yaml file in this folder")
            for file in inside:
                found.setdefault(file.resolve(), file)
        elif path.exists():
            found.setdefault(path.resolve(), path)
        else:
            problems.append(f"{path}: there is no such file or folder")
    if len(found) > MAX_FILES:
        problems.append(f"{len(found)} rule files are too many, {MAX_FILES} are the most")
        return [], problems
    return sorted(found.values(), key=str), problems


def builtin_names() -> list[str]:
    """Return the names of the rule files that come with netad."""
    return sorted(path.stem for path in _BUILTIN_FOLDER.glob("*.yml"))


def _builtin(given: str | Path, problems: list[str]) -> Path | None:
    name = str(given).removeprefix(BUILTIN)
    if name not in builtin_names():
        problems.append(f"{given}: there are no built-in rules of that name{did_you_mean(name, builtin_names())} "
                        f"(there are: {', '.join(builtin_names())})")  # fmt: skip
        return None
    return _BUILTIN_FOLDER / f"{name}.yml"


def _walk(folder: Path, problems: list[str]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        problems.append(f"{error.filename}: this folder cannot be read: {error.strerror}")

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.endswith(SUFFIXES) and not name.startswith(".") and path.is_file():
                yield path


def read_contents(files: Iterable[Path]) -> Iterator[tuple[bytes | None, Problems]]:
    """Yield each file's content, at most one byte more than a rule file may have; None where it cannot be read."""
    total = 0
    for path in files:
        problems = Problems(str(path))
        content: bytes | None = None
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            problems.add(Position(1, 1), f"this file cannot be read: {error.strerror}")
        total += len(content or b"")
        if total > MAX_TOTAL_BYTES:
            problems.add(Position(1, 1), f"all rule files together are larger than {MAX_TOTAL_BYTES >> 20} MiB")
            yield None, problems
            return
        yield content, problems
