"""What is new in the folders of a scan."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from netad.ingest.report import IngestReport
from netad.sample.capture import write_sample
from netad.scan.inbox import Inbox
from netad.scan.known_files import KnownFiles
from tests.ingest.logs.samples import conn, tsv

SECOND = 10**9
NOW = 1_800_000_000 * SECOND


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """Three small captures of different days, as bytes."""
    folder = tmp_path_factory.mktemp("captures")
    found = []
    for day in (1, 2, 3):
        write_sample(folder / str(day), seed=day, day=day, hours=1)
        found.append(next((folder / str(day)).glob("*.pcap")).read_bytes())
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in"


def put(folder, name, content, age_s=3600):
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, ns=(NOW - age_s * SECOND, NOW - age_s * SECOND))
    return path


def look(folder, known=None, *, current=True, waiting=None):
    inbox = Inbox(known if known is not None else KnownFiles(), 30 * SECOND, current, 1000, dict(waiting or {}),
                  clock=lambda: NOW)  # fmt: skip
    report = IngestReport()
    found = inbox.arrivals([str(folder)], report)
    return inbox, [Path(one.source.path).name for one in found], found, report


def read_all(inbox, found, records=7):
    for arrival in found:
        again = inbox.look_again(arrival)
        if again is not None:
            inbox.note(again, records)


def test_files_come_in_the_order_of_their_traffic_and_once(folder, captures):
    """Whatever they are called; what was read is not there the next time, and a new one is."""
    put(folder, "a.pcap", captures[2])
    put(folder, "b.pcap", captures[0])
    put(folder, "notes.txt", b"nothing to read")
    inbox, names, found, report = look(folder)
    assert names == ["b.pcap", "a.pcap"]
    assert report.problems == []
    read_all(inbox, found)
    put(folder, "c.pcap", captures[1])
    assert look(folder, inbox.known)[1] == ["c.pcap"]


def test_names_inodes_and_compression_make_nothing_new(folder, captures):
    """Renamed, copied, touched and compressed after rotation."""
    path = put(folder, "a.pcap", captures[0])
    inbox, _, found, _ = look(folder)
    read_all(inbox, found)
    path.rename(folder / "renamed.pcap")
    put(folder, "copy.pcap", captures[0])
    put(folder, "touched", captures[0], age_s=40)
    assert look(folder, inbox.known)[1] == []
    packed = put(folder, "a.pcap.gz", gzip.compress(captures[0]))
    # What is inside may have become longer before it was compressed: it is read from where it was left.
    inbox, names, found, _ = look(folder, inbox.known)
    assert names == [packed.name]
    assert found[0].before.read == 7
    read_all(inbox, found)
    assert look(folder, inbox.known)[1] == []


def test_two_copies_that_come_together_are_one(folder, captures):
    """The second is known as soon as the first was read."""
    put(folder, "a.pcap", captures[0])
    put(folder, "b.pcap", captures[0])
    inbox, names, found, _ = look(folder)
    assert names == ["a.pcap", "b.pcap"]
    inbox.note(found[0], 7)
    assert inbox.look_again(found[1]) is None
    assert look(folder, inbox.known)[1] == []


def test_a_file_that_has_grown_goes_on_where_it_was_left(folder, captures):
    """Also one that was shorter than what a file is told by."""
    put(folder, "a.pcap", captures[0][:5000])
    inbox, _, found, _ = look(folder)
    read_all(inbox, found, records=20)
    put(folder, "a.pcap", captures[0])
    inbox, names, found, _ = look(folder, inbox.known)
    assert (names, found[0].source.after) == (["a.pcap"], 20)
    read_all(inbox, found, records=900)
    assert len(inbox.known) == 1
    assert look(folder, inbox.known)[1] == []


def test_a_file_that_was_made_again_is_another(folder, captures):
    """The same name with another content is read from its beginning."""
    put(folder, "a.pcap", captures[0])
    inbox, _, found, _ = look(folder)
    read_all(inbox, found)
    put(folder, "a.pcap", captures[1])
    _, names, found, _ = look(folder, inbox.known)
    assert (names, found[0].source.after) == (["a.pcap"], 0)


def test_captures_that_are_written_to_wait(folder, captures):
    """One that changed less than 30 s ago; of a set of which the names differ in numbers, the newest."""
    put(folder, "young.pcap", captures[0], age_s=20)
    inbox, names, _, _ = look(folder)
    assert names == []
    assert [Path(path).name for path in inbox.waiting] == ["young.pcap"]
    shutil.rmtree(folder)
    put(folder / "2026-11-24", "eth0-0001.pcap.gz", gzip.compress(captures[0]), age_s=5000)
    put(folder / "2026-11-25", "eth0-0002.pcap", captures[1], age_s=4000)
    assert look(folder, current=False)[1] == ["eth0-0001.pcap.gz"]
    assert look(folder, current=True)[1] == ["eth0-0001.pcap.gz", "eth0-0002.pcap"]


def test_the_newest_of_a_set_waits_also_when_all_others_are_known(folder, captures):
    """It is the newest of all that are there, not of those that are new."""
    put(folder, "x-1.pcap", captures[0], age_s=5000)
    inbox, _, found, _ = look(folder)
    read_all(inbox, found)
    put(folder, "x-2.pcap", captures[1], age_s=4000)
    assert look(folder, inbox.known, current=False)[1] == []
    put(folder, "x-3.pcap", captures[2], age_s=3000)
    assert look(folder, inbox.known, current=False)[1] == ["x-2.pcap"]


def test_a_file_from_the_future_is_ready_when_it_stays_as_it_is(folder, captures):
    """A clock that jumped back must not hide a capture for ever."""
    put(folder, "a.pcap", captures[0], age_s=-86_400)
    inbox, names, _, _ = look(folder)
    assert names == []
    assert look(folder, inbox.known, waiting=inbox.waiting)[1] == ["a.pcap"]


def test_logs_do_not_wait(folder):
    """They are read up to their last whole line, while they are written to."""
    put(folder, "conn.log", tsv("conn", [conn()]).encode(), age_s=0)
    assert look(folder, current=False)[1] == ["conn.log"]


def test_what_cannot_be_read_is_told_each_time_and_what_is_no_capture_once(folder, captures, tmp_path):
    """A folder that is gone, a capture's name without a capture."""
    put(folder, "a.pcap", b"no capture at all")
    inbox, names, _, report = look(folder)
    assert names == []
    assert [Path(problem.path).name for problem in report.problems] == ["a.pcap"]
    assert look(folder, inbox.known)[3].problems == []
    gone = look(tmp_path / "gone", inbox.known)[3].problems
    assert [problem.sentence for problem in gone] == ["does not exist"]
