"""The state folder: one lock, two files of one moment."""

import os
import signal
import subprocess
import sys

import pytest

from netad.core.errors import ConfigError, LockedError, NewerStateError, SpoolError, StateError
from netad.scan.state import StateFolder


def test_what_was_saved_is_loaded(tmp_path):
    """Files and stream come back; a save without a stream keeps the one before."""
    folder = StateFolder(tmp_path / "new" / "state")
    assert folder.load() is None
    folder.save({"known": {"a": 1}}, {"open": "flows"})
    folder.save({"known": {"a": 2}}, None)
    again = StateFolder(folder.folder)
    assert again.load()["known"] == {"a": 2}
    assert again.stream() == {"open": "flows"}
    again.save({"known": {}}, {"open": "others"})
    assert sorted(path.name for path in folder.folder.iterdir()) == ["files.state", "lock", "stream-2.state"]


def test_damage_is_told_and_begins_anew(tmp_path, caplog):
    """A damaged file of files is thrown away, and a stream that is gone is a sentence."""
    folder = StateFolder(tmp_path)
    folder.save({}, {"open": 1})
    (tmp_path / "files.state").write_bytes(b"torn")
    assert StateFolder(tmp_path).load() is None
    assert "thrown away" in caplog.text
    folder.save({}, {"open": 2})
    (tmp_path / "stream-2.state").unlink()
    again = StateFolder(tmp_path)
    again.load()
    with pytest.raises(StateError, match="stream-2"):
        again.stream()


def test_the_stream_of_a_killed_run_is_not_taken_for_one_that_goes_with_the_files(tmp_path):
    """What was written before the files were renamed into place is passed over, and removed by the next run."""
    folder = StateFolder(tmp_path)
    folder.save({}, {"open": 1})
    (tmp_path / "stream-2.state").write_bytes((tmp_path / "stream-1.state").read_bytes()[:50])
    (tmp_path / ".stream-3.state.xyz.part").write_bytes(b"torn")
    again = StateFolder(tmp_path)
    again.load()
    assert again.stream() == {"open": 1}
    again.save({}, {"open": 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files.state", "lock", "stream-2.state"]
    assert again.stream() == {"open": 2}


def test_a_state_of_a_newer_netad_is_refused(tmp_path, monkeypatch):
    """Neither is it read, nor thrown away."""
    folder = StateFolder(tmp_path)
    monkeypatch.setattr("netad.core.state_file.VERSION", 99)
    folder.save({}, {})
    monkeypatch.undo()
    with pytest.raises(NewerStateError, match="newer"):
        StateFolder(tmp_path).load()


def test_a_full_disk_leaves_what_was_saved(tmp_path, monkeypatch):
    """The sentence says that what was done since will be done again."""
    folder = StateFolder(tmp_path)
    folder.save({"known": {"a": 1}}, {"open": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netad.scan.state.write_state", full)
    with pytest.raises(SpoolError, match="done again"):
        folder.save({"known": {"a": 2}}, {"open": 2})
    monkeypatch.undo()
    assert StateFolder(tmp_path).load()["known"] == {"a": 1}


def test_one_scan_at_a_time(tmp_path):
    """A held lock ends another scan at once, and is gone with the process that held it, however it ended."""
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pathlib import Path; from netad.scan.state import StateFolder\n"
         "with StateFolder(Path(sys.argv[1])).locked(wait=False): print('held', flush=True); sys.stdin.read()",
         str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match="--wait"), StateFolder(tmp_path).locked(wait=False):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    with StateFolder(tmp_path).locked(wait=False):
        pass


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    """A file in its place is told as such."""
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        StateFolder(tmp_path / "state")
