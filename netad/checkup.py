"""What `netad doctor` looks at on this machine: Python, compiled code, extras, time zones, state, spool, disks."""

import importlib.metadata
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from netad.core.checks import Check
from netad.core.errors import ConfigError, SpoolError
from netad.core.state_folder import state_folder

# What only those need who work on netad itself.
_OF_DEVELOPERS = frozenset({"dev", "docs", "fuzz", "release", "test"})
# Free bytes of a disk: with less the next run is likely to fail, and with less than the second it is worth a look.
_LEAST_ROOM, _ROOM = 100_000_000, 2_000_000_000


def check_machine(environment: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Yield what holds on this machine, whatever netad ships to."""
    yield Check("Python", "ok", f"{platform.python_version()}, netad {importlib.metadata.version('netad')}")
    yield _compiled(environment)
    yield from _extras()
    yield _time_zones()
    yield from _state(environment)
    yield from _disks(environment)


def _compiled(environment: Mapping[str, str]) -> Check:
    """Tell whether compiled code outlives a run, as numba looks for a place: the variable, the package, the user's."""
    import numba

    import netad.ingest.engine

    package = Path(next(iter(netad.ingest.engine.__path__))) / "__pycache__"
    named = environment.get("NUMBA_CACHE_DIR")
    places = [Path(named)] if named else [package, Path.home() / ".cache" / "numba"]
    for place in places:
        if writable(place):
            return Check("compiled code", "ok", f"numba {numba.__version__} keeps it in {place}")
    told = f"{' and '.join(map(str, places))} cannot be written: every run compiles anew; set NUMBA_CACHE_DIR"
    return Check("compiled code", "FAILED", told)


def _extras() -> Iterator[Check]:
    wanted: dict[str, list[str]] = {}
    for requirement in importlib.metadata.requires("netad") or []:
        name, _, marker = requirement.partition(";")
        of = re.search(r"""extra == ["']([\w-]+)["']""", marker)
        if of is not None and of[1] not in _OF_DEVELOPERS:
            wanted.setdefault(of[1], []).append(re.split(r"[^\w.-]", name.strip())[0])
    for extra, names in wanted.items():
        missing = [name for name in names if not _is_installed(name)]
        if missing:
            yield Check(f"extra {extra}", "note", f"{', '.join(missing)} not installed: pip install 'netad[{extra}]'")
        else:
            yield Check(f"extra {extra}", "ok", ", ".join(names))


def _state(environment: Mapping[str, str]) -> Iterator[Check]:
    from netad.core.figures import size
    from netad.outputs.spool import Spool, spool_folder
    from netad.outputs.wording import counted

    try:
        folder, spool = state_folder(environment), spool_folder(environment)
    except (ConfigError, SpoolError) as error:
        yield Check("state folder", "FAILED", error.message)
        return
    if not writable(folder):
        yield Check("state folder", "FAILED", f"{folder} cannot be written: set NETAD_STATE_DIR")
    else:
        yield Check("state folder", "ok", str(folder))
    if not writable(spool):
        yield Check("spool", "FAILED", f"{spool} cannot be written: unsent events would be lost; set NETAD_SPOOL_DIR")
        return
    files = Spool(spool, "").files()
    waiting, dead = [file for file in files if not file.dead], [file for file in files if file.dead]
    for some, what, how in ((waiting, "unsent", "netad replay"), (dead, "refused", "netad replay --dead")):
        if some:
            whose = ", ".join(sorted({file.target or "nobody (damaged)" for file in some}))
            held = f"{counted(len(some), 'file')} with {what} events ({size(sum(file.bytes for file in some))})"
            yield Check("spool", "note", f"{held} for {whose} in {spool}: `{how}` sends them")
    if not files:
        yield Check("spool", "ok", f"nothing waits in {spool}")


def _time_zones() -> Check:
    """Tell whether time zones are known, as rules with a schedule need them."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("Europe/Paris")
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return Check("time zones", "note", "rules with a schedule know UTC only: pip install tzdata")
    return Check("time zones", "ok", "known")


def _disks(environment: Mapping[str, str]) -> Iterator[Check]:
    """Tell what room there is for state, unsent events and what a run puts aside, once for each disk."""
    from netad.core.figures import size
    from netad.outputs.spool import spool_folder

    try:
        places = {"state": state_folder(environment), "spool": spool_folder(environment)}
    except (ConfigError, SpoolError):  # told already
        places = {}
    told: dict[int, tuple[Path, list[str]]] = {}
    for what, place in (*places.items(), ("TMPDIR", Path(tempfile.gettempdir()))):
        there = _nearest(place)
        told.setdefault(there.stat().st_dev, (there, []))[1].append(what)
    for place, uses in told.values():
        free = shutil.disk_usage(place).free
        line = f"{size(free)} free for {', '.join(uses)} (at {place})"
        if free < _LEAST_ROOM:
            yield Check("disk", "FAILED", f"{line}: make room")
        else:
            yield Check("disk", "ok" if free >= _ROOM else "note", line)


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder that may not be there yet."""
    folder = _nearest(folder)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _nearest(folder: Path) -> Path:
    """Return the folder, or what is there of the folders above it."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
