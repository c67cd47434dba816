"""Where a target puts its input for readers that want a file: in memory, as it is written anew for each input."""

import os
from pathlib import Path


def scratch_file() -> Path:
    """Return the path of a file that is in memory only and goes with the program, however that ends (Linux)."""
    return Path(f"/proc/self/fd/{os.memfd_create('netad-fuzz')}")
