"""Records of pcapng files: every section, interface and byte order; blocks that hold no packet are passed over.

Layout: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, field by field from dpkt's block classes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Literal

from dpkt import pcapng as layout

from netad.core.errors import InputError
from netad.core.timing import SECOND_NS
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS, CutError, Octets, Record
from netad.ingest.report import IngestReport

MAX_BLOCK = 1 << 24  # bytes; libpcap's own ceiling for a block
MAX_INTERFACES = 1 << 16  # a section; the older Packet Block cannot even number more

_SECTION = layout.PCAPNG_BT_SHB.to_bytes(4, "big")  # reads the same in both byte orders
_ORDERS: Mapping[bytes, Literal["big", "little"]] = {
    layout.BYTE_ORDER_MAGIC.to_bytes(4, "big"): "big",
    layout.BYTE_ORDER_MAGIC.to_bytes(4, "little"): "little",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """The structs of one byte order; those of blocks hold the fixed fields after the block's type and length."""

    order: Literal["big", "little"]
    head: Struct
    word: Struct
    option: Struct
    section: Struct
    interface: Struct
    packets: Mapping[int, Struct]

    @classmethod
    def of(cls, order: Literal["big", "little"]) -> "_Layout":
        sign = ">" if order == "big" else "<"

        def body(fields: tuple[tuple[str, str, object], ...]) -> Struct:
            return Struct(sign + "".join(code for _, code, _ in fields[2:-1]))

        return cls(
            order=order,
            head=Struct(sign + "II"),
            word=Struct(sign + "I"),
            option=Struct(sign + "HH"),
            section=body(layout.SectionHeaderBlock.__hdr__),
            interface=body(layout.InterfaceDescriptionBlock.__hdr__),
            packets={
                layout.PCAPNG_BT_EPB: body(layout.EnhancedPacketBlock.__hdr__),
                layout.PCAPNG_BT_PB: body(layout.PacketBlock.__hdr__),
                layout.PCAPNG_BT_SPB: Struct(sign + "I"),
            },
        )


_LAYOUTS = {order: _Layout.of(order) for order in _ORDERS.values()}


@dataclass(frozen=True, slots=True)
class Interface:
    """What an Interface Description Block says about its packets; ns = ticks * multiplier // divisor + offset_ns."""

    link_type: int
    snaplen: int
    multiplier: int
    divisor: int
    offset_ns: int

    def time_ns(self, high: int, low: int) -> int:
        """Return the time that the two halves of a number of ticks mean, in ns since the epoch."""
        return (high << 32 | low) * self.multiplier // self.divisor + self.offset_ns


def is_pcapng(head: bytes) -> bool:
    """Tell from its first 12 bytes whether a file is a pcapng."""
    return head[:4] == _SECTION and head[8:12] in _ORDERS


def _options(data: bytes, layouts: _Layout) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of the options in `data`; a damaged one ends them."""
    at = 0
    while at + layouts.option.size <= len(data):
        code, size = layouts.option.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if code == layout.PCAPNG_OPT_ENDOFOPT or len(value) < size:
            return
        yield code, value
        at += 4 + size + -size % 4


class PcapngReader:
    """Reads one pcapng file, from its first section header on.

    A packet block whose inside is wrong costs that packet: it is counted in `report.skipped` (`damaged_block`,
    `unknown_interface`, `impossible_time`) and in `report.packets`, and named in one problem of the file. A block
    whose length is wrong ends the file. A Simple Packet Block has no time; its packet gets that of the packet
    before it.

    `number` counts the packet blocks, `last_ns` is the time of the last usable packet, `interfaces` is the list of the
    section that is being read (a new list for a new section): another reader of the same bytes may go on from there.
    Of the first `after` packet blocks, which were read before, nothing is said or counted.
    """

    def __init__(self, octets: Octets, path: str, report: IngestReport, after: int = 0) -> None:
        self._octets, self._path, self._report, self._after = octets, path, report, after
        self._layout = _LAYOUTS["little"]
        self.ended = False
        self.interfaces: list[Interface] = []
        self.number = 0  # of the packet block last read
        self.last_ns: int | None = None
        self._unusable: list[int] = [0, 0]  # how many, and the number of the first

    def records(self) -> Iterator[Record]:
        """Yield the records in file order.

        Raises:
            InputError: the file is cut or damaged; everything before was yielded.
        """
        try:
            while not self.ended:
                record = self.step()
                if record is not None:
                    yield record
        finally:
            self.close()

    def step(self) -> Record | None:
        """Read one block; return its record if it has a usable one. At the end `ended` becomes true.

        Raises:
            InputError: as `records` does.
        """
        head = self._octets.take(8)
        self.ended = not head
        return self._block(head) if head else None

    def close(self) -> None:
        """Report the packet blocks that were passed over. To be called once, when reading is over."""
        count, first = self._unusable
        if count:
            self._report.problem(self._path, f"has damaged packet blocks, passed over: {count}, first record {first}")

    @property
    def big_endian(self) -> bool:
        """Byte order of the section that is being read."""
        return self._layout.order == "big"

    def _block(self, head: bytes) -> Record | None:
        """Read the block that begins with `head`; return its record if it has a usable one."""
        if len(head) < 8:
            raise self._cut()
        if head[:4] == _SECTION:
            self._section(head)
            return None
        kind, length = self._layout.head.unpack(head)
        self._check_length(length, least=12)
        if kind in self._layout.packets:
            body = self._rest(length, taken=8)
            self.number += 1
            record = self._packet(kind, body)
            if isinstance(record, Record):
                return record
            self._pass_over(record)
            return None
        if kind == layout.PCAPNG_BT_IDB:
            self._interface(self._rest(length, taken=8))
            return None
        if self._octets.skip(length - 12) < length - 12:
            raise self._cut()
        self._rest(length, taken=length - 4)
        return None

    def _rest(self, length: int, taken: int) -> bytes:
        """Take what is left of a block of `length` bytes, check its closing length, return the rest without it."""
        rest = self._octets.take(length - taken)
        if len(rest) < length - taken:
            raise self._cut()
        if self._layout.word.unpack(rest[-4:])[0] != length:
            raise InputError(f"is damaged: the two lengths of a block after record {self.number} differ; "
                             "reading stopped there")  # fmt: skip
        return rest[:-4]

    def _check_length(self, length: int, least: int) -> None:
        if not least <= length <= MAX_BLOCK or length % 4:
            raise InputError(f"is damaged: after record {self.number} there is a block of {length} bytes; "
                             "reading stopped there")  # fmt: skip

    def _cut(self) -> CutError:
        return CutError(f"is cut in the middle of a block, after record {self.number}")

    def _section(self, head: bytes) -> None:
        magic = self._octets.take(4)
        if len(magic) < 4:
            raise self._cut()
        if magic not in _ORDERS:
            raise InputError(f"is damaged: a section after record {self.number} has no byte order; "
                             "reading stopped there")  # fmt: skip
        self._layout = _LAYOUTS[_ORDERS[magic]]
        _, length = self._layout.head.unpack(head)
        self._check_length(length, least=28)
        _, major, minor, _ = self._layout.section.unpack_from(magic + self._rest(length, taken=12))
        if major != 1:
            raise InputError(f"is of pcapng version {major}.{minor}, which is unknown")
        self.interfaces = []

    def _interface(self, body: bytes) -> None:
        fixed = self._layout.interface
        if len(body) < fixed.size or len(self.interfaces) == MAX_INTERFACES:
            raise InputError(f"is damaged: an interface description after record {self.number} is too short or one "
                             f"too many (ceiling {MAX_INTERFACES}); reading stopped there")  # fmt: skip
        link_type, _, snaplen = fixed.unpack_from(body)
        multiplier, divisor, offset_ns = 1000, 1, 0
        for code, value in _options(body[fixed.size :], self._layout):
            if code == layout.PCAPNG_OPT_IF_TSRESOL and len(value) == 1:
                exponent = value[0] & 0x7F
                multiplier, divisor = SECOND_NS, 2**exponent if value[0] & 0x80 else 10**exponent
            elif code == layout.PCAPNG_OPT_IF_TSOFFSET and len(value) == 8:
                offset_ns = int.from_bytes(value, self._layout.order, signed=True) * SECOND_NS
        self.interfaces.append(Interface(link_type, snaplen, multiplier, divisor, offset_ns))

    def _packet(self, kind: int, body: bytes) -> Record | str:
        """Return the record of a packet block, or what kind of damage leaves it without one."""
        fixed = self._layout.packets[kind]
        if len(body) < fixed.size:
            return "damaged_block"
        fields = fixed.unpack_from(body)
        timed = kind != layout.PCAPNG_BT_SPB
        index = fields[0] if timed else 0
        if index >= len(self.interfaces):
            return "unknown_interface"
        interface = self.interfaces[index]
        if timed:
            high, low, captured, length = fields[-4:]
            time_ns = interface.time_ns(high, low)
        else:
            length = fields[0]
            captured = min(length, interface.snaplen or length)
            time_ns = self._time_before()
        if captured > min(MAX_CAPTURED, len(body) - fixed.size):
            return "damaged_block"
        if not 0 <= time_ns < MAX_TIME_NS:
            return "impossible_time"
        self.last_ns = time_ns
        return Record(time_ns, body[fixed.size : fixed.size + captured], length, interface.link_type)

    def _time_before(self) -> int:
        if self.last_ns is None:
            if self.number > self._after:
                self._report.problem(self._path, "begins with packets that have no time (Simple Packet Blocks): they "
                                     "count at 1970-01-01")  # fmt: skip
            self.last_ns = 0
        return self.last_ns

    def _pass_over(self, kind: str) -> None:
        if self.number <= self._after:
            return
        self._report.skipped[kind] += 1
        self._report.packets += 1
        self._unusable[0] += 1
        self._unusable[1] = self._unusable[1] or self.number
