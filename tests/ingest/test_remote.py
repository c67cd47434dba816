"""Inputs behind URLs, on fsspec's file system in memory; with a real S3 server: tests/end_to_end/test_remote.py."""

import gzip

import fsspec
import pytest

from netad.core.errors import InputError, MissingExtraError
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.inputs import find_sources
from netad.ingest.remote import is_remote, open_remote, remote_files
from netad.ingest.report import IngestReport
from tests.ingest.frames import ethernet, ip4, udp
from tests.ingest.pcap_file import pcap_bytes

CAPTURE = pcap_bytes([(number, ethernet(ip4(udp(b"x")))) for number in range(3)])


@pytest.fixture
def place():
    """A folder in memory with two captures, one of them compressed, a hidden file and a text."""
    files = fsspec.filesystem("memory")
    packed = gzip.compress(CAPTURE)
    contents = {"b/2.pcap.gz": packed, "a.pcap": CAPTURE, ".hidden": CAPTURE, "notes.txt": b"x"}
    for name, content in contents.items():
        files.pipe(f"/place/{name}", content)
    yield "memory://place"
    files.rm("/place", recursive=True)


def test_what_a_url_is():
    """A scheme and two slashes; a path with a colon is a path."""
    assert is_remote("s3://bucket/a.pcap")
    assert not any(map(is_remote, ("a.pcap", "/a:/b.pcap", "C://x", "-", "")))


def test_files_folders_and_patterns(place):
    """Each as URLs, in order, without hidden ones."""
    assert remote_files(f"{place}/a.pcap") == ["memory:///place/a.pcap"]
    assert remote_files(place) == [f"memory:///place/{name}" for name in ("a.pcap", "b/2.pcap.gz", "notes.txt")]
    assert remote_files(f"{place}/**/*.gz") == ["memory:///place/b/2.pcap.gz"]
    for missing in (f"{place}/none.pcap", f"{place}/*.none"):
        with pytest.raises(InputError, match=r"does not exist|matches nothing"):
            remote_files(missing)


def test_they_are_read_like_other_inputs(place):
    """Captures are found by what is in them, compressed ones too; what is missing is told."""
    report = IngestReport()
    sources = find_sources([place, f"{place}/gone.pcap"], report)
    assert [source.path.rpartition("/")[2] for source in sources] == ["a.pcap", "2.pcap.gz"]
    assert [problem.sentence for problem in report.problems] == ["does not exist, or is empty"]
    assert sum(map(len, read_flows(sources, IngestOptions(), report))) == 1
    assert (report.packets, report.files) == (6, 2)


def test_what_cannot_be_used_is_a_sentence(place, monkeypatch):
    """An unknown scheme, a package that is not there, and a library that raises whatever it likes."""
    with pytest.raises(InputError, match="cannot be read"):
        remote_files("nosuch://x")
    with pytest.raises(MissingExtraError, match="gcsfs"):
        remote_files("gs://bucket/x")

    def broken(*_, **__):
        raise RuntimeError("no credentials\nat all")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.exists", broken)
    with pytest.raises(InputError, match="no credentials at all"):
        remote_files(f"{place}/a.pcap")
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.open", broken)
    with pytest.raises(OSError, match="no credentials at all"):
        open_remote(f"{place}/a.pcap")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    """As other extras are."""
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"netad\[remote\]"):
        remote_files("s3://bucket/x")
