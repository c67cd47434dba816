"""Packet records of a capture, whichever format it has: told by content, never by name."""

from collections.abc import Iterator

from netad.core.errors import InputError
from netad.ingest.compression import compression_of
from netad.ingest.framing import ByteStream, CutError, Octets, Record
from netad.ingest.pcap import PcapReader, is_pcap
from netad.ingest.pcapng import PcapngReader, is_pcapng
from netad.ingest.report import IngestReport

__all__ = ["Record", "ended", "open_reader", "read_records"]

_MAGIC_BYTES = 12


def read_records(
    stream: ByteStream, path: str, report: IngestReport, after: int = 0, *, growing: bool = False
) -> Iterator[Record]:
    """Yield every record that `stream` holds, in file order; `path` names the input in problems.

    Pcap and pcapng are told apart by content. The stream need not be seekable and may give short reads. Nothing is
    raised for bad input: an empty or foreign file, a cut or damaged one, a read error end this input with one
    `report.problem` whose sentence goes on after the path ("is empty", "is cut in the middle of record 7"). Counted
    are `report.files` (captures only), `report.bytes`, and in `report.packets` every packet record met: those yielded
    and those that a reader had to pass over and counted in `report.skipped`.

    The first `after` records are passed over and not counted; `report.read` says how many there were up to the end. In
    a `growing` capture the beginning of a record at the end waits (`report.waiting`) and is no problem.
    """
    octets = Octets(stream)
    counted, reader = 0, None
    try:
        reader = open_reader(octets, path, report, after)
        for record in reader.records():
            if reader.number <= after:
                continue
            report.packets += 1
            report.bytes += octets.taken - counted
            counted = octets.taken
            yield record
    except (InputError, OSError) as error:
        ended(path, report, error, growing=growing)
    finally:
        report.bytes += octets.taken - counted
        if reader is not None:
            report.read[path] = max(after, reader.number)


def ended(path: str, report: IngestReport, error: InputError | OSError, *, growing: bool) -> None:
    """Report what ended a capture: a problem, but for a record that is still written in a `growing` one."""
    if growing and isinstance(error, CutError):
        report.waiting += 1
    elif isinstance(error, InputError):
        report.problem(path, error.message)
    else:
        report.problem(path, f"cannot be read: {error.strerror or error}")


def open_reader(octets: Octets, path: str, report: IngestReport, after: int = 0) -> PcapReader | PcapngReader:
    """Return the reader for what `octets` begins with, of which `after` records were read before; count the file.

    Raises:
        InputError: it is no capture, or is cut inside its file header.
    """
    head = octets.peek(_MAGIC_BYTES)
    if is_pcap(head):
        report.files += 1
        return PcapReader(octets)
    if is_pcapng(head):
        report.files += 1
        return PcapngReader(octets, path, report, after)
    raise InputError(_what_it_is(head))


def _what_it_is(head: bytes) -> str:
    if not head:
        return "is empty"
    kind = compression_of(head)
    if kind is not None:
        return f"holds {kind} data inside compressed data, and only one layer of compression is taken off"
    return "is not a capture: neither pcap nor pcapng"
