"""Tests of netad.ingest.records."""

import csv
import io
import os
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.records import Record, read_records
from netad.ingest.report import IngestReport

SECOND = 1_700_000_000


def pcap(*packets: bytes) -> bytes:
    data = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return data + b"".join(struct.pack("<IIII", SECOND, 0, len(packet), len(packet)) + packet for packet in packets)


def block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def pcapng(*packets: bytes) -> bytes:
    data = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
    high, low = divmod(SECOND * 10**6, 1 << 32)
    for packet in packets:
        fixed = struct.pack("<IIIII", 0, high, low, len(packet), len(packet))
        data += block(6, fixed + packet + bytes(-len(packet) % 4))
    return data


PACKETS = (b"one", b"", b"three" * 20, b"four")
CAPTURES = {"pcap": pcap(*PACKETS), "pcapng": pcapng(*PACKETS)}
RECORDS = [Record(SECOND * 10**9, packet, len(packet), 1) for packet in PACKETS]


def read(data: bytes) -> tuple[list[Record], IngestReport]:
    report = IngestReport()
    return list(read_records(io.BytesIO(data), "x", report)), report


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_is_read_whole_and_counted(name):
    """Both formats give the same records; files, packets and all bytes are counted, and there is no problem."""
    found, report = read(CAPTURES[name])
    assert found == RECORDS
    assert report == IngestReport(files=1, packets=4, bytes=len(CAPTURES[name]), read={"x": 4})


@pytest.mark.parametrize("name", CAPTURES)
def test_a_growing_capture_is_read_on_wherever_it_was_cut(name):
    """After every byte: what is all there is read and counted, the rest waits, and reading on gives what is left."""
    data = CAPTURES[name]
    for size in range(13, len(data)):
        report = IngestReport()
        first = list(read_records(io.BytesIO(data[:size]), "x", report, growing=True))
        assert report.problems == []
        assert report.read.get("x", 0) == len(first)
        second = list(read_records(io.BytesIO(data), "x", report, after=len(first), growing=True))
        assert first + second == RECORDS
        assert (report.packets, report.read) == (4, {"x": 4})


def test_damaged_blocks_are_said_once():
    """A packet block that was passed over before is neither counted nor named again."""
    damaged = pcapng(b"one") + block(6, b"four") + pcapng(b"two")[len(pcapng()) :]
    _, report = read(damaged)
    assert (report.skipped, len(report.problems), report.packets) == ({"damaged_block": 1}, 1, 3)
    again = IngestReport()
    assert [each.data for each in read_records(io.BytesIO(damaged), "x", again, after=2)] == [b"two"]
    assert (again.skipped, again.problems, again.packets) == ({}, [], 1)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"#separator \\x09\n#fields\tts", "is not a capture: neither pcap nor pcapng"),
        (b"\xd4\xc3", "is not a capture: neither pcap nor pcapng"),
        (b"\n\r\r\n and some text", "is not a capture: neither pcap nor pcapng"),
        (
            b"\x1f\x8b\x08\x00",
            "holds gzip data inside compressed data, and only one layer of compression is taken off",
        ),
        (CAPTURES["pcap"][:12], "is cut inside its file header"),
        (CAPTURES["pcap"][:-1], "is cut in the middle of record 4"),
        (CAPTURES["pcapng"][:-1], "is cut in the middle of a block, after record 3"),
    ],
)
def test_bad_input_is_one_problem(data, sentence):
    """What cannot be read, or not to its end, is reported in one sentence and raises nothing."""
    _, report = read(data)
    assert [(problem.path, problem.sentence) for problem in report.problems] == [("x", sentence)]


def test_what_is_no_capture_is_not_counted_as_a_file():
    """Files counts captures only."""
    assert read(b"some text")[1].files == 0


def test_packets_passed_over_count_as_packets():
    """A record the reader could not use is in the packet count, so that it and the skipped ones add up."""
    found, report = read(pcapng(b"a") + block(6, b"") + pcapng(b"b"))
    assert (len(found), report.packets, report.skipped) == (2, 3, {"damaged_block": 1})


def test_a_read_error_ends_the_input_with_its_reason():
    """A failing disk or network mount is a problem of that input, with the records before it kept."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 60:
                raise OSError(5, "Input/output error")
            return super().read(size)

    report = IngestReport()
    assert list(read_records(Failing(CAPTURES["pcap"]), "x", report)) == RECORDS[:2]
    assert [problem.sentence for problem in report.problems] == ["cannot be read: Input/output error"]


@pytest.mark.parametrize("name", CAPTURES)
def test_a_pipe_is_read_like_a_file(name):
    """An unbuffered pipe, which cannot seek and gives short reads, gives the same records."""
    reading, writing = os.pipe()

    def write() -> None:
        for at in range(0, len(CAPTURES[name]), 7):
            os.write(writing, CAPTURES[name][at : at + 7])
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    with io.FileIO(reading) as pipe:
        assert list(read_records(pipe, "-", IngestReport())) == RECORDS
    writer.join()


@given(st.sampled_from(sorted(CAPTURES)), st.data())
def test_any_prefix_gives_the_records_before_the_cut(name, data):
    """A capture cut anywhere gives its first records, and a problem unless the cut fell between records."""
    whole = CAPTURES[name]
    cut = data.draw(st.integers(0, len(whole)))
    found, report = read(whole[:cut])
    assert found == RECORDS[: len(found)]
    assert report.problems or whole.startswith((pcap if name == "pcap" else pcapng)(*PACKETS[: len(found)]))
    assert report.bytes <= cut


@given(st.sampled_from([b"", *CAPTURES.values()]), st.integers(0, 60), st.binary(max_size=200))
def test_random_bytes_raise_nothing(capture, kept, noise):
    """Bytes of any kind, alone or after a valid beginning, end the input without an exception."""
    found, report = read(capture[:kept] + noise)
    assert report.packets == len(found) + sum(report.skipped.values())


@given(st.sampled_from(list(CAPTURES.values())), st.data())
def test_changed_bytes_raise_nothing(capture, data):
    """A capture with a few bytes changed anywhere ends without an exception, within the ceilings."""
    changed = bytearray(capture)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    for record in read(bytes(changed))[0]:
        assert 0 <= record.time_ns < 1 << 62
        assert len(record.data) <= len(capture)


# Files capinfos cannot read, or not to the end, with what they hold by libpcap's rules.
UNCOUNTED = {
    "formats/gopacket/test901.pcapng": 1,  # its second section is of version 2.0
    "formats/gopacket/test901.2.pcapng": 1,
    "formats/libpcap/brcm-tag.pcap": 15,  # link type unknown to capinfos
    "formats/tcpdump/brcm-tag.pcap": 23,
    "formats/tcpdump/kday6.pcap": 1,
    "malformed/ntopng-fuzz/vtp_asan-3.pcap": 1,
    "malformed/tcpdump/juniper_es_oobr.pcap": 1,
    "malformed/tcpdump/vtp_asan-3.pcap": 1,
    "malformed/tcpdump/vtp_asan.pcap": 2,  # a tail of zeros
}


@pytest.mark.corpus
def test_packet_counts_of_the_corpus(corpus: Path):
    """Every capture of the corpus gives the packets that capinfos counts; no file raises."""
    differing, captures = {}, 0
    with (corpus / "MANIFEST.tsv").open(newline="") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    for row in rows:
        path = corpus / row["path"]
        if not path.is_file():
            continue
        report = IngestReport()
        with path.open("rb") as stream:
            found = sum(1 for _ in read_records(stream, row["path"], report))
        captures += report.files
        expected = row["packets"] or UNCOUNTED.get(row["path"], 0)
        if found != int(expected) or report.bytes > path.stat().st_size:
            differing[row["path"]] = (found, expected, report)
    assert differing == {}
    assert captures > 1000


@pytest.mark.corpus
def test_cut_and_damaged_captures_of_the_corpus_say_so(corpus: Path):
    """Real cut, damaged and unknown captures give what they hold and one sentence each."""
    sentences = {}
    names = "malformed/ndpi/fuzz-2021-10-13.pcap", "formats/gopacket/test901.pcapng", "malformed/tcpdump/vtp_asan.pcap"
    for name in names:
        report = IngestReport()
        with (corpus / name).open("rb") as stream:
            assert list(read_records(stream, name, report))
        sentences[name] = [problem.sentence for problem in report.problems]
    assert sentences == {
        "malformed/ndpi/fuzz-2021-10-13.pcap": ["is cut in the middle of record 2"],
        "formats/gopacket/test901.pcapng": ["is of pcapng version 2.0, which is unknown"],
        "malformed/tcpdump/vtp_asan.pcap": [
            "is filled with zeros from record 3 on, as after a crash; reading stopped there"
        ],
    }
