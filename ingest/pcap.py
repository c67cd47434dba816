"""Records of pcap files: micro- and nanosecond times, both byte orders, and Kuznetzov's modified record header.

Layout: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html, field by field from dpkt's header classes.
dpkt's own Reader is not used: it makes times floats, drops the original length and reads any length it is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from dpkt import pcap as layout

from netad.core.errors import InputError
from netad.core.timing import SECOND_NS
from netad.ingest.framing import MAX_CAPTURED, CutError, Octets, Record

# The upper half of the field holds the frame check sequence's length and reserved bits.
_LINK_TYPE_BITS = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Variant:
    """What the magic number decides: the structs of both headers, and the ns that one unit of the fraction is."""

    file_header: Struct
    record_header: Struct
    unit_ns: int


def _variants() -> dict[bytes, _Variant]:
    found = {}
    for magic, unit_ns, big, little in (
        (layout.TCPDUMP_MAGIC, 1000, layout.PktHdr, layout.LEPktHdr),
        (layout.TCPDUMP_MAGIC_NANO, 1, layout.PktHdr, layout.LEPktHdr),
        (layout.MODPCAP_MAGIC, 1000, layout.PktModHdr, layout.LEPktModHdr),
    ):
        file_headers = layout.FileHdr, layout.LEFileHdr
        for order, header, record in zip(("big", "little"), file_headers, (big, little), strict=True):
            key = magic.to_bytes(4, order)
            found[key] = _Variant(Struct(header.__hdr_fmt__), Struct(record.__hdr_fmt__), unit_ns)
    return found


_VARIANTS = _variants()


def is_pcap(head: bytes) -> bool:
    """Tell from its first 4 bytes whether a file is a pcap."""
    return head[:4] in _VARIANTS


class PcapReader:
    """Reads one pcap whose magic number is known, record by record.

    `number` is that of the last record that was all there: another reader of the same bytes may count on. The fields of
    the file header that say how to read records are public for that reader too.

    Raises:
        InputError: on construction, the file is cut inside its header.
    """

    def __init__(self, octets: Octets) -> None:
        variant = _VARIANTS[octets.peek(4)]
        head = octets.take(variant.file_header.size)
        if len(head) < variant.file_header.size:
            raise CutError("is cut inside its file header")
        _, _, minor, _, _, _, link_type = variant.file_header.unpack(head)
        self._octets, self._unpack = octets, variant.record_header.unpack
        self.number = 0
        self.ended = False
        self.big_endian = variant.record_header.format.startswith(">")
        self.header_size, self.unit_ns = variant.record_header.size, variant.unit_ns
        self.link_type = link_type & _LINK_TYPE_BITS
        # Until version 2.3 some programs wrote the two lengths the other way round (libpcap, sf-pcap.c).
        self.old = minor <= 3

    def records(self) -> Iterator[Record]:
        """Yield the records in file order.

        Raises:
            InputError: the file is cut or damaged; the message names the record. Everything before it was yielded.
        """
        while (record := self.step()) is not None:
            yield record

    def step(self) -> Record | None:
        """Return the next record; without one `ended` becomes true.

        Raises:
            InputError: as `records` does.
        """
        header = self._octets.take(self.header_size)
        if not header:
            self.ended = True
            return None
        number = self.number + 1
        if len(header) < self.header_size:
            raise _cut(number)
        if header == bytes(self.header_size):
            raise InputError(f"is filled with zeros from record {number} on, as after a crash; "
                             "reading stopped there")  # fmt: skip
        seconds, fraction, captured, length = self._unpack(header)[:4]
        if self.old and captured > length:
            captured, length = length, captured
        if captured > MAX_CAPTURED:
            raise InputError(f"is damaged: record {number} claims {captured} bytes, more than the {MAX_CAPTURED} "
                             "that one may have; reading stopped there")  # fmt: skip
        data = self._octets.take(captured)
        if len(data) < captured:
            raise _cut(number)
        self.number = number
        return Record(seconds * SECOND_NS + fraction * self.unit_ns, data, length, self.link_type)

    def close(self) -> None:
        """Say what is left to say about the file: nothing (the reader of pcapng has more)."""


def _cut(number: int) -> CutError:
    return CutError(f"is cut in the middle of record {number}")
