"""A TLS ClientHello (RFC 8446, 4.1.2; older versions alike) down to what its fingerprints and the server name need.

dpkt.ssl is not used: it reads no ClientHello that is cut or goes over several records, and raises on any oddity inside.
Nothing here raises, whatever the bytes are; lists that contradict their own lengths are read as far as they go.
"""

from dataclasses import dataclass
from functools import lru_cache
from struct import unpack_from
from typing import Final, Literal

from netad.ingest.facts.text import printable

_RECORD_HEADER: Final = 5
_HANDSHAKE, _MAJOR = 22, 3
# RFC 5246, 6.2.3: no record is longer.
_MAX_RECORD: Final = (1 << 14) + 2048
_CLIENT_HELLO: Final = 1
_RANDOM_END: Final = 4 + 2 + 32

_SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES, _ALPN, _VERSIONS = 0, 10, 11, 13, 16, 43


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers, in its order. Numbers as on the wire, GREASE values (RFC 8701) left out.

    `version` is the field of that name, `versions` the extension supported_versions. `alpn` is the first protocol, b""
    without one. `server_name` is lower case, "" if the extension is missing or empty. Without `whole` the message was
    cut, and only what came first is here.
    """

    version: int
    ciphers: tuple[int, ...]
    extensions: tuple[int, ...]
    groups: tuple[int, ...]
    point_formats: tuple[int, ...]
    signatures: tuple[int, ...]
    versions: tuple[int, ...]
    alpn: bytes
    server_name: str
    whole: bool


def is_handshake(octets: bytes) -> bool:
    """Tell whether `octets` begin like a TLS record that holds a handshake."""
    return len(octets) > 1 and octets[0] == _HANDSHAKE and octets[1] == _MAJOR


def read_client_hello(octets: bytes, last: bool) -> ClientHello | Literal["more", "none"]:
    """Return the ClientHello that a client's `octets` begin with.

    "more" if octets are missing and these are not the `last` ones, "none" if it is something else.
    """
    message, damaged = _handshake(octets)
    if len(message) < 4:
        return "none" if last or damaged else "more"
    if message[0] != _CLIENT_HELLO:
        return "none"
    size = 4 + int.from_bytes(message[1:4], "big")
    whole = len(message) >= size
    if not whole and not last and not damaged:
        return "more"
    return _read(message[:size], whole)


def _handshake(octets: bytes) -> tuple[bytes, bool]:
    """Return what the handshake records at the beginning hold, and whether they end in something else."""
    pieces: list[bytes] = []
    at = 0
    while len(octets) >= at + _RECORD_HEADER:
        size = int.from_bytes(octets[at + 3 : at + 5], "big")
        if octets[at] != _HANDSHAKE or octets[at + 1] != _MAJOR or not 0 < size <= _MAX_RECORD:
            return b"".join(pieces), True
        at += _RECORD_HEADER
        pieces.append(octets[at : at + size])
        at += size
    return b"".join(pieces), False


def _read(message: bytes, whole: bool) -> ClientHello | Literal["none"]:
    if len(message) <= _RANDOM_END:
        return "none"
    version = int.from_bytes(message[4:6], "big")
    at = _RANDOM_END + 1 + message[_RANDOM_END]
    ciphers, at = _vector(message, at, 2)
    _, at = _vector(message, at, 1)
    block, _ = _vector(message, at, 2)
    extensions = _extensions(block)
    found = dict(reversed(extensions))  # the first of a kind counts
    return ClientHello(
        version,
        _numbers(ciphers),
        tuple(kind for kind, _ in extensions if not _is_grease(kind)),
        _numbers(_vector(found.get(_GROUPS, b""), 0, 2)[0]),
        tuple(_vector(found.get(_POINT_FORMATS, b""), 0, 1)[0]),
        _numbers(_vector(found.get(_SIGNATURES, b""), 0, 2)[0]),
        _numbers(_vector(found.get(_VERSIONS, b""), 0, 1)[0]),
        _vector(_vector(found.get(_ALPN, b""), 0, 2)[0], 0, 1)[0],
        _server_name(found.get(_SERVER_NAME, b"")),
        whole,
    )


def _vector(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    """Return the octets that a length of `width` octets at `at` announces, as far as they are there; and their end."""
    start = at + width
    end = start + int.from_bytes(data[at:start], "big")
    return data[start:end], end


def _extensions(block: bytes) -> list[tuple[int, bytes]]:
    extensions: list[tuple[int, bytes]] = []
    at = 0
    while len(block) >= at + 4:
        content, end = _vector(block, at + 2, 2)
        extensions.append((int.from_bytes(block[at : at + 2], "big"), content))
        at = end
    return extensions


def _server_name(extension: bytes) -> str:
    """Return the first host name (type 0) of the extension (RFC 6066, 3), "" for one that is cut."""
    entry = _vector(extension, 0, 2)[0]
    name, end = _vector(entry, 1, 2)
    if entry[:1] != b"\0" or len(entry) < end:
        return ""
    return printable(name.lower().rstrip(b"."))


@lru_cache(maxsize=4096)  # programs say the same each time
def _numbers(octets: bytes) -> tuple[int, ...]:
    numbers = unpack_from(f">{len(octets) // 2}H", octets)
    return tuple(number for number in numbers if not _is_grease(number))


def _is_grease(number: int) -> bool:
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF
