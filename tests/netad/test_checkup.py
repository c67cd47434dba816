"""What the doctor says of this machine."""

from types import SimpleNamespace
from zoneinfo import ZoneInfoNotFoundError

import pytest

from netad.checkup import check_machine
from netad.outputs.spool import Spool


@pytest.fixture
def examined(tmp_path):
    """A function that returns the checks by name, with state and spool in the test's folder."""

    def check(**environment):
        given = {"NETAD_STATE_DIR": str(tmp_path / "state"), "NUMBA_CACHE_DIR": str(tmp_path / "numba"), **environment}
        return {found.what: (found.state, found.told) for found in check_machine(given)}

    return check


def test_a_machine_where_all_is_well(examined, tmp_path):
    """Folders that are not there yet can be made; nothing is made by looking."""
    found = examined()
    assert {found[what][0] for what in ("Python", "compiled code", "state folder", "spool")} == {"ok"}
    assert found["extra keyring"] == ("ok", "keyring")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be_written(examined, tmp_path):
    """A file in the way of a folder is told with the variable that names another."""
    (tmp_path / "file").write_text("")
    found = examined(NETAD_STATE_DIR=str(tmp_path / "file"), NUMBA_CACHE_DIR=str(tmp_path / "file"))
    assert [found[what][0] for what in ("compiled code", "state folder", "spool")] == ["FAILED"] * 3
    assert "set NUMBA_CACHE_DIR" in found["compiled code"][1]
    assert "set NETAD_STATE_DIR" in found["state folder"][1]


def test_what_waits_is_told(examined, tmp_path):
    """Unsent events are a note with whom they wait for and the command that sends them."""
    spool = Spool(tmp_path / "state" / "spool", "http://a")
    spool.keep({"event": {"id": "1"}, "data_stream": {"type": "logs", "dataset": "d", "namespace": "n"}})
    spool.close()
    state, told = examined()["spool"]
    assert state == "note"
    assert told.startswith("1 file with unsent events")
    assert " for http://a in " in told
    assert "`netad replay`" in told


def test_an_extra_that_is_missing(examined, monkeypatch):
    """What is not installed is told with the command that installs it."""
    monkeypatch.setattr("netad.checkup._is_installed", lambda name: name != "keyring")
    assert examined()["extra keyring"] == ("note", "keyring not installed: pip install 'netad[keyring]'")


def test_room_is_told_for_each_disk(examined, monkeypatch, tmp_path):
    """Little is a note, hardly any is a failure."""
    found = {}
    for free in (5_000_000_000, 1_500_000_000, 50_000_000):
        monkeypatch.setattr("shutil.disk_usage", lambda _place, free=free: SimpleNamespace(free=free))
        found[free] = examined()["disk"]
    assert [state for state, _ in found.values()] == ["ok", "note", "FAILED"]
    assert found[50_000_000][1].startswith("50 MB free for ")
    assert found[50_000_000][1].endswith(": make room")


def test_time_zones_are_looked_for(examined, monkeypatch):
    """Without their data rules with a schedule know UTC only."""
    assert examined()["time zones"][0] == "ok"
    monkeypatch.setattr("zoneinfo.ZoneInfo", _no_zone)
    assert examined()["time zones"] == ("note", "rules with a schedule know UTC only: pip install tzdata")


def _no_zone(name):
    raise ZoneInfoNotFoundError(name)
