"""What a table of figures must say about where it was made."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("netad", "numba", "numpy", "pyarrow", "dpkt")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, the Python that runs netad, and how busy the machine was at the start (load of the last minute)."""

    date: str
    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    packages: dict[str, str]
    load: float


def this_machine() -> Machine:
    """Look at this machine (Linux)."""
    return Machine(
        date=datetime.now(UTC).isoformat(timespec="minutes"),
        cpu=_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{_field(Path('/etc/os-release'), 'PRETTY_NAME') or platform.system()}, Linux {platform.release()}",
        python=platform.python_version(),
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        load=os.getloadavg()[0],
    )


def _field(path: Path, name: str) -> str | None:
    """Return the value of the first `name: value` or `name=value` line of a file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        key, separator, value = line.partition(":" if ":" in line else "=")
        if separator and key.strip() == name:
            return value.strip().strip('"')
    return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
