"""Tests of netad.ingest.engine.walk: every record that it reads is the one the Python readers read."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import InputError
from netad.ingest.conn_state import Timeouts
from netad.ingest.engine import walk as w
from netad.ingest.engine.decode import KINDS
from netad.ingest.engine.notes import new_notes
from netad.ingest.engine.packet_row import P_FIELDS, P_INPUT, P_TIME
from netad.ingest.engine.table import FlowStore
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS, Octets, Record
from netad.ingest.pcap import PcapReader
from netad.ingest.pcapng import Interface, PcapngReader
from netad.ingest.report import IngestReport
from tests.ingest.frames import ethernet, ip4, udp

UNKNOWN = 9999  # packets of this link type are handed over, each with all that was read of its record
ORDERS = {"<": 0, ">": 1}


class Walker:
    """A kernel with all that belongs to it, over one block."""

    def __init__(self, data, start=0, **state):
        self.block = np.frombuffer(data, np.uint8).copy()
        self.state = w.new_state()
        self.state[w.S_SINCE], self.state[w.S_UNTIL] = 0, MAX_TIME_NS
        self.state[w.S_POSITION], self.state[w.S_END] = start, len(data)
        for name, value in state.items():
            self.state[getattr(w, name)] = value
        self.interfaces = np.zeros((4, w.I_FIELDS), np.int64)
        self.skipped = np.zeros(len(KINDS), np.int64)
        self.notes = new_notes(False)
        self.row = np.zeros(P_FIELDS, np.int64)
        self.store = FlowStore(None, Timeouts(), 1000, 0)

    def __getitem__(self, name):
        return int(self.state[getattr(w, name)])

    def go(self):
        arrays = self.store.arrays
        return w.walk(self.block, self.state, self.interfaces, self.skipped, self.notes, self.row, arrays)

    def records(self):
        """Return the records up to where the kernel stops, and why."""
        found = []
        while (code := self.go()) == w.HAND_OVER:
            data = self.block[self["S_RECORD_START"] : self["S_RECORD_END"]].tobytes()
            found.append(Record(self["S_RECORD_NS"], data, self["S_RECORD_WIRE"], self["S_RECORD_LINK"]))
        return found, code


def pcap(order="<", magic=0xA1B2C3D4, minor=4, records=((b"abc", 60),), extra=b""):
    data = struct.pack(f"{order}IHHIIII", magic, 2, minor, 0, 0, 65535, UNKNOWN)
    for number, (captured, length) in enumerate(records):
        data += struct.pack(f"{order}IIII", 1_700_000_000 + number, 999_999, len(captured), length) + extra + captured
    return data


def pcap_walker(data):
    reader = PcapReader(Octets(io.BytesIO(data)))
    walker = Walker(data, 24, S_HEADER_SIZE=reader.header_size, S_UNIT_NS=reader.unit_ns, S_OLD=reader.old,
                    S_LINK_TYPE=reader.link_type, S_BIG_ENDIAN=reader.big_endian)  # fmt: skip
    return walker, reader


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("minor", [3, 4])
@pytest.mark.parametrize(("magic", "extra"), [(0xA1B2C3D4, b""), (0xA1B23C4D, b""), (0xA1B2CD34, bytes(8))])
def test_pcap_in_every_variant(order, minor, magic, extra):
    """Byte orders, resolutions, the modified header, lengths the other way round in old files."""
    walker, reader = pcap_walker(pcap(order, magic, minor, [(b"abc", 60), (b"", 0), (bytes(40), 40)], extra))
    found, code = walker.records()
    assert (found, code) == (list(reader.records()), w.MORE)
    assert (walker["S_NUMBER"], walker["S_PACKETS"], walker["S_POSITION"]) == (3, 3, len(walker.block))


def test_nothing_is_read_in_an_empty_block():
    """Before any input was entered, too: kernels are loaded that way."""
    walker = Walker(b"")
    walker.state[:] = w.new_state()
    assert walker.go() == w.MORE
    assert walker.state[w.S_POSITION] == 0


@given(st.integers(0, 2), st.integers(0, 1 << 30))
def test_pcap_cut_or_damaged(order, place):
    """Up to where the file ends the kernel reads what the reader reads; there it stops in front of the record."""
    data = bytearray(pcap("<>"[order % 2], records=[(bytes(5), 60)] * 4))
    cut = 24 + place % (len(data) - 24)
    if order == 2:
        data[cut] ^= 0xFF
    else:
        del data[cut:]
    walker, reader = pcap_walker(bytes(data))
    found, code = walker.records()
    wanted = []
    try:
        wanted.extend(reader.records())
    except InputError:
        pass
    else:
        assert len(wanted) == len(found)
    assert found == wanted[: len(found)]
    assert code in (w.MORE, w.UNUSUAL)
    assert len(wanted) == len(found)


def test_what_a_pcap_reader_has_to_say_something_about():
    """Zeros and impossible lengths are left to it."""
    header = pcap(records=())
    for record in (bytes(16), struct.pack("<IIII", 1, 0, MAX_CAPTURED + 1, 0)):
        walker, _ = pcap_walker(header + record)
        assert walker.records() == ([], w.UNUSUAL)
        assert (walker["S_POSITION"], walker["S_NUMBER"]) == (24, 0)


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    return struct.pack(f"{order}II", kind, 12 + len(body)) + body + struct.pack(f"{order}I", 12 + len(body))


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(order="<", resolution=None, offset=None, snaplen=0):
    options = b"" if resolution is None else struct.pack(f"{order}HHB3x", 9, 1, resolution)
    options += b"" if offset is None else struct.pack(f"{order}HHq", 14, 8, offset)
    return block(1, struct.pack(f"{order}HHI", UNKNOWN, 0, snaplen) + options, order)


def enhanced(ticks, data=b"abc", order="<", index=0, length=60):
    return block(
        6, struct.pack(f"{order}IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length) + data, order
    )


def pcapng_walker(head, tail, order="<"):
    """Return a walker that is behind the blocks of `head`, and a reader at the same place."""
    reader = PcapngReader(Octets(io.BytesIO(head + tail)), "x", IngestReport())
    walker = Walker(head + tail, len(head), S_PCAPNG=1, S_BIG_ENDIAN=ORDERS[order])
    for _ in range(head.count(struct.pack(f"{order}H", UNKNOWN)) + 1):
        reader.step()
    for number, known in enumerate(reader.interfaces):
        walker.interfaces[number] = w.interface_row(known)
    walker.state[w.S_INTERFACES] = len(reader.interfaces)
    return walker, reader


@pytest.mark.parametrize("order", ORDERS)
def test_every_packet_block(order):
    """Enhanced, old and simple packet blocks of both byte orders; options and other blocks are passed over."""
    old = struct.pack(f"{order}HHIIII", 0, 0, 0, 7, 3, 9) + b"xyz"
    tail = enhanced(5, order=order) + block(0xBAD, b"custom", order) + block(2, old, order)
    tail += block(3, struct.pack(f"{order}I", 6) + b"simple", order)
    walker, reader = pcapng_walker(section(order) + interface(order, snaplen=4), tail, order)
    found, code = walker.records()
    assert (found, code) == (list(reader.records()), w.MORE)
    assert [record.data for record in found] == [b"abc", b"xyz", b"simp"]
    assert walker["S_NUMBER"] == 3


RESOLUTIONS = st.one_of(st.none(), st.sampled_from([0, 3, 6, 9, 12, 127, 128, 138, 160, 170, 255]), st.integers(0, 255))
TICKS = st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 62), st.integers(0, 1 << 34))
OFFSETS = st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(10**9), 10**9))


@given(RESOLUTIONS, OFFSETS, TICKS)
def test_times_are_exact_or_left_to_python(resolution, offset, ticks):
    """Any resolution, offset and number of ticks: the reader's time to the nanosecond."""
    walker, reader = pcapng_walker(section() + interface(resolution=resolution, offset=offset), enhanced(ticks))
    found, code = walker.records()
    wanted = list(reader.records())
    assert found == wanted if found else code == w.UNUSUAL


@pytest.mark.parametrize("resolution", [None, 6, 9, 12, 128 + 20, 128 + 32])
def test_times_of_today_are_the_kernels(resolution):
    """Micro-, nano- and picoseconds and binary fractions are not left to Python."""
    walker, reader = pcapng_walker(section() + interface(resolution=resolution, offset=3600), b"")
    known = reader.interfaces[0]
    ticks = 1_700_000_000 * 10**9 * known.divisor // known.multiplier
    walker, reader = pcapng_walker(
        section() + interface(resolution=resolution, offset=3600), enhanced(min(ticks, 2**62))
    )
    found, _ = walker.records()
    assert found == list(reader.records())
    assert len(found) == 1


def test_interfaces_that_do_not_fit_are_marked():
    """A divisor or offset beyond the kernel's arithmetic leaves no ticks that it would read."""
    assert w.interface_row(Interface(1, 0, 10**9, 10**127, 0))[w.I_MAX_TICKS] == -1
    assert w.interface_row(Interface(1, 0, 1000, 1, 1 << 80))[w.I_MAX_TICKS] == -1
    assert w.interface_row(Interface(1, 65535, 10**9, 10**9, 7))[:5] == (1, 65535, 1, 1, 7)


@pytest.mark.parametrize(
    "tail",
    [
        section(),
        interface(),
        enhanced(1, index=1),
        block(6, bytes(16)),
        block(6, struct.pack("<IIIII", 0, 0, 0, 100, 100)),
        block(3, struct.pack("<I", 50)),
        struct.pack("<II", 6, 13) + bytes(8),
        struct.pack("<II", 6, 8) + bytes(8),
        enhanced(1)[:-4] + bytes(4),
        struct.pack("<II", 0xBAD, 1 << 23) + bytes(8),
        enhanced(1 << 63),
    ],
)
def test_blocks_that_are_left_to_the_reader(tail):
    """New sections and interfaces, damage of any kind, blocks that are too long: the walk stops in front of them."""
    head = section() + interface()
    walker, _ = pcapng_walker(head, enhanced(1) + tail)
    found, code = walker.records()
    assert (len(found), code) == (1, w.UNUSUAL)
    assert walker["S_POSITION"] == len(head + enhanced(1))


def test_a_simple_packet_without_a_time_before_it_counts_from_the_epoch_on():
    """The first one is the reader's, which says so."""
    walker, _ = pcapng_walker(section() + interface(), block(3, struct.pack("<I", 4) + b"abcd"))
    assert walker.records() == ([], w.UNUSUAL)


def ethernet_pcap(frames):
    data = pcap(records=[(frame, len(frame)) for frame in frames])
    walker, _ = pcap_walker(data)
    walker.state[w.S_LINK_TYPE] = 1
    return walker


def test_packets_reach_the_flow_table():
    """Frames become flows, other records are counted by kind; the row says when and from which input."""
    walker = ethernet_pcap([ethernet(bytes(28), 0x0806), ethernet(ip4(udp())), ethernet(ip4(udp()))])
    walker.state[w.S_INPUT] = 5
    assert walker.go() == w.MORE
    assert (len(walker.store), walker["S_PACKETS"]) == (1, 3)
    assert dict(zip(KINDS, walker.skipped.tolist(), strict=True))["arp"] == 1
    assert (walker["S_FIRST_NS"], walker["S_LATEST_NS"]) == (1_700_000_001_999_999_000, 1_700_000_002_999_999_000)
    assert (walker.row[P_TIME], walker.row[P_INPUT]) == (1_700_000_002_999_999_000, 5)


def test_the_time_range_counts_records():
    """Records before `since` and from `until` on are counted and go no further."""
    walker = ethernet_pcap([ethernet(ip4(udp()))] * 5)
    walker.state[w.S_SINCE], walker.state[w.S_UNTIL] = 1_700_000_001 * 10**9, 1_700_000_002 * 10**9
    assert walker.go() == w.MORE
    assert (walker["S_PACKETS"], walker["S_OUTSIDE"], walker["S_FIRST_NS"]) == (5, 4, walker["S_LATEST_NS"])
    w.clear_counters(walker.state)
    assert (walker["S_PACKETS"], walker["S_OUTSIDE"]) == (0, 0)
    assert walker["S_FIRST_NS"] > walker["S_LATEST_NS"]


def test_a_packet_that_was_not_taken_is_given_again():
    """When the table asks for relief, nothing is lost and nothing counted twice."""
    walker = ethernet_pcap([ethernet(ip4(udp(src_port=port, dst_port=9999))) for port in range(300)])
    walker.store = FlowStore(None, Timeouts(), 16, 0)
    codes, finished = 0, []
    while (code := walker.go()) != w.MORE:
        assert walker["S_READY"] == 1
        finished += walker.store.relieve(code, walker.row)
        codes += 1
    finished += walker.store.finish()
    assert codes > 0
    assert walker["S_PACKETS"] == sum((part["orig_packets"] + part["resp_packets"]).sum() for part in finished) == 300
