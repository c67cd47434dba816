"""One input as a kernel and a Python reader read it in turns: its blocks, and the walk's state brought up to each."""

from collections import Counter
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from netad.ingest.compression import bytes_of_file
from netad.ingest.engine import walk as w
from netad.ingest.engine.blocks import Blocks
from netad.ingest.framing import Octets, Record
from netad.ingest.pcap import PcapReader
from netad.ingest.pcapng import Interface, PcapngReader
from netad.ingest.report import IngestReport

if TYPE_CHECKING:
    from netad.ingest.engine.octets import Words

Reader = PcapReader | PcapngReader


class Reading:
    """One input that is being read: its blocks, the same bytes for a Python reader, and what was counted."""

    def __init__(self, stream: BinaryIO, report: IngestReport) -> None:
        self._stream, self._report = stream, report
        self._before = report.bytes, report.file_bytes
        self.blocks = Blocks(stream, w.MAX_IN_KERNEL)
        self.octets = Octets(self.blocks)
        self.walked = 0  # bytes that the kernel took
        self.unknown: Counter[int] = Counter()  # packets by link type

    def count_bytes(self) -> None:
        """Bring the report's counters of bytes up to date."""
        taken = self.octets.taken + self.walked
        self._report.bytes = self._before[0] + taken
        self._report.file_bytes = self._before[1] + bytes_of_file(self._stream, taken)


class Interfaces:
    """The interfaces of a pcapng section as the table that the kernel reads."""

    def __init__(self) -> None:
        self.table: Words = np.zeros((8, w.I_FIELDS), np.int64)
        self._section: list[Interface] | None = None
        self._known = 0

    def follow(self, section: list[Interface]) -> int:
        """Bring the table up to the section's interfaces, of which some may be new; return how many there are."""
        if section is not self._section:
            self._section, self._known = section, 0
        while self._known < len(section):
            if self._known == len(self.table):
                self.table = np.concatenate([self.table, np.zeros_like(self.table)])
            self.table[self._known] = w.interface_row(section[self._known])
            self._known += 1
        return self._known


def enter(state: "Words", reader: Reader) -> None:
    """Set a walk's state up for another input, which `reader` has opened."""
    state[w.S_NUMBER], state[w.S_LAST_NS] = 0, -1
    state[w.S_PCAPNG] = isinstance(reader, PcapngReader)
    state[w.S_BIG_ENDIAN] = reader.big_endian
    if isinstance(reader, PcapReader):
        state[w.S_HEADER_SIZE], state[w.S_UNIT_NS] = reader.header_size, reader.unit_ns
        state[w.S_OLD], state[w.S_LINK_TYPE] = reader.old, reader.link_type
    else:
        state[w.S_INTERFACES] = 0


def step(state: "Words", interfaces: Interfaces, reader: Reader) -> Record | None:
    """Let the Python reader read what comes next (a packet, another block of pcapng, or the end); return the packet.

    Raises:
        InputError, OSError: what comes next is cut, damaged or cannot be read.
    """
    reader.number = int(state[w.S_NUMBER])
    if isinstance(reader, PcapngReader):
        last_ns = int(state[w.S_LAST_NS])
        reader.last_ns = None if last_ns < 0 else last_ns
    record = reader.step()
    state[w.S_NUMBER] = reader.number
    if isinstance(reader, PcapngReader):
        state[w.S_LAST_NS] = -1 if reader.last_ns is None else reader.last_ns
        state[w.S_BIG_ENDIAN] = reader.big_endian
        state[w.S_INTERFACES] = interfaces.follow(reader.interfaces)
    return record
