"""Tests of netad.ingest.inputs."""

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import threading
from pathlib import Path

import pytest

from netad.core.errors import InputError
from netad.ingest import inputs
from netad.ingest.inputs import Source, find_sources, first_time_ns
from netad.ingest.report import IngestReport

HEADER = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def write(path: Path, second: int | None = 100) -> str:
    """Write a capture whose only packet is of that second; without one, a capture without packets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER + (b"" if second is None else struct.pack("<IIII", second, 0, 4, 4) + b"abcd"))
    return str(path)


NEITHER = "is neither a capture (pcap, pcapng) nor a log of flows (Zeek, Suricata's EVE, Argus, nfdump)"


def find(*named: str | Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the paths found, and path and sentence of every problem."""
    report = IngestReport()
    found = [source.path for source in find_sources([str(name) for name in named], report)]
    assert (report.files, report.bytes, report.packets) == (0, 0, 0)
    return found, [(problem.path, problem.sentence) for problem in report.problems]


def test_files_are_ordered_by_their_first_packet(tmp_path):
    """Rotated files come in the order of their traffic, equal times by path, whatever their order and names."""
    late, early = write(tmp_path / "a.pcap", 300), write(tmp_path / "z.pcap", 100)
    same, without = write(tmp_path / "b.pcap", 300), write(tmp_path / "0.pcap", None)
    assert find(late, without, same, early) == ([early, late, same, without], [])


def test_a_directory_is_searched_to_the_bottom(tmp_path):
    """Captures are found by content at any depth; hidden files and folders and other content are passed over."""
    found = [write(tmp_path / "x.pcap", 1), write(tmp_path / "deep/er/capture-without-suffix", 2)]
    write(tmp_path / ".hidden.pcap")
    write(tmp_path / ".git/x.pcap")
    (tmp_path / "README").write_text("notes")
    (tmp_path / "empty.log").touch()
    os.mkfifo(tmp_path / "pipe.pcap")
    assert find(tmp_path) == (found, [])


def test_in_a_directory_a_capture_by_name_only_is_named(tmp_path):
    """What is called a capture and is none is reported, since its traffic would be missed in silence."""
    whole = write(tmp_path / "a.pcap")
    (tmp_path / "b.pcap").write_text("not a capture")
    (tmp_path / "c.pcapng.GZ").write_bytes(b"\x1f\x8b\x08")
    found, problems = find(tmp_path)
    assert found == [whole]
    assert [Path(path).name for path, _ in problems] == ["b.pcap", "c.pcapng.GZ"]
    assert problems[0][1] == NEITHER


def test_what_is_named_itself_and_is_no_capture_is_reported(tmp_path):
    """Each missing, empty, foreign or unreadable input gets its sentence, and the others go on."""
    whole = write(tmp_path / "whole.pcap")
    (tmp_path / "text").write_text("text")
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    bad = [str(tmp_path / name) for name in ("missing", "empty", "text", "loop", "folder", "*.none")]
    found, problems = find(*bad, whole, "zero\0byte", "")
    assert found == [whole]
    assert problems == [
        (bad[0], "does not exist"),
        (bad[1], "is empty"),
        (bad[2], NEITHER),
        (bad[3], "cannot be read: Too many levels of symbolic links"),
        (bad[4], "holds no captures and no logs"),
        (bad[5], "matches no captures and no logs"),
        ("zero\0byte", "cannot be read: embedded null byte"),
        ("''", "is an empty name, as an unset variable gives"),
    ]


def test_a_file_passed_over_in_a_directory_is_reported_once_it_is_named(tmp_path):
    """Naming a file asks for a sentence about it, once, even when a directory holds it too."""
    write(tmp_path / "a.pcap")
    text = tmp_path / "notes"
    text.write_text("text")
    assert find(tmp_path, text, text)[1] == [(str(text), NEITHER)]


def test_a_pattern_finds_files_and_folders(tmp_path):
    """A glob pattern stands for the captures it matches, directly, in folders, or at any depth with **."""
    direct, below = write(tmp_path / "day-1.pcap", 1), write(tmp_path / "day-2/x.pcap", 2)
    (tmp_path / "day-notes").write_text("text")
    assert find(tmp_path / "day-*") == ([direct, below], [])
    assert find(tmp_path / "**" / "*.pcap") == ([direct, below], [])


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    """An existing path is never taken for a pattern."""
    odd = write(tmp_path / "x[1].pcap")
    write(tmp_path / "x1.pcap")
    assert find(odd) == ([odd], [])


def test_a_file_is_read_once(tmp_path):
    """The same file by another path, a link, a directory and a pattern is one source, under its first name."""
    path = write(tmp_path / "a.pcap")
    (tmp_path / "link.pcap").symlink_to(path)
    assert find(path, tmp_path / "link.pcap", tmp_path, tmp_path / "*.pcap", "-", "-") == ([path, "-"], [])


def test_links_to_folders_are_not_followed(tmp_path):
    """A link back to the folder above does not send the search in circles."""
    path = write(tmp_path / "a.pcap")
    (tmp_path / "up").symlink_to(tmp_path)
    assert find(tmp_path) == ([path], [])


def test_pipes_and_standard_input_come_last(tmp_path):
    """What cannot be looked into comes after what can, and is not opened while sources are looked for."""
    os.mkfifo(tmp_path / "a-pipe")
    path = write(tmp_path / "b.pcap")
    assert find("-", tmp_path / "a-pipe", path) == ([path, str(tmp_path / "a-pipe"), "-"], [])
    assert first_time_ns(str(tmp_path / "a-pipe")) is None


def test_a_cut_capture_is_a_source(tmp_path):
    """A capture that is cut before its first packet is left to the reader, which says where."""
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(HEADER + b"1234")
    assert find(cut) == ([str(cut)], [])


def test_first_time(tmp_path):
    """The first packet's time is read in nanoseconds; without a packet, a capture or a file there is none."""
    assert first_time_ns(write(tmp_path / "a", 7)) == 7_000_000_000
    assert first_time_ns(write(tmp_path / "b", None)) is None
    (tmp_path / "text").write_text("text")
    assert first_time_ns(str(tmp_path / "text")) is None
    assert first_time_ns(str(tmp_path / "missing")) is None


def test_a_look_reads_a_bounded_part_of_a_file(tmp_path, monkeypatch):
    """A packet beyond the bound is not looked for; the file stays a source."""
    path = write(tmp_path / "a.pcap")
    monkeypatch.setattr(inputs, "_HEAD_BYTES", 30)
    assert first_time_ns(path) is None
    assert find(path) == ([path], [])


def test_open_gives_the_bytes(tmp_path, monkeypatch):
    """A path opens as a binary stream, `-` is standard input, what cannot be opened is an InputError."""
    with Source(write(tmp_path / "a.pcap")).open() as stream:
        assert stream.read(24) == HEADER
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert Source("-").open().read() == b"piped"
    for path, sentence in ((tmp_path / "none", "does not exist"), (tmp_path, "cannot be read: Is a directory")):
        with pytest.raises(InputError) as caught:
            Source(str(path)).open()
        assert caught.value.message == f"{path} {sentence}"


COMPRESS = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


def test_compressed_captures_are_found_and_ordered_by_time(tmp_path):
    """In a directory compressed captures are told by content, whatever their name; other compressed files are not."""
    capture = Path(write(tmp_path / "capture", 300)).read_bytes()
    later, earlier = tmp_path / "deep" / "b.pcap.gz", tmp_path / "a-name-without-a-suffix"
    later.parent.mkdir()
    later.write_bytes(gzip.compress(capture[:24] + struct.pack("<I", 400) + capture[28:]))
    earlier.write_bytes(lzma.compress(capture[:24] + struct.pack("<I", 200) + capture[28:]))
    (tmp_path / "conn.log.gz").write_bytes(gzip.compress(b"#separator"))
    assert find(tmp_path) == ([str(earlier), str(tmp_path / "capture"), str(later)], [])
    assert first_time_ns(str(later)) == 400_000_000_000
    assert [thread.name for thread in threading.enumerate() if thread.name == "netad-decompress"] == []


def test_what_is_inside_a_compressed_file_decides(tmp_path):
    """A named compressed file that holds no capture, or is cut before one, gets its sentence."""
    texts = {"notes.gz": gzip.compress(b"some notes"), "cut.pcap.xz": lzma.compress(HEADER)[:20],
             "twice.gz": gzip.compress(gzip.compress(HEADER)), "nothing.bz2": bz2.compress(b"")}  # fmt: skip
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
    assert find(*(tmp_path / name for name in texts)) == ([], [
        (str(tmp_path / "notes.gz"), NEITHER),
        (str(tmp_path / "cut.pcap.xz"), "is cut: its xz data end in the middle, after 0 bytes of what was compressed"),
        (str(tmp_path / "twice.gz"), "holds gzip data inside compressed data, and only one layer of compression is "
         "taken off"),
        (str(tmp_path / "nothing.bz2"), "is empty"),
    ])  # fmt: skip


@pytest.mark.parametrize("suffix", COMPRESS)
def test_open_takes_compression_off(tmp_path, monkeypatch, suffix):
    """A compressed file opens as what was compressed, on standard input too, which stays open; the ratio is bounded."""
    path = tmp_path / "capture"
    path.write_bytes(COMPRESS[suffix](HEADER + bytes(5_000_000)))
    with Source(str(path), max_ratio=10**7).open() as stream:
        assert stream.read(24) == HEADER
    with path.open("rb") as below:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(below))
        with Source("-").open() as stream:
            assert stream.read(24) == HEADER
        assert not sys.stdin.closed
    bounded = find_sources([str(path)], IngestReport(), max_ratio=10)
    assert bounded == [Source(str(path), 10)]
    with bounded[0].open() as stream, pytest.raises(InputError, match="holds more than 10 bytes for each byte"):
        list(iter(lambda: stream.read(1 << 20), b""))


@pytest.mark.corpus
def test_the_corpus_is_found_in_order_of_time(corpus):
    """A large tree of captures and other files gives captures only, in the order of their first packets."""
    report = IngestReport()
    sources = find_sources([str(corpus / "captures"), str(corpus / "captures" / "**" / "*.pcapng")], report)
    times = [first_time_ns(source.path) for source in sources]
    assert len(sources) > 200
    assert None not in times
    assert times == sorted(times)
    assert [problem for problem in report.problems if not problem.path.endswith((".pcap", ".pcapng", ".cap"))] == []


# Logs beside captures.

CONN = '{"ts": %d, "uid": "C", "id.orig_h": "10.0.0.1", "id.resp_h": "10.0.0.2", "proto": "udp", "conn_state": "SF"}\n'


def found_in(*named: str | Path) -> tuple[list[tuple[str, str, int | None]], list[str]]:
    """Return name, format and begin (s) of every source, and the sentences about problems."""
    report = IngestReport()
    sources = find_sources([str(name) for name in named], report)
    told = [(Path(each.path).name, each.format, each.time_ns and each.time_ns // 10**9) for each in sources]
    return told, [problem.sentence for problem in report.problems]


def test_logs_and_captures_of_a_directory_are_told_by_content(tmp_path):
    """Whatever their names, in the order of their time; other files are passed over."""
    write(tmp_path / "capture.log", 200)
    (tmp_path / "conn.pcap").write_text(CONN % 100)
    (tmp_path / "eve").write_text('{"timestamp":"1970-01-01T00:05:00Z","event_type":"stats"}\n')
    (tmp_path / "conn.00:00:00-01:00:00.log.gz").write_bytes(gzip.compress((CONN % 50).encode()))
    (tmp_path / "files.log").write_text("#path\tfiles\n#fields\tts\tfuid\n1.0\tF\n")
    (tmp_path / "open_conn.log").write_text(CONN % 1)
    (tmp_path / "README").write_text("notes")
    assert found_in(tmp_path) == (
        [
            ("conn.00:00:00-01:00:00.log.gz", "zeek-json", 50),
            ("conn.pcap", "zeek-json", 100),
            ("capture.log", "capture", 200),
            ("eve", "eve", None),
        ],
        [],
    )


def test_a_log_of_no_use_that_is_named_itself_is_reported(tmp_path):
    """With what it is; a directory of such logs holds nothing."""
    (tmp_path / "files.log").write_text("#path\tfiles\n#fields\tts\tfuid\n1.0\tF\n")
    sentence = "is a Zeek log of a kind that netad makes no use of (files)"
    assert found_in(tmp_path / "files.log") == ([], [sentence])
    assert found_in(tmp_path) == ([], ["holds no captures and no logs"])


def test_what_cannot_be_looked_into_has_no_format_yet(tmp_path):
    """Pipes and standard input."""
    os.mkfifo(tmp_path / "pipe")
    assert found_in(tmp_path / "pipe", "-") == ([("pipe", "unknown", None), ("-", "unknown", None)], [])


def test_when_a_log_begins(tmp_path):
    """The time at which its first line counts, compressed or not; at most its beginning is read."""
    (tmp_path / "log").write_text(CONN % 7 + CONN % 9)
    assert first_time_ns(str(tmp_path / "log")) == 7_000_000_000
    (tmp_path / "log.xz").write_bytes(lzma.compress((CONN % 8).encode() * 10_000)[:-20])
    assert first_time_ns(str(tmp_path / "log.xz")) == 8_000_000_000
