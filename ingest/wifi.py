"""IEEE 802.11 frames and what capture tools put in front of them: radiotap, AVS, Prism and PPI."""

from struct import Struct
from typing import Final

from dpkt import radiotap

from netad.ingest.layers import LINK, LLC_HEADER, NOT_IP, PADDED_WIFI_FRAME, TRUNCATED, WIFI_FRAME, Step

# https://www.radiotap.org: fields follow the words that say which are there, each aligned to its size.
_RADIOTAP: Final = Struct(radiotap.Radiotap.__hdr_fmt__)
_WORD: Final = Struct("<I")
_MAX_WORDS: Final = 32
_HAS_CLOCK, _HAS_FLAGS, _HAS_MORE = 1 << 0, 1 << 1, 1 << 31
_CLOCK_BYTES: Final = 8
_IS_PADDED, _BAD_FCS = 0x20, 0x40

_AVS: Final = Struct(">II")
_AVS_MAGIC: Final = 0x80211
_PPI: Final = Struct("<BBHI")
_LARGEST_PRISM_CODE: Final = 0xFFFF

_MANAGEMENT, _DATA = 0, 2
_TO_AND_FROM, _PROTECTED, _ORDER = 0x03, 0x40, 0x80
_NO_DATA, _QOS, _AGGREGATE = 0x40, 0x80, 0x80
_HEADER_BYTES, _ADDRESS_BYTES, _QOS_BYTES, _HT_BYTES = 24, 6, 2, 4
_SEQUENCE_AT: Final = 22  # its lowest 4 bits number the fragment
_SUBFRAME_BYTES: Final = 14


def behind_radiotap(data: bytes, at: int) -> Step:
    """Skip a radiotap header; a frame that it calls damaged is `wifi_bad_fcs`."""
    if len(data) < at + _RADIOTAP.size + _WORD.size:
        return TRUNCATED
    version, _, size = _RADIOTAP.unpack_from(data, at)
    if version or size < _RADIOTAP.size + _WORD.size:
        return NOT_IP
    if len(data) < at + size:
        return TRUNCATED
    flags = _radiotap_flags(data[at : at + size])
    if flags & _BAD_FCS:
        return "wifi_bad_fcs"
    return (PADDED_WIFI_FRAME if flags & _IS_PADDED else WIFI_FRAME), at + size


def _radiotap_flags(header: bytes) -> int:
    """Return the field `flags`, 0 where it is absent."""
    place = _RADIOTAP.size
    (first,) = _WORD.unpack_from(header, place)
    if not first & _HAS_FLAGS:
        return 0
    for _ in range(_MAX_WORDS):
        if len(header) < place + _WORD.size:
            return 0
        (word,) = _WORD.unpack_from(header, place)
        place += _WORD.size
        if not word & _HAS_MORE:
            break
    if first & _HAS_CLOCK:
        place = -(-place // _CLOCK_BYTES) * _CLOCK_BYTES + _CLOCK_BYTES
    return header[place] if place < len(header) else 0


def behind_avs(data: bytes, at: int) -> Step:
    """Skip an AVS capture header: magic number and length, both big-endian."""
    if len(data) < at + _AVS.size:
        return TRUNCATED
    magic, size = _AVS.unpack_from(data, at)
    return _behind_length(data, at, size) if magic >> 12 == _AVS_MAGIC else NOT_IP


def behind_prism(data: bytes, at: int) -> Step:
    """Skip a Prism header, in the byte order of whoever captured; drivers put AVS headers in its place too."""
    if len(data) < at + _AVS.size:
        return TRUNCATED
    code, size = _AVS.unpack_from(data, at)
    if code >> 12 != _AVS_MAGIC and code > _LARGEST_PRISM_CODE:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
    return _behind_length(data, at, size)


def behind_ppi(data: bytes, at: int) -> Step:
    """Skip a PPI header, which names the link type of what follows."""
    if len(data) < at + _PPI.size:
        return TRUNCATED
    _, _, size, link_type = _PPI.unpack_from(data, at)
    if size < _PPI.size:
        return NOT_IP
    return (LINK + link_type, at + size) if len(data) >= at + size else TRUNCATED


def _behind_length(data: bytes, at: int, size: int) -> Step:
    if size < _AVS.size:
        return NOT_IP
    return (WIFI_FRAME, at + size) if len(data) >= at + size else TRUNCATED


def behind_wifi(data: bytes, at: int) -> Step:
    """Read an 802.11 header (IEEE 802.11-2020, 9.2 and 9.3) to the LLC header of a data frame.

    Kinds: `wifi_management`, `encrypted_wifi` (protected data), `wifi_fragment` (later fragments: the first one counts
    for all), `wifi_aggregate` (several packets in one frame), and `not_ip` for control frames and those without data.
    """
    return _behind_header(data, at, alignment=1)


def behind_padded_wifi(data: bytes, at: int) -> Step:
    """Read an 802.11 header that is padded to a multiple of 4 octets."""
    return _behind_header(data, at, alignment=4)


def _behind_header(data: bytes, at: int, alignment: int) -> Step:
    if len(data) < at + 2:
        return TRUNCATED
    control, flags = data[at], data[at + 1]
    kind = _kind_without_data(control, flags)
    if kind:
        return kind
    qos_at = at + _HEADER_BYTES + (_ADDRESS_BYTES if flags & _TO_AND_FROM == _TO_AND_FROM else 0)
    end = qos_at
    if control & _QOS:
        end += _QOS_BYTES + (_HT_BYTES if flags & _ORDER else 0)
    if len(data) < end:
        return TRUNCATED
    if data[at + _SEQUENCE_AT] & 0x0F:
        return "wifi_fragment"
    content = at + -(-(end - at) // alignment) * alignment
    if control & _QOS and data[qos_at] & _AGGREGATE:
        return _behind_subframe(data, content)
    return LLC_HEADER, content


def _kind_without_data(control: int, flags: int) -> str:
    """Return the kind of a frame without readable data, an empty text for any other; arguments: its first octets."""
    version, kind = control & 3, control >> 2 & 3
    if not version and kind == _MANAGEMENT:
        return "wifi_management"
    if version or kind != _DATA or control & _NO_DATA:
        return NOT_IP
    return "encrypted_wifi" if flags & _PROTECTED else ""


def _behind_subframe(data: bytes, at: int) -> Step:
    """Read the header of the only subframe of an A-MSDU: two addresses and a length."""
    content = at + _SUBFRAME_BYTES
    if len(data) < content:
        return TRUNCATED
    length = int.from_bytes(data[content - 2 : content], "big")
    following = at + -(-(_SUBFRAME_BYTES + length) // 4) * 4
    return "wifi_aggregate" if len(data) >= following + _SUBFRAME_BYTES else (LLC_HEADER, content)
