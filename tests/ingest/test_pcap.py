"""Tests of netad.ingest.pcap."""

import io
import struct

import pytest

from netad.core.errors import InputError
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS, Octets, Record
from netad.ingest.pcap import PcapReader, is_pcap

MICRO, NANO, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
SECOND = 1_700_000_000


def file_header(order: str = "<", magic: int = MICRO, link_type: int = 1, minor: int = 4) -> bytes:
    return struct.pack(f"{order}IHHIIII", magic, 2, minor, 0, 0, 65535, link_type)


def record(data: bytes, order: str = "<", fraction: int = 0, length: int | None = None, extra: bytes = b"") -> bytes:
    length = len(data) if length is None else length
    return struct.pack(f"{order}IIII", SECOND, fraction, len(data), length) + extra + data


def read(data: bytes) -> list[Record]:
    return list(PcapReader(Octets(io.BytesIO(data))).records())


def read_until_error(data: bytes) -> tuple[list[Record], str]:
    found = []
    with pytest.raises(InputError) as caught:
        found.extend(PcapReader(Octets(io.BytesIO(data))).records())
    return found, caught.value.message


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "unit_ns", "extra"), [(MICRO, 1000, b""), (NANO, 1, b""), (MODIFIED, 1000, bytes(8))]
)
def test_every_variant_gives_exact_times_lengths_and_link_type(order, magic, unit_ns, extra):
    """Both byte orders, both resolutions and the modified header read to the nanosecond, original length kept."""
    data = file_header(order, magic, link_type=113)
    data += record(b"abc", order, fraction=999_999, length=1500, extra=extra) + record(b"", order, extra=extra)
    assert is_pcap(data)
    start = SECOND * 10**9
    assert read(data) == [Record(start + 999_999 * unit_ns, b"abc", 1500, 113), Record(start, b"", 0, 113)]


def test_other_magic_numbers_are_no_pcap():
    """Neither a short nor a foreign beginning is taken for a pcap."""
    assert not any(is_pcap(head) for head in (b"", b"\xd4\xc3\xb2", b"\x0a\x0d\x0d\x0a", b"text of a log"))


def test_a_header_alone_has_no_records():
    """A capture without a packet is whole."""
    assert read(file_header()) == []


def test_upper_bits_of_the_link_type_are_no_part_of_it():
    """The length of the frame check sequence, written into the same field, is dropped."""
    assert read(file_header(link_type=0x5400_0001) + record(b"x"))[0].link_type == 1


def test_swapped_lengths_of_old_files():
    """A file of version 2.3 that has the two lengths the other way round is read as meant."""
    swapped = struct.pack("<IIII", SECOND, 0, 60, 2) + b"ab"
    assert read(file_header(minor=3) + swapped)[0] == Record(SECOND * 10**9, b"ab", 60, 1)


def test_a_captured_length_above_the_original_one_is_kept():
    """The claim of a current file about the wire does not shorten what it holds."""
    assert read(file_header() + record(b"abcdef", length=2))[0].data == b"abcdef"


@pytest.mark.parametrize("kept", [1, 15, 16, 18])
def test_a_cut_record_is_named_and_those_before_it_are_given(kept):
    """A cut in the second record's header or data leaves the first and says which is cut."""
    whole = file_header() + record(b"first")
    found, message = read_until_error(whole + record(b"second")[:kept])
    assert [item.data for item in found] == [b"first"]
    assert message == "is cut in the middle of record 2"


def test_a_cut_file_header():
    """A file that ends inside its header says so."""
    assert read_until_error(file_header()[:20]) == ([], "is cut inside its file header")


def test_the_longest_record_is_read_and_a_longer_one_is_damage():
    """The ceiling itself is allowed; one byte more ends the file without reading it."""
    assert len(read(file_header() + record(bytes(MAX_CAPTURED)))[0].data) == MAX_CAPTURED
    absurd = struct.pack("<IIII", SECOND, 0, MAX_CAPTURED + 1, 60) + bytes(MAX_CAPTURED + 1)
    found, message = read_until_error(file_header() + record(b"first") + absurd)
    assert len(found) == 1
    assert message.startswith("is damaged: record 2 claims 262145 bytes")


def test_zeros_are_no_packets():
    """The tail of zeros that a crash leaves ends the file instead of giving empty packets of 1970."""
    found, message = read_until_error(file_header() + record(b"first") + bytes(4096))
    assert len(found) == 1
    assert message.startswith("is filled with zeros from record 2 on")


def test_the_latest_possible_time_is_below_the_ceiling():
    """Nothing a pcap can say about time leaves the range that records promise."""
    last = struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0, 0)
    assert SECOND * 10**9 < read(file_header() + last)[0].time_ns < MAX_TIME_NS
