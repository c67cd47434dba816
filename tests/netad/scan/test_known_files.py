"""What is remembered of the files that were read."""

import pytest

from netad.core.errors import StateError
from netad.scan import known_files
from netad.scan.fingerprint import Head
from netad.scan.known_files import KEPT_NS, Known, KnownFiles


def known_of(content, read=5, size=None, seen_ns=0):
    return Known(Head(content, compressed=False).fingerprint, read, size, seen_ns)


@pytest.fixture
def stat(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    return path.stat()


def test_a_file_is_found_by_its_beginning_also_when_it_has_grown(stat):
    """The longest beginning that is known is the file."""
    files = KnownFiles()
    short, longer = known_of(b"123"), known_of(b"12345")
    files.note("short", stat, short)
    files.note("longer", stat, longer)
    assert files.find(Head(b"1234567", compressed=False)) == longer
    assert files.find(Head(b"1239", compressed=True)) == short
    assert files.find(Head(b"999", compressed=False)) is None
    files.replace(short, longer.fingerprint)
    assert files.find(Head(b"1239", compressed=True)) is None
    assert len(files) == 1


def test_a_path_that_is_as_it_was_need_not_be_opened(stat, tmp_path):
    """Size, time and inode tell; what is of no use is remembered as such."""
    files = KnownFiles()
    files.note("known", stat, known_of(b"12345"))
    files.note_useless("readme", stat)
    other = tmp_path / "other"
    other.write_bytes(b"123456")
    for path in ("known", "readme"):
        assert files.unchanged(path, stat, 7)
        assert not files.unchanged(path, other.stat(), 7)
    assert not files.unchanged("elsewhere", stat, 7)


def test_it_goes_on_where_it_was_carried(stat):
    """Files and paths come back; what is none of that is a sentence."""
    files, back = KnownFiles(), KnownFiles()
    files.note("known", stat, known_of(b"12345", size=5, seen_ns=3))
    files.note_useless("readme", stat)
    back.resume(files.carry())
    assert back.carry() == files.carry()
    assert back.unchanged("known", stat, 4)
    for damaged in ({}, {"files": [[1]], "places": []}, {"files": [], "places": [["path", 1]]}):
        with pytest.raises(StateError, match="damaged"):
            KnownFiles().resume(damaged)


def test_what_was_not_there_for_long_is_forgotten(stat, monkeypatch):
    """By age and by number, the oldest first; paths that are gone go at once."""
    files = KnownFiles()
    for number in range(4):
        files.note(f"path-{number}", stat, known_of(b"%d" % number, seen_ns=number))
    assert files.unchanged("path-0", stat, KEPT_NS)
    files.forget(["path-0", "path-3"], KEPT_NS + 2)
    assert len(files) == 3
    assert not files.unchanged("path-1", stat, KEPT_NS)
    monkeypatch.setattr(known_files, "MOST_FILES", 1)
    files.forget([], KEPT_NS + 2)
    assert files.find(Head(b"0", compressed=False)) is not None
    assert len(files) == 1
