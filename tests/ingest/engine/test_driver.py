"""Tests of netad.ingest.engine.driver: beside the reference, on captures whole, cut, damaged and across blocks."""

import gzip
import os
import struct
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.decode import TCP
from netad.ingest.engine.blocks import BLOCK_BYTES
from netad.ingest.engine.driver import Engine
from netad.ingest.inputs import Source
from netad.ingest.report import IngestReport
from tests.ingest.both_ways import assert_same
from tests.ingest.engine.test_walk import block, enhanced, interface, section
from tests.ingest.frames import ethernet, ip4, ip6, tcp, udp
from tests.ingest.pcap_file import START, pcap_bytes, write_pcap

ETHERNET = block(1, struct.pack("<HHI", 1, 0, 0))
FRAGMENTS = [ip4(udp(bytes(16)), more=True), ip4(bytes(16), offset=24), ip4(bytes(16), offset=40, identity=9)]
FRAMES = [
    ethernet(ip4(tcp(flags="S"), TCP)),
    ethernet(ip4(tcp(flags="SA", src_port=80, dst_port=40000, ack=2), TCP, src="192.0.2.7", dst="10.0.0.1")),
    *(ethernet(packet) for packet in FRAGMENTS),
    ethernet(bytes(28), 0x0806),
    ethernet(ip6(udp(b"abc")), 0x86DD),
    ethernet(ip4(ip4(udp(), src="172.16.0.1"), 4)),
    ethernet(ip4(udp(b"\x08" + bytes(7) + ethernet(ip4(udp())), dst_port=4789))),
    b"short",
]
PCAP = pcap_bytes([(number / 10, frame) for number, frame in enumerate(FRAMES)])
PCAPNG = (
    section()
    + ETHERNET
    + b"".join(enhanced(START * 10**6 + number, frame) for number, frame in enumerate(FRAMES))
    + block(0xBAD, b"custom")
    + enhanced(1, b"abc", index=7)
    + block(3, struct.pack("<I", len(FRAMES[0])) + FRAMES[0])
    + section(">")
    + block(1, struct.pack(">HHI", 1, 0, 0), ">")
    + enhanced(START * 10**6, FRAMES[6], ">")
)
CAPTURES = {"pcap": PCAP, "pcapng": PCAPNG}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("captures") / "capture"


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("growing", [True, False])
def test_what_was_read_before_is_passed_over(path, name, growing):
    """Beside the reference, after any number of records and cut anywhere: nothing of them is said or counted."""
    data = CAPTURES[name]
    for size in (*range(24, len(data), 37), len(data)):
        path.write_bytes(data[:size])
        for after in (0, 1, 5, len(FRAMES) - 1, len(FRAMES) + 1, 99):
            report = assert_same([Source(str(path), after=after)], IngestOptions(None, growing=growing))
            assert report.read.get(str(path), after) >= after
            assert report.packets == max(report.read.get(str(path), after) - after, 0)
            assert not growing or not any("cut" in problem.sentence for problem in report.problems)


def test_a_compressed_capture_is_no_growing_one(path):
    """What was rotated and compressed in the middle of a record stays cut: that is a problem."""
    path.write_bytes(gzip.compress(PCAP[:-3]))
    report = assert_same([Source(str(path))], IngestOptions(None, growing=True))
    assert [problem.sentence for problem in report.problems] == ["is cut in the middle of record 10"]
    assert (report.waiting, report.read) == (0, {str(path): 9})


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("window_ns", [None, SECOND_NS])
@pytest.mark.parametrize("decap", [True, False])
def test_captures(path, name, window_ns, decap):
    """Tunnels, fragments with the ports of their first, several sections, damage: the same records and counters."""
    path.write_bytes(CAPTURES[name])
    report = assert_same([Source(str(path))], IngestOptions(window_ns, decap=decap))
    assert report.handed_over >= 3
    assert report.packets >= len(FRAMES)


@pytest.mark.parametrize("name", CAPTURES)
def test_every_prefix(path, name):
    """Cut after every byte: the same records and the same sentence."""
    for size in range(0, len(CAPTURES[name]) + 1, 1 if name == "pcap" else 4):
        path.write_bytes(CAPTURES[name][:size])
        assert_same([Source(str(path))])


@pytest.mark.parametrize("name", CAPTURES)
def test_every_prefix_of_compressed_captures(path, name):
    """The decompressor fails in the middle of a record: what there was of it is counted alike."""
    packed = gzip.compress(CAPTURES[name])
    for size in range(1, len(packed), 5):
        path.write_bytes(packed[:size])
        assert_same([Source(str(path))])


@given(st.sampled_from(sorted(CAPTURES)), st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=4))
def test_mutations(path, name, changes):
    """Any bytes changed."""
    data = bytearray(CAPTURES[name])
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data)
    assert_same([Source(str(path))])


@given(st.integers(-3, 13), st.integers(-3, 13))
def test_time_ranges(path, since, until):
    """Any bounds on the tenth of a second, beyond int64 too."""
    path.write_bytes(PCAP)
    times = [START * SECOND_NS + bound * SECOND_NS // 10 for bound in (since, until)]
    assert_same([Source(str(path))], IngestOptions(None, *times))
    assert_same([Source(str(path))], IngestOptions(None, times[0] - (1 << 70), times[1] + (1 << 70)))


def test_records_across_blocks(tmp_path):
    """Long and short records, a few MiB of them, in pcap and pcapng, plain and compressed."""
    frames = [ethernet(ip4(udp(bytes(size * 7919 % 60000), port % 50))) for port, size in enumerate(range(200))]
    pcap = pcap_bytes([(number / 100, frame) for number, frame in enumerate(frames)])
    packets = b"".join(enhanced(START * 10**6 + number, frame) for number, frame in enumerate(frames))
    huge = block(0xBAD, bytes(3 * BLOCK_BYTES))
    for name, data in (("a.pcap", pcap), ("b.pcapng", section() + ETHERNET + packets + huge + packets)):
        assert len(data) > 3 * BLOCK_BYTES
        (tmp_path / name).write_bytes(data)
        assert_same([Source(str(tmp_path / name))])
        (tmp_path / "packed").write_bytes(gzip.compress(data, 1))
        report = assert_same([Source(str(tmp_path / "packed"))])
        assert report.handed_over <= 2
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        assert_same([Source(str(tmp_path / name))])


def test_the_clock_starts_over(tmp_path):
    """An older capture ends the flows of the one before, and so does a long jump back inside one."""
    old = [(number / 1000 - 10**6, ethernet(ip4(udp(), number % 9))) for number in range(1500)]
    old[990:990] = [(old[990][0], ethernet(packet)) for packet in FRAGMENTS] * 5
    first = [(0, ethernet(ip4(udp()))), (1, ethernet(FRAGMENTS[0]))]
    inside = [write_pcap(tmp_path / "c.pcap", [*first, *old])]
    for sources in ([write_pcap(tmp_path / "a.pcap", first), write_pcap(tmp_path / "b.pcap", old)], inside):
        assert_same(sources)
        assert_same(sources, IngestOptions(SECOND_NS))


def test_unknown_link_types_are_told_once(tmp_path):
    """All packets go the slow way and are counted."""
    source = write_pcap(tmp_path / "a.pcap", [(0, b"abc")] * 5, link_type=9999)
    report = assert_same([source])
    assert (report.handed_over, report.skipped["unknown_link_type"], len(report.problems)) == (5, 5, 1)


def test_many_interfaces(tmp_path):
    """The table of interfaces grows, each with a resolution of its own."""
    heads = b"".join(interface(resolution=number % 12) for number in range(40)).replace(
        struct.pack("<HHI", 9999, 0, 0), struct.pack("<HHI", 1, 0, 0)
    )
    packets = b"".join(enhanced(10 ** (number % 12), FRAMES[0], index=number) for number in range(40))
    (tmp_path / "a.pcapng").write_bytes(section() + heads + packets)
    report = assert_same([Source(str(tmp_path / "a.pcapng"))])
    assert (report.packets, report.handed_over) == (40, 0)


def test_reading_can_be_left_early(tmp_path):
    """A reader that stops after the first batch leaves no thread behind."""
    frames = [(number, ethernet(ip4(udp(bytes(80), number % 50000)))) for number in range(30_000)]
    report = IngestReport()
    batches = read_flows([write_pcap(tmp_path / "a.pcap", frames)], IngestOptions(None, batch_flows=100), report)
    assert len(next(batches)) == 100
    assert 0 < report.packets < 30_000
    batches.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("netad-")]


def test_a_pipe_is_read_to_its_end(tmp_path):
    """Short reads of a pipe are no ends of records."""
    (tmp_path / "a.pcap").write_bytes(PCAP)
    os.mkfifo(tmp_path / "pipe")

    def write():
        with (tmp_path / "pipe").open("wb", buffering=0) as stream:
            for start in range(0, len(PCAP), 100):
                stream.write(PCAP[start : start + 100])

    writer = threading.Thread(target=write)
    writer.start()
    report = IngestReport()
    assert sum(map(len, read_flows([Source(str(tmp_path / "pipe"))], IngestOptions(None), report))) > 0
    writer.join()
    assert (report.packets, report.bytes, report.problems) == (len(FRAMES), len(PCAP), [])


def test_records_come_before_the_end_and_are_counted(tmp_path):
    """The engine alone: parts of any size, together all flows."""
    report = IngestReport()
    parts = Engine(IngestOptions(None), report).flows([write_pcap(tmp_path / "a.pcap", enumerate(FRAMES))])
    assert sum(len(part["part"]) for part in parts) == report.flows > 3


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="nothing is compiled")
def test_compiling_is_announced_once(tmp_path):
    """Where no compiled code is stored yet, the first run says that it compiles; the next is silent."""
    write_pcap(tmp_path / "a.pcap", [(0, FRAMES[0])])
    code = (
        "import logging, sys\n"
        "logging.basicConfig(level=logging.INFO, format='%(name)s %(message)s')\n"
        "from netad.ingest.capture import IngestOptions, read_flows\n"
        "from netad.ingest.inputs import Source\nfrom netad.ingest.report import IngestReport\n"
        "list(read_flows([Source(sys.argv[1])], IngestOptions(), IngestReport()))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.pcap")]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = [subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(2)]
    assert said[0].stderr.count("netad.ingest compiling the packet engine, once per machine") == 1
    assert said[1].stderr == ""
