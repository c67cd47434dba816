"""The spool: what goes in comes out, oldest first, for its target only, or the run is told that nothing is safe."""

import contextlib
import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netad.core.errors import OutputError, SpoolError
from netad.outputs.spool import Spool, spool_folder


def event(number):
    return {
        "event": {"id": f"{number:012x}-0"},
        "data_stream": {"type": "logs", "dataset": "netad.flow", "namespace": "x"},
        "text": "ü\x00",
    }


def fill(spool):
    for number in range(100):
        spool.keep(event(number))


def numbers(spool):
    return [[int(found["event"]["id"][:12], 16) for found in spool.read(path)] for path in spool.pending()]


def test_events_come_back_oldest_first(make_spool):
    """Files are named by time and order of writing, and read in that order; nothing unfinished is seen."""
    later, earlier = make_spool("a", clock_ms=lambda: 2000, file_events=2), make_spool("a", clock_ms=lambda: 1000)
    for number in range(5):
        later.keep(event(number))
    earlier.keep(event(9))
    assert numbers(make_spool("a")) == [[0, 1], [2, 3]]
    assert later.kept == 4
    later.close()
    earlier.close()
    assert later.kept == 5
    assert numbers(make_spool("a")) == [[9], [0, 1], [2, 3], [4]]
    assert next(make_spool("a").read(make_spool("a").pending()[0])) == event(9)


def test_each_target_has_its_own(make_spool):
    """What was meant for one server is not sent to another."""
    with_a = make_spool("http://a")
    with_a.keep(event(1))
    with_a.close()
    assert len(make_spool("http://a").pending()) == 1
    assert make_spool("http://b").pending() == []


def test_what_waits_is_counted_by_target(make_spool):
    """Files and bytes that wait for this target, without those of others and without what was refused."""
    spool = make_spool("http://a", file_events=2)
    fill(spool)
    spool.bury(event(1), "why")
    spool.close()
    files, size = make_spool("http://a").waiting()
    assert files == 50
    assert size == sum(path.stat().st_size for path in spool.pending_folder.iterdir())
    assert make_spool("http://b").waiting() == (0, 0)


def test_the_folder_is_private(make_spool):
    """Events are not for the other users of the machine."""
    spool = make_spool("a")
    spool.keep(event(1))
    spool.bury(event(2), "why")
    spool.close()
    folders = (spool.folder, spool.pending_folder, spool.dead_folder)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


def test_dead_events_keep_their_reason(make_spool):
    """A refused event lies beside the reason, in a file that says for which target it was."""
    spool = make_spool("http://a")
    spool.bury(event(1), "mapper_parsing_exception: no")
    spool.close()
    (path,) = spool.dead_folder.iterdir()
    header, line = map(orjson.loads, gzip.decompress(path.read_bytes()).splitlines())
    assert header == {"netad_spool": 1, "target": "http://a"}
    assert line == {"reason": "mapper_parsing_exception: no", "event": event(1)}


def test_dead_events_can_be_tried_again(make_spool):
    """What was refused is read as the events it was, for its own target only, and a damaged file for none."""
    spool = make_spool("http://a", clock_ms=lambda: 1)
    spool.bury(event(1), "no")
    spool.bury(event(2), "no")
    spool.close()
    (spool.dead_folder / "5-1.ndjson.gz").write_bytes(b"damaged")
    (path,) = spool.dead()
    assert list(spool.read(path)) == [event(1), event(2)]
    assert make_spool("http://b").dead() == []


def test_every_file_is_listed(make_spool):
    """The listing says for whom files wait, and which of them cannot be read."""
    for target in ("http://a", "http://b"):
        spool = make_spool(target, clock_ms=lambda: 1)
        spool.keep(event(1))
        spool.bury(event(2), "no")
        spool.close()
    (spool.pending_folder / "0-1.ndjson.gz").write_bytes(b"damaged")
    told = [(file.target, file.dead) for file in spool.files()]
    assert told[0] == (None, False)
    assert sorted(told[1:], key=str) == [
        ("http://a", False),
        ("http://a", True),
        ("http://b", False),
        ("http://b", True),
    ]
    assert all(file.bytes == file.path.stat().st_size for file in spool.files())


def test_a_file_leaves_after_what_was_refused_is_safe(make_spool):
    """When a pending file is removed, its refused events are on disk already: a kill in between loses nothing."""
    spool = make_spool("a")
    spool.keep(event(1))
    spool.close()
    (path,) = spool.pending()
    for found in spool.read(path):
        spool.bury(found, "no")
    spool.remove(path)
    assert len(make_spool("a").dead()) == 1


def test_an_empty_spool_leaves_nothing(make_spool):
    """A run without trouble makes no folder."""
    spool = make_spool("a")
    spool.close()
    assert spool.pending() == []
    assert not spool.folder.exists()


def test_removed_files_are_gone(make_spool):
    """What was sent is removed, and removing what another run has removed already is fine."""
    spool = make_spool("a")
    spool.keep(event(1))
    spool.close()
    (path,) = spool.pending()
    spool.remove(path)
    spool.remove(path)
    assert spool.pending() == []
    with pytest.raises(FileNotFoundError):
        next(spool.read(path))


def test_a_folder_that_cannot_be_made(tmp_path):
    """Where the folder should be there is a file: nothing is safe, and the error says so."""
    (tmp_path / "spool").write_text("")
    spool = Spool(tmp_path / "spool", "a")
    with pytest.raises(SpoolError, match="cannot be kept in"):
        spool.keep(event(1))
    spool.close()
    assert spool.kept == 0


def test_a_full_folder(make_spool):
    """A spool has a ceiling over all its files; what was kept before stays."""
    spool = make_spool("a", folder_bytes=300, file_events=1)
    with pytest.raises(SpoolError, match="is full"):
        fill(spool)
    spool.close()
    assert 0 < spool.kept < 100
    assert sum(map(len, numbers(make_spool("a")))) == spool.kept


def test_a_full_disk(make_spool):
    """When a file cannot be finished, its events are not counted as safe, and the other file still is finished."""
    spool = make_spool("a")
    spool.keep(event(1))
    spool.bury(event(2), "why")
    for part in spool.pending_folder.iterdir():
        part.unlink()  # as good as a disk that loses what was written: the rename fails
    with pytest.raises(SpoolError):
        spool.close()
    assert spool.kept == 0
    assert len(list(spool.dead_folder.glob("*.gz"))) == 1


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory):
    """The bytes and the name of a spool file with three events."""
    spool = Spool(tmp_path_factory.mktemp("whole"), "a", clock_ms=lambda: 1)
    for number in range(3):
        spool.keep(event(number))
    spool.close()
    (path,) = spool.pending()
    return path.name, path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_never_surprise(whole_file, tmp_path, data):
    """Whatever bytes a pending file holds: whole events in order, then its end or one OutputError."""
    name, whole = whole_file
    cut = data.draw(st.integers(0, len(whole) - 1))
    garbage = data.draw(st.binary(max_size=20))
    spool = Spool(tmp_path, "a")
    spool.pending_folder.mkdir(exist_ok=True)
    path = spool.pending_folder / name
    path.write_bytes(whole[:cut] + garbage)
    found = []
    with contextlib.suppress(OutputError):
        found.extend(spool.read(path))
    assert found == [event(number) for number in range(len(found))]


@pytest.mark.parametrize(
    "lines",
    [
        b'{"netad_spool":1,"target":"a"}\n{"event":{"id":1},"data_stream":{}}\n',
        b'{"netad_spool":1,"target":"a"}\n[]\n',
        b'{"netad_spool":2,"target":"a"}\n',
        b"[]\n",
        b"",
    ],
)
def test_files_of_someone_else(make_spool, lines):
    """A file that holds no events of ours is reported and can be moved out of the way."""
    spool = make_spool("a")
    spool.pending_folder.mkdir(parents=True)
    path = spool.pending_folder / "1-1.ndjson.gz"
    path.write_bytes(gzip.compress(lines))
    assert spool.pending() == [path]
    with pytest.raises(OutputError, match="is damaged"):
        list(spool.read(path))
    assert spool.set_aside(path).parent == spool.dead_folder
    assert spool.pending() == []


def test_where_the_spool_is():
    """NETAD_SPOOL_DIR, else the state folder of the user."""
    assert spool_folder({"NETAD_SPOOL_DIR": "/x", "XDG_STATE_HOME": "/s"}) == Path("/x")
    assert spool_folder({"NETAD_STATE_DIR": "/x", "XDG_STATE_HOME": "/s"}) == Path("/x/spool")
    assert spool_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/netad/spool")
    assert spool_folder({}) == Path.home() / ".local/state/netad/spool"
