"""What the readers of capture files share: the record, the ceilings, and bytes from streams with short reads."""

from dataclasses import dataclass
from typing import Protocol

from netad.core.errors import InputError

# libpcap's MAXIMUM_SNAPLEN (pcap-int.h): no capture program stores more of one packet.
MAX_CAPTURED = 262_144

# Times beyond this one (the year 2116) are damage: pcap ends in 2106, and below it a duration of any length that
# netad accepts can be added without leaving int64.
MAX_TIME_NS = 1 << 62

_PIECE = 1 << 16


class CutError(InputError):
    """A capture ends in the middle of a record."""


class ByteStream(Protocol):
    """What is asked of a stream: up to `size` bytes, b"" at the end. Every binary file object has it."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One packet as a capture file holds it.

    `time_ns` is the capture time in ns since the epoch, UTC, 0 <= time_ns < `MAX_TIME_NS`; `data` the captured bytes,
    at most `MAX_CAPTURED`; `wire_length` the bytes the packet had on the wire, as the file claims; `link_type` the
    LINKTYPE number (https://www.tcpdump.org/linktypes.html).
    """

    time_ns: int
    data: bytes
    wire_length: int
    link_type: int


class Octets:
    """The bytes of one input, in order, whatever pieces the stream gives them in. `taken` counts them."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._peeked = b""
        self.taken = 0

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes without taking them, fewer only at the end."""
        self._peeked += self._read(size - len(self._peeked))
        return self._peeked[:size]

    @property
    def holds_peeked(self) -> bool:
        """Whether bytes are here that the stream has given already."""
        return bool(self._peeked)

    def take(self, size: int) -> bytes:
        """Take `size` bytes, fewer only at the end."""
        if self._peeked:
            ready, self._peeked = self._peeked[:size], self._peeked[size:]
            data = ready + self._read(size - len(ready))
        else:
            data = self._read(size)
        self.taken += len(data)
        return data

    def skip(self, size: int) -> int:
        """Take `size` bytes without holding them, return how many there were."""
        left = size
        while left and (piece := self.take(min(left, _PIECE))):
            left -= len(piece)
        return size - left

    def _read(self, size: int) -> bytes:
        if size <= 0:
            return b""
        data = self._stream.read(size) or b""
        if len(data) == size or not data:
            return data
        pieces, missing = [data], size - len(data)
        while missing and (data := self._stream.read(missing) or b""):
            pieces.append(data)
            missing -= len(data)
        return b"".join(pieces)
