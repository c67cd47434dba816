import contextlib
import os

from netad.core.files import atomic_path


def test_a_file_appears_whole(tmp_path):
    """What was written is under the target's name afterwards, readable as the umask says, and nothing else is left."""
    target = tmp_path / "folder" / "file"
    with atomic_path(target) as part:
        part.write_text("whole")
        assert not target.exists()
    umask = os.umask(0)
    os.umask(umask)
    assert target.read_text() == "whole"
    assert target.stat().st_mode & 0o777 == 0o666 & ~umask
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_a_failure_leaves_the_old_file(tmp_path):
    """An error in between leaves what was there before, and no part."""
    target = tmp_path / "file"
    target.write_text("old")
    with contextlib.suppress(RuntimeError), atomic_path(target) as part:
        part.write_text("new")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
