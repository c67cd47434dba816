"""Tests of netad.ingest.engine.reading: what the Python readers do between two walks of a kernel."""

import io

from netad.ingest.engine import walk as w
from netad.ingest.engine.reading import Interfaces, Reading, enter, step
from netad.ingest.pcapng import Interface
from netad.ingest.records import open_reader
from netad.ingest.report import IngestReport
from tests.ingest.pcap_file import START, pcap_bytes


def test_a_reader_and_the_walk_count_the_same_records():
    """Stepping through a pcap gives its records, and the state's number follows."""
    report = IngestReport()
    reading = Reading(io.BytesIO(pcap_bytes([(0, b"one"), (1.5, b"three")])), report)
    state, interfaces = w.new_state(), Interfaces()
    reader = open_reader(reading.octets, "x.pcap", report)
    enter(state, reader)
    assert [state[w.S_PCAPNG], state[w.S_HEADER_SIZE], state[w.S_UNIT_NS], state[w.S_LINK_TYPE]] == [0, 16, 1000, 1]
    first, second = step(state, interfaces, reader), step(state, interfaces, reader)
    assert [first.data, second.data, second.time_ns] == [b"one", b"three", START * 10**9 + 1_500_000_000]
    assert state[w.S_NUMBER] == 2
    assert step(state, interfaces, reader) is None
    assert reader.ended
    reading.count_bytes()
    assert report.bytes == 24 + 2 * 16 + 8
    reading.blocks.close()


def test_interfaces_of_a_new_section_take_the_place_of_those_before():
    """The table grows with the section that is read, and begins anew with the next."""
    one = Interface(1, 0, 1000, 1, 0)
    cooked = Interface(113, 96, 1, 1, 0)
    interfaces = Interfaces()
    section = [one] * 9
    assert interfaces.follow(section) == 9
    section.append(cooked)
    assert interfaces.follow(section) == 10
    assert interfaces.table[9, w.I_LINK_TYPE] == 113
    assert interfaces.follow([cooked]) == 1
    assert interfaces.table[0, w.I_SNAPLEN] == 96
