"""Tests of netad.ingest.pcapng."""

import io
import struct

import pytest

from netad.core.errors import InputError
from netad.ingest import pcapng
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS, Octets, Record
from netad.ingest.pcapng import MAX_BLOCK, PcapngReader, is_pcapng
from netad.ingest.report import IngestReport

TICKS = 1_700_000_000_123_456


class Writer:
    """Blocks of one byte order, made by hand."""

    def __init__(self, order: str = "<") -> None:
        self.order = order

    def pack(self, codes: str, *values: int) -> bytes:
        return struct.pack(self.order + codes, *values)

    def block(self, kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = self.pack("I", len(body) + 12)
        return self.pack("I", kind) + length + body + length

    def section(self, major: int = 1, options: bytes = b"") -> bytes:
        return self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, major, 0, -1) + options)

    def option(self, code: int, value: bytes) -> bytes:
        return self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4)

    def interface(self, link_type: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
        return self.block(1, self.pack("HHI", link_type, 0, snaplen) + options)

    def enhanced(self, data: bytes, ticks: int = TICKS, interface: int = 0, **claims: int) -> bytes:
        times = ticks >> 32, ticks & 0xFFFFFFFF
        lengths = claims.get("captured", len(data)), claims.get("length", len(data))
        return self.block(6, self.pack("IIIII", interface, *times, *lengths) + data)

    def old_packet(self, data: bytes, ticks: int = TICKS, interface: int = 0) -> bytes:
        times = ticks >> 32, ticks & 0xFFFFFFFF
        return self.block(2, self.pack("HHIIII", interface, 7, *times, len(data), len(data)) + data)

    def simple(self, data: bytes, length: int | None = None) -> bytes:
        return self.block(3, self.pack("I", len(data) if length is None else length) + data)


LE = Writer("<")
START = LE.section() + LE.interface()


def read(data: bytes) -> tuple[list[Record], IngestReport]:
    report = IngestReport()
    return list(PcapngReader(Octets(io.BytesIO(data)), "x", report).records()), report


def read_until_error(data: bytes) -> tuple[list[Record], str]:
    found: list[Record] = []
    with pytest.raises(InputError) as caught:
        found.extend(PcapngReader(Octets(io.BytesIO(data)), "x", IngestReport()).records())
    return found, caught.value.message


def test_the_beginning_is_told_by_block_type_and_byte_order():
    """A section header of either byte order is one; its type alone is not."""
    assert is_pcapng(Writer("<").section())
    assert is_pcapng(Writer(">").section())
    assert not any(is_pcapng(head) for head in (b"", LE.section()[:11], b"\n\r\r\n text file", b"x" * 12))


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_packet_block_in_both_byte_orders(order):
    """Enhanced, simple and old packet blocks give data, original length and link type; unknown blocks are skipped."""
    writer = Writer(order)
    data = writer.section() + writer.interface(link_type=101, snaplen=4) + writer.block(0x0BAD, bytes(100_000))
    data += writer.enhanced(b"abcde", length=1500) + writer.simple(b"wxyz", length=60) + writer.old_packet(b"old")
    found, report = read(data)
    time_ns = TICKS * 1000
    assert found == [Record(time_ns, b"abcde", 1500, 101), Record(time_ns, b"wxyz", 60, 101),
                     Record(time_ns, b"old", 3, 101)]  # fmt: skip
    assert report.problems == []


def test_options_after_packet_data_are_no_data():
    """An enhanced packet's comment does not become part of the packet."""
    body = LE.pack("IIIII", 0, TICKS >> 32, TICKS & 0xFFFFFFFF, 3, 3) + b"abc\0" + LE.option(1, b"a comment")
    assert read(START + LE.block(6, body))[0][0].data == b"abc"


@pytest.mark.parametrize(
    ("resolution", "ticks", "time_ns"),
    [
        (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (0, 1_700_000_000, 1_700_000_000_000_000_000),
        (12, 1_700_000_000_123_456_789, 1_700_000_000_123_456),
        (0x80 | 10, 1_700_000_000 << 10 | 512, 1_700_000_000_500_000_000),
        (0x80 | 30, (1_700_000_000 << 30) + 1, 1_700_000_000_000_000_000),
        (0x7F, 1 << 63, 0),
    ],
)
def test_time_resolutions(resolution, ticks, time_ns):
    """Resolutions that are powers of 10 and of 2 become whole nanoseconds without rounding through floats."""
    options = LE.option(9, bytes([resolution])) + LE.option(0, b"")
    data = LE.section() + LE.interface(options=options) + LE.enhanced(b"x", ticks)
    assert read(data)[0][0].time_ns == time_ns


@pytest.mark.parametrize("order", ["<", ">"])
def test_time_offset(order):
    """An interface's offset, in seconds and signed, is added to its packets' times."""
    writer = Writer(order)
    data = writer.section() + writer.interface(options=writer.option(14, writer.pack("q", -3600)))
    data += writer.enhanced(b"x", ticks=7200 * 10**6)
    assert read(data)[0][0].time_ns == 3600 * 10**9


def test_damaged_interface_options_are_left_out():
    """An option that claims more than there is, or has a wrong length, leaves the interface with its defaults."""
    for options in (LE.pack("HH", 9, 500) + bytes(4), LE.option(9, b"\x09\x09"), LE.option(14, b"\x01")):
        data = LE.section() + LE.interface(options=options) + LE.enhanced(b"x")
        assert read(data)[0][0].time_ns == TICKS * 1000


def test_sections_have_their_own_interfaces_and_byte_order():
    """A second section forgets the interfaces of the first and may have the other byte order."""
    first, second = Writer("<"), Writer(">")
    data = first.section() + first.interface(link_type=1) + first.interface(link_type=113)
    data += first.enhanced(b"a", interface=1) + first.enhanced(b"b", interface=0)
    data += second.section() + second.interface(link_type=101) + second.enhanced(b"c")
    data += second.enhanced(b"lost", interface=1)
    found, report = read(data)
    assert [(record.data, record.link_type) for record in found] == [(b"a", 113), (b"b", 1), (b"c", 101)]
    assert report.skipped == {"unknown_interface": 1}


def test_simple_packets_without_a_time_before_them_are_reported():
    """A file that begins with simple packets says that their time is made up, once."""
    found, report = read(START + LE.simple(b"a") + LE.simple(b"b") + LE.enhanced(b"c") + LE.simple(b"d"))
    assert [record.time_ns for record in found] == [0, 0, TICKS * 1000, TICKS * 1000]
    assert [problem.sentence for problem in report.problems] == [
        "begins with packets that have no time (Simple Packet Blocks): they count at 1970-01-01"
    ]


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (LE.enhanced(b"abcd", captured=400), "damaged_block"),
        (LE.block(6, bytes(8)), "damaged_block"),
        (LE.enhanced(bytes(MAX_CAPTURED + 4)), "damaged_block"),
        (LE.simple(b"ab", length=400), "damaged_block"),
        (LE.enhanced(b"abcd", interface=4_000_000_000), "unknown_interface"),
        (LE.enhanced(b"abcd", ticks=1 << 63), "impossible_time"),
    ],
)
def test_a_damaged_packet_block_costs_that_packet(block, kind):
    """What is wrong inside a block is counted by kind and named once; the packets around it are read."""
    found, report = read(START + LE.enhanced(b"before") + block + block + LE.enhanced(b"after"))
    assert [record.data for record in found] == [b"before", b"after"]
    assert report.skipped == {kind: 2}
    assert report.packets == 2
    assert [problem.sentence for problem in report.problems] == [
        "has damaged packet blocks, passed over: 2, first record 2"
    ]


def test_times_before_the_epoch_are_impossible():
    """A negative time, which an offset can make, is no packet time."""
    data = LE.section() + LE.interface(options=LE.option(14, LE.pack("q", -10))) + LE.enhanced(b"x", ticks=5)
    found, report = read(data)
    assert found == []
    assert report.skipped == {"impossible_time": 1}


def test_the_latest_time_is_below_the_ceiling():
    """The last nanosecond of the range is read, the next one is not."""
    start = LE.section() + LE.interface(options=LE.option(9, b"\x09"))
    assert read(start + LE.enhanced(b"x", MAX_TIME_NS - 1))[0][0].time_ns == MAX_TIME_NS - 1
    assert read(start + LE.enhanced(b"x", MAX_TIME_NS))[0] == []


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (LE.enhanced(b"second")[:-1], "is cut in the middle of a block, after record 1"),
        (LE.enhanced(b"second")[:5], "is cut in the middle of a block, after record 1"),
        (LE.block(0x0BAD, bytes(100))[:50], "is cut in the middle of a block, after record 1"),
        (LE.section()[:10], "is cut in the middle of a block, after record 1"),
        (LE.pack("II", 6, MAX_BLOCK + 4) + bytes(64), "is damaged: after record 1 there is a block of 16777220 bytes"),
        (LE.pack("II", 6, 8) + bytes(64), "is damaged: after record 1 there is a block of 8 bytes"),
        (LE.pack("II", 6, 61) + bytes(64), "is damaged: after record 1 there is a block of 61 bytes"),
        (bytes(64), "is damaged: after record 1 there is a block of 0 bytes"),
        (LE.enhanced(b"x")[:-4] + bytes(4), "is damaged: the two lengths of a block after record 1 differ"),
        (LE.block(0x0BAD, b"x")[:-4] + bytes(4), "is damaged: the two lengths of a block after record 1 differ"),
        (LE.section()[:8] + bytes(20), "is damaged: a section after record 1 has no byte order"),
        (LE.section(major=2), "is of pcapng version 2.0, which is unknown"),
        (LE.block(1, bytes(4)), "is damaged: an interface description after record 1 is too short"),
    ],
)
def test_broken_framing_ends_the_file(tail, message):
    """Where the next block cannot be found, the file ends with a sentence that says where; what was read is kept."""
    found, said = read_until_error(
        START + LE.enhanced(b"first") + tail + LE.enhanced(b"never") * ("cut" not in message)
    )
    assert [record.data for record in found] == [b"first"]
    assert said.startswith(message)


def test_the_number_of_interfaces_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """A file cannot fill the memory with interfaces."""
    monkeypatch.setattr(pcapng, "MAX_INTERFACES", 3)
    assert read(LE.section() + LE.interface() * 3)[0] == []
    assert "one too many (ceiling 3)" in read_until_error(LE.section() + LE.interface() * 4)[1]


def test_a_reader_left_early_still_reports():
    """What was passed over is reported when the records are not read to the end."""
    report = IngestReport()
    data = START + LE.block(6, b"") + LE.enhanced(b"a") + LE.enhanced(b"b")
    records = PcapngReader(Octets(io.BytesIO(data)), "x", report).records()
    assert next(records).data == b"a"
    records.close()
    assert len(report.problems) == 1
