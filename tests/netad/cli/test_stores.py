"""What commands about local stores share."""

import pytest

from netad.cli.stores import echo, echo_table, open_local
from netad.core.errors import ConfigError


def test_the_nearest_name_of_a_store_counts(tmp_path, monkeypatch):
    """What was typed, else the settings, else the folder beside the run."""
    monkeypatch.chdir(tmp_path)
    for name in ("typed", "set", "netad-store"):
        (tmp_path / name).mkdir()
    assert open_local(None, None).where == "parquet:netad-store"
    monkeypatch.setenv("NETAD_STORE", "parquet:set")
    assert open_local(None, None).where == "parquet:set"
    assert open_local("typed", None).where == "parquet:typed"
    monkeypatch.setenv("NETAD_STORE", "elastic:http://localhost:9200")
    with pytest.raises(ConfigError, match="no local store"):
        open_local(None, None)


def test_what_is_printed_does_not_drive_the_terminal(capsys):
    """Escapes are shown, not obeyed; columns stand below each other."""
    echo(["a\x1b[2Jb"])
    echo_table([("name", "count"), ("a longer one", "1")])
    assert capsys.readouterr().out.splitlines() == ["a\\x1b[2Jb", "name          count", "a longer one  1"]
