from pathlib import Path

import pytest

from netad.core.errors import ConfigError
from netad.core.state_folder import state_folder


def test_the_nearest_setting_names_the_folder():
    """The first variable is the folder itself; the second one names where many programs keep theirs."""
    assert state_folder({"NETAD_STATE_DIR": "/x", "XDG_STATE_HOME": "/s"}) == Path("/x")
    assert state_folder({"NETAD_STATE_DIR": "", "XDG_STATE_HOME": "/s"}) == Path("/s/netad")
    assert state_folder({}) == Path.home() / ".local/state/netad"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    """Service accounts may have none."""

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigError, match="set NETAD_STATE_DIR"):
        state_folder({})
