"""netad.ingest.checksums for the kernel: what strict reading asks of a packet that was decoded."""

from typing import Final

from netad.ingest.checksums import Strict
from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.octets import Bytes, be16, u8

# What `fault` returns.
SOUND: Final = 0
TOO_LONG: Final = 1
BAD_IP_CHECKSUM: Final = 2
BAD_CHECKSUM: Final = 3

_CHECKSUMS: Final = int(Strict.CHECKSUMS)
_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58
_HOP_BY_HOP, _ROUTING, _AH, _DESTINATION = 0, 43, 51, 60
_TCP_BYTES, _LEAST_BYTES = 20, 8
_FULL = 0xFFFF  # what all 16-bit words add up to where the checksum is right
_UNKNOWN = -1


@compiled_apart
def fault(block: Bytes, at: int, end: int, on_wire: int, strict: int) -> int:
    """Tell what is wrong with the IP packet at `at`, which was decoded and is no fragment; captured up to `end`.

    `on_wire` is what its frame or carrier has room for.
    """
    version_4 = u8(block, at) >> 4 == 4
    length = be16(block, at + 2) if version_4 else 40 + be16(block, at + 4)
    if length == 0 or (length == 40 and not version_4):
        length = on_wire
    if length > on_wire:
        return TOO_LONG
    if strict < _CHECKSUMS:
        return SOUND
    if version_4:
        size = (u8(block, at) & 15) * 4
        if _folded(_added(block, at, at + size)) != _FULL:
            return BAD_IP_CHECKSUM
        return _transport(block, u8(block, at + 9), at + size, at + length, end, at + 12, at + 20)
    protocol, start = _behind_extensions(block, at, end)
    return SOUND if protocol == _UNKNOWN else _transport(block, protocol, start, at + length, end, at + 8, at + 40)


@compiled
def is_without_length(block: Bytes, at: int) -> bool:
    """Tell whether the IP packet at `at` is of version 4 and leaves its length open."""
    return u8(block, at) >> 4 == 4 and be16(block, at + 2) == 0


@compiled
def _behind_extensions(block: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return protocol and place of what follows the extension headers of IPv6, which were decoded.

    The protocol is _UNKNOWN for a packet that goes on to another destination, for which its checksum is made.
    """
    following, start = u8(block, at + 6), at + 40
    while following in (_HOP_BY_HOP, _ROUTING, _AH, _DESTINATION):
        size = (u8(block, start + 1) + 2) * 4 if following == _AH else (u8(block, start + 1) + 1) * 8
        if following == _ROUTING and start + 3 < end and u8(block, start + 3) != 0:
            return _UNKNOWN, start
        following = u8(block, start)
        start += size
    return following, start


@compiled
def _transport(block: Bytes, protocol: int, start: int, stop: int, end: int, ends: int, ends_stop: int) -> int:
    """Check the checksum of the message in block[start:stop], whose addresses are in block[ends:ends_stop]."""
    if protocol not in (_TCP, _UDP, _ICMP, _ICMP6) or stop > end:
        return SOUND
    length = stop - start
    if length < (_TCP_BYTES if protocol == _TCP else _LEAST_BYTES):
        return SOUND
    if protocol == _UDP:
        if be16(block, start + 6) == 0:
            return SOUND
        datagram = be16(block, start + 4)
        if _LEAST_BYTES <= datagram < length:
            length = datagram
    total = _added(block, start, start + length)
    if protocol != _ICMP:
        total += _added(block, ends, ends_stop) + protocol + length
    return SOUND if _folded(total) == _FULL else BAD_CHECKSUM


@compiled
def _added(block: Bytes, start: int, stop: int) -> int:
    """Return the sum of the big-endian 16-bit words in block[start:stop], an odd last byte being an upper half."""
    upper, lower = 0, 0
    for at in range(start, stop - 1, 2):
        upper += u8(block, at)
        lower += u8(block, at + 1)
    if (stop - start) & 1:
        upper += u8(block, stop - 1)
    return (upper << 8) + lower


@compiled
def _folded(total: int) -> int:
    """Return a sum of 16-bit words as one's complement arithmetic has it (RFC 1071)."""
    while total > _FULL:
        total = (total & _FULL) + (total >> 16)
    return total
