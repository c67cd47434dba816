"""Drives the kernel over all inputs, and does for it in Python what it leaves: rare records, damage, finished flows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of, part_of, same_setting, texts_array
from netad.core.errors import InputError, StateError
from netad.ingest.capture import IngestOptions
from netad.ingest.compiling import watch_compiler
from netad.ingest.compression import Decompressed
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import TCP, UDP, Packet, decode
from netad.ingest.engine import walk as w
from netad.ingest.engine.blocks import Blocks
from netad.ingest.engine.columns import flow_columns
from netad.ingest.engine.decode import KINDS
from netad.ingest.engine.layout import O_FIELDS, R_FIELDS, R_ORIGIN, S_BEHIND, S_NOW
from netad.ingest.engine.notes import new_notes, spoken_in
from netad.ingest.engine.packet_row import P_FIELDS, fill_row
from netad.ingest.engine.reading import Interfaces, Reader, Reading, enter, step
from netad.ingest.engine.table import FlowStore
from netad.ingest.flows import WHOLE, Column
from netad.ingest.fragments import FragmentPorts
from netad.ingest.framing import Record
from netad.ingest.inputs import Source
from netad.ingest.packet_clock import PacketClock
from netad.ingest.records import ended, open_reader
from netad.ingest.report import IngestReport

if TYPE_CHECKING:
    from netad.ingest.facts.batch import FactBatch
    from netad.ingest.facts.packets import PacketFacts

_LEAST_TIME, _TIME_END = -(1 << 63), (1 << 63) - 1
# Facts are handed on after this many packets were looked at, at the end of a block.
_FACTS_AFTER = 4096
# Where the input stands in R_ORIGIN.
_INPUT_BITS = 32
_BELOW_INPUT = (1 << _INPUT_BITS) - 1

Columns = Mapping[str, Column]


def load_kernels() -> None:
    """Load the kernels, or compile them, with nothing to do for them: else the first packets would wait for that."""
    watch_compiler()
    engine = Engine(IngestOptions(), IngestReport())
    engine.walk(np.empty(0, np.uint8))
    list(engine.flows(()))
    flow_columns(np.empty((0, O_FIELDS), np.int64))


class Engine:
    """Packets of any number of inputs, one after the other, to flow records. It counts in `report` as it goes."""

    def __init__(
        self, options: IngestOptions, report: IngestReport, progress: Callable[[int], None] | None = None
    ) -> None:
        watch_compiler()
        self.paths: list[str] = []  # of the inputs that records' `input` points to
        self._report, self._progress = report, progress
        self._decap, self._strict, self._growing = options.decap, options.strict, options.growing
        self._store = FlowStore(options.window_ns, Timeouts(), options.max_flows, options.lateness_ns)
        self._fragments = FragmentPorts()
        self._row = np.zeros(P_FIELDS, np.int64)
        self._state = w.new_state()
        self._state[w.S_SINCE] = _clipped(options.since_ns, _LEAST_TIME)
        self._state[w.S_UNTIL] = _clipped(options.until_ns, _TIME_END)
        self._state[w.S_DECAP], self._state[w.S_STRICT] = options.decap, options.strict
        self._skipped = np.zeros(len(KINDS), np.int64)
        self._interfaces = Interfaces()
        self._notes = new_notes(options.facts)
        self._facts = _packet_facts(options.decap) if options.facts else None
        self._looked_at = 0  # packets since facts were taken

    def flows(self, sources: Sequence[Source]) -> "Iterator[Columns | FactBatch]":
        """Yield the finished records of all sources as columns, in parts of any size; and facts, if wanted."""
        for source in sources:
            yield from self._read(source)
        yield from self.finish()

    def read(self, source: Source) -> "Iterator[Columns | FactBatch]":
        """Yield what one more source finishes, everything that is finished at its end included."""
        yield from self._read(source)
        yield from self._said()
        yield from self._finished(self._store.drain())

    def finish(self) -> "Iterator[Columns | FactBatch]":
        """End everything that is open, and yield it."""
        if self._facts is not None:
            yield from self._facts.finish()
        yield from self._finished(self._store.finish())

    def carry(self) -> State:
        """Return what is open after `read` (netad.core.carried), and the paths of the inputs that flows began in."""
        table = self._store.carry()
        origins = table["rows"][:, R_ORIGIN]
        begun, places = np.unique(origins >> _INPUT_BITS, return_inverse=True)
        origins[:] = (origins & _BELOW_INPUT) | (places << _INPUT_BITS)
        return {
            "decap": self._decap,
            "flows": table,
            "paths": texts_array(self.paths[index] for index in begun.tolist()),
            "fragments": self._fragments.carry(),
            "facts": None if self._facts is None else self._facts.carry(),
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        same_setting(state, "decap", self._decap, "choice of tunnels (decap)")
        same_setting({"facts": state.get("facts") is not None}, "facts", self._facts is not None, "choice of facts")
        self.paths = array_of(state, "paths", object).tolist()
        table = part_of(state, "flows")
        origins = array_of(table, "rows", np.int64, (-1, R_FIELDS))[:, R_ORIGIN] >> _INPUT_BITS
        if origins.min(initial=0) < 0 or origins.max(initial=-1) >= len(self.paths):
            raise StateError("the state's open flows began in inputs that it does not name: begin with a new state")
        self._store.resume(table)
        self._fragments.resume(part_of(state, "fragments"))
        if self._facts is not None:
            self._facts.resume(part_of(state, "facts"))

    def _read(self, source: Source) -> "Iterator[Columns | FactBatch]":
        self._state[w.S_INPUT] = len(self.paths)
        self.paths.append(source.path)
        self._store.begin_input()
        yield from self._source(source)
        if self._progress is not None:
            self._progress(self._report.file_bytes)

    def _source(self, source: Source) -> "Iterator[Columns | FactBatch]":
        try:
            stream = source.open()
        except InputError as error:
            self._report.problem(source.path, error.message.removeprefix(f"{source.path} "))
            return
        with stream:
            reading = Reading(stream, self._report)
            try:
                yield from self._packets(reading, source)
            except (InputError, OSError) as error:
                growing = self._growing and not isinstance(stream, Decompressed)
                ended(source.path, self._report, error, growing=growing)
            finally:
                reading.blocks.close()
                self._count(reading)
        for link_type, count in sorted(reading.unknown.items()):
            self._report.problem(
                source.path, f"holds {count:,} packets of link type {link_type}, which netad cannot decode"
            )

    def _packets(self, reading: Reading, source: Source) -> "Iterator[Columns | FactBatch]":
        """Walk through one input and yield the records of flows that end on the way, facts before flows that end later.

        Raises:
            InputError, OSError: the input is no capture, is cut, damaged or cannot be read.
        """
        reader = open_reader(reading.octets, source.path, self._report, source.after)
        try:
            enter(self._state, reader)
            self._state[w.S_AFTER] = source.after
            while not reader.ended:
                code = self._walk(reading)
                if code == w.HAND_OVER:
                    self._take(reading, self._handed_over(reading.blocks))
                elif code > 0:
                    parts = self._store.relieve(code, self._row)
                    self._count(reading)
                    yield from self._said()
                    yield from self._finished(parts)
                elif code != w.NOTES_FULL:
                    if code == w.MORE:
                        self._count(reading)
                        if self._progress is not None:
                            self._progress(self._report.file_bytes)
                        if self._looked_at >= _FACTS_AFTER:
                            yield from self._said()
                    if code == w.UNUSUAL or not reading.blocks.extend():
                        self._step(reading, reader)
        finally:
            self._report.read[source.path] = max(source.after, int(self._state[w.S_NUMBER]))
            reader.close()

    def _walk(self, reading: Reading) -> int:
        state, blocks = self._state, reading.blocks
        if reading.octets.holds_peeked:
            return w.UNUSUAL
        state[w.S_POSITION], state[w.S_END] = blocks.position, blocks.end
        code = self.walk(blocks.data)
        if state[w.S_NOTES] and self._facts is not None:
            self._looked_at += int(state[w.S_NOTES])
            for spoken in spoken_in(blocks.data, self._notes[: state[w.S_NOTES]]):
                self._facts.hear(spoken)
        position = int(state[w.S_POSITION])
        reading.walked += position - blocks.position
        blocks.position = position
        return code

    def walk(self, block: NDArray[np.uint8]) -> int:
        """Let the kernel walk over a block, of which the state says from where to where it is filled."""
        arrays = self._store.arrays
        return w.walk(block, self._state, self._interfaces.table, self._skipped, self._notes, self._row, arrays)

    def _look_at(self, record: Record) -> None:
        if self._facts is not None:
            self._facts.add(record)
            self._looked_at += 1

    def _said(self) -> "Iterator[FactBatch]":
        """Yield the facts that were found since."""
        if self._facts is not None:
            self._looked_at = 0
            yield from self._facts.drain()

    def _handed_over(self, blocks: Blocks) -> Record:
        """Return the record that the kernel stopped behind."""
        time_ns, start, end, wire_length, link_type = self._state[w.S_RECORD_NS : w.S_RECORD_LINK + 1].tolist()
        return Record(time_ns, blocks.data[start:end].tobytes(), wire_length, link_type)

    def _step(self, reading: Reading, reader: Reader) -> None:
        """Let the Python reader read what comes next: a packet, another block of pcapng, or the end.

        Raises:
            InputError, OSError: what comes next is cut, damaged or cannot be read.
        """
        state = self._state
        record = step(state, self._interfaces, reader)
        if record is None or reader.number <= state[w.S_AFTER]:
            return
        state[w.S_PACKETS] += 1
        if state[w.S_SINCE] <= record.time_ns < state[w.S_UNTIL]:
            self._take(reading, record)
        else:
            state[w.S_OUTSIDE] += 1

    def _take(self, reading: Reading, record: Record) -> None:
        """Decode a record with dpkt; a packet goes into the row, from where the kernel takes it."""
        self._report.handed_over += 1
        packet = decode(record, self._decap, self._strict)
        if isinstance(packet, str):
            self._report.skipped[packet] += 1
            if packet == "unknown_link_type":
                reading.unknown[record.link_type] += 1
            return
        self._report.seen(packet.time_ns)
        if packet.payload_length and packet.protocol in (TCP, UDP):
            self._look_at(record)
        fill_row(self._row, self._with_ports(packet), int(self._state[w.S_INPUT]))
        self._state[w.S_READY] = 1

    def _with_ports(self, packet: Packet) -> Packet:
        """Return a fragment with the ports of its datagram."""
        if packet.fragment_key is None:
            return packet
        table = self._store.arrays.state
        now_ns = int(table[S_NOW])
        clock = PacketClock(None if now_ns < 0 else now_ns, int(table[S_BEHIND]))
        clock.advance(packet.time_ns)
        return self._fragments.resolve(packet, clock.now_ns or 0)

    def _finished(self, parts: Iterable[Columns]) -> Iterator[Columns]:
        self._report.evicted = self._store.evicted
        for part in parts:
            if len(part["part"]):
                self._report.flows += int(np.count_nonzero(part["part"] & WHOLE))
                yield part

    def _count(self, reading: Reading) -> None:
        """Move what the kernel counted to the report."""
        state, report = self._state, self._report
        reading.count_bytes()
        report.packets += int(state[w.S_PACKETS])
        if state[w.S_OUTSIDE]:
            report.skipped["outside_time_range"] += int(state[w.S_OUTSIDE])
        for kind, count in zip(KINDS, self._skipped.tolist(), strict=True):
            if count:
                report.skipped[kind] += count
        if state[w.S_FIRST_NS] <= state[w.S_LATEST_NS]:
            report.seen(int(state[w.S_FIRST_NS]))
            report.seen(int(state[w.S_LATEST_NS]))
        w.clear_counters(state)
        self._skipped[:] = 0


def _packet_facts(decap: bool) -> "PacketFacts":
    from netad.ingest.facts.packets import PacketFacts

    return PacketFacts(decap)


def _clipped(time_ns: int | None, default: int) -> int:
    return default if time_ns is None else min(max(time_ns, _LEAST_TIME), _TIME_END)
