"""Where a target puts its input for readers that want a file: in memory, as it is written anew for each input."""

import atexit
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


def scratch_file(name: str) -> Path:
    """Return the path of a file in a new folder, which goes when the program ends."""
    folder = tempfile.mkdtemp(prefix="netad-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / name
