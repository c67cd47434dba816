"""Which files of a store there are, and which count."""

import pyarrow.parquet as pq
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.outputs.store import files as module
from netad.outputs.store.files import (
    day_folder,
    days,
    existing_store,
    file_name,
    is_date,
    left_files,
    live_files,
    replacing,
    start_of_day,
    sweep,
)
from tests.stored_events import fill, ids, parquet_files

HOUR = 3600 * 10**9


@pytest.fixture
def day(tmp_path, make):
    """The folder of a day with two files."""
    fill(tmp_path, make(3))
    fill(tmp_path, make(3, first=3))
    return day_folder(tmp_path, "anomaly", "2026-01-11")


def say_replaced(path, *names):
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.replace_schema_metadata(replacing(list(names))), path)


def test_a_file_says_what_it_holds(day, make):
    """Rows, times and ids come from the footer."""
    files = live_files(day)
    assert sorted(file.rows for file in files) == [3, 3]
    assert sorted(file.ids for file in files) == sorted(
        (ids(events)[0], ids(events)[-1]) for events in (make(3), make(3, first=3))
    )
    assert all(file.bytes == file.path.stat().st_size and file.times[0] < file.times[1] for file in files)


def test_a_replaced_file_does_not_count_from_the_moment_its_successor_is_there(day):
    """Readers leave it out; sweeping removes it, and what was never finished."""
    first, second = parquet_files(day)
    say_replaced(first, second.name, "gone.parquet")
    (day / f".{first.name}.abc.part").write_bytes(b"half")
    assert [file.path for file in live_files(day)] == [first]
    assert left_files(day) == [second, day / f".{first.name}.abc.part"]
    assert sweep(day) == 2
    assert sorted(day.iterdir()) == [first]


def test_a_file_that_goes_while_it_is_read_is_looked_for_again(day, monkeypatch):
    """Compaction may remove it between the listing and the reading: then there is another listing."""
    gone = parquet_files(day)[0]
    real, seen = module.described, []

    def described(path):
        seen.append(path)
        if len(seen) == 1:
            gone.unlink()
        return real(path)

    monkeypatch.setattr(module, "described", described)
    assert [file.path for file in live_files(day)] == parquet_files(day)


def test_a_day_that_never_holds_still_is_told(day, monkeypatch):
    """Not tried for ever."""
    monkeypatch.setattr(module, "described", lambda path: path.with_name("missing").stat())
    with pytest.raises(OutputError, match="keep changing"):
        live_files(day)


@pytest.mark.parametrize("metadata", [{b"netad.replaces": b"7"}, {b"netad.replaces": b"{"}])
def test_what_a_file_replaces_may_not_be_anything(day, metadata):
    """A footer that makes no sense is a damaged file."""
    path = parquet_files(day)[0]
    pq.write_table(pq.read_table(path, partitioning=None).replace_schema_metadata(metadata), path)
    with pytest.raises(OutputError, match=path.name):
        live_files(day)


def test_days_are_those_that_overlap_a_period(tmp_path):
    """Folders that are no day do not count."""
    for name in ("date=2026-01-10", "date=2026-01-11", "date=2026-13-01", "date=x", "other"):
        (tmp_path / "flow" / name).mkdir(parents=True)
    eleventh = start_of_day("2026-01-11")
    assert days(tmp_path, "flow") == ["2026-01-10", "2026-01-11"]
    assert days(tmp_path, "flow", since_ns=eleventh) == ["2026-01-11"]
    assert days(tmp_path, "flow", until_ns=eleventh) == ["2026-01-10"]
    assert days(tmp_path, "flow", eleventh - HOUR, eleventh + HOUR) == ["2026-01-10", "2026-01-11"]
    assert days(tmp_path, "run") == []


@pytest.mark.parametrize(("text", "fits"), [("2026-01-11", True), ("20260111", False), ("2026-W02-1", False),
                                            ("2026-02-30", False), ("../../../x", False)])  # fmt: skip
def test_a_day_is_written_in_one_way(text, fits):
    """What names a folder is checked."""
    assert is_date(text) is fits


def test_names_come_from_ids_alone():
    """The same events make the same file, wherever they are written."""
    assert file_name(["a", "b"]) == file_name(iter(["a", "b"])) != file_name(["ab"])


@pytest.mark.parametrize("named", ["parquet:{0}", "{0}"])
def test_a_store_is_named_by_its_folder(tmp_path, named):
    """With or without the word that `--to` wants."""
    assert existing_store(named.format(tmp_path)) == tmp_path


@pytest.mark.parametrize(("named", "told"), [("elastic:http://localhost", "no local store"), ("nowhere", "there is no"),
                                             ("parquet", "netad-store")])  # fmt: skip
def test_what_is_no_local_store_is_told(tmp_path, monkeypatch, named, told):
    """One sentence each."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=told):
        existing_store(named)
