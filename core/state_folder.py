"""Where netad keeps what it must remember from run to run."""

import os
from collections.abc import Mapping
from pathlib import Path

from netad.core.errors import ConfigError


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `$NETAD_STATE_DIR`, else `$XDG_STATE_HOME/netad`, else `~/.local/state/netad`; it may not be there yet.

    Raises:
        ConfigError: none of them is set and this user has no home.
    """
    if environment.get("NETAD_STATE_DIR"):
        return Path(environment["NETAD_STATE_DIR"])
    if environment.get("XDG_STATE_HOME"):
        return Path(environment["XDG_STATE_HOME"]) / "netad"
    try:
        return Path.home() / ".local" / "state" / "netad"
    except RuntimeError as error:
        raise ConfigError("no home directory to remember anything in: set NETAD_STATE_DIR") from error
