"""Writes records as pcap or pcapng: times to the nanosecond, captured bytes, lengths and link types as they were."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import pack
from typing import BinaryIO, Final, Protocol

import numpy as np
from dpkt import pcap as layout
from dpkt import pcapng as blocks

from netad import __version__
from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.extract.finding import Found
from netad.extract.kernel import F_LINK, F_TIME, PCAP_HEAD, PCAPNG_FRAME, write_pcap, write_pcapng
from netad.ingest.framing import MAX_CAPTURED

FORMATS: Final = ("pcap", "pcapng")
STDOUT: Final = "-"
_SUFFIXES: Final = {".pcap": "pcap", ".cap": "pcap", ".pcapng": "pcapng", ".ntar": "pcapng"}
_ETHERNET: Final = 1
_PCAP_END_NS: Final = (1 << 32) * 1_000_000_000
_NANOSECONDS: Final = 9  # if_tsresol


class CaptureWriter(Protocol):
    """Writes what is found, then the end."""

    def write(self, found: Found) -> None:
        """Write records.

        Raises:
            ConfigError: the format cannot hold them.
        """
        ...

    def close(self, link_types: Sequence[int]) -> None:
        """Finish: without any record the capture is one of the first of these link types."""
        ...


class PcapWriter:
    """A pcap with times in nanoseconds. It has one link type, that of its first record."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._link_type: int | None = None

    def write(self, found: Found) -> None:
        """Write records; see `CaptureWriter`."""
        for link_type in np.unique(found.rows[:, F_LINK]).tolist():
            if self._link_type is None:
                self._begin(link_type)
            elif link_type != self._link_type:
                raise ConfigError(
                    f"the packets are of link types {self._link_type} and {link_type} ({found.source.path}), and pcap "
                    "holds one: write pcapng (-o FILE.pcapng)"
                )
        if found.rows[:, F_TIME].max() >= _PCAP_END_NS:
            raise ConfigError(f"{found.source.path} has packets of after 2106, where pcap ends: write pcapng")
        out = np.empty(found.bytes + len(found.rows) * PCAP_HEAD, np.uint8)
        self._stream.write(out[: write_pcap(found.block, found.rows, out)].data)

    def close(self, link_types: Sequence[int]) -> None:
        """Write the header if nothing was found."""
        if self._link_type is None:
            self._begin(next(iter(link_types), _ETHERNET))

    def _begin(self, link_type: int) -> None:
        self._link_type = link_type
        header = layout.LEFileHdr(magic=layout.TCPDUMP_MAGIC_NANO, snaplen=MAX_CAPTURED, linktype=link_type)
        self._stream.write(bytes(header))


class PcapngWriter:
    """A pcapng of one section, with an interface for each link type."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._interfaces: dict[int, int] = {}
        application = blocks.PcapngOptionLE(code=blocks.PCAPNG_OPT_SHB_USERAPPL, text=f"netad extract {__version__}")
        stream.write(bytes(blocks.SectionHeaderBlockLE(opts=[application, blocks.PcapngOptionLE()])))

    def write(self, found: Found) -> None:
        """Write records; see `CaptureWriter`."""
        link_types, places = np.unique(found.rows[:, F_LINK], return_inverse=True)
        rows = found.rows.copy()
        rows[:, F_LINK] = np.array([self._interface(one) for one in link_types.tolist()], np.int64)[places]
        out = np.empty(found.bytes + len(rows) * (PCAPNG_FRAME + 3), np.uint8)
        self._stream.write(out[: write_pcapng(found.block, rows, out)].data)

    def close(self, link_types: Sequence[int]) -> None:
        """Describe an interface if nothing was found."""
        if not self._interfaces:
            self._interface(next(iter(link_types), _ETHERNET))

    def _interface(self, link_type: int) -> int:
        """Return the interface of a link type, which is described before its first packet."""
        if link_type not in self._interfaces:
            self._interfaces[link_type] = len(self._interfaces)
            resolution = blocks.PcapngOptionLE(code=blocks.PCAPNG_OPT_IF_TSRESOL, data=pack("B", _NANOSECONDS))
            described = blocks.InterfaceDescriptionBlockLE(
                linktype=link_type, snaplen=MAX_CAPTURED, opts=[resolution, blocks.PcapngOptionLE()]
            )
            self._stream.write(bytes(described))
        return self._interfaces[link_type]


def format_of(target: str, named: str | None) -> str:
    """Return the format to write: the one that is named, or the one that the file's name says; `-` is pcapng.

    Raises:
        ConfigError: the name says none.
    """
    if named is not None:
        return named
    if target == STDOUT:
        return "pcapng"
    found = _SUFFIXES.get(Path(target).suffix.lower())
    if found is None:
        raise ConfigError(f"{target}: name it .pcap or .pcapng, or say --format pcap or --format pcapng")
    return found


@contextmanager
def capture_writer(target: str, form: str) -> Iterator[CaptureWriter]:
    """Yield what writes a capture to a file, which appears whole or not at all, or to standard output (`-`).

    Raises:
        OutputError: it cannot be written.
    """
    writer = PcapWriter if form == "pcap" else PcapngWriter
    if target == STDOUT:
        yield writer(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        with atomic_path(Path(target)) as part, part.open("wb") as stream:
            yield writer(stream)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
