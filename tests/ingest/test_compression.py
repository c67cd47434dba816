"""Tests of netad.ingest.compression."""

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import InputError
from netad.ingest import compression
from netad.ingest.compression import bytes_of_file, compression_of, decompressed
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESS = {"gzip": gzip.compress, "zstd": zstd.compress, "xz": lzma.compress, "bzip2": bz2.compress}
CAPTURE = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(
    struct.pack("<IIII", 100 + number, 0, 60, 60) + bytes([number]) * 60 for number in range(40)
)
SKIPPABLE = struct.pack("<II", 0x184D2A5A, 5) + b"notes"


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "netad-decompress"]


def read_all(data: bytes, **options) -> tuple[bytes, str | None]:
    """Return everything that can be read from compressed data, and the sentence it ends with."""
    found = b""
    with decompressed(io.BytesIO(data), **options) as stream:
        try:
            while piece := stream.read(70_000):
                found += piece
        except InputError as error:
            return found, error.message
    return found, None


def through_pipe(data: bytes, size: int) -> tuple[bytes, list[str]]:
    """Read records from a pipe that is written in pieces; return their bytes and the problems."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for at in range(0, len(data), size):
                pipe.write(data[at : at + size])

    writer = threading.Thread(target=write)
    writer.start()
    report = IngestReport()
    with decompressed(os.fdopen(reading, "rb")) as stream:
        found = b"".join(record.data for record in read_records(stream, "-", report))
    writer.join()
    return found, [problem.sentence for problem in report.problems]


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("kind", COMPRESS)
def test_every_codec_gives_what_was_compressed(kind, ahead):
    """All four are told by content and give every byte, with and without a thread, which is gone at the end."""
    data = COMPRESS[kind](CAPTURE)
    assert compression_of(data[:6]) == kind
    assert read_all(data, ahead=ahead) == (CAPTURE, None)
    assert threads() == []


@pytest.mark.parametrize("size", [1, 7, 10**6])
@pytest.mark.parametrize("kind", [*COMPRESS, "plain"])
def test_a_pipe_is_read_like_a_file(kind, size):
    """Compressed or not, what comes in pieces through a pipe, even byte by byte, is read whole."""
    data = COMPRESS.get(kind, bytes)(CAPTURE)
    assert through_pipe(data, size) == (b"".join(bytes([number]) * 60 for number in range(40)), [])


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("padding", [b"", bytes(1024)])
def test_members_one_after_the_other_are_one_stream(kind, padding):
    """Multi-member gzip (pigz, bgzip), several frames or streams, padded with zeros or not, are joined."""
    parts = [CAPTURE[at : at + 100] for at in range(0, len(CAPTURE), 100)]
    whole = padding.join(COMPRESS[kind](part) for part in (*parts, b"")) + padding
    assert read_all(whole) == (CAPTURE, None)


def test_skippable_frames_of_zstd_hold_nothing():
    """Skippable frames, before, between and behind frames, are passed over."""
    whole = SKIPPABLE + zstd.compress(CAPTURE[:50]) + SKIPPABLE + zstd.compress(CAPTURE[50:]) + SKIPPABLE
    assert read_all(whole) == (CAPTURE, None)


@pytest.mark.parametrize("kind", COMPRESS)
def test_cut_anywhere_gives_a_beginning_and_one_sentence(kind):
    """Whatever byte a compressed file ends at, what it holds comes first, then one sentence."""
    data = COMPRESS[kind](CAPTURE)
    for cut in range(6, len(data)):
        found, sentence = read_all(data[:cut], ahead=False)
        assert CAPTURE.startswith(found)
        assert sentence == (
            f"is cut: its {kind} data end in the middle, after {len(found):,} bytes of what was compressed"
        )


def test_records_before_the_cut_count():
    """The records of a cut gzip are read; its sentence is the only problem."""
    noise = os.urandom(400_000)
    record = struct.pack("<IIII", 1, 0, 200_000, 200_000)
    data = gzip.compress(CAPTURE + record + noise[:200_000] + record + noise[200_000:])
    report = IngestReport()
    with decompressed(io.BytesIO(data[:300_000])) as stream:
        assert len(list(read_records(stream, "x", report))) == 41
    (problem,) = report.problems
    assert problem.sentence.startswith("is cut: its gzip data end in the middle, after ")


@pytest.mark.parametrize(("kind", "at"), [("gzip", -6), ("zstd", -2), ("xz", 400_000), ("bzip2", 1_200_000)])
def test_damage_is_one_sentence_after_what_came_before(kind, at):
    """A flipped byte ends the input; what was decompressed before is kept."""
    whole = os.urandom(1_500_000)
    checked = {zstd.CompressionParameter.checksum_flag: True}
    data = bytearray(zstd.compress(whole, options=checked) if kind == "zstd" else COMPRESS[kind](whole))
    data[at] ^= 0xFF
    found, sentence = read_all(bytes(data))
    assert found[:300_000] == whole[:300_000]
    assert sentence is not None
    assert sentence.startswith(f"is damaged: its {kind} data cannot be decompressed beyond {len(found):,} bytes (")
    assert threads() == []


@pytest.mark.parametrize("kind", COMPRESS)
def test_something_else_behind_the_data_is_named(kind):
    """What follows the compressed data and is no more of them is left out, in one sentence."""
    found, sentence = read_all(COMPRESS[kind](CAPTURE) + b"a trailing note")
    assert found == CAPTURE
    assert sentence == f"has something that is no {kind} data behind its {kind} data; that was left out"


@pytest.mark.parametrize("kind", COMPRESS)
def test_a_bomb_is_stopped(kind):
    """10 MB of zeros in a few KB end with a sentence, soon after the first MiB; with a higher bound they are read."""
    data = COMPRESS[kind](bytes(10_000_000))
    found, sentence = read_all(data)
    assert sentence == (
        f"holds more than 1,000 bytes for each byte of its {kind} data, as a decompression bomb does; "
        "reading stopped there (see --max-ratio)"
    )
    assert len(found) <= max(1000 * len(data), 1 << 20)
    assert read_all(data, max_ratio=10**6) == (bytes(10_000_000), None)
    assert read_all(COMPRESS[kind](bytes(1 << 20)), max_ratio=1) == (bytes(1 << 20), None)


@pytest.mark.parametrize("kind", ["zstd", "xz"])
def test_too_large_a_window_is_refused(kind, monkeypatch):
    """Data that need more memory than the bound are refused before it is taken."""
    monkeypatch.setattr(compression, "_MEMORY", 1 << 20)
    monkeypatch.setattr(compression, "_MEMORY_LOG", 20)
    data = COMPRESS[kind](bytes(2_000_000))
    found, sentence = read_all(data)
    assert found == b""
    assert sentence == f"needs more than 1 MiB of memory to be decompressed from {kind}; " + (
        "compress it again with a smaller window"
    )


def test_plain_bytes_stay_as_they_are():
    """What is not compressed is the same stream, from its first byte; shorter than any magic, or nothing, as well."""
    for data in (CAPTURE, b"\x1f", b""):
        stream = io.BytesIO(data)
        assert decompressed(stream) is stream
        assert stream.read() == data


def test_only_one_layer_is_taken_off():
    """Compressed data inside compressed data are named, not read."""
    report = IngestReport()
    with decompressed(io.BytesIO(gzip.compress(zstd.compress(CAPTURE)))) as stream:
        assert list(read_records(stream, "x", report)) == []
    (problem,) = report.problems
    assert problem.sentence == "holds zstd data inside compressed data, and only one layer of compression is taken off"


def test_readinto_fills_buffers_piecewise():
    """Blocks are filled by short reads, 0 at the end, and nothing more comes after that."""
    with decompressed(io.BytesIO(gzip.compress(CAPTURE))) as stream:
        buffer, found = bytearray(1000), b""
        while count := stream.readinto(buffer):
            found += buffer[:count]
        assert found == CAPTURE
        assert stream.readinto(buffer) == 0


def test_closing_early_ends_the_thread_and_the_file():
    """A reader that has seen enough closes the stream: its thread ends, and so does the file below."""
    below = io.BytesIO(gzip.compress(os.urandom(10_000_000), 1))
    stream = decompressed(below)
    assert len(stream.read(10)) == 10
    assert threads()
    stream.close()
    stream.close()
    assert threads() == []
    assert below.closed


def test_a_stream_that_is_forgotten_ends_its_thread():
    """Without close, the thread ends with the last reference to the stream."""
    stream = decompressed(io.BytesIO(gzip.compress(os.urandom(10_000_000), 1)))
    stream.read(10)
    del stream
    assert threads() == []


def test_closing_does_not_wait_for_a_silent_pipe():
    """A thread that waits for more of a pipe is ended; the pipe, which is not owned, stays open."""
    reading, writing = os.pipe()
    data = gzip.compress(CAPTURE)
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb", buffering=0) as end:
        end.write(data[:-20])
        with decompressed(pipe, owned=False) as stream:
            assert stream.read(24) == CAPTURE[:24]
        assert threads() == []
        end.write(b"more")
        assert os.read(pipe.fileno(), 4) == b"more"


def test_a_plain_pipe_that_is_not_owned_stays_open():
    """Closing what stands for standard input leaves that open."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb", buffering=0) as end:
        end.write(CAPTURE)
        with decompressed(pipe, owned=False) as stream:
            assert stream.read(len(CAPTURE)) == CAPTURE
        assert not pipe.closed


def test_little_is_decompressed_ahead():
    """The thread waits when its reader does: a file is not read into memory."""
    below = io.BytesIO(gzip.compress(os.urandom(20_000_000), 1))
    with decompressed(below) as stream:
        stream.read(10)
        while (before := bytes_of_file(stream, 0)) < 1_000_000:
            stream.read(100_000)
        assert before < 6_000_000


def test_what_was_read_from_the_file_is_counted():
    """Progress is about the file: compressed bytes for compressed data, else what the reader took."""
    data = gzip.compress(CAPTURE)
    with decompressed(io.BytesIO(data)) as stream:
        stream.read(10)
        assert bytes_of_file(stream, 10) == len(data)
    assert bytes_of_file(decompressed(io.BytesIO(CAPTURE)), 10) == 10


def test_a_read_error_surfaces_in_the_reader():
    """An OSError of the file below is raised where its bytes would have been."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    record = struct.pack("<IIII", 1, 0, 100_000, 100_000)
    noise = b"".join(record + os.urandom(100_000) for _ in range(5))
    report = IngestReport()
    with decompressed(Failing(gzip.compress(CAPTURE + noise))) as stream:
        assert len(list(read_records(stream, "x", report))) == 41
    assert [problem.sentence for problem in report.problems] == ["cannot be read: Input/output error"]


@given(st.sampled_from(sorted(COMPRESS)), st.binary(max_size=300), st.integers(6, 200), st.booleans())
def test_random_bytes_raise_only_sentences(kind, noise, kept, ahead):
    """Bytes of any kind behind a valid beginning end with InputError or not at all, and leave no thread."""
    read_all(COMPRESS[kind](CAPTURE)[:kept] + noise, ahead=ahead)
    assert threads() == []
