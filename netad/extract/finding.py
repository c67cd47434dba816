"""Walks over captures with the kernel, rare records decoded in Python, and hands on the wanted ones of each block."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import InputError
from netad.extract.kernel import F_DST_HI, F_END, F_FIELDS, F_SRC_HI, F_SRC_PORT, F_START, F_TIME, find
from netad.extract.wanted import Wanted, tuple5
from netad.ingest.compiling import watch_compiler
from netad.ingest.decode import Packet, decode
from netad.ingest.engine import walk as w
from netad.ingest.engine.packet_row import P_FIELDS
from netad.ingest.engine.reading import Interfaces, Reader, Reading, enter, step
from netad.ingest.fragments import FragmentPorts
from netad.ingest.framing import Record
from netad.ingest.inputs import Source
from netad.ingest.packet_clock import PacketClock
from netad.ingest.pcap import PcapReader
from netad.ingest.records import ended, open_reader
from netad.ingest.report import IngestReport

Bytes = NDArray[np.uint8]
Words = NDArray[np.int64]

# Records that are found before they are handed on.
_ROOM = 4096
_HALF = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Found:
    """Wanted records of one input: `rows`, int64 (n, F_FIELDS) as netad.extract.kernel has them, about `block`."""

    source: Source
    block: Bytes
    rows: Words

    @property
    def bytes(self) -> int:
        """How many bytes were captured of them."""
        return int((self.rows[:, F_END] - self.rows[:, F_START]).sum())


@dataclass
class Finder:
    """Finds wanted packets in captures, one after the other; counts files, packets and bytes in `report`.

    A packet is wanted when the innermost one that netad decodes is, or the one around all tunnels. What is no IP packet
    for netad, and so no part of a flow (ARP, damaged headers), never is. `link_types` are those of the captures, as
    their headers name them.
    """

    wanted: Wanted
    report: IngestReport
    progress: Callable[[int], None] | None = None
    link_types: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        watch_compiler()
        self._ends, self._ports = self.wanted.ends(), self.wanted.port_numbers()
        self._state = w.new_state()
        self._state[w.S_SINCE], self._state[w.S_UNTIL] = self.wanted.bounds()
        self._interfaces = Interfaces()
        self._row = np.zeros(P_FIELDS, np.int64)
        self._found = np.zeros((_ROOM, F_FIELDS), np.int64)
        self._fragments, self._clock = FragmentPorts(), PacketClock()

    def found(self, sources: Sequence[Source]) -> Iterator[Found]:
        """Yield what is found, in the order of the sources and their records; it is valid until the next is asked for.

        What cannot be read, or not to its end, is a problem in the report.
        """
        for source in sources:
            try:
                stream = source.open()
            except InputError as error:
                self.report.problem(source.path, error.message.removeprefix(f"{source.path} "))
                continue
            with stream:
                reading = Reading(stream, self.report)
                try:
                    yield from self._of_one(reading, source)
                except (InputError, OSError) as error:
                    ended(source.path, self.report, error, growing=False)
                finally:
                    reading.blocks.close()
                    self._count(reading)
            for link_type, count in sorted(reading.unknown.items()):
                self.report.problem(
                    source.path, f"holds {count:,} packets of link type {link_type}, which netad cannot decode"
                )

    def _of_one(self, reading: Reading, source: Source) -> Iterator[Found]:
        """Yield what is found in one input.

        Raises:
            InputError, OSError: the input is no capture, is cut, damaged or cannot be read.
        """
        reader = open_reader(reading.octets, source.path, self.report)
        state, blocks = self._state, reading.blocks
        enter(state, reader)
        self._note_link_types([reader.link_type] if isinstance(reader, PcapReader) else [])
        try:
            while not reader.ended:
                code = self._walk(reading)
                if state[w.S_NOTES]:
                    yield from self._of_flows(Found(source, blocks.data, self._found[: state[w.S_NOTES]]))
                if code == w.HAND_OVER:
                    place = state[w.S_RECORD_NS : w.S_RECORD_LINK + 1].tolist()
                    yield from self._decoded(reading, source, blocks.data, place)
                elif code != w.NOTES_FULL and (code == w.UNUSUAL or not blocks.extend()):
                    yield from self._stepped(reading, source, reader)
                if code == w.MORE:
                    self._count(reading)
        finally:
            reader.close()

    def _walk(self, reading: Reading) -> int:
        state, blocks = self._state, reading.blocks
        state[w.S_NOTES] = 0
        if reading.octets.holds_peeked:
            return w.UNUSUAL
        state[w.S_POSITION], state[w.S_END] = blocks.position, blocks.end
        code = find(blocks.data, state, self._interfaces.table, self._ends, self._ports, self._row, self._found)
        position = int(state[w.S_POSITION])
        reading.walked += position - blocks.position
        blocks.position = position
        return code

    def _stepped(self, reading: Reading, source: Source, reader: Reader) -> Iterator[Found]:
        """Let the Python reader read what comes next, and yield it if it is a wanted packet."""
        record = step(self._state, self._interfaces, reader)
        if not isinstance(reader, PcapReader):
            self._note_link_types([interface.link_type for interface in reader.interfaces])
        if record is None:
            return
        self._state[w.S_PACKETS] += 1
        if self._state[w.S_SINCE] <= record.time_ns < self._state[w.S_UNTIL]:
            place = [record.time_ns, 0, len(record.data), record.wire_length, record.link_type]
            yield from self._decoded(reading, source, np.frombuffer(record.data, np.uint8), place)

    def _decoded(self, reading: Reading, source: Source, block: Bytes, place: list[int]) -> Iterator[Found]:
        """Yield one record, of which `place` has the first fields of a row, if the packet in it is wanted."""
        time_ns, start, end, wire_length, link_type = place
        record = Record(time_ns, block[start:end].tobytes(), wire_length, link_type)
        packet = decode(record)
        if isinstance(packet, str):
            if packet == "unknown_link_type":
                reading.unknown[link_type] += 1
            return
        for one in (packet, decode(record, decap=False) if packet.tunnel else packet):
            if isinstance(one, Packet) and self.wanted.fits(with_ports := self._with_ports(one)):
                rows = np.array([[*place, *_halves_of(with_ports)]], np.uint64).view(np.int64)
                yield from self._of_flows(Found(source, block, rows))
                return

    def _with_ports(self, packet: Packet) -> Packet:
        """Return a fragment with the ports of its datagram."""
        if packet.fragment_key is None:
            return packet
        self._clock.advance(packet.time_ns)
        return self._fragments.resolve(packet, self._clock.now_ns or 0)

    def _of_flows(self, found: Found) -> Iterator[Found]:
        """Yield of what was found that which belongs to the wanted flows."""
        flows = self.wanted.flows
        if flows is None:
            yield found
            return
        halves = found.rows[:, F_SRC_HI : F_DST_HI + 2].astype(np.uint64).tolist()
        rest = found.rows[:, F_SRC_PORT:].tolist()
        times = found.rows[:, F_TIME].tolist()
        kept = [
            flows.hold(tuple5(src_hi << 64 | src_lo, src_port, dst_hi << 64 | dst_lo, dst_port, protocol), time_ns)
            for (src_hi, src_lo, dst_hi, dst_lo), (src_port, dst_port, protocol), time_ns in zip(
                halves, rest, times, strict=True
            )
        ]
        if any(kept):
            yield Found(found.source, found.block, found.rows[np.array(kept)])

    def _note_link_types(self, link_types: list[int]) -> None:
        self.link_types += [one for one in dict.fromkeys(link_types) if one not in self.link_types]

    def _count(self, reading: Reading) -> None:
        reading.count_bytes()
        self.report.packets += int(self._state[w.S_PACKETS])
        self._state[w.S_PACKETS] = 0
        if self.progress is not None:
            self.progress(self.report.file_bytes)


def _halves_of(packet: Packet) -> tuple[int, ...]:
    """Return a packet as the last fields of a row, the addresses' halves unsigned."""
    return (*packet.src, *packet.dst, packet.src_port, packet.dst_port, packet.protocol)
