"""Packet records of a capture, whichever format it has: told by content, never by name."""

from collections.abc import Iterator

from netad.core.errors import InputError
from netad.ingest.compression import compression_of
from netad.ingest.framing import ByteStream, Octets, Record
from netad.ingest.pcap import PcapReader, is_pcap
from netad.ingest.pcapng import PcapngReader, is_pcapng
from netad.ingest.report import IngestReport

__all__ = ["Record", "open_reader", "read_records"]

_MAGIC_BYTES = 12


def read_records(stream: ByteStream, path: str, report: IngestReport) -> Iterator[Record]:
    """Yield every record that `stream` holds, in file order; `path` names the input in problems.

    Pcap and pcapng are told apart by content. The stream need not be seekable and may give short reads. Nothing is
    raised for bad input: an empty or foreign file, a cut or damaged one, a read error end this input with one
    `report.problem` whose sentence goes on after the path ("is empty", "is cut in the middle of record 7"). Counted
    are `report.files` (captures only), `report.bytes`, and in `report.packets` every packet record met: those yielded
    and those that a reader had to pass over and counted in `report.skipped`.
    """
    octets = Octets(stream)
    counted = 0
    try:
        for record in open_reader(octets, path, report).records():
            report.packets += 1
            report.bytes += octets.taken - counted
            counted = octets.taken
            yield record
    except InputError as error:
        report.problem(path, error.message)
    except OSError as error:
        report.problem(path, f"cannot be read: {error.strerror or error}")
    finally:
        report.bytes += octets.taken - counted


def open_reader(octets: Octets, path: str, report: IngestReport) -> PcapReader | PcapngReader:
    """Return the reader for what `octets` begins with, and count the file.

    Raises:
        InputError: it is no capture, or is cut inside its file header.
    """
    head = octets.peek(_MAGIC_BYTES)
    if is_pcap(head):
        report.files += 1
        return PcapReader(octets)
    if is_pcapng(head):
        report.files += 1
        return PcapngReader(octets, path, report)
    raise InputError(_what_it_is(head))


def _what_it_is(head: bytes) -> str:
    if not head:
        return "is empty"
    kind = compression_of(head)
    if kind is not None:
        return f"holds {kind} data inside compressed data, and only one layer of compression is taken off"
    return "is not a capture: neither pcap nor pcapng"
